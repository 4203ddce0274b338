"""The tour: train a CvT on real digits, count it, and show what it learned.

`session` holds what happened, `report` writes the page about it.
"""

from __future__ import annotations

import webbrowser
from dataclasses import replace
from pathlib import Path

from minicvt import accounting, interop, models
from minicvt.files import StrPath, ready_folder, write_atomic
from minicvt.tour.report import html
from minicvt.tour.session import Session, train
from minicvt.train import RECIPES, Recipe
from minicvt.train.progress import clock

PUBLISHED = models.variant("cvt-13")


def run(
    out: StrPath = "out/tour",
    seed: int = 0,
    show: bool = False,
    recipe: Recipe = RECIPES["digits8"],
) -> Path:
    """Run the whole tour, and return where its page is.

    Writes ``index.html`` and the trained model into ``out``. Raises ``MinicvtError``
    where scikit-learn or matplotlib is missing, ``OSError`` where ``out`` cannot be
    written.
    """
    folder = ready_folder(out)
    session = train(replace(recipe, seed=seed))
    tell(session)
    index = folder / "index.html"
    weights = folder / f"{session.model.config.name}.safetensors"
    interop.save(session.model, weights)
    command = f"minicvt tour --seed {seed} --out {out}"
    write_atomic(index, html(session, PUBLISHED, command, weights.name).encode())
    print(f"The model  {weights}  (minicvt.load reads it)")
    print(f"The page   {index}  (open it in a browser)")
    print("Next       make lab  (the lessons in JupyterLab, beginning with 00)")
    if show:
        webbrowser.open(index.resolve().as_uri())
    return index


def tell(session: Session) -> None:
    """Print the result, and where parameters and multiply-adds are."""
    print(
        f"\nTest accuracy {session.accuracy:.1%}: {len(session.right)} of "
        f"{len(session.labels)} digits it had not seen, after "
        f"{clock(session.seconds)} of training\n"
    )
    for config in (session.model.config, PUBLISHED):
        height, width = config.image
        print(f"{config.name} at {height} x {width}: parts, and what stride 2 saves\n")
        print(accounting.parts_table(config, config.image), end="\n\n")
        print(accounting.savings_table(config, config.image), end="\n\n")
