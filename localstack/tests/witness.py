"""An outside witness: boto3 drives every operation of the sandbox over a socket.

Usage: witness.py URL. Each answer is also compared with botocore's model of it (`shapes.py`).
"""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from shapes import after_call, driven, problems

URL = sys.argv[1]
ACCOUNT = "123456789012"
REGION = "us-east-1"


def client(name, account=ACCOUNT, region=REGION):
    """`account` is an access key's id; of twelve digits it names the account."""
    made = boto3.client(
        name, endpoint_url=URL, region_name=region, aws_access_key_id=account, aws_secret_access_key="x",
        config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
    )
    made.meta.events.register("after-call.*.*", after_call)
    return made


def sandbox(path, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/_sandbox/{path}", data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def wait(seconds):
    sandbox("clock", {"advance": seconds})


@contextlib.contextmanager
def refused(code, status=400):
    try:
        yield
    except ClientError as error:
        got = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert got == (code, status), f"expected {code} {status}, got {got}: {error}"
        return
    raise AssertionError(f"expected {code}, but the call succeeded")


def equal(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


cfn, rds, backup, efs = (client(n) for n in ("cloudformation", "rds", "backup", "efs"))
secrets, ssm, kms, iam, sts = (client(n) for n in ("secretsmanager", "ssm", "kms", "iam", "sts"))
s3, logs, sns, events = client("s3"), client("logs"), client("sns"), client("events")
CAPS = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
OFF, ON = "Offline - Temporarily shut off servers", "Online"


def parameters(stack, **changed):
    keys = [p["ParameterKey"] for p in cfn.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]]
    keep = [{"ParameterKey": k, "UsePreviousValue": True} for k in keys if k not in changed]
    return keep + [{"ParameterKey": k, "ParameterValue": v} for k, v in changed.items()]


def reading_stacks():
    stack = cfn.describe_stacks(StackName="my-hub")["Stacks"][0]
    equal(stack["StackStatus"], "CREATE_COMPLETE")
    equal(len(stack["Parameters"]), 36)
    equal(stack["Tags"], [{"Key": "team", "Value": "blue"}])
    equal(cfn.describe_stacks(StackName=stack["StackId"])["Stacks"][0]["StackName"], "my-hub")
    with refused("ValidationError"):
        cfn.describe_stacks(StackName="nobody")
    assert "my-hub" in [s["StackName"] for s in cfn.list_stacks()["StackSummaries"]]
    pages = list(cfn.get_paginator("list_stack_resources").paginate(StackName="my-hub"))
    equal([len(p["StackResourceSummaries"]) for p in pages], [100, 80])
    equal(len(cfn.describe_stack_resources(StackName="my-hub")["StackResources"]), 100)
    rows = [e for p in cfn.get_paginator("describe_stack_events").paginate(StackName="my-hub") for e in p["StackEvents"]]
    equal((rows[0]["ResourceStatus"], rows[-1]["ResourceStatus"]), ("CREATE_COMPLETE", "CREATE_IN_PROGRESS"))
    equal(len(rows), 362)
    assert "StorageEFS" in cfn.get_template(StackName="my-hub")["TemplateBody"]["Resources"]
    summary = cfn.get_template_summary(StackName="my-hub")
    equal(summary["Capabilities"], CAPS)
    [switch] = [p for p in summary["Parameters"] if p["ParameterKey"] == "StackOffline"]
    equal(switch["ParameterConstraints"]["AllowedValues"], [ON, OFF])
    hidden = cfn.describe_stacks(StackName="app")["Stacks"][0]["Parameters"]
    equal([p["ParameterValue"] for p in hidden if p["ParameterKey"] == "ApiKey"], ["****"])


def change_set(name, **changed):
    made = cfn.create_change_set(
        StackName="my-hub", ChangeSetName=name, UsePreviousTemplate=True, Capabilities=CAPS,
        Parameters=parameters("my-hub", **changed), ChangeSetType="UPDATE",
        IncludeNestedStacks=True, ClientToken=name,
    )
    wait(12)
    return made["Id"]


def change_sets():
    some = [{"ParameterKey": "StackOffline", "ParameterValue": OFF}]
    with refused("InsufficientCapabilitiesException"):
        cfn.create_change_set(StackName="my-hub", ChangeSetName="a", UsePreviousTemplate=True, Parameters=some)
    with refused("ValidationError"):
        cfn.create_change_set(StackName="my-hub", ChangeSetName="a", UsePreviousTemplate=True, Parameters=some, Capabilities=CAPS)
    with refused("ValidationError"):
        change_set("bad", StackOffline="offline")
    with refused("ValidationError"):
        change_set("bad", NoSuchKey="x")
    arn = change_set("ss-off-1", StackOffline=OFF)
    equal(change_set("ss-off-1", StackOffline=OFF), arn)
    with refused("AlreadyExistsException"):
        cfn.create_change_set(StackName="my-hub", ChangeSetName="ss-off-1", UsePreviousTemplate=True)
    seen = cfn.describe_change_set(ChangeSetName=arn)
    equal((seen["Status"], seen["ExecutionStatus"]), ("CREATE_COMPLETE", "AVAILABLE"))
    logical = {c["ResourceChange"]["LogicalResourceId"] for c in seen["Changes"]}
    assert {"AppDb", "AppASG"} <= logical, logical
    none = change_set("none", StackOffline=ON)
    nothing = cfn.describe_change_set(ChangeSetName=none)
    equal(nothing["Status"], "FAILED")
    assert nothing["StatusReason"].startswith("The submitted information didn't contain changes.")
    with refused("InvalidChangeSetStatus"):
        cfn.execute_change_set(ChangeSetName=none)
    with refused("ChangeSetNotFound", 404):
        cfn.describe_change_set(ChangeSetName="nobody", StackName="my-hub")
    names = [s["ChangeSetName"] for s in cfn.list_change_sets(StackName="my-hub")["Summaries"]]
    equal(names, ["ss-off-1", "none"])
    cfn.delete_change_set(ChangeSetName=none)
    cfn.delete_change_set(ChangeSetName=none)
    # Another operation changes the stack: the set is obsolete.
    cfn.update_stack(StackName="my-hub", UsePreviousTemplate=True, Capabilities=CAPS, Parameters=parameters("my-hub", AppInstanceCount="2"))
    with refused("ValidationError"):
        change_set("late", StackOffline=OFF)
    wait(400)
    with refused("InvalidChangeSetStatus"):
        cfn.execute_change_set(ChangeSetName=arn)
    with refused("ValidationError"):
        cfn.update_stack(StackName="my-hub", UsePreviousTemplate=True, Capabilities=CAPS, Parameters=parameters("my-hub"))
    cfn.delete_change_set(ChangeSetName=arn)


def offline():
    arn = change_set("ss-off-2", StackOffline=OFF)
    cfn.execute_change_set(ChangeSetName=arn, ClientRequestToken="ss-off-2", DisableRollback=False)
    cfn.execute_change_set(ChangeSetName=arn, ClientRequestToken="ss-off-2")
    wait(400)
    events = cfn.describe_stack_events(StackName="my-hub")["StackEvents"]
    mine = [e for e in events if e.get("ClientRequestToken") == "ss-off-2"]
    equal((mine[0]["ResourceStatus"], mine[-1]["ResourceStatus"]), ("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"))
    equal(mine[-1]["ResourceStatusReason"], "User Initiated")
    equal(rds.describe_db_clusters(DBClusterIdentifier="my-hub-app-db")["DBClusters"][0]["Status"], "available")


def snapshots():
    cluster, tags = "my-hub-app-db", [{"Key": "stacksnap:id", "Value": "one"}]
    with refused("DBClusterNotFoundFault", 404):
        rds.describe_db_clusters(DBClusterIdentifier="nobody")
    with refused("InvalidParameterValue"):
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="a--b", DBClusterIdentifier=cluster)
    made = rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="Snap-One", DBClusterIdentifier=cluster, Tags=tags)["DBClusterSnapshot"]
    equal((made["DBClusterSnapshotIdentifier"], made["Status"]), ("snap-one", "creating"))
    with refused("DBClusterSnapshotAlreadyExistsFault"):
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="snap-one", DBClusterIdentifier=cluster)
    with refused("InvalidDBClusterSnapshotStateFault"):
        rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="snap-one")
    wait(250)
    found = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="snap-one")["DBClusterSnapshots"][0]
    equal((found["Status"], found["PercentProgress"], found["TagList"]), ("available", 100, tags))
    with refused("DBClusterSnapshotNotFoundFault", 404):
        rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="nobody")
    with refused("InvalidParameterValue"):
        rds.describe_db_cluster_snapshots(MaxRecords=10)
    sandbox("snapshots", {"cluster": cluster, "count": 45, "tags": {"stacksnap:id": "{n}"}})
    pages = list(rds.get_paginator("describe_db_cluster_snapshots").paginate(SnapshotType="manual", PaginationConfig={"PageSize": 20}))
    equal([len(p["DBClusterSnapshots"]) for p in pages], [20, 20, 6])
    arn = found["DBClusterSnapshotArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "hold", "Value": "yes"}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["stacksnap:id"])
    equal(rds.list_tags_for_resource(ResourceName=arn)["TagList"], [{"Key": "hold", "Value": "yes"}])
    shared = rds.modify_db_cluster_snapshot_attribute(DBClusterSnapshotIdentifier="snap-one", AttributeName="restore", ValuesToAdd=["all"])
    equal(shared["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"], [{"AttributeName": "restore", "AttributeValues": ["all"]}])
    rds.modify_db_cluster_snapshot_attribute(DBClusterSnapshotIdentifier="snap-one", AttributeName="restore", ValuesToRemove=["all"])
    shared = rds.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier="snap-one")
    equal(shared["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"][0]["AttributeValues"], [])
    quota = {q["AccountQuotaName"]: q for q in rds.describe_account_attributes()["AccountQuotas"]}
    equal(quota["ManualClusterSnapshots"]["Used"], 46)
    sandbox("set", {"quota": 46})
    with refused("SnapshotQuotaExceeded"):
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="more", DBClusterIdentifier=cluster)
    sandbox("set", {"quota": 100})
    equal(rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="snap-one")["DBClusterSnapshot"]["Status"], "available")
    equal(rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="snap-one")["DBClusterSnapshots"][0]["Status"], "deleting")
    with refused("InvalidDBClusterSnapshotStateFault"):
        rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="snap-one")
    wait(10)
    with refused("DBClusterSnapshotNotFoundFault", 404):
        rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="snap-one")
    equal(rds.describe_db_instances()["DBInstances"][0]["DBClusterIdentifier"], "app-db")
    rds.stop_db_cluster(DBClusterIdentifier="app-db")
    wait(90)
    with refused("InvalidDBClusterStateFault"):
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="more", DBClusterIdentifier="app-db")
    rds.start_db_cluster(DBClusterIdentifier="app-db")
    wait(90)


