"""Run every benchmark, one after the other, and print their lines; exits 1 when one misses its budget.

`make bench`, or `python tests/benchmarks/run.py [NAME ...]`. Ratios come from one run: the machine's speed cancels out.
"""

import importlib
import subprocess
import sys

NAMES = ("transform", "planning", "quiet", "page", "end_to_end", "backlog")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return 1 when one misses its budget."""
    verdicts = []
    for name in names or NAMES:
        print(f"\n{name}: {(importlib.import_module(name).__doc__ or '').splitlines()[0]}", flush=True)
        # A process of its own: the peak memory of a child counts what its parent held when it began.
        command = [sys.executable, importlib.import_module(name).__file__]
        verdicts.append(subprocess.run(command, check=False).returncode)
    return max(verdicts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
