"""Reads every form with the tool that it is for, and says what came out.

Usage: consumers.py URL FOLDER. The folder has a file for each form, `template.yaml`, and `wanted.json`.
"""

import json
import os
import subprocess
import sys
import tomllib
import urllib.parse

import boto3

URL, FOLDER = sys.argv[1:]
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": REGION}
os.environ.update(KEYS)
os.chdir(FOLDER)
cfn = boto3.client("cloudformation", endpoint_url=URL, region_name=REGION)


def text(name):
    # Line ends are part of what is tested.
    with open(name, encoding="utf-8", newline="") as file:
        return file.read()


def wanted():
    return json.loads(text("wanted.json"))


def equal(form, got, secrets=True):
    want = {key: value for key, value in wanted().items() if secrets or not key.startswith("Secret")}
    assert got == want, f"{form}: {got!r} is not {want!r}"
    print(form)


def aws(*words):
    command = [os.path.join(os.path.dirname(sys.executable), "aws"), "--endpoint-url", URL, "cloudformation", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"


def listed(parameters):
    """NoEcho comes back as `****`: that the secret arrived is seen from the answer to nothing else."""
    return {each["ParameterKey"]: each["ParameterValue"] for each in parameters}


def masked(got):
    return {key: wanted()[key] if value == "****" and key.startswith("Secret") else value for key, value in got.items()}


def parameters_of(stack):
    return masked(listed(cfn.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]))


def create_stack():
    aws("create-stack", "--stack-name", "by-cli", "--template-body", "file://template.yaml",
        "--parameters", "file://create-stack")
    equal("create-stack", parameters_of("by-cli"))


def cli_input():
    aws("create-stack", "--cli-input-json", "file://cli-input")
    stack = cfn.describe_stacks(StackName="hub-two")["Stacks"][0]
    equal("cli-input", masked(listed(stack["Parameters"])))
    assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == {"stacksnap:backup": "my-hub-20261120-020000"}
    assert stack["EnableTerminationProtection"] is True
    # botocore checks each member of the request, and the token makes it the same request.
    again = cfn.create_stack(**json.loads(text("cli-input")))
    assert again["StackId"] == stack["StackId"]


def deploy():
    aws("deploy", "--stack-name", "by-deploy", "--template-file", "template.yaml", "--no-execute-changeset",
        "--parameter-overrides", "file://deploy")
    name = cfn.list_change_sets(StackName="by-deploy")["Summaries"][0]["ChangeSetName"]
    shown = cfn.describe_change_set(StackName="by-deploy", ChangeSetName=name)
    equal("deploy", masked(listed(shown["Parameters"])))


def rain():
    equal("rain", json.loads(text("rain"))["Parameters"])


def samconfig():
    root = tomllib.loads(text("samconfig"))
    assert root["version"] == 0.1
    pairs = [each.split("=", 1) for each in root["default"]["deploy"]["parameters"]["parameter_overrides"]]
    got = {key: value[1:-1].replace('\\"', '"') for key, value in pairs}
    equal("samconfig", got)


def quick_create():
    link = urllib.parse.urlsplit(text("quick-create").strip())
    assert (link.scheme, link.netloc) == ("https", f"{REGION}.console.aws.amazon.com"), link
    assert urllib.parse.parse_qs(link.query) == {"region": [REGION]}, link
    inner = urllib.parse.urlsplit(link.fragment)
    assert inner.path == "/stacks/create/review", inner
    # Plain percent-encoding: a `+` is a plus.
    pairs = dict(map(urllib.parse.unquote, pair.split("=", 1)) for pair in inner.query.split("&"))
    assert pairs.pop("stackName") == "hub-two"
    assert pairs.pop("templateURL") == "https://bucket.s3.amazonaws.com/a b/t.yaml"
    equal("quick-create", {key.removeprefix("param_"): value for key, value in pairs.items()}, secrets=False)


for check in (create_stack, cli_input, deploy, rain, samconfig, quick_create):
    check()
