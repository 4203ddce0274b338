"""The few SVG elements the drawing of a tape needs, as text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

INK, MUTED, FAINT, PAPER = "#1f2328", "#667080", "#d5dae1", "#ffffff"
STYLE = (
    f"text{{font:12px ui-sans-serif,system-ui,'DejaVu Sans',sans-serif;fill:{INK}}}"
    f".m{{fill:{MUTED}}}.f{{fill:{MUTED};opacity:.6}}.r{{text-anchor:end}}"
    ".h{font-weight:600}path{fill:none;stroke-width:1.6}"
)


def text(x: float, y: float, words: str, style: str = "", lead: str = "") -> str:
    """Words at a place; ``lead`` comes before them, fainter.

    Styles: "m" muted, "h" heavy, "r" set flush right.
    """
    faint = f'<tspan class="f">{escape(lead)}</tspan>' if lead else ""
    place = f'x="{x:.0f}" y="{y:.0f}" class="{style}"'
    return f"<text {place}>{faint}{escape(words)}</text>"


def rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    """Draw a bar."""
    corner = f'x="{x:.0f}" y="{y:.0f}" width="{width:.1f}" height="{height:.0f}"'
    return f'<rect {corner} fill="{fill}"/>'


def square(x: float, y: float, colour: str, filled: bool, title: str) -> str:
    """Draw a small square around (x, y), which says ``title`` under the mouse."""
    fill = colour if filled else PAPER
    return (
        f'<rect x="{x - 3:.0f}" y="{y - 3:.0f}" width="6" height="6" fill="{fill}" '
        f'stroke="{colour}"><title>{escape(title)}</title></rect>'
    )


def dot(x: float, y: float, colour: str, filled: bool, title: str) -> str:
    """Draw a circle around (x, y), which says ``title`` under the mouse."""
    fill = colour if filled else PAPER
    return (
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4.5" fill="{fill}" stroke="{colour}" '
        f'stroke-width="1.6"><title>{escape(title)}</title></circle>'
    )


def arc(x: float, top: float, bottom: float, bulge: float, colour: str) -> str:
    """Join two points of a vertical line by a curve to its left."""
    out = x - bulge * 4 / 3  # a cubic reaches three quarters of its control points
    curve = f"M{x:.0f} {top:.0f}C{out:.1f} {top:.0f} {out:.1f} {bottom:.0f}"
    return f'<path d="{curve} {x:.0f} {bottom:.0f}" stroke="{colour}"/>'


def document(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """Put parts on white paper, since a notebook may be dark."""
    size = f'width="{width:.0f}" height="{height:.0f}"'
    box = f'viewBox="0 0 {width:.0f} {height:.0f}"'
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>",
            f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>',
            *parts,
            "</svg>",
        ]
    )
