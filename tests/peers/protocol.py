"""Rule 1 of the offline protocol, seen by ministack as it is. Prints each gap it meets as `gap: …`."""

import sys
import time

import boto3
from botocore.exceptions import ClientError

stack = sys.argv[1]
cloudformation = boto3.client("cloudformation")


def parameters(mode):
    return [
        {"ParameterKey": "OfflineMode", "ParameterValue": mode},
        {"ParameterKey": "DbPassword", "UsePreviousValue": True},
    ]


def make(name, mode):
    made = cloudformation.create_change_set(
        StackName=stack_id, ChangeSetName=name, ChangeSetType="UPDATE", UsePreviousTemplate=True,
        Parameters=parameters(mode), Capabilities=["CAPABILITY_IAM"], IncludeNestedStacks=True,
    )["Id"]
    while (seen := cloudformation.describe_change_set(ChangeSetName=made))["Status"].endswith(("PENDING", "PROGRESS")):
        time.sleep(0.1)
    return made, seen


def settled():
    seen = set()
    while (status := cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]).endswith("PROGRESS"):
        seen.add(status)
        time.sleep(0.1)
    assert status == "UPDATE_COMPLETE", status
    return seen


def refused(arn, code):
    try:
        cloudformation.execute_change_set(ChangeSetName=arn)
    except ClientError as error:
        return error.response["Error"]["Code"] == code
    return False


stack_id = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]

# A set that was made before a direct update is OBSOLETE after it, and is not executed any more.
stale, seen = make("ss-off-witness-0", "Offline")
assert seen["ExecutionStatus"] == "AVAILABLE", seen
cloudformation.update_stack(
    StackName=stack_id, UsePreviousTemplate=True, Parameters=parameters("Offline"),
    Capabilities=["CAPABILITY_IAM"], ClientRequestToken="by-hand",
)
assert "UPDATE_IN_PROGRESS" in settled(), "the update took no time"
assert cloudformation.describe_change_set(ChangeSetName=stale)["ExecutionStatus"] == "OBSOLETE"
assert refused(stale, "InvalidChangeSetStatus")

# Nothing to change is a FAILED set with the reason.
_, seen = make("ss-off-witness-1", "Offline")
assert seen["Status"] == "FAILED" and "didn't contain changes" in seen["StatusReason"], seen

# Executing one deletes the others, and its token is on every event.
first, seen = make("ss-on-witness-0", "Online")
actions = {(each["ResourceChange"]["LogicalResourceId"], each["ResourceChange"]["Action"]) for each in seen["Changes"]}
assert ("Pause", "Modify") in actions, actions
other, _ = make("somebody-elses", "Online")
cloudformation.execute_change_set(ChangeSetName=first, ClientRequestToken="ss-on-witness-0")
settled()
assert refused(other, "ChangeSetNotFound")
tokens = [each.get("ClientRequestToken") for each in cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]]
ended = tokens.index("by-hand")
assert ended > 10 and set(tokens[:ended]) == {"ss-on-witness-0"}, tokens

# What AWS does and ministack does not.
make("listed", "Offline")
_, seen = make("removing", "Offline")
if not cloudformation.list_change_sets(StackName=stack_id)["Summaries"]:
    print("gap: ListChangeSets knows a stack by its name only")
try:
    make("listed", "Offline")
    print("gap: CreateChangeSet on a stack's ARN takes a name twice")
except ClientError as error:
    assert error.response["Error"]["Code"] == "AlreadyExistsException", error
if ("Servers", "Remove") not in {(c["ResourceChange"]["LogicalResourceId"], c["ResourceChange"]["Action"]) for c in seen["Changes"]}:
    print("gap: DescribeChangeSet lists no Remove")
if {"ParameterKey": "DbPassword", "ParameterValue": "canary-password"} in seen["Parameters"]:
    print("gap: DescribeChangeSet shows NoEcho values")
declared = cloudformation.get_template_summary(StackName=stack_id)["Parameters"]
if not any(each.get("ParameterConstraints", {}).get("AllowedValues") for each in declared):
    print("gap: GetTemplateSummary tells no AllowedValues")
resources = cloudformation.list_stack_resources(StackName=stack_id)["StackResourceSummaries"]
if not any(each["PhysicalResourceId"].startswith("arn:") for each in resources if each["LogicalResourceId"] == "DbSecret"):
    print("gap: a secret's physical id is not its ARN")
