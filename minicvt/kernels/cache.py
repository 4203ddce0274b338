"""Where compiled kernels are kept between processes.

Numba's own cache looks only at the file of the function it compiles, so an edit in a
function that one calls would go unseen.  Ours is a folder named by a hash of all
kernel sources: any edit starts a new one.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from numba.misc.appdirs import AppDirs

VARIABLE = "MINICVT_CACHE_DIR"


@cache
def folder() -> Path | None:
    """Return the folder to cache in, or None where none can be written to.

    It lies in what the environment variable MINICVT_CACHE_DIR names, else in the
    user's cache directory; and where that fails in the temporary directory.
    """
    name = f"kernels-{_sources()}"
    candidates = (_home() / name, _temporary() / name)
    return next(filter(_usable, candidates), None)


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
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


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
