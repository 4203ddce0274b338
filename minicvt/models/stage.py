"""One stage: embed, say where, then blocks. And the model that stages make."""

from __future__ import annotations

from typing import Any, ClassVar

from minicvt import ops
from minicvt.errors import ShapeError
from minicvt.grid import Grid
from minicvt.models.architecture import Architecture
from minicvt.models.folding import fold
from minicvt.nn import (
    Attention,
    Block,
    ConvEmbed,
    Dropout,
    Init,
    LayerNorm,
    Linear,
    Module,
    ModuleList,
    Parameter,
    as_images,
    drop_path_rates,
    feed_forward,
    flatten,
    key_grid,
    make_stem,
    positions,
    resample,
    unflatten,
)
from minicvt.tensor import Tensor


class Stage(Module):
    """Token embedding, special tokens, positions, then blocks."""

    def __init__(
        self, config: Architecture, index: int, in_chans: int, *, init: Init
    ) -> None:
        c, i = config, index
        dim, eps = c.dims[i], c.embed_eps if c.embed_norm else None
        self.config = c
        self.patch_embed = ConvEmbed(in_chans, dim, *c.embed[i], eps, init=init)
        self.special = c.special_tokens(i)
        for name in self.special:
            setattr(self, name, Parameter(init.normal(1, 1, dim)))
        self.grid: Grid | None = None  # that positions are for, if there are any
        self.pos_embed: Parameter | None = None
        self.score_bias: Parameter | None = None
        if c.has_positions(i):
            self.locate(i, init)
        rates = drop_path_rates(c.drop_path_rule, c.drop_path[i], c.depths, i)
        self.blocks = ModuleList([make_block(c, i, rate, init=init) for rate in rates])
        self.drop = Dropout(c.dropout, init=init)

    def locate(self, index: int, init: Init) -> None:
        """Make the table of positions, for the grid of the configuration's image."""
        c, i = self.config, index
        self.grid = grid = c.grids()[i]
        tokens = grid.tokens
        if c.position_kind == "score_bias":
            keys = key_grid(c.projection[i], c.kv_stride[i], grid).tokens
            self.score_bias = positions.score_bias(c.heads[i], tokens, keys, init=init)
        elif c.position_kind == "sinusoid":
            self.pos_embed = positions.sinusoid(tokens, c.dims[i], init=init)
        else:
            self.pos_embed = positions.learned(tokens, c.dims[i], init=init)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map ``(B, H, W, C)`` to ``(B, H', W', dim)`` and special ``(B, n, dim)``."""
        tokens, grid = self.embed(x)
        for block in self.blocks:
            tokens = block(tokens, grid, self.score_bias)
        return unflatten(tokens, grid)

    def embed(self, x: Tensor) -> tuple[Tensor, Grid]:
        """Return the tokens that enter the blocks, and how they lie."""
        special = [getattr(self, name) for name in self.special]
        leading = ops.concatenate(*special, axis=1) if special else None
        tokens, grid = flatten(self.patch_embed(x), leading)
        return self.drop(self.place(tokens, grid)), grid

    def place(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Add the positions, which fit one grid unless the paper resamples them."""
        c = self.config
        if self.grid is not None and grid != self.grid and not c.resamples_itself:
            raise misfit(c, self.grid, grid)
        if self.pos_embed is None or self.grid is None:
            return tokens
        return tokens + resample(self.pos_embed, self.grid, grid, c.resampling)


def misfit(config: Architecture, own: Grid, grid: Grid) -> ShapeError:
    """Build the error for an image of other tokens than there are positions for."""
    (height, width), bias = config.image, config.position_kind == "score_bias"
    what = "the bias of scores is" if bias else "positions are"
    advice = "model.resize(image) resamples them"
    if bias or config.resampling == "none":
        advice = f"this model is for images of {height} x {width}"
    return ShapeError(
        f"{what} for {own.height} x {own.width} tokens, this image gives "
        f"{grid.height} x {grid.width}; {advice}"
    )


