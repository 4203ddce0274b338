"""Freed memory is kept, where there is glibc and nobody has said otherwise."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

from minicvt import heap

STEPS = """
import resource, sys
import numpy as np
from minicvt import heap

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def step():
    arrays = [np.ones(1 << 18) for _ in range(40)]

kept = heap.keep()
step()
before = faults()
for _ in range(5):
    step()
print(kept, (faults() - before) // 5)
"""

PAGES = 40 * (1 << 18) * 8 // os.sysconf("SC_PAGE_SIZE") if os.name == "posix" else 0

glibc = pytest.mark.skipif(
    os.name != "posix" or not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"),
    reason="glibc's malloc",
)


def run(**environment: str) -> tuple[str, int]:
    clean = {k: v for k, v in os.environ.items() if k not in heap.VARIABLES}
    told = subprocess.run(
        [sys.executable, "-c", STEPS],
        env=clean | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return told[0], int(told[1])


@glibc
def test_a_step_takes_the_memory_of_the_one_before() -> None:
    kept, faults = run()
    assert kept == "True"
    assert faults < PAGES / 100


@glibc
def test_who_has_said_otherwise_is_heeded() -> None:
    kept, faults = run(MALLOC_TRIM_THRESHOLD_="131072")
    assert kept == "False"
    assert faults > PAGES / 10


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: object())
    for name in heap.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert heap.keep() is False
