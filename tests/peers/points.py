"""AWS Backup with recovery points: what StartBackupJob made is kept, described, tagged here. All else is ministack's.

Prints where it listens, and ends when whoever started it is gone. For as long as there is a file VAULT.hold in
$UNATTENDED, whoever starts a job in that vault waits for his answer, and a file VAULT.held says so.
"""

import http.client
import http.server
import json
import os
import pathlib
import sys
import threading
import time
import urllib.parse

behind = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc
place = pathlib.Path(os.environ["UNATTENDED"])
points = {}


def hold(vault):
    while (place / f"{vault}.hold").exists():
        (place / f"{vault}.held").touch()
        time.sleep(0.05)


def keep(asked, answered):
    """StartBackupJob: for EFS the recovery point is there at once, and here it is complete at once."""
    points[answered["RecoveryPointArn"]] = {
        "RecoveryPointArn": answered["RecoveryPointArn"],
        "BackupVaultName": asked["BackupVaultName"],
        "ResourceArn": asked["ResourceArn"],
        "ResourceType": "EFS",
        "IamRoleArn": asked["IamRoleArn"],
        "Status": "COMPLETED",
        "CreationDate": answered["CreationDate"],
        "CompletionDate": answered["CreationDate"],
        "BackupSizeInBytes": 4096,
        "IsEncrypted": True,
        "Tags": asked.get("RecoveryPointTags", {}),
    }


class Backup(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def known(self, body):
        """What is asked of a recovery point that is kept here; None: it is not."""
        parts = [urllib.parse.unquote(each) for each in urllib.parse.urlsplit(self.path).path.strip("/").split("/")]
        point = next((points[each] for each in parts if each in points), None)
        told = {} if point is None else {key: value for key, value in point.items() if key != "Tags"}
        match self.command, parts:
            case "GET", ["backup-vaults", vault, "recovery-points"]:
                return {"RecoveryPoints": [each for each in points.values() if each["BackupVaultName"] == vault]}
            case "GET", ["backup-vaults", _, "recovery-points", _] if point:
                return told
            case "GET", ["tags", _] if point:
                return {"Tags": point["Tags"]}
            case "POST", ["tags", _] if point:
                point["Tags"].update(json.loads(body)["Tags"])
                return {}
        return None

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if (told := self.known(body)) is not None:
            return self.answer(200, json.dumps(told).encode())
        starts = self.command == "PUT" and self.path.startswith("/backup-jobs")
        if starts:
            hold(json.loads(body)["BackupVaultName"])
        connection = http.client.HTTPConnection(behind)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        found = response.read()
        if starts and response.status == 200:
            keep(json.loads(body), json.loads(found))
        self.answer(response.status, found)

    do_GET = do_POST = do_PUT = do_DELETE = serve


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A test kills whoever asks."""


server = Server(("127.0.0.1", 0), Backup)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
