"""Deploys templates/stacksnap.yaml on ministack with the real function, and asks what became of it. Prints JSON.

    unattended.py code BINARY CONFIG            the function's zip file, into ministack's S3
    unattended.py deploy EDITS STACK PARAMETERS  EDITS: those of EDITS below, comma separated
    unattended.py ears TOPIC DEPLOYMENT         a queue that hears the topic, and the bus
    unattended.py heard QUEUE
    unattended.py tag STACK KEY VALUE
    unattended.py start MACHINE INPUT           and waits for its end
    unattended.py begin MACHINE INPUT
    unattended.py reached EXECUTION STATE       waits until it has been entered
    unattended.py ended EXECUTION
    unattended.py soon GROUP SCHEDULE           has what the schedule of this logical id does done now
    unattended.py executions MACHINE COUNT      waits for the ends of so many
    unattended.py measured LOGS                 metrics that CloudWatch has, and lines in the log group that are metrics
"""

import datetime
import io
import json
import os
import pathlib
import signal
import sys
import time
import zipfile

import boto3
import yaml

TEMPLATE = pathlib.Path(__file__).parents[2] / "templates" / "stacksnap.yaml"
# Its process dies at once for as long as a file is there, and tells its id otherwise: a test kills it.
BOOTSTRAP = """#!/bin/sh
test -e "$UNATTENDED/$STACKSNAP_DEPLOYMENT.broken" && exit 1
echo $$ >>"$UNATTENDED/$STACKSNAP_DEPLOYMENT.pids"
exec "$LAMBDA_TASK_ROOT/stacksnap-lambda"
"""
ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_RDS", "AWS_ENDPOINT_URL_BACKUP")
PASSED_ON = (*ENDPOINTS, "STACKSNAP_TIME_SCALE", "HOME", "UNATTENDED")
METRIC_MATH = {"NoGoodBackup", "OfflineTooLong", "SentinelIsSilent"}
cloudformation, events, s3, scheduler, sns, sqs, states = (
    boto3.client(name) for name in ("cloudformation", "events", "s3", "scheduler", "sns", "sqs", "stepfunctions")
)


class Template(yaml.SafeLoader):
    """CloudFormation's short forms, in their long ones."""


def long_form(loader, name, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


Template.add_multi_constructor("!", long_form)


def without_metric_math(resources):
    for alarm in METRIC_MATH:
        del resources[alarm]
    schedule = resources["BackupSchedule"]
    schedule["DependsOn"] = [each for each in schedule["DependsOn"] if each not in METRIC_MATH]


def literal_limits(resources):
    each_stack = resources["FleetMachine"]["Properties"]["Definition"]["States"]["EachStack"]
    each_stack.update(MaxConcurrency=2, ToleratedFailurePercentage=100)
    del each_stack["MaxConcurrencyPath"], each_stack["ToleratedFailurePercentagePath"]


# What keeps ministack from deploying the template, or from running it: see GAPS in unattended.rs.
EDITS = {"metric-math": without_metric_math, "limits": literal_limits}


def reachable(resources):
    """The functions ask the emulators, and not AWS."""
    for each in resources.values():
        if each["Type"] == "AWS::Lambda::Function":
            here = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
            each["Properties"]["Environment"]["Variables"].update(here)


def settled(stack):
    while (seen := cloudformation.describe_stacks(StackName=stack)["Stacks"][0])["StackStatus"].endswith("PROGRESS"):
        time.sleep(0.2)
    return seen


def code(binary, config):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zip_file:
        for name, body in (("bootstrap", BOOTSTRAP), ("stacksnap.toml", config)):
            zip_file.writestr(zipfile.ZipInfo(name), body)
        program = zipfile.ZipInfo("stacksnap-lambda")
        program.external_attr = 0o755 << 16
        zip_file.writestr(program, pathlib.Path(binary).read_bytes())
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="stacksnap.zip", Body=packed.getvalue())
    return {"size": len(packed.getvalue())}