def backups():
    rows = [r for p in cfn.get_paginator("list_stack_resources").paginate(StackName="my-hub") for r in p["StackResourceSummaries"]]
    physical = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in rows}
    fs, vault = physical["StorageEFS"], physical["DailyBackupVault"]
    [system] = efs.describe_file_systems(FileSystemId=fs)["FileSystems"]
    equal(system["LifeCycleState"], "available")
    with refused("FileSystemNotFound", 404):
        efs.describe_file_systems(FileSystemId="fs-0")
    equal(len(efs.describe_mount_targets(FileSystemId=fs)["MountTargets"]), 2)
    role = iam.get_role(RoleName=physical["DailyBackupRole"])["Role"]
    assert role["Arn"].split(":")[-1].startswith("role/my-hub/"), role["Arn"]
    equal(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"], "backup.amazonaws.com")
    with refused("NoSuchEntity", 404):
        iam.get_role(RoleName="nobody")
    order = dict(BackupVaultName=vault, ResourceArn=system["FileSystemArn"], IamRoleArn=role["Arn"], IdempotencyToken="t1", RecoveryPointTags={"stacksnap:id": "one"})
    with refused("InvalidParameterValueException"):
        backup.start_backup_job(**{**order, "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{role['RoleName']}"})
    with refused("ResourceNotFoundException"):
        backup.start_backup_job(**{**order, "BackupVaultName": "nobody"})
    sandbox("set", {"efs_optin": False})
    with refused("InvalidRequestException"):
        backup.start_backup_job(**order)
    sandbox("set", {"efs_optin": True})
    equal(backup.describe_region_settings()["ResourceTypeOptInPreference"]["EFS"], True)
    job = backup.start_backup_job(**order)
    equal(backup.start_backup_job(**order)["BackupJobId"], job["BackupJobId"])
    point, job_id = job["RecoveryPointArn"], job["BackupJobId"]
    equal(backup.describe_backup_job(BackupJobId=job_id)["State"], "CREATED")
    equal(backup.describe_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)["Status"], "CREATING")
    wait(60)
    running = backup.describe_backup_job(BackupJobId=job_id)
    equal(running["State"], "RUNNING")
    assert 0 < float(running["PercentDone"]) < 100 and running["BytesTransferred"] > 0
    second = backup.start_backup_job(**{**order, "IdempotencyToken": "t2"})["BackupJobId"]
    equal(len(backup.list_backup_jobs(ByResourceArn=system["FileSystemArn"], ByState="CREATED")["BackupJobs"]), 1)
    with refused("ResourceNotFoundException"):
        backup.describe_backup_job(BackupJobId="nobody")
    wait(300)
    done = backup.describe_backup_job(BackupJobId=job_id)
    equal((done["State"], done["MessageCategory"]), ("COMPLETED", "SUCCESS"))
    backup.stop_backup_job(BackupJobId=second)
    wait(10)
    equal(backup.describe_backup_job(BackupJobId=second)["State"], "ABORTED")
    listed = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault, ByResourceArn=system["FileSystemArn"])["RecoveryPoints"]
    equal([("CreatedBy" in p) for p in listed], [False, True, True, True])
    equal(len(backup.list_recovery_points_by_resource(ResourceArn=system["FileSystemArn"])["RecoveryPoints"]), 4)
    equal(backup.list_tags(ResourceArn=point)["Tags"], {"stacksnap:id": "one"})
    backup.tag_resource(ResourceArn=point, Tags={"hold": "yes"})
    backup.untag_resource(ResourceArn=point, TagKeyList=["stacksnap:id"])
    equal(backup.list_tags(ResourceArn=point)["Tags"], {"hold": "yes"})
    equal(backup.describe_backup_vault(BackupVaultName=vault)["NumberOfRecoveryPoints"], 4)
    assert vault in [v["BackupVaultName"] for v in backup.list_backup_vaults()["BackupVaultList"]]
    with refused("ResourceNotFoundException"):
        backup.get_backup_vault_access_policy(BackupVaultName=vault)
    sandbox("set", {"vault": vault, "policy": "{}", "lock": {"min": 7}})
    equal(backup.get_backup_vault_access_policy(BackupVaultName=vault)["Policy"], "{}")
    with refused("InvalidParameterValueException"):
        backup.start_backup_job(**{**order, "IdempotencyToken": "t3", "Lifecycle": {"DeleteAfterDays": 1}})
    with refused("InvalidRequestException"):
        backup.delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)
    sandbox("set", {"vault": vault, "lock": {}})
    metadata = backup.get_recovery_point_restore_metadata(BackupVaultName=vault, RecoveryPointArn=point)
    equal(metadata["RestoreMetadata"]["file-system-id"], fs)
    equal(backup.list_copy_jobs()["CopyJobs"], [])
    backup.delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)
    equal(backup.describe_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)["Status"], "DELETING")
    with refused("InvalidResourceStateException"):
        backup.delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)
    wait(30)
    with refused("ResourceNotFoundException"):
        backup.describe_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)
    key = kms.describe_key(KeyId=system["KmsKeyId"])["KeyMetadata"]
    equal((key["KeyState"], key["KeyManager"]), ("Enabled", "AWS"))
    sandbox("set", {"kms": key["KeyId"], "state": "PendingDeletion"})
    equal(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"], "PendingDeletion")
    with refused("NotFoundException"):
        kms.describe_key(KeyId="nobody")


def pruning():
    """Thirty past backups, and everything that keeps a recovery point."""
    vault = resources("my-hub")["DailyBackupVault"]
    order = {
        "stack": "my-hub", "count": 30, "snapshot": {"id": "past-{n}", "tags": {"stacksnap:recovery-point": "{recovery_point}"}},
        "recovery_point": {"tags": {"stacksnap:snapshot": "{snapshot}"}},
    }
    past = sandbox("backups", order)["backups"]
    equal(len(past), 30)
    [half] = sandbox("backups", {"stack": "my-hub", "at": "2025-01-01T00:00:00Z", "recovery_point": {"state": "EXPIRED"}})["backups"]
    tags = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="past-29")["DBClusterSnapshots"][0]["TagList"]
    equal(tags, [{"Key": "stacksnap:recovery-point", "Value": past[29]["recovery_point"]}])
    equal(backup.list_tags(ResourceArn=past[29]["recovery_point"])["Tags"], {"stacksnap:snapshot": "past-29"})

    def delete(point):
        backup.delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=point["recovery_point"])

    delete(half)
    with refused("InvalidParameterValueException"):
        backup.put_backup_vault_lock_configuration(BackupVaultName=vault, ChangeableForDays=1)
    backup.put_backup_vault_lock_configuration(BackupVaultName=vault, MinRetentionDays=7, MaxRetentionDays=30)
    locked = backup.describe_backup_vault(BackupVaultName=vault)
    equal((locked["Locked"], locked["MinRetentionDays"], locked["MaxRetentionDays"], "LockDate" in locked), (True, 7, 30, False))
    delete(past[0])
    with refused("InvalidRequestException"):
        delete(past[29])
    backup.delete_backup_vault_lock_configuration(BackupVaultName=vault)
    backup.put_backup_vault_lock_configuration(BackupVaultName=vault, MinRetentionDays=7, ChangeableForDays=3)
    assert "LockDate" in backup.describe_backup_vault(BackupVaultName=vault)
    backup.delete_backup_vault_lock_configuration(BackupVaultName=vault)
    sandbox("set", {"vault": vault, "lock": {"min": 1, "date": "2025-12-31T00:00:00Z"}})
    with refused("InvalidRequestException"):
        backup.delete_backup_vault_lock_configuration(BackupVaultName=vault)
    sandbox("set", {"vault": vault, "lock": {}})
    with refused("ResourceNotFoundException"):
        backup.delete_backup_vault_lock_configuration(BackupVaultName="nobody")
    holding(vault, past, delete)
    denial = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["backup:DeleteRecoveryPoint"], "Resource": "*"}
    sandbox("set", {"vault": vault, "policy": json.dumps({"Version": "2012-10-17", "Statement": [denial]})})
    with refused("AccessDeniedException", 403):
        delete(past[3])
    sandbox("set", {"vault": vault, "policy": ""})
    sandbox("set", {"recovery_point": past[3]["recovery_point"], "copying": True})
    equal([c["SourceRecoveryPointArn"] for c in backup.list_copy_jobs(ByState="RUNNING")["CopyJobs"]], [past[3]["recovery_point"]])
    with refused("InvalidResourceStateException"):
        delete(past[3])
    sandbox("set", {"recovery_point": past[3]["recovery_point"], "copying": False})
    sandbox("faults", {"operation": "backup:DeleteRecoveryPoint", "kind": "delete-lies", "count": 1})
    delete(past[3])
    equal(backup.describe_recovery_point(BackupVaultName=vault, RecoveryPointArn=past[3]["recovery_point"])["Status"], "EXPIRED")
    for each in past[1:]:
        delete(each)
        rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=each["snapshot"])
    wait(30)
    rest = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
    assert not {p["RecoveryPointArn"] for p in rest} & {p["recovery_point"] for p in past}, rest
    pages = list(cfn.get_paginator("describe_stacks").paginate())
    assert {"my-hub", "app"} <= {s["StackName"] for p in pages for s in p["Stacks"]}


