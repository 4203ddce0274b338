"""Draw the pictures of the README again: ``make docs``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import minicvt as mc
from minicvt.files import write_atomic
from minicvt.weights import trained

FOLDER = Path(__file__).parent / "images"


def main() -> None:
    """Draw the token maps of a trained three-stage CvT over one held-out image."""
    model = trained("cvt-rgb32-mid")
    data = mc.data.load("composites-mid", seed=0)
    answers = mc.predict(model, data.test_images[:40]).argmax(axis=1)
    first_right = int(np.flatnonzero(answers == data.test_labels[:40])[0])
    picture = mc.viz.token_maps(model, data.test_images[first_right])
    write_atomic(FOLDER / "token-maps.svg", picture.svg().encode())
    two_papers = mc.viz.differences(mc.models.diff("cvt-13", "pvt-small"))
    write_atomic(FOLDER / "cvt-and-pvt.svg", two_papers.svg().encode())


if __name__ == "__main__":
    main()
