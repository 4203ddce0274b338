"""Where compiled kernels are kept between processes.

Numba's own cache looks only at the file of the function it compiles, so an edit in a
function that one calls would go unseen.  Ours is a folder named by a hash of all
kernel sources: any edit starts a new one, and ends those that were not used for
longest.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from numba.misc.appdirs import AppDirs

VARIABLE = "MINICVT_CACHE_DIR"
NAME, DIGITS = "kernels-{}", 16
KEPT = 4
"""Folders that are left beside each other: those of the last versions in use."""


@cache
def folder() -> Path | None:
    """Return the folder to cache in, or None where none can be written to.

    It lies in what the environment variable MINICVT_CACHE_DIR names, else in the
    user's cache directory; and where that fails in the temporary directory.
    """
    name = NAME.format(_sources())
    candidates = (_home() / name, _temporary() / name)
    found = next(filter(_usable, candidates), None)
    if found is not None:
        _prune(found)
    return found


def _prune(folder: Path) -> None:
    """Mark the folder as used now, and remove all but the last used beside it.

    Another process may be at it too, or have use for one of them: it finds nothing
    there and compiles anew.
    """
    with suppress(OSError):
        os.utime(folder)
    others = set(folder.parent.glob(NAME.format("[0-9a-f]" * DIGITS))) - {folder}
    for old in sorted(others, key=_used, reverse=True)[KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def _used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # pruned by another process
        return 0


def _home() -> Path:
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).absolute()
    return Path(AppDirs("minicvt", appauthor=False).user_cache_dir)


def _temporary() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"minicvt-{user}"


def _sources() -> str:
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:DIGITS]


def _usable(candidate: Path) -> bool:
    """Say whether the folder is writable and ours: Numba unpickles what lies in it."""
    if not candidate.is_absolute():  # "~/.cache" of a user without a home
        return False
    try:
        candidate.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=candidate).close()
        status = candidate.stat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or status.st_uid == os.getuid()