def holding(vault, past, delete):
    selection = {"VaultNames": [vault], "DateRange": {"FromDate": past[1]["created"], "ToDate": past[4]["created"]}}
    hold = dict(Title="trial", Description="a trial", IdempotencyToken="h", RecoveryPointSelection=selection, Tags={"a": "b"})
    with refused("InvalidParameterValueException"):
        backup.create_legal_hold(**{**hold, "RecoveryPointSelection": {"DateRange": {"FromDate": "2025-01-01", "ToDate": "2030-01-01"}}})
    made = backup.create_legal_hold(**hold)
    equal((made["Status"], made["RecoveryPointSelection"]["VaultNames"]), ("CREATING", [vault]))
    equal(backup.create_legal_hold(**hold)["LegalHoldId"], made["LegalHoldId"])
    sandbox("set", {"legalHold": {"title": "another", "points": [past[4]["recovery_point"]]}})
    wait(10)
    pages = list(backup.get_paginator("list_legal_holds").paginate(PaginationConfig={"PageSize": 1}))
    equal(sorted(h["Title"] for p in pages for h in p["LegalHolds"]), ["another", "trial"])
    pages = list(backup.get_paginator("list_recovery_points_by_legal_hold").paginate(LegalHoldId=made["LegalHoldId"], PaginationConfig={"PageSize": 2}))
    found = [p["RecoveryPointArn"] for page in pages for p in page["RecoveryPoints"]]
    equal(sorted(found), sorted(p["recovery_point"] for p in past[1:5]))
    for each in past[1:5]:
        with refused("InvalidRequestException"):
            delete(each)
    with refused("ResourceNotFoundException"):
        backup.get_legal_hold(LegalHoldId="nobody")
    with refused("InvalidParameterValueException"):
        backup.list_recovery_points_by_legal_hold(LegalHoldId="nobody")
    with refused("ResourceNotFoundException"):
        backup.cancel_legal_hold(LegalHoldId="nobody", CancelDescription="over")
    done = backup.cancel_legal_hold(LegalHoldId=made["LegalHoldId"], CancelDescription="over", RetainRecordInDays=30)
    equal(done["ResponseMetadata"]["HTTPStatusCode"], 201)
    with refused("InvalidResourceStateException"):
        backup.cancel_legal_hold(LegalHoldId=made["LegalHoldId"], CancelDescription="over")
    wait(10)
    seen = backup.get_legal_hold(LegalHoldId=made["LegalHoldId"])
    equal((seen["Status"], seen["CancelDescription"], "RetainRecordUntil" in seen), ("CANCELED", "over", True))
    with refused("InvalidRequestException"):
        delete(past[4])
    sandbox("set", {"legalHold": {"title": "another", "released": True}})


