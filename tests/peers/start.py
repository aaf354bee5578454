"""Starts an emulator: `ministack`, `mended` or `moto PORT`. It ends when whoever started it is gone."""

import os
import signal
import sys
import threading


def end_with_parent():
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


def mend():
    """AWS's ListChangeSets takes a stack's name or ARN; ministack looks the stack up by name only."""
    from ministack.services.cloudformation import handlers

    of_name = handlers._ACTION_HANDLERS["ListChangeSets"]

    def of_name_or_arn(params):
        stack = handlers._resolve_stack(handlers._p(params, "StackName"))
        return of_name({**params, "StackName": [stack["StackName"]]} if stack else params)

    handlers._ACTION_HANDLERS["ListChangeSets"] = of_name_or_arn


threading.Thread(target=end_with_parent, daemon=True).start()
which, *arguments = sys.argv[1:]
sys.argv[1:] = []
if which == "moto":
    from moto.server import main

    main(["-H", "127.0.0.1", "-p", *arguments])
else:
    if which == "mended":
        mend()
    from ministack.app import main

    main()