def make_block(
    config: Architecture, index: int, drop_path: float, *, init: Init
) -> Block:
    """Build one block of stage ``index``."""
    c, i = config, index
    dim, hidden = c.dims[i], int(c.dims[i] * c.mlp_ratios[i])
    attn = Attention(
        dim,
        c.heads[i],
        projection=c.projection[i],
        kv_stride=c.kv_stride[i],
        scale=c.scale,
        qkv_bias=c.qkv_bias,
        shared=c.shared,
        dropout=c.dropout,
        eps=c.embed_eps,
        qk_ratio=c.qk_ratio,
        init=init,
    )
    mlp = feed_forward(
        c.ffn[i],
        dim,
        hidden,
        c.activation,
        c.dropout,
        kernel=c.ffn_kernel,
        norm=c.ffn_norm,
        init=init,
    )
    return Block(
        dim, attn, mlp, drop_path, c.drop_sum, c.norm_eps, c.local[i], init=init
    )


class Transformer(Module):
    """Stem, stages, LayerNorm, head; a paper's own class says how they are read.

    Images ``(B, H, W, in_chans)`` to logits ``(B, num_classes)``.
    """

    stage_type: ClassVar[type[Stage]] = Stage

    def __init__(self, config: Architecture, init: Init) -> None:
        self.config = c = config
        choices = (c.stem_width, c.activation, c.norm_eps)
        self.stem = make_stem(c.stem, c.in_chans, *choices, init=init)
        for i, chans in enumerate((c.stem_width, *c.dims[:-1])):
            setattr(self, f"stage{i}", self.stage_type(c, i, chans, init=init))
        dim = c.dims[-1]
        self.norm: Any = None
        if c.final_norm:
            self.norm = LayerNorm(dim, c.norm_eps, init=init)
        self.head = Linear(dim, c.num_classes, init=init)

    @property
    def stages(self) -> list[Stage]:
        """The stages, first to last."""
        return [getattr(self, f"stage{i}") for i in range(len(self.config.dims))]

    def forward(self, images: Any) -> Tensor:
        """Return logits; arrays are cast to the model's dtype."""
        x, special = self.features(images)
        return self.head(self.readout(x, special))

    def features(self, images: Any) -> tuple[Tensor, Tensor | None]:
        """Return the last token map and the last stage's special tokens."""
        x = self.stem(as_images(images, self.config.in_chans, self.dtype))
        for stage in self.stages:
            x, special = stage(x)
        return x, special

    def readout(self, x: Tensor, special: Tensor | None) -> Tensor:
        """LayerNorm, then the class token, or the mean of all without one."""
        tokens = flatten(x)[0] if special is None else special
        if self.norm is not None:
            tokens = self.norm(tokens)
        return tokens.mean(axis=1) if special is None else tokens[:, 0]

    def fold(self) -> Any:
        """Return this model for inference only (:mod:`minicvt.models.folding`)."""
        return fold(self)

    def resize(self, image: tuple[int, int]) -> Any:
        """Return this model for images of another height and width.

        Tables of positions are resampled as in the paper's code; the model itself
        stays as it is. Raises ``ShapeError`` for tables that fit one size only.
        """
        larger = self.config.override(image=image).build(self.dtype)
        state = self.state_dict()
        for i, (old, new) in enumerate(zip(self.stages, larger.stages, strict=True)):
            if old.grid is None or new.grid is None:
                continue
            if new.score_bias is not None and new.grid != old.grid:
                raise ShapeError(
                    f"stage {i} has a bias for each of {old.grid} queries and its "
                    f"keys, which fits no other size: {new.grid} needs training anew"
                )
            if old.pos_embed is not None:
                method = old.config.resampling
                made = resample(old.pos_embed, old.grid, new.grid, method)
                state[f"stage{i}.pos_embed"] = made.numpy()
        larger.load_state_dict(state)
        return larger.train(self.training)
