"""Token maps: what each stage makes of one image."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.errors import OptionError
from minicvt.viz.board import Board, visible
from minicvt.viz.look import Look, StageMap, observed
from minicvt.viz.style import BLUE, MUTED, Picture, centred, scale, styled

TILE, GAP, MARGIN = 1.3, 0.3, 0.1
HEAD, TITLE, SCALE = 0.42, 0.19, 0.34  # inches above a column, above and under a tile
COMPONENTS = 2


@styled
def token_maps(model: Any, image: Any) -> Picture:
    """Draw an image and the token map of every stage of ``model``.

    For each token its length (Euclidean norm) and its score on the map's first
    principal components; each tile has its own scale, written under it. Under the
    image are the most probable classes. Raises ``OptionError`` for a model without
    tokens.
    """
    look = observed(model, image)
    if not look.stages:
        raise OptionError(f"{look.model} has no token maps: it has no stages of tokens")
    step = TILE * look.image.shape[0] / look.image.shape[1] + TITLE + SCALE
    columns = 1 + len(look.stages)
    width = 2 * MARGIN + columns * TILE + (columns - 1) * GAP
    board = Board(width, HEAD + (1 + COMPONENTS) * step)
    _image_column(board, look, step)
    for column, stage in enumerate(look.stages, start=1):
        _stage_column(board, stage, MARGIN + column * (TILE + GAP), step)
    board.figure.alt = _alt(look)
    board.figure.caption = (
        "Every square is a token. Length is its Euclidean norm; a component is its "
        "score on a principal component of its own map, with the share of variance "
        "that component holds. Every tile has its own scale."
    )
    return board.figure


def lengths(tokens: Any) -> Any:
    """Norm of each token of a map (H, W, C), as (H, W)."""
    return np.linalg.norm(tokens, axis=-1)


def components(tokens: Any, count: int = COMPONENTS) -> tuple[Any, Any]:
    """Scores (count, H, W) on the first principal components, and variance shares.

    Tokens are centred first. The sign, which is free, makes the score of largest
    size positive.
    """
    height, width, channels = tokens.shape
    rows = tokens.reshape(-1, channels).astype(np.float64)
    left, size, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    scores = np.zeros((count, height * width))
    found = min(count, len(size))
    scores[:found] = (left * size).T[:found]
    top = np.take_along_axis(scores, np.abs(scores).argmax(axis=1)[:, None], axis=1)
    shares = np.zeros(count)
    shares[:found] = size[:found] ** 2 / max(float((size**2).sum()), 1e-30)
    signed = scores * np.where(top < 0, -1.0, 1.0)
    return signed.reshape(count, height, width), shares


def _image_column(board: Board, look: Look, step: float) -> None:
    shown, how, words = visible(look.image)
    height, width, channels = look.image.shape
    _header(board, MARGIN, "image", f"{height} x {width}, {channels} ch.")
    board.words(MARGIN, HEAD, words, fontsize=8, color=MUTED)
    board.tile(MARGIN, HEAD + TITLE, TILE, shown, **how)
    best = np.argsort(look.probabilities)[::-1][:5]
    top = HEAD + step
    board.words(MARGIN, top, "most probable classes", fontsize=8, color=MUTED)
    names = [str(k) for k in best]
    indent = 0.12 + 0.08 * max(map(len, names))
    axes = board.axes(MARGIN + indent, top + TITLE, TILE - indent, 0.2 * len(best))
    values = look.probabilities[best]
    axes.barh(range(len(best)), values, height=0.62, color=BLUE)
    axes.set(xlim=(0, 1.7), ylim=(len(best) - 0.5, -0.5), xticks=[])
    axes.set_yticks(range(len(best)), names)
    axes.tick_params(length=0)
    axes.spines[["bottom", "left"]].set_visible(False)
    for row, value in enumerate(values):
        axes.text(value + 0.05, row, f"{value:.1%}", va="center", fontsize=8)


def _stage_column(board: Board, stage: StageMap, left: float, step: float) -> None:
    height, width, channels = stage.tokens.shape
    _header(board, left, stage.label, f"{height} x {width} tokens of {channels}")
    norms = lengths(stage.tokens)
    _scaled(board, left, HEAD, "length", norms, scale(norms))
    for i, (scores, share) in enumerate(zip(*components(stage.tokens), strict=True)):
        how = centred(max(float(np.abs(scores).max()), 1e-12))
        title = f"component {i + 1}: {share:.0%}"
        _scaled(board, left, HEAD + (i + 1) * step, title, scores, how)


def _scaled(
    board: Board, left: float, top: float, title: str, values: Any, how: dict[str, Any]
) -> None:
    board.words(left, top, title, fontsize=8, color=MUTED)
    board.scaled_tile(left, top + TITLE, TILE, values, how)


def _header(board: Board, left: float, title: str, what: str) -> None:
    board.words(left, 0.02, title, fontsize=10, weight="bold")
    board.words(left, 0.2, what, fontsize=8.5)


def _alt(look: Look) -> str:
    grids = ", ".join(
        f"{s.label} {s.tokens.shape[0]} by {s.tokens.shape[1]}" for s in look.stages
    )
    best = int(look.probabilities.argmax())
    return (
        f"An image, and token maps of {grids}: length and first principal components "
        f"of every token. Most probable class: {best}, "
        f"{look.probabilities[best]:.1%}."
    )