def keeping_secrets():
    [listed] = secrets.list_secrets(Filters=[{"Key": "description", "Values": ["my-hub Database"]}])["SecretList"]
    arn = listed["ARN"]
    equal(secrets.describe_secret(SecretId=arn)["Description"], "my-hub Database Secret")
    assert "canary" in secrets.get_secret_value(SecretId=arn)["SecretString"]
    version = secrets.put_secret_value(SecretId=arn, SecretString="new")["VersionId"]
    equal(secrets.describe_secret(SecretId=arn)["VersionIdsToStages"][version], ["AWSCURRENT"])
    secrets.rotate_secret(SecretId=arn)
    equal(secrets.describe_secret(SecretId=arn)["VersionIdsToStages"][version], ["AWSPREVIOUS"])
    secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    assert "DeletedDate" in secrets.describe_secret(SecretId=arn)
    with refused("InvalidRequestException"):
        secrets.get_secret_value(SecretId=arn)
    secrets.restore_secret(SecretId=arn)
    with refused("ResourceNotFoundException"):
        secrets.describe_secret(SecretId="nobody")


def storing_parameters():
    names = [f"/stacksnap/my-hub/runs/{n:02}" for n in range(12)]
    for name in names:
        equal(ssm.put_parameter(Name=name, Value="{}", Type="String")["Version"], 1)
    with refused("ParameterAlreadyExists"):
        ssm.put_parameter(Name=names[0], Value="{}", Type="String")
    equal(ssm.put_parameter(Name=names[0], Value="x", Type="String", Overwrite=True)["Version"], 2)
    with refused("ValidationException"):
        ssm.put_parameter(Name="/big", Value="x" * 4097, Type="String")
    equal(ssm.put_parameter(Name="/big", Value="x" * 4097, Type="String", Tier="Advanced")["Tier"], "Advanced")
    pages = list(ssm.get_paginator("get_parameters_by_path").paginate(Path="/stacksnap", Recursive=True))
    equal([len(p["Parameters"]) for p in pages], [10, 2])
    equal(ssm.get_parameter(Name=names[0])["Parameter"]["Value"], "x")
    secret = "/keymaster/my-hub/phoenix-key"
    assert "canary" not in ssm.get_parameter(Name=secret)["Parameter"]["Value"]
    assert "canary" in ssm.get_parameter(Name=secret, WithDecryption=True)["Parameter"]["Value"]
    equal(ssm.get_parameters(Names=[names[1], "/nobody"])["InvalidParameters"], ["/nobody"])
    assert ssm.describe_parameters()["Parameters"]
    ssm.delete_parameter(Name=names[0])
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name=names[0])
    equal(ssm.delete_parameters(Names=names[:2])["InvalidParameters"], [names[0]])


