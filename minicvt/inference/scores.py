"""How sure shares and differences of shares are."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple


class Share(NamedTuple):
    """``hits`` of ``total``, and the ends of its 95 % interval."""

    hits: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself."""
        return self.hits / self.total


class Difference(NamedTuple):
    """Two classifiers on the same images: hits of one alone, their difference, p.

    ``value`` is the first's share minus the second's, with the ends of its 95 %
    interval; ``p`` is McNemar's exact one, two-sided.
    """

    first_alone: int
    second_alone: int
    total: int
    value: float
    low: float
    high: float
    p: float


def wilson(hits: int, total: int, level: float = 0.95) -> Share:
    """Share with Wilson's score interval (Wilson 1927).

    ::

        (p + z²/2n  ±  z sqrt(p (1 - p) / n + z²/4n²)) / (1 + z²/n)

    It stays in [0, 1] and keeps its promise for shares near the ends and small n.
    """
    z = _quantile(level)
    share, extra = hits / total, z**2 / total
    half = z * sqrt(share * (1 - share) / total + extra / (4 * total))
    low, high = (share + extra / 2 + s * half for s in (-1, 1))
    # At the ends they are exactly 0 and 1, but for rounding.
    low = low / (1 + extra) if hits else 0.0
    high = high / (1 + extra) if hits < total else 1.0
    return Share(hits, total, low, high)


def paired(
    first_alone: int, second_alone: int, total: int, level: float = 0.95
) -> Difference:
    """Difference of two shares of the same ``total`` images, from b and c.

    b images only the first gets right, c only the second; what both get right or
    wrong tells nothing. Under "no difference" b is binomial, which gives McNemar's
    exact p = 2 P(X <= min(b, c)), X ~ B(b + c, 1/2). The interval is Agresti and
    Min's (2005): Wald's after half an image more in each of the four cells::

        d  ±  z sqrt(b' + c' - (b' - c')²/n') / n'     b' = b + 1/2, n' = n + 2
    """
    from scipy.special import bdtr

    b, c, n = first_alone + 0.5, second_alone + 0.5, total + 2
    half = _quantile(level) * sqrt(b + c - (b - c) ** 2 / n) / n
    centre = (b - c) / n
    least, discordant = min(first_alone, second_alone), first_alone + second_alone
    p = min(1.0, 2 * float(bdtr(least, discordant, 0.5))) if discordant else 1.0
    value = (first_alone - second_alone) / total
    return Difference(
        *(first_alone, second_alone, total, value),
        *(max(-1.0, centre - half), min(1.0, centre + half), p),
    )


def _quantile(level: float) -> float:
    from scipy.special import ndtri  # takes as long to import as NumPy itself

    return float(ndtri((1 + level) / 2))
