"""The page a newcomer sees first: what was learned, looked at, and paid."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import minicvt
from minicvt import accounting, kernels, viz
from minicvt.tour import words
from minicvt.tour.session import Session
from minicvt.viz import page

PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "matplotlib")
CLOSER, MISTAKES = 3, 10  # digits looked at beside the control; mistakes listed


def html(session: Session, published: Any, command: str, weights: str) -> str:
    """Return the whole page as HTML."""
    pieces = [
        *opening(session),
        *journey(session),
        *learning(session),
        *looking(session),
        *paying(session.model.config, published),
        *making(session, command, weights),
    ]
    return page.document(f"minicvt: {words.TITLE}", pieces)


def opening(session: Session) -> Iterator[str]:
    """Say what this is."""
    facts = {
        "seconds": session.seconds,
        "parameters": session.model.count_parameters(),
        "learned": len(session.dataset.train_images),
        "accuracy": session.accuracy,
        "tested": len(session.labels),
        "untrained": session.control_accuracy,
    }
    yield page.heading(words.TITLE, 1)
    yield page.prose(words.OPENING.format(**facts), "lead")
    yield page.prose(words.MADE_OF)


def journey(session: Session) -> Iterator[str]:
    """Follow one digit through the model."""
    image = session.dataset.test_images[session.right[0]]
    stages = viz.observed(session.model, image).stages
    grids = " and then ".join(
        "{}\u00a0x\u00a0{} tokens of {} numbers".format(*stage.tokens.shape)
        for stage in stages
    )
    yield page.heading("The way of one digit")
    yield page.columns(
        page.figure(viz.token_maps(session.model, image)),
        page.prose(words.JOURNEY.format(grids=grids))
        + page.figure(viz.class_attention(session.model, image, top=1)),
    )


def learning(session: Session) -> Iterator[str]:
    """Show the run and its mistakes."""
    data, wrong = session.dataset, session.wrong[:MISTAKES]
    yield page.heading("How it learned")
    yield page.columns(
        page.figure(viz.training_curve(session.history)),
        page.figure(
            viz.confusion_matrix(session.labels, session.answers, data.classes)
        ),
    )
    if len(wrong):
        lines = [title(session, number).replace(", ", ",\n", 1) for number in wrong]
        which = "The surest" if len(session.wrong) > MISTAKES else "All"
        yield page.heading(f"{which} of its {len(session.wrong)} mistakes", 3)
        yield page.figure(viz.gallery(data.test_images[wrong], lines))


def looking(session: Session) -> Iterator[str]:
    """Show a few digits in the trained model and in the control."""
    yield page.heading("What it looks at, and what an untrained model looks at")
    yield page.prose(words.LOOKING.format(seed=session.recipe.seed + 1))
    yield page.prose(words.CHOICE, "note")
    for number in [*session.wrong[: CLOSER - 1], *session.right[1:]][:CLOSER]:
        image = session.dataset.test_images[number]
        pair = {"trained": session.model, "untrained control": session.control}
        sides = [
            page.heading(name, 4)
            + page.inline(viz.token_maps(model, image))
            + page.inline(viz.class_attention(model, image, top=1))
            for name, model in pair.items()
        ]
        yield page.card(page.heading(title(session, number), 3), page.columns(*sides))


def title(session: Session, number: int) -> str:
    """Truth and answer in words: "A 9, read as 3 (81%)"."""
    classes = session.dataset.classes
    truth, answer = session.labels[number], session.answers[number]
    sure = session.probabilities[number, answer]
    return f"A {classes[truth]}, read as {classes[answer]} ({sure:.0%})"


def paying(config: Any, published: Any) -> Iterator[str]:
    """Lay out parameters, multiply-adds, and what stride 2 saves."""
    both = (config, published)
    yield page.heading("What it costs")
    yield page.prose(words.PAYING.format(published=published.name))
    yield page.columns(*map(parts, both))
    yield page.heading("What keys and values at stride 2 save", 3)
    yield page.prose(words.SAVING)
    yield page.columns(*(page.figure(viz.kv_savings(c, c.image)) for c in both))


def parts(config: Any) -> str:
    """One model's table."""
    height, width = config.image
    rows = accounting.count_parts(config, config.image)
    caption = f"{config.name} at {height} x {width}"
    return page.table(("part", "parameters", "MACs"), rows, caption)


def making(session: Session, command: str, weights: str) -> Iterator[str]:
    """Say how the page was made, and where to go next."""
    facts = {"command": command, "weights": weights, "seed": session.recipe.seed}
    yield page.heading("How this page was made, and what next")
    yield page.prose(words.MAKING.format(**facts))
    yield page.table(("with", "version"), versions())


def versions() -> list[tuple[str, str]]:
    """What was installed when this ran."""
    rows = [("minicvt", minicvt.__version__), ("Python", platform.python_version())]
    for name in PACKAGES:
        try:
            rows.append((name, version(name)))
        except PackageNotFoundError:
            rows.append((name, "not installed"))
    return [*rows, ("kernels", kernels.active())]