def lives_of_stacks():
    template = {
        "Parameters": {"Mode": {"Type": "String", "Default": "on", "AllowedValues": ["on", "off"]}},
        "Resources": {"Data": {"Type": "AWS::EFS::FileSystem", "DeletionPolicy": "Retain"}, "Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Fs": {"Value": {"Ref": "Data"}}},
    }
    made = cfn.create_stack(StackName="fresh", TemplateBody=json.dumps(template), Parameters=[{"ParameterKey": "Mode", "ParameterValue": "off"}])["StackId"]
    with refused("AlreadyExistsException"):
        cfn.create_stack(StackName="fresh", TemplateBody=json.dumps(template))
    equal(cfn.describe_stacks(StackName="fresh")["Stacks"][0]["StackStatus"], "CREATE_IN_PROGRESS")
    wait(400)
    fresh = cfn.describe_stacks(StackName="fresh")["Stacks"][0]
    equal(fresh["StackStatus"], "CREATE_COMPLETE")
    fs = fresh["Outputs"][0]["OutputValue"]
    sandbox("faults", {"operation": "cloudformation:UpdateStack", "kind": "rollback-failed", "count": 1})
    cfn.update_stack(StackName="fresh", UsePreviousTemplate=True, Parameters=[{"ParameterKey": "Mode", "ParameterValue": "on"}])
    wait(600)
    equal(cfn.describe_stacks(StackName="fresh")["Stacks"][0]["StackStatus"], "UPDATE_ROLLBACK_FAILED")
    cfn.continue_update_rollback(StackName="fresh")
    wait(600)
    fresh = cfn.describe_stacks(StackName="fresh")["Stacks"][0]
    equal((fresh["StackStatus"], fresh["Parameters"][0]["ParameterValue"]), ("UPDATE_ROLLBACK_COMPLETE", "off"))
    equal(cfn.describe_stack_events(StackName="fresh")["StackEvents"][1]["ResourceStatus"], "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    cfn.update_stack(StackName="fresh", UsePreviousTemplate=True, Parameters=[{"ParameterKey": "Mode", "ParameterValue": "on"}])
    wait(10)
    cfn.cancel_update_stack(StackName="fresh")
    wait(600)
    with refused("ValidationError"):
        cfn.cancel_update_stack(StackName="fresh")
    with refused("ValidationError"):
        cfn.delete_stack(StackName="fresh", RetainResources=["Topic"])
    cfn.delete_stack(StackName="fresh")
    wait(300)
    with refused("ValidationError"):
        cfn.describe_stacks(StackName="fresh")
    equal(cfn.describe_stacks(StackName=made)["Stacks"][0]["StackStatus"], "DELETE_COMPLETE")
    equal(efs.describe_file_systems(FileSystemId=fs)["FileSystems"][0]["FileSystemId"], fs)


def faults_and_worlds():
    equal(sts.get_caller_identity()["Account"], ACCOUNT)
    equal(client("cloudformation", "999999999999").describe_stacks()["Stacks"], [])
    equal(client("rds", region="eu-west-1").describe_db_clusters()["DBClusters"], [])
    for kind, codes in {
        "throttle": ("Throttling", "ThrottlingException", "ThrottlingException"),
        "expired-credentials": ("ExpiredToken", "ExpiredTokenException", "ExpiredTokenException"),
        "access-denied": ("AccessDenied", "AccessDeniedException", "AccessDeniedException"),
    }.items():
        calls = (cfn.list_stacks, ssm.describe_parameters, backup.list_backup_vaults)
        for call, code in zip(calls, codes):
            sandbox("faults", {"operation": "*:*", "kind": kind, "count": 1})
            try:
                call()
                raise AssertionError(f"{kind}: no error")
            except ClientError as error:
                equal(error.response["Error"]["Code"], code)
    sandbox("faults", {"operation": "ssm:PutParameter", "kind": "lost-answer", "count": 1})
    try:
        ssm.put_parameter(Name="/lost", Value="there", Type="String")
        raise AssertionError("an answer that should be lost")
    except HTTPClientError:
        equal(ssm.get_parameter(Name="/lost")["Parameter"]["Value"], "there")
    with refused("SandboxNotImplemented", 501):
        rds.describe_db_engine_versions()
    driven.discard("rds:DescribeDBEngineVersions")


def storing_objects():
    with refused("NoSuchBucket", 404):
        s3.put_object(Bucket="manifests", Key="a", Body=b"x")
    sandbox("set", {"bucket": "manifests"})
    s3.head_bucket(Bucket="manifests")
    equal(s3.get_bucket_location(Bucket="manifests")["LocationConstraint"], None)
    body = bytes(range(256)) + "한글 <&>".encode()
    made = s3.put_object(Bucket="manifests", Key="a b/ä.json", Body=body, ContentType="application/json",
                         ServerSideEncryption="aws:kms", Metadata={"id": "one"}, ExpectedBucketOwner=ACCOUNT)
    equal(made["ServerSideEncryption"], "aws:kms")
    got = s3.get_object(Bucket="manifests", Key="a b/ä.json")
    equal((got["Body"].read(), got["ContentType"], got["Metadata"]), (body, "application/json", {"id": "one"}))
    equal(s3.head_object(Bucket="manifests", Key="a b/ä.json")["ContentLength"], len(body))
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket="manifests", Key="nothing")
    with refused("404", 404):
        s3.head_object(Bucket="manifests", Key="nothing")
    with refused("AccessDenied", 403):
        s3.put_object(Bucket="manifests", Key="b", Body=b"", ExpectedBucketOwner="999999999999")
    for n in range(5):
        s3.put_object(Bucket="manifests", Key=f"many/{n}", Body=b"x" * n)
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="manifests", Prefix="many/", PaginationConfig={"PageSize": 2}))
    equal([[o["Key"][-1] for o in p["Contents"]] for p in pages], [["0", "1"], ["2", "3"], ["4"]])
    top = s3.list_objects_v2(Bucket="manifests", Delimiter="/")
    equal([p["Prefix"] for p in top["CommonPrefixes"]], ["a b/", "many/"])
    s3.delete_object(Bucket="manifests", Key="many/0")
    equal(s3.list_objects_v2(Bucket="manifests", Prefix="many/")["KeyCount"], 4)
    sandbox("set", {"bucket": "manifests", "denied": True})
    with refused("AccessDenied", 403):
        s3.get_object(Bucket="manifests", Key="many/1")
    with refused("403", 403):
        s3.head_bucket(Bucket="manifests")
    sandbox("set", {"bucket": "manifests", "denied": False})


def resources(stack):
    rows = [r for p in cfn.get_paginator("list_stack_resources").paginate(StackName=stack) for r in p["StackResourceSummaries"]]
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in rows}


