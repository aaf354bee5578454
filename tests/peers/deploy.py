"""Deploys what `params` printed with the AWS CLI, in both of its forms, and prints what the emulator then has."""

import json
import os
import pathlib
import subprocess
import sys

import boto3

folder = pathlib.Path(sys.argv[1])
template = pathlib.Path(__file__).with_name("restored.yaml")
aws = [sys.executable, "-m", "awscli", "--output", "json"]
cloudformation, ssm = (boto3.client(name) for name in ("cloudformation", "ssm"))


def run(*words):
    done = subprocess.run([*aws, *words], env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stdout, done.stderr)


run("cloudformation", "create-stack", "--stack-name", "created", "--template-body", f"file://{template}",
    "--parameters", f"file://{folder}/create-stack.json")
run("cloudformation", "wait", "stack-create-complete", "--stack-name", "created")
run("cloudformation", "deploy", "--stack-name", "deployed", "--template-file", str(template),
    "--parameter-overrides", f"file://{folder}/deploy.json")

seen = {}
for stack in ("created", "deployed"):
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    seen[stack] = {
        "status": found["StackStatus"],
        "parameters": {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]},
        "kept": ssm.get_parameter(Name=f"/{stack}/kept")["Parameter"]["Value"],
    }
print(json.dumps(seen))
