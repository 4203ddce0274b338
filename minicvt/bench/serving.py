"""One party's process: it builds what it is asked for, and times it.

``python serving.py FILE`` reads a line of JSON and answers it with one, until there are
no more. FILE has ``build(case)``, which returns a function without arguments and what
there is to tell (a mapping); nothing runs yet. It needs Python alone, so that a peer's
Python may lack minicvt.
"""

import gc
import json
import os
import runpy
import sys
import time
from collections.abc import Callable
from typing import Any

Body = Callable[[], object]


def seconds(body: Body, times: int) -> dict[str, float]:
    """Run ``body`` so many times: seconds of each, by the clock and of the CPU."""
    gc.collect()
    busy, start = time.process_time(), time.perf_counter()
    for _ in range(times):
        body()
    wall = time.perf_counter() - start
    return {"wall": wall / times, "cpu": (time.process_time() - busy) / times}


def peak() -> int | None:
    """Return the most bytes this process has had in memory at once.

    Linux's own count starts with the program; getrusage's is the parent's at first.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            lines = dict(line.split(":", 1) for line in status)
    except OSError:
        return None
    return int(lines["VmHWM"].split()[0]) * 1024


def answers(party: dict[str, Any]) -> None:
    """Answer the lines of stdin on stdout; what libraries print goes to stderr."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    body: Body = int
    for line in sys.stdin:
        asked = json.loads(line)
        if "build" in asked:
            body, told = party["build"](asked["build"])
        else:
            told = seconds(body, asked["times"])
        print(json.dumps(told | {"peak": peak()}), file=out, flush=True)


if __name__ == "__main__":
    answers(runpy.run_path(sys.argv[1]))
