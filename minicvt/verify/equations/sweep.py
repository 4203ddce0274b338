"""The sizes that claims are evaluated at: a sweep, or a reader's own."""

from __future__ import annotations

from dataclasses import dataclass

from minicvt.errors import OptionError
from minicvt.ops.convolution import window_sizes

Window = tuple[int, int, int]
Size = tuple[int, int]


@dataclass(frozen=True)
class Sweep:
    """Every combination of its sizes, from small to large.

    ``windows`` are kernel, stride and padding of embeddings, ``projections`` those of
    keys and values; ``last`` are the maps of stages that have a class token.
    """

    windows: tuple[Window, ...]
    projections: tuple[Window, ...]
    maps: tuple[Size, ...]
    last: tuple[Size, ...]
    channels: tuple[int, ...]

    def embedded(self) -> list[tuple[Window, Size]]:
        """Windows and maps that they fit on."""
        pairs = ((window, size) for window in self.windows for size in self.maps)
        return [pair for pair in pairs if fits(*pair)]

    def projected(self) -> list[tuple[Window, Size]]:
        """Windows of keys and values, and maps."""
        return [(window, size) for size in self.maps for window in self.projections]


def centred(window: Window) -> bool:
    """Whether padding makes up for the kernel, so that stride 1 keeps the map."""
    kernel, _, padding = window
    return 2 * padding == kernel - 1


def fits(window: Window, size: Size) -> bool:
    """Whether a window has a place on a map."""
    kernel, _, padding = window
    return kernel <= min(size) + 2 * padding


SIDES = range(7, 15)
MODELS = [(28, 28), (56, 56), (24, 24), (48, 48), (96, 96), (16, 16), (40, 28)]
"""Maps of CvT's stages at 224 and 384 that ``SIDES`` has not, and some not square."""


def by_area(sizes: set[Size]) -> tuple[Size, ...]:
    """Order maps from small to large; of equal ones the squarest first."""
    return tuple(sorted(sizes, key=lambda n: (n[0] * n[1], abs(n[0] - n[1]), n)))


DEFAULT = Sweep(
    windows=(
        (1, 1, 0),
        (2, 2, 0),
        (3, 1, 1),
        (3, 2, 1),
        (3, 3, 0),
        (5, 3, 2),
        (7, 2, 3),
        (7, 4, 2),
    ),
    projections=((3, 1, 1), (3, 2, 1), (5, 3, 2), (7, 4, 3)),
    maps=by_area({(h, w) for h in SIDES for w in SIDES} | set(MODELS)),
    last=((14, 14), (24, 24), (7, 7)),
    channels=(64, 192, 384, 1024),
)
"""Small maps of every parity, those of the models, and both kinds of windows."""


def own(
    kernel: int | None = None,
    stride: int | None = None,
    padding: int | None = None,
    map: Size | None = None,
    channels: int | None = None,
) -> Sweep:
    """Return a reader's own sizes; what is not given is as in CvT-13's last stage.

    Padding is half the kernel if it is not given. Raises ``ShapeError`` where the
    window does not fit the map, and ``OptionError`` for a stride of 0.
    """
    k, s = 3 if kernel is None else kernel, 2 if stride is None else stride
    p, size = k // 2 if padding is None else padding, map or (14, 14)
    if s < 1:
        raise OptionError(f"stride: expected a whole number from 1, got {s}")
    window_sizes((1, *size, 1), (k, k), (s, s), (p, p))
    window = ((k, s, p),)
    return Sweep(window, window, (size,), (size,), (channels or 384,))
