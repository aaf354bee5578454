"""Makes the stack in one emulator, and its DB cluster in the one that answers for RDS. Prints the stack's id."""

import pathlib
import sys
import time

import boto3

stack = sys.argv[1]
cloudformation, kms, rds = (boto3.client(name) for name in ("cloudformation", "kms", "rds"))
body = pathlib.Path(__file__).with_name("stack.yaml").read_text()
made = cloudformation.create_stack(
    StackName=stack,
    TemplateBody=body,
    Parameters=[{"ParameterKey": "DbPassword", "ParameterValue": "canary-password"}],
    Capabilities=["CAPABILITY_IAM"],
)
while (status := cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]) != "CREATE_COMPLETE":
    assert status == "CREATE_IN_PROGRESS", status
    time.sleep(0.2)

resources = cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
if ids["Database"] in [cluster["DBClusterIdentifier"] for cluster in rds.describe_db_clusters()["DBClusters"]]:
    # ministack's own: its CloudFormation loses KmsKeyId, its RDS does not.
    rds.delete_db_cluster(DBClusterIdentifier=ids["Database"], SkipFinalSnapshot=True)
rds.create_db_cluster(
    DBClusterIdentifier=ids["Database"],
    Engine="aurora-postgresql",
    MasterUsername="hub",
    MasterUserPassword="canary-password",
    StorageEncrypted=True,
    KmsKeyId=kms.describe_key(KeyId=ids["Key"])["KeyMetadata"]["Arn"],
)
print(made["StackId"])