def a_restore():
    """The source is planted with a long template; both halves are taken while it is offline."""
    sandbox("stacks", {"like": "hubs", "name": "source", "padding": 60000, "values": {"StackOffline": OFF}})
    source = resources("source")
    rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="half", DBClusterIdentifier="source-app-db")
    role = iam.get_role(RoleName=source["DailyBackupRole"])["Role"]["Arn"]
    files = efs.describe_file_systems(FileSystemId=source["StorageEFS"])["FileSystems"][0]["FileSystemArn"]
    point = backup.start_backup_job(BackupVaultName=source["DailyBackupVault"], ResourceArn=files, IamRoleArn=role)["RecoveryPointArn"]
    wait(1000)
    equal(sandbox(f"consistency?snapshot=half&recovery_point={point}"), {"rows": 40, "files": 40, "broken": 0})
    text = json.dumps(cfn.get_template(StackName="source", TemplateStage="Original")["TemplateBody"])
    with refused("ValidationError"):
        cfn.get_template_summary(TemplateBody=text)
    sandbox("set", {"bucket": "templates"})
    s3.put_object(Bucket="templates", Key="hub.template", Body=text.encode())
    url = "https://templates.s3.us-east-1.amazonaws.com/hub.template"
    summary = cfn.get_template_summary(TemplateURL=url)
    equal((len(summary["Parameters"]), summary["Capabilities"]), (36, ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]))
    equal(len(cfn.validate_template(TemplateURL=url)["Parameters"]), 36)
    values = {p["ParameterKey"]: p["ParameterValue"] for p in cfn.describe_stacks(StackName="source")["Stacks"][0]["Parameters"]}
    values |= {
        "RestoreStackName": "source", "RestoreDbSnapshotIdentifier": "half", "RestoreAppDbSecretArn": source["AppDbSecret"],
        "RestoreBackupVaultName": source["DailyBackupVault"], "RestoreRecoveryPointArn": point,
    }
    given = [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]
    asked = dict(StackName="copy", TemplateURL=url, Parameters=given, ClientRequestToken="restore-1", Tags=[{"Key": "of", "Value": "half"}])
    with refused("InsufficientCapabilitiesException"):
        cfn.create_stack(**asked)
    bad = [p if p["ParameterKey"] != "DomainName" else {**p, "ParameterValue": "Not A Domain"} for p in given]
    with refused("ValidationError"):
        cfn.create_stack(**{**asked, "Parameters": bad, "Capabilities": CAPS})
    made = cfn.create_stack(**asked, Capabilities=CAPS, EnableTerminationProtection=True, OnFailure="ROLLBACK")
    equal(cfn.create_stack(**asked, Capabilities=CAPS)["StackId"], made["StackId"])
    wait(300)
    [running] = backup.list_restore_jobs(ByStatus="RUNNING", ByResourceType="EFS", ByAccountId=ACCOUNT)["RestoreJobs"]
    equal(backup.list_restore_jobs(ByResourceType="EBS")["RestoreJobs"] + backup.list_restore_jobs(ByStatus="COMPLETED")["RestoreJobs"], [])
    with refused("InvalidResourceStateException"):
        backup.delete_recovery_point(BackupVaultName=source["DailyBackupVault"], RecoveryPointArn=point)
    equal(backup.describe_restore_job(RestoreJobId=running["RestoreJobId"])["RecoveryPointArn"], point)
    equal(rds.describe_db_clusters(DBClusterIdentifier="copy-app-db")["DBClusters"][0]["Status"], "creating")
    wait(900)
    copy = cfn.describe_stacks(StackName="copy")["Stacks"][0]
    equal((copy["StackStatus"], copy["EnableTerminationProtection"]), ("CREATE_COMPLETE", True))
    job = backup.describe_restore_job(RestoreJobId=running["RestoreJobId"])
    equal(job["Status"], "COMPLETED")
    assert job["CreatedResourceArn"].endswith(resources("copy")["StorageEFS"])
    equal(len(backup.list_restore_jobs_by_protected_resource(ResourceArn=files)["RestoreJobs"]), 1)
    equal(sandbox("contents?stack=copy"), sandbox(f"contents?snapshot=half&recovery_point={point}"))
    a_guarded_update("copy", text)
    a_deletion("copy", made["StackId"], source)


def a_guarded_update(stack, text):
    template = json.loads(text)
    template["Resources"]["AppDb"]["Properties"]["SnapshotIdentifier"] = {"Ref": "AWS::NoValue"}
    del template["Resources"]["DailyBackupPlan"]
    s3.put_object(Bucket="templates", Key="next.template", Body=json.dumps(template).encode())
    made = cfn.create_change_set(
        StackName=stack, ChangeSetName="next", TemplateURL="https://s3.us-east-1.amazonaws.com/templates/next.template",
        Capabilities=CAPS, Parameters=parameters(stack),
    )
    wait(12)
    rows = {c["ResourceChange"]["LogicalResourceId"]: c["ResourceChange"] for c in cfn.describe_change_set(ChangeSetName=made["Id"])["Changes"]}
    equal((rows["AppDb"]["Action"], rows["AppDb"]["Replacement"]), ("Modify", "True"))
    equal(rows["DailyBackupPlan"]["Action"], "Remove")
    assert "DailyBackupPlan" not in cfn.get_template(ChangeSetName=made["Id"])["TemplateBody"]["Resources"]
    cfn.delete_change_set(ChangeSetName=made["Id"])
    cfn.create_change_set(StackName="reviewed", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}))
    wait(12)
    equal(cfn.describe_stacks(StackName="reviewed")["Stacks"][0]["StackStatus"], "REVIEW_IN_PROGRESS")
    cfn.delete_stack(StackName="reviewed")
    with refused("ValidationError"):
        cfn.describe_stacks(StackName="reviewed")


