"""A party of a comparison: a process of its own that builds and times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from minicvt import threads
from minicvt.errors import MinicvtError

HERE = Path(str(files("minicvt.bench")))
COUNTS = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", threads.VARIABLE),
)
"""Where libraries look for their number of threads, before they start."""


@dataclass(frozen=True)
class Peer:
    """Who can be asked: a name, the file for each kind of work, and what that needs.

    ``options`` go with every case, ``environment`` into the process.
    """

    name: str
    files: Mapping[str, str]
    needs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


class Party:
    """A running process; leaving the ``with`` block ends it."""

    def __init__(
        self, peer: Peer, kind: str, width: int, python: str | None = None
    ) -> None:
        self.peer, self.threads = peer, width
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        # -P: what lies beside the script is not to be imported as a module
        command = [python or sys.executable, "-P", str(HERE / "serving.py")]
        self.begun = time.perf_counter()
        self._process = subprocess.Popen(
            [*command, str(HERE / peer.files[kind])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            encoding="utf-8",
            env=surroundings(width) | dict(peer.environment),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.communicate()
        self._said.close()

    def build(self, case: Mapping[str, Any]) -> dict[str, Any]:
        """Make ready what is timed next; return what the party tells of it."""
        return self._asked(build={**case, **self.peer.options, "threads": self.threads})

    def time(self, times: int, afresh: bool = False) -> dict[str, Any]:
        """Run it so many times: seconds of each (``wall``, ``cpu``).

        Bytes too: ``before`` that, and the ``peak`` of the process's life, or with
        ``afresh`` of these runs.
        """
        return self._asked(times=times, afresh=afresh)

    def _asked(self, **what: Any) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with suppress(BrokenPipeError):  # it has ended: stderr says why
            stdin.write(json.dumps(what) + "\n")
            stdin.flush()
        told: dict[str, Any] = json.loads(stdout.readline() or "{}")
        if told and "failed" not in told:
            return told
        raise MinicvtError(f"{self.peer.name}: {told.get('failed') or self._last()}")

    def _last(self) -> str:
        """Wait for its end, and return the last line that it wrote."""
        self._process.communicate()
        self._said.seek(0)
        return (self._said.read().strip() or "no word").splitlines()[-1]


def surroundings(width: int) -> dict[str, str]:
    """Return this process's environment with everybody's threads set.

    Where nothing is installed minicvt's own folder is what a process must know of.
    OMP_WAIT_POLICY stays as it is, which is to say unset.
    """
    path = [str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    counts = dict.fromkeys(COUNTS, str(width))
    return {**os.environ, **counts, "PYTHONPATH": os.pathsep.join(path)}
