"""Memory that was freed is kept for the next step.

A step takes as much memory as the one before and gives all of it back. By default
glibc returns it to the system: large blocks at once, smaller ones when enough is free
at the end of its heap. The next step gets it back page by page, each filled with zeros
at its first touch, by a core that waits; and while one thread returns a block the
others wait too. On two cores that was a third of the time of CvT-13 on 8 images, and a
seventh of a training step of the hello world.

So glibc is asked to keep what is freed. The most that a process needs at a time hardly
changes; but it holds on to it, up to `KEPT` bytes. Whoever has set MALLOC_... or
GLIBC_TUNABLES in the environment has said what they want, and nothing is changed then,
nor on systems without glibc.
"""

from __future__ import annotations

import ctypes
import os

# Of malloc.h. Blocks above the first threshold do not come from the heap; 32 MB is the
# largest that glibc takes.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 32 << 20

KEPT = 1 << 30
"""Bytes at the end of the heap that may stay free."""

VARIABLES = ("GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")


def keep() -> bool:
    """Keep freed memory from now on, in the whole process; say whether it is."""
    if os.name != "posix" or any(name in os.environ for name in VARIABLES):
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return False
    settings = ((M_MMAP_THRESHOLD, LARGEST), (M_TRIM_THRESHOLD, KEPT))
    return all(libc.mallopt(name, value) == 1 for name, value in settings)
