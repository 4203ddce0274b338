"""What ``minicvt faithful`` runs."""

from __future__ import annotations

from collections.abc import Sequence

from minicvt.data import Composites, load
from minicvt.errors import OptionError
from minicvt.files import StrPath, write_atomic
from minicvt.interpret.measured import keep
from minicvt.interpret.page import page
from minicvt.interpret.report import paragraphs, study
from minicvt.weights import card, trained


def faithful(
    names: Sequence[str],
    images: int = 400,
    page_file: StrPath | None = None,
    keep_in: StrPath | None = None,
) -> None:
    """Print how faithful each trained model's attention is, beside controls.

    With ``page_file`` the same is written as a page about all trained models, and kept
    for who quotes it in the folder ``keep_in``. Raises ``UnknownName``, and
    ``OptionError`` where the model's task has no boxes.
    """
    reports = {}
    for name in names:
        found = study(trained(name), _boxed(name), images)
        reports[name] = paragraphs(found)
        print(f"{name}, {images} held-out images\n", flush=True)
        print("\n\n".join(reports[name]) + "\n", flush=True)
        if keep_in is not None:
            keep(name, found, keep_in)
    if page_file is not None:
        write_atomic(page_file, page(reports, images).encode())


def _boxed(name: str) -> Composites:
    dataset = load(card(name).task)
    if not isinstance(dataset, Composites):
        raise OptionError(f"{name}: its task {dataset.name} has no boxes to point at")
    return dataset
