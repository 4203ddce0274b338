"""The page: one model's attention to explore, untrained ones to put beside it."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from minicvt.data.pictures import pillow_image
from minicvt.interpret.explain import wording, words
from minicvt.interpret.explain.facts import details, facts
from minicvt.interpret.explain.packing import text
from minicvt.interpret.explain.record import Data
from minicvt.interpret.explain.subject import Subject
from minicvt.interpret.measured import Measured
from minicvt.kernels.types import Array
from minicvt.viz import page
from minicvt.viz.style import DIVERGING, HEAT, SEQUENTIAL, ramp

SCRIPTS = ("data.js", "draw.js", "panel.js", "maps.js", "explore.js")
RAMPS: dict[str, Any] = {"heat": HEAT, "sequential": SEQUENTIAL, "diverging": DIVERGING}
SMALL = 96  # pixels a side up to which a picture is shown as squares

# The browser itself sees to it that nothing is fetched.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
)


def html(
    subject: Subject, models: Sequence[Data], command: str, found: Measured | None
) -> str:
    """Return the whole page; ``models`` are records, the explained one first."""
    title = words.TITLE.format(name=subject.name)
    smooth = max(subject.picture.shape) > SMALL
    pieces = [
        f'<div class="{"smooth" if smooth else "squares"}">',
        page.heading(title, 1),
        page.prose(wording.lead(models[0]), "lead"),
        _definitions(facts(subject)),
        _asset("explorer.html"),
        *_maps(subject, models[0]),
        *_reading(subject, models[0], found),
        page.heading("The model, and this page"),
        _definitions({k: escape(v) for k, v in details(subject, models).items()}),
        page.prose(f"Made by `{command}`. {subject.credits}", "note"),
        "</div>",
        _data(subject, models),
        f"<script>\n{''.join(map(_asset, SCRIPTS))}</script>",
    ]
    head = f"{POLICY}<style>\n{_asset('explain.css')}</style>\n"
    return page.document(f"minicvt: {title}", pieces, head=head)


def png(picture: Array) -> str:
    """Return a picture ``(H, W, 3 or 1)`` uint8 as an address that holds it."""
    grey = picture.shape[2] == 1
    image = pillow_image().fromarray(picture[..., 0] if grey else picture)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


def _maps(subject: Subject, model: Data) -> Iterator[str]:
    """Places for token maps and for rollout, which the script fills."""
    yield page.heading("Token maps")
    yield page.prose(words.MAPS)
    yield '<div class="cards" id="maps"></div>'
    yield page.heading(f"From {wording.read(model)} down to the pixels")
    yield page.prose(wording.way(model, subject.model.config))
    yield '<div class="pair">'
    for name, title in (("way", "Rollout, on its way"), ("other", "Other maps")):
        yield page.card(page.heading(title, 3), f'<div id="{name}"></div>')
    yield "</div>"
    yield page.prose(wording.other(model), "note")
    if model["layers"]:
        yield from _layers(model["layers"])


def _layers(weights: Sequence[Sequence[float]]) -> Iterator[str]:
    """CeiT's layer-wise class attention, a row a head."""
    yield page.heading("Layer-wise class attention", 3)
    yield page.prose(words.LAYERS.format(even=1 / len(weights[0])))
    headers = ("head", *(f"block {i}" for i in range(len(weights[0]))))
    rows = ([str(h), *(f"{w:.3f}" for w in row)] for h, row in enumerate(weights))
    yield page.table(headers, rows)


def _reading(subject: Subject, model: Data, found: Measured | None) -> Iterator[str]:
    """Say how to read it all, and how far to believe it."""
    yield page.heading("How to read this")
    yield page.prose(wording.reading(model, subject.model.config))
    yield page.heading("How far to believe it", 3)
    yield page.prose(words.CAVEAT)
    yield from _measured(subject, model, found)


def _measured(subject: Subject, model: Data, found: Measured | None) -> Iterator[str]:
    if found is None:
        yield page.prose(words.UNMEASURED)
        return
    whose = ", which is not the model above"
    if found.name == subject.name:
        whose = ", but not in the dialect above" * subject.altered
    yield page.prose(
        words.MEASURED.format(
            images=found.images,
            task=found.task,
            name=found.name,
            whose=whose,
            maps=wording.maps_above(model),
            verdicts=" ".join(found.verdicts),
        )
    )
    headers = ("order", "deletion area, low is good", "pointing, high is good")
    whole = ([cell.replace(", ", ",\u00a0") for cell in row] for row in found.rows)
    yield page.table(headers, whole)


def _definitions(rows: dict[str, str]) -> str:
    inner = "".join(f"<dt>{escape(k)}</dt><dd>{v}</dd>" for k, v in rows.items())
    return f'<dl class="facts">{inner}</dl>'


def _data(subject: Subject, models: Sequence[Data]) -> str:
    """Everything the script draws, where no browser mistakes it for markup."""
    height, width = subject.picture.shape[:2]
    values = {
        "picture": png(subject.picture),
        "height": height,
        "width": width,
        "flat": wording.FLAT,
        "ramps": {name: text(ramp(colours)) for name, colours in RAMPS.items()},
        "models": models,
    }
    inner = json.dumps(values, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="data">{inner}</script>'


def _asset(name: str) -> str:
    folder = files("minicvt.interpret.explain")
    return folder.joinpath(name).read_text(encoding="utf-8")
