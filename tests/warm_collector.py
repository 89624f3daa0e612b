"""Starts commands by forking a process that has imported everything: milliseconds instead of more than a second.

Reads JSON requests from stdin, a line each: `{"start": {words, folder, environment, stdout, stderr}}` answers the
process id, `{"wait": pid, "seconds": s}` the exit code (negative: the signal), or null while the process runs.
"""

import gc
import importlib
import json
import os
import signal
import sys
import time
from typing import Any, NoReturn

MODULES = (
    "collector.cli",
    "collector.checks",
    "collector.wiring",
    "collector.flow.collect",
    "collector.flow.rounds",
    "collector.flow.pricing",
    "collector.flow.rebuild",
    "collector.flow.verify",
    *(f"collector.adapters.{door}" for door in ("isal_gzip", "local_files", "s3", "scratch_file", "x_api", "x_posts")),
    "collector.adapters.sql_state",
)
TICK = 0.005


def started(order: dict[str, Any]) -> int | None:
    """Return the id of the new process, and None in the new process itself."""
    pid = os.fork()
    if pid:
        return pid
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    # Where the tests run in the background of a script, Ctrl-C is ignored by all that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["collector", *order["words"]]
    return None


def waited(pid: int, seconds: float) -> int | None:
    """Return the exit code of a process, or None when it has not ended in time."""
    until = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(TICK)


def run() -> NoReturn:
    """Be the command; taking such a large process down properly would take ten times as long as most commands."""
    code = 1
    try:
        importlib.import_module("collector.cli").main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    for module in MODULES:
        importlib.import_module(module)
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            answer = started(request["start"])
            if answer is None:
                break
        else:
            answer = waited(request["wait"], request["seconds"])
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
    else:
        return
    run()


main()