def a_deletion(stack, stack_id, source):
    """Everything a drill has made goes, and nothing of the source's."""
    made = resources(stack)
    with refused("ValidationError"):
        cfn.delete_stack(StackName=stack_id)
    cfn.update_termination_protection(StackName=stack, EnableTerminationProtection=False)
    cfn.delete_stack(StackName=stack_id, ClientRequestToken="drill-end")
    wait(600)
    equal(cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"], "DELETE_COMPLETE")
    events = cfn.describe_stack_events(StackName=stack_id)["StackEvents"]
    equal((events[0]["ResourceStatus"], events[0]["ClientRequestToken"]), ("DELETE_COMPLETE", "drill-end"))
    skipped = {s["LogicalResourceId"] for p in cfn.get_paginator("list_stack_resources").paginate(StackName=stack_id) for s in p["StackResourceSummaries"] if s["ResourceStatus"] == "DELETE_SKIPPED"}
    assert {"AppDbSecret", "DiskKmsKey", "StorageEFS", "DailyBackupVault"} <= skipped, skipped
    [last] = [s for s in rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"] if s["DBClusterIdentifier"] == "copy-app-db"]
    assert last["DBClusterSnapshotIdentifier"].startswith("copy-snapshot-appdb-"), last
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=last["DBClusterSnapshotIdentifier"])
    secrets.delete_secret(SecretId=made["AppDbSecret"], ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException"):
        secrets.describe_secret(SecretId=made["AppDbSecret"])
    equal(kms.schedule_key_deletion(KeyId=made["DiskKmsKey"], PendingWindowInDays=7)["KeyState"], "PendingDeletion")
    efs.delete_file_system(FileSystemId=made["StorageEFS"])
    backup.delete_backup_vault(BackupVaultName=made["DailyBackupVault"])
    with refused("InvalidRequestException"):
        backup.delete_backup_vault(BackupVaultName=source["DailyBackupVault"])
    wait(30)
    with refused("FileSystemNotFound", 404):
        efs.describe_file_systems(FileSystemId=made["StorageEFS"])
    with refused("NoSuchEntity", 404):
        iam.get_role(RoleName=made["DailyBackupRole"])
    ssm.get_parameter(Name="/ita/source/reticulum/admin-email")
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/ita/copy/reticulum/admin-email")


def by_hand():
    """Restores and deletions without CloudFormation."""
    snapshot = "half"
    with refused("DBClusterSnapshotNotFoundFault", 404):
        rds.restore_db_cluster_from_snapshot(DBClusterIdentifier="hand", SnapshotIdentifier="nobody", Engine="aurora-postgresql")
    rds.restore_db_cluster_from_snapshot(DBClusterIdentifier="hand", SnapshotIdentifier=snapshot, Engine="aurora-postgresql")
    with refused("DBClusterAlreadyExistsFault"):
        rds.restore_db_cluster_from_snapshot(DBClusterIdentifier="hand", SnapshotIdentifier=snapshot, Engine="aurora-postgresql")
    wait(600)
    rds.create_db_instance(DBInstanceIdentifier="hand-1", DBInstanceClass="db.serverless", Engine="aurora-postgresql", DBClusterIdentifier="hand")
    wait(300)
    equal(rds.describe_db_instances(DBInstanceIdentifier="hand-1")["DBInstances"][0]["DBInstanceStatus"], "available")
    with refused("InvalidDBClusterStateFault"):
        rds.delete_db_cluster(DBClusterIdentifier="hand", SkipFinalSnapshot=True)
    equal(rds.delete_db_instance(DBInstanceIdentifier="hand-1")["DBInstance"]["DBInstanceStatus"], "deleting")
    with refused("InvalidParameterCombination"):
        rds.delete_db_cluster(DBClusterIdentifier="hand")
    equal(rds.delete_db_cluster(DBClusterIdentifier="hand", SkipFinalSnapshot=True)["DBCluster"]["Status"], "deleting")
    wait(100)
    with refused("DBClusterNotFoundFault", 404):
        rds.describe_db_clusters(DBClusterIdentifier="hand")
    source = resources("source")
    [point, *_] = backup.list_recovery_points_by_backup_vault(BackupVaultName=source["DailyBackupVault"])["RecoveryPoints"]
    metadata = backup.get_recovery_point_restore_metadata(BackupVaultName=source["DailyBackupVault"], RecoveryPointArn=point["RecoveryPointArn"])["RestoreMetadata"]
    metadata |= {"newFileSystem": "true", "CreationToken": "x"}
    order = dict(RecoveryPointArn=point["RecoveryPointArn"], Metadata=metadata, IamRoleArn=point["IamRoleArn"], IdempotencyToken="x", ResourceType="EFS")
    job = backup.start_restore_job(**order)["RestoreJobId"]
    equal(backup.start_restore_job(**order)["RestoreJobId"], job)
    with refused("ResourceNotFoundException"):
        backup.start_restore_job(**{**order, "IdempotencyToken": "y", "RecoveryPointArn": point["RecoveryPointArn"] + "0"})
    wait(800)
    made = backup.describe_restore_job(RestoreJobId=job)
    equal(made["Status"], "COMPLETED")
    fresh = made["CreatedResourceArn"].rsplit("/", 1)[1]
    equal(efs.describe_mount_targets(FileSystemId=fresh)["MountTargets"], [])
    [first, *_] = efs.describe_mount_targets(FileSystemId=source["StorageEFS"])["MountTargets"]
    with refused("FileSystemInUse", 409):
        efs.delete_file_system(FileSystemId=source["StorageEFS"])
    efs.delete_mount_target(MountTargetId=first["MountTargetId"])
    wait(30)
    equal(len(efs.describe_mount_targets(FileSystemId=source["StorageEFS"])["MountTargets"]), 1)
    with refused("InvalidParameterException"):
        secrets.delete_secret(SecretId=source["AppDbSecret"], RecoveryWindowInDays=3)
    was = secrets.describe_secret(SecretId=source["AppDbSecret"])["VersionIdsToStages"]
    sandbox("set", {"secret": source["AppDbSecret"], "rotate": True})
    now = secrets.describe_secret(SecretId=source["AppDbSecret"])["VersionIdsToStages"]
    equal(sorted(s for stages in now.values() for s in stages), ["AWSCURRENT", "AWSPREVIOUS"])
    equal([now[version] for version in was], [["AWSPREVIOUS"]])
    sandbox("set", {"secret": source["AppDbSecret"], "rotate": True})
    equal(len(secrets.list_secret_version_ids(SecretId=source["AppDbSecret"])["Versions"]), 2)
    equal(len(secrets.list_secret_version_ids(SecretId=source["AppDbSecret"], IncludeDeprecated=True)["Versions"]), 3)
    [old] = was
    with refused("InvalidParameterException"):
        secrets.update_secret_version_stage(SecretId=source["AppDbSecret"], VersionStage="AWSCURRENT", MoveToVersionId=old)
    [current] = [v for v, stages in secrets.describe_secret(SecretId=source["AppDbSecret"])["VersionIdsToStages"].items() if stages == ["AWSCURRENT"]]
    secrets.update_secret_version_stage(SecretId=source["AppDbSecret"], VersionStage="AWSCURRENT", MoveToVersionId=old, RemoveFromVersionId=current)
    equal(secrets.describe_secret(SecretId=source["AppDbSecret"])["VersionIdsToStages"][old], ["AWSCURRENT"])
    key = efs.describe_file_systems(FileSystemId=fresh)["FileSystems"][0]["KmsKeyId"]
    with refused("KMSInvalidStateException"):
        kms.cancel_key_deletion(KeyId=kms.describe_key(KeyId=rds.describe_db_clusters(DBClusterIdentifier="app-db")["DBClusters"][0]["KmsKeyId"])["KeyMetadata"]["KeyId"])
    kms.disable_key(KeyId=rds.describe_db_clusters(DBClusterIdentifier="app-db")["DBClusters"][0]["KmsKeyId"])
    kms.enable_key(KeyId=rds.describe_db_clusters(DBClusterIdentifier="app-db")["DBClusters"][0]["KmsKeyId"])
    assert key
    template = {"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "Properties": {"LogGroupName": "/app/fixed"}}}}
    cfn.create_stack(StackName="logging", TemplateBody=json.dumps(template))
    wait(100)
    cfn.delete_stack(StackName="logging")
    wait(100)
    made = cfn.create_stack(StackName="logging", TemplateBody=json.dumps(template), DisableRollback=True)["StackId"]
    wait(100)
    equal(cfn.describe_stacks(StackName=made)["Stacks"][0]["StackStatus"], "CREATE_FAILED")
    [failed] = [e for e in cfn.describe_stack_events(StackName=made)["StackEvents"] if e["LogicalResourceId"] == "Logs" and e["ResourceStatus"] == "CREATE_FAILED"]
    assert "already exists" in failed["ResourceStatusReason"], failed
    equal([g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix="/app/")["logGroups"]], ["/app/fixed"])
    logs.delete_log_group(logGroupName="/app/fixed")


def notices():
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
    first = sns.publish(TopicArn=topic, Subject="a backup failed", Message="why")["MessageId"]
    sns.publish(TopicArn=topic, Message=json.dumps({"default": "short", "email": "long"}), MessageStructure="json")
    with refused("NotFound", 404):
        sns.publish(TopicArn=topic + "-2", Message="why")
    for wrong in ({"Subject": "two\nlines"}, {"Subject": "x" * 101}, {"MessageStructure": "json"}):
        with refused("InvalidParameter"):
            sns.publish(**{"TopicArn": topic, "Message": '{"email": "long"}', **wrong})
    entry = {"Source": "stacksnap", "DetailType": "Run State Change", "Detail": "{}", "EventBusName": "ours"}
    done = events.put_events(Entries=[entry, {**entry, "Detail": "{"}, {**entry, "EventBusName": "default"}])
    equal((done["FailedEntryCount"], done["Entries"][1]["ErrorCode"]), (1, "MalformedDetail"))
    with refused("ValidationException"):
        events.put_events(Entries=[entry] * 11)
    kept = sandbox("messages")
    equal([(m["message_id"] == first, m["subject"], m["message"]) for m in kept["messages"]], [(True, "a backup failed", "why"), (False, None, "short")])
    equal([e["bus"] for e in kept["events"]], ["ours", "default"])
    sandbox("messages", method="DELETE")
    equal(sandbox("messages"), {"messages": [], "events": []})
    for _ in range(2):
        events.put_events(Entries=[entry])
    with refused("ThrottlingException"):
        events.put_events(Entries=[entry])
    wait(1)
    events.put_events(Entries=[entry])


def limits():
    """One caller may do little, and everybody only so often."""
    mine = {name: client(name, "AKIALIMITED") for name in ("rds", "backup", "cloudformation", "ssm", "sns", "events", "efs", "s3", "secretsmanager", "kms", "iam", "logs", "sts")}
    allowed = [{"Effect": "Allow", "Action": "rds:Describe*", "Resource": f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:my-*"}]
    sandbox("set", {"access_key": "AKIALIMITED", "policy": {"Version": "2012-10-17", "Statement": allowed}})
    equal(len(mine["rds"].describe_db_clusters(DBClusterIdentifier="my-hub-app-db")["DBClusters"]), 1)
    equal(mine["sts"].get_caller_identity()["Account"], ACCOUNT)
    with refused("AccessDenied", 403):
        mine["rds"].describe_db_clusters(DBClusterIdentifier="app-db")
    with refused("AccessDenied", 403):
        mine["cloudformation"].describe_stacks(StackName="my-hub")
    with refused("AccessDenied", 403):
        mine["iam"].get_role(RoleName="any")
    with refused("AccessDenied", 403):
        mine["s3"].get_object(Bucket="templates", Key="hub.template")
    with refused("403", 403):
        mine["s3"].head_object(Bucket="templates", Key="hub.template")
    with refused("AccessDeniedException", 403):
        mine["backup"].list_backup_vaults()
    with refused("AccessDeniedException", 403):
        mine["efs"].describe_file_systems()
    with refused("AccessDeniedException"):
        mine["ssm"].get_parameter(Name="/a")
    with refused("AccessDeniedException"):
        mine["secretsmanager"].list_secrets()
    with refused("AccessDeniedException"):
        mine["kms"].describe_key(KeyId="alias/aws/rds")
    with refused("AccessDeniedException"):
        mine["logs"].describe_log_groups()
    with refused("AccessDeniedException"):
        mine["events"].put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": "{}"}])
    with refused("AuthorizationError", 403):
        mine["sns"].publish(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts", Message="m")
    rds.describe_db_clusters()
    sandbox("set", {"access_key": "AKIALIMITED", "policy": None})
    mine["cloudformation"].describe_stacks(StackName="my-hub")
    sandbox("set", {"rates": {"rds:*": {"burst": 2, "per_second": 1}}})
    for _ in range(2):
        rds.describe_db_clusters()
    with refused("Throttling"):
        rds.describe_db_clusters()
    wait(1)
    rds.describe_db_clusters()
    sandbox("set", {"rates": None})


def command_line():
    env = {**os.environ, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": URL}
    aws = [os.path.join(os.path.dirname(sys.executable), "aws"), "--output", "json"]

    def run(*arguments):
        done = subprocess.run(aws + list(arguments), env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    equal(run("cloudformation", "describe-stacks", "--stack-name", "my-hub")["Stacks"][0]["StackName"], "my-hub")
    equal(len(run("cloudformation", "list-stack-resources", "--stack-name", "my-hub")["StackResourceSummaries"]), 180)
    assert run("backup", "list-backup-vaults")["BackupVaultList"]


sandbox("stacks", {"like": "sample", "name": "app"})
for story in (reading_stacks, change_sets, offline, snapshots, backups, pruning, keeping_secrets, storing_parameters, lives_of_stacks, storing_objects, a_restore, by_hand, faults_and_worlds, notices, limits, command_line):
    story()
    print("ok", story.__name__)
missing = set(sandbox("operations")) - driven
extra = driven - set(sandbox("operations"))
assert not missing, f"never driven: {sorted(missing)}"
assert not extra, f"driven, but not in the sandbox's list: {sorted(extra)}"
for problem in sorted(set(problems)):
    print("PROBLEM", problem)
sys.exit(1 if problems else 0)
