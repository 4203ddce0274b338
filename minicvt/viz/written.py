"""A figure in a file, and the line that says so on a page or in a terminal."""

from __future__ import annotations

from pathlib import Path

from minicvt.viz.style import Picture


def written(figure: Picture, path: Path, as_markdown: bool = False) -> str:
    """Write ``figure`` and return what to print.

    In Markdown that is the figure itself, for a page beside the folder it is in.
    """
    figure.write(path)
    if not as_markdown:
        return f"drawn in {path}"
    return f"![{figure.caption}]({path.parent.name}/{path.name})"
