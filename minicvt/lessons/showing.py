"""The library's own source on a page, which is never copied and so never old."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]


def show(*things: Any) -> None:
    """Show the source of functions, classes or modules of minicvt, with their files.

    Compiled functions show the Python they are compiled from, operations the function
    under their decorator. A notebook colours it; a terminal prints it. Raises
    ``TypeError`` for what has no source, a number say.
    """
    for thing in things:
        _put(*source(thing))


def source(thing: Any) -> tuple[str, str]:
    """Return the file a thing is written in, from the package's folder on; its text."""
    python = inspect.unwrap(getattr(thing, "py_func", thing))
    file = Path(inspect.getsourcefile(python) or "")
    if file.is_relative_to(PACKAGE):
        file = file.relative_to(PACKAGE.parent)
    return file.as_posix(), inspect.cleandoc("\n" + inspect.getsource(python))


def _put(file: str, text: str) -> None:
    shell = sys.modules.get("IPython")
    if shell is None or shell.get_ipython() is None:
        print(f"# {file}\n{text}\n")
        return
    page = f"`{file}`\n\n```python\n{text}\n```"
    shell.display.display({"text/markdown": page}, raw=True)
