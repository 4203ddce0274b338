"""Two views of one larger picture, some pixels apart, and where they must agree.

A window sees the same in both, unless it reaches over a border of either: those places
are left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from minicvt.verify.laws.parts import Function, value
from minicvt.verify.operations import Draw
from minicvt.verify.oracle import relative_error

HEIGHT, WIDTH = 26, 30


class Window(NamedTuple):
    """Kernel, stride and padding of one step from map to map."""

    kernel: int
    stride: int
    padding: int

    def places(self, size: int) -> int:
        """Count the windows along a side."""
        return (size + 2 * self.padding - self.kernel) // self.stride + 1

    def inside(self, size: int, sound: range) -> range:
        """Return the places whose windows see only ``sound`` ones."""
        starts = [i * self.stride - self.padding for i in range(self.places(size))]
        ends = [start + self.kernel - 1 for start in starts]
        sees = zip(starts, ends, strict=True)
        seen = [i for i, (s, e) in enumerate(sees) if s in sound and e in sound]
        return range(seen[0], seen[-1] + 1)


def interior(size: int, steps: list[Window]) -> range:
    """Return the places after all steps that no border has reached."""
    sound = range(size)
    for step in steps:
        size, sound = step.places(size), step.inside(size, sound)
    return sound


def moved(
    draw: Draw, run: Function, steps: list[Window], pixels: Any, by: Any
) -> float:
    """Compare f of a view with f of one ``pixels`` further, ``by`` places on."""
    picture = draw.normal(1, HEIGHT + pixels[0], WIDTH + pixels[1], 3)
    here = value(run, picture[:, :HEIGHT, :WIDTH])
    there = value(run, picture[:, pixels[0] :, pixels[1] :])
    sound = [interior(size, steps) for size in (HEIGHT, WIDTH)]
    one = [slice(r[0] + n, r[-1] + 1) for r, n in zip(sound, by, strict=True)]
    other = [slice(r[0], r[-1] + 1 - n) for r, n in zip(sound, by, strict=True)]
    return relative_error(here[:, *one], there[:, *other])
