"""Plain NumPy, with the scale of most other papers."""

from plain import CvT, load, run

__all__ = ["build", "load", "run"]


class WrongScale(CvT):
    def scale(self, dim, heads):
        return (dim // heads) ** -0.5


def build(config):
    return WrongScale(config)
