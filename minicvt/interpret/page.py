"""The page about the trained models: their cards, and what their attention says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from minicvt import weights
from minicvt.data.photos import CREDITS
from minicvt.tables import table

OPENING = """\
# Trained models

They come with the library: `minicvt.trained("{name}")` returns one. The
accuracies are from the cards beside the weights, in `minicvt/weights/`; this page was
written by

{command}

{cards}

Accuracy is on held-out images, with a 95 % bootstrap interval over them that draws
images of the same scanned digit together. Weights are stored in float16; "before" is
the accuracy of the float32 run; "from" is the task whose trained weights it began with,
and `minicvt train` trains that first. Made by:

{commands}

The composites are scikit-learn's digits on crops of photos:
{credits}
"""

FAITHFUL = """\
## Does attention say where they look?

Every order below ranks the places of an image. *Deletion* replaces 4 x 4 patches by the
image's mean colour, highest first, and takes the mean probability of the class that the
whole image got: lower is better. *Pointing* asks whether the highest pixel lies in the
tight box of the digit. {images} held-out images each; brackets are 95 % bootstrap
intervals, digits drawn whole; differences are paired.

- *rollout*: the class token followed through all blocks and stages
  (`minicvt.interpret.rollout`);
- *last stage*, *last block*: the same from the last stage alone, from the last block's
  class attention alone, and windows below;
- *untrained rollout*: six fresh initialisations of the same model;
- *contrast*, *brightness*: the image alone, no model;
- *random*: each pixel by chance, six times.
"""


def page(reports: Mapping[str, Sequence[str]], images: int) -> str:
    """Write the whole page, Markdown; ``reports`` are paragraphs by model."""
    cards = [weights.card(name) for name in weights.names()]
    opening = OPENING.format(
        name=cards[-1].name,
        command=fenced(command(reports, images)),
        cards=fenced(cards_table(cards)),
        commands=fenced("\n".join(line for card in cards for line in card.commands)),
        credits=CREDITS,
    )
    chapters = [chapter(name, parts) for name, parts in reports.items()]
    return "\n".join([opening, FAITHFUL.format(images=images), *chapters])


def command(names: Iterable[str], images: int) -> str:
    """Return the command that writes this page."""
    return f"minicvt faithful {' '.join(names)} --images {images} --page FILE"


def cards_table(cards: Sequence[weights.Card]) -> str:
    """Lay out what the cards say, a row each."""
    rows = [
        (
            card.name,
            card.task,
            card.recipe["epochs"],
            card.recipe.get("after") or "scratch",
            card.recipe["seed"],
            card.parameters,
            f"{card.accuracy:.2%}",
            " to ".join(f"{end:.1%}" for end in card.interval),
            f"{card.accuracy_float32:.2%}",
            card.sha256[:12],
        )
        for card in cards
    ]
    headers = ("model", "task", "epochs", "from", "seed", "parameters", "accuracy")
    return table((*headers, "interval", "before", "SHA-256"), rows)


def chapter(name: str, paragraphs: Sequence[str]) -> str:
    """Return one model's report; what is a table stays in its columns."""
    parts = [fenced(part) if "  " in part else part for part in paragraphs]
    return "\n\n".join([f"### {name}", *parts]) + "\n"


def fenced(text: str) -> str:
    """Return ``text`` as a block that keeps its columns."""
    return f"```text\n{text}\n```"
