"""One party's process: it builds what it is asked for, and times it.

``python serving.py FILE`` reads a line of JSON and answers it with one, until there are
no more. FILE has ``build(case)``, which returns a function without arguments, what is
timed, and what there is to tell, a mapping. It needs Python alone, so that a peer's
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
Told = dict[str, Any]
KEYS = {"now": "VmRSS", "peak": "VmHWM"}


def seconds(body: Body, times: int) -> Told:
    """Run ``body`` so many times: seconds of each, by the clock and of the CPU."""
    gc.collect()
    busy, start = time.process_time(), time.perf_counter()
    for _ in range(times):
        body()
    wall = time.perf_counter() - start
    return {"wall": wall / times, "cpu": (time.process_time() - busy) / times}


def memory() -> Told:
    """Bytes in memory, now and at the most, where Linux tells.

    Its count begins with the program; getrusage's begins with what the parent had.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            lines = dict(line.split(":", 1) for line in status)
    except OSError:
        return {"now": None, "peak": None}
    kib = {name: int(lines[key].split()[0]) for name, key in KEYS.items()}
    return {name: 1024 * amount for name, amount in kib.items()}


def forget_peak() -> None:
    """Let the most begin with what is there now."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


class Served:
    """A party's file, and what it built last."""

    def __init__(self, path: str) -> None:
        self.party = runpy.run_path(path)
        self.body: Body = int

    def answer(self, asked: Told) -> Told:
        """Build a case or time the last one; a failure is told in one line."""
        try:
            if "build" in asked:
                self.body = int  # lets go of the last one, for the next one's sake
                busy = time.process_time()
                self.body, told = self.party["build"](asked["build"])
                told = {"cpu": time.process_time() - busy, **told}
            else:
                if asked["afresh"]:
                    forget_peak()
                before = memory()["now"]
                told = {"before": before, **seconds(self.body, asked["times"])}
        except Exception as error:
            said = (str(error).strip() or "nothing").splitlines()[0]
            return {"failed": f"{type(error).__name__}: {said}"}
        return told | {"peak": memory()["peak"]}


def main(path: str) -> None:
    """Answer stdin's lines on stdout; what libraries print goes to stderr."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    served = Served(path)
    for line in sys.stdin:
        print(json.dumps(served.answer(json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