def deploy(edits, stack, parameters):
    template = yaml.load(TEMPLATE.read_text(), Template)
    reachable(template["Resources"])
    for edit in filter(None, edits.split(",")):
        EDITS[edit](template["Resources"])
    given = {
        "CodeS3Bucket": "code", "CodeS3Key": "stacksnap.zip", "Architecture": "x86_64",
        "BackupRoleArn": "arn:aws:iam::000000000000:role/backup", **json.loads(parameters),
    }
    cloudformation.create_stack(
        StackName=stack, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    seen = settled(stack)
    why = [
        each.get("ResourceStatusReason", "")
        for each in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        if each["ResourceStatus"] == "CREATE_FAILED"
    ]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in seen.get("Outputs", [])}
    return {"status": seen["StackStatus"], "why": why, **outputs}


def ears(topic, deployment):
    queue = sqs.create_queue(QueueName="ears")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    pattern = {"source": ["stacksnap"], "detail": {"deployment": [deployment]}}
    events.put_rule(Name="ears", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="ears", Targets=[{"Id": "ears", "Arn": arn}])
    return queue


def heard(queue):
    messages = []
    while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        for each in found:
            messages.append(json.loads(each["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return messages


def tag(stack, key, value):
    cloudformation.update_stack(
        StackName=stack, UsePreviousTemplate=True, Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": key, "Value": value}],
        Parameters=[{"ParameterKey": each, "UsePreviousValue": True} for each in ("OfflineMode", "DbPassword")],
    )
    return settled(stack)["Tags"]


def entered(execution):
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
    history = [each for page in pages for each in page["events"]]
    return [each["stateEnteredEventDetails"]["name"] for each in history if "stateEnteredEventDetails" in each]


def ended(execution):
    while (seen := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.2)
    told = {key: seen[key] for key in ("status", "error", "cause", "input") if key in seen}
    maps = states.list_map_runs(executionArn=execution)["mapRuns"]
    maps = [states.describe_map_run(mapRunArn=each["mapRunArn"]) for each in maps]
    limits = [[each["maxConcurrency"], each["toleratedFailurePercentage"]] for each in maps]
    return {**told, "output": json.loads(seen.get("output") or "null"), "states": entered(execution), "limits": limits}


def begin(machine, given):
    return states.start_execution(stateMachineArn=machine, input=given)["executionArn"]


def start(machine, given):
    return ended(begin(machine, given))


def reached(execution, state):
    while state not in (found := entered(execution)):
        time.sleep(0.1)
    return found


def soon(group, logical_id):
    names = [each["Name"] for each in scheduler.list_schedules(GroupName=group)["Schedules"]]
    name = next(each for each in names if f"-{logical_id}-" in each)
    found = scheduler.get_schedule(GroupName=group, Name=name)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    # Another one of the same target: ministack fires none that it has looked at once, when its time is moved.
    scheduler.create_schedule(
        Name=f"{logical_id}-now", GroupName=group, ScheduleExpression=f"at({now})", Target=found["Target"],
        FlexibleTimeWindow={"Mode": "OFF"},
    )
    return found["ScheduleExpression"]


def executions(machine, count):
    while len(found := states.list_executions(stateMachineArn=machine)["executions"]) < int(count):
        time.sleep(0.2)
    return [ended(each["executionArn"]) for each in found]


def measured(log_group):
    events_there = boto3.client("logs").get_paginator("filter_log_events").paginate(logGroupName=log_group)
    lines = [each["message"] for page in events_there for each in page["events"]]
    metrics = boto3.client("cloudwatch").list_metrics(Namespace="stacksnap")["Metrics"]
    return {"metrics": len(metrics), "lines": len([each for each in lines if "CloudWatchMetrics" in each])}


# Nothing here takes longer: whoever waits in vain is killed.
signal.alarm(80)
print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
