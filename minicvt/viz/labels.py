"""Words beside points, where they cover neither points nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.transforms import Bbox

REACH = (6, 12, 20, 30)
SIDES = (
    (1, 0, "left", "center"),
    (-1, 0, "right", "center"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
    (1, 1, "left", "bottom"),
    (1, -1, "left", "top"),
    (-1, 1, "right", "bottom"),
    (-1, -1, "right", "top"),
)
"""Where a label may stand, seen from its point, and how its text is set there."""
NEAR = 60
MARK = 4  # half of a mark's width, in pixels of the canvas that is measured on


def label(
    axes: Axes,
    places: Sequence[tuple[float, float]],
    words: Sequence[str],
    styles: Sequence[dict[str, Any]],
) -> None:
    """Write each of ``words`` beside its place, the first side that is free.

    Call it when the axes have their limits. A label that finds no free side takes the
    one where it covers least.
    """
    figure = axes.figure
    canvas = FigureCanvasAgg(figure)  # type: ignore[arg-type]
    renderer: Any = canvas.get_renderer()
    shown = [axes.transData.transform(place) for place in places]
    taken = [Bbox.from_bounds(x - MARK, y - MARK, 2 * MARK, 2 * MARK) for x, y in shown]
    frame = axes.get_window_extent(renderer)

    def crowd(index: int) -> int:
        """How many marks are near; those in a crowd have the least choice."""
        x, y = shown[index]
        return sum(abs(x - a) < NEAR and abs(y - b) < NEAR for a, b in shown)

    for index in sorted(range(len(places)), key=crowd, reverse=True):
        place, text, style = places[index], words[index], styles[index]
        tried: list[tuple[float, int, Any, Bbox]] = []
        for reach in REACH:
            for dx, dy, ha, va in SIDES:
                note = axes.annotate(
                    text,
                    place,
                    xytext=(dx * reach, dy * reach),
                    textcoords="offset points",
                    ha=ha,
                    va=va,
                    annotation_clip=False,
                    **style,
                )
                box = note.get_window_extent(renderer)
                tried.append((covered(box, taken, frame), len(tried), note, box))
                note.remove()
        _, _, best, box = min(tried, key=lambda one: one[:2])
        axes.add_artist(best)
        taken.append(box)


def covered(box: Bbox, taken: Sequence[Bbox], frame: Bbox) -> float:
    """Area that a box shares with others, and that sticks out of the frame."""
    meets = (Bbox.intersection(box, other) for other in taken)
    inside = Bbox.intersection(box, frame)
    area = box.width * box.height
    out = area - (inside.width * inside.height if inside else 0)
    return out + sum(one.width * one.height for one in meets if one)
