"""What the papers differ in: one configuration for all transformers here.

CvT, ViT, DeiT, PVT, T2T-ViT, CeiT and CMT are stages of the same block. A paper is a
choice of what comes before the stages, how tokens are embedded, where they are, what
feeds q, k and v, and what is in the feed-forward's middle; each model file sets its
own as defaults, and every choice may be changed by one argument of ``build``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from minicvt.errors import OptionError, ShapeError
from minicvt.grid import Grid
from minicvt.models.checks import NAMES, check_names, check_stages
from minicvt.models.config import Config
from minicvt.nn.stems import stem_named
from minicvt.ops.convolution import window_sizes

Window = tuple[int, int, int]

POSITIONS = {
    "none": lambda stages: [],
    "every": lambda stages: list(range(stages)),
    "first": lambda stages: [0],
    "last": lambda stages: [stages - 1],
}
"""Which stages have positions: the rows of table 5 of the CvT paper."""


@dataclass(frozen=True)
class Architecture(Config):
    """One entry a stage where a tuple is asked for; one value stands for all stages.

    ===============  =========================================================
    stem, stem_dim   before the stages: :mod:`minicvt.nn.stems`; 0 is its usual
    embed            kernel, stride, padding of each stage's embedding
    embed_norm       whether a LayerNorm follows it
    cls              which stages have a class token
    positions        which have positions, of what ``position_kind``
                     (:mod:`minicvt.nn.positions`)
    local            which have CMT's local perception unit in their blocks
    projection       what feeds q, k and v: :mod:`minicvt.nn.projection`
    kv_stride        stride or reduction R of k and v
    shared           which of q, k, v have one convolution together
    scale            of the scores: "dim" or "head_dim", to the power -0.5
    qk_ratio         q and k are so many times narrower than v
    ffn              :mod:`minicvt.nn.feed_forward`, int(dim * mlp_ratios) wide
    ffn_kernel       of its depthwise convolution, if it has one; odd
    ffn_norm         whether it has its BatchNorms
    norm_eps         eps of LayerNorm in blocks and at the end
    embed_eps        eps of LayerNorm in embeddings and reductions
    drop_path_rule   :func:`minicvt.nn.drop_path_rates`
    init             :class:`minicvt.nn.Init`
    ===============  =========================================================

    ``positions`` are learned for ``image``; ``resampling`` says how a model resized
    to another size gets its own (:mod:`minicvt.nn.resampling`), or "none".
    """

    stage_fields = (
        "dims",
        "depths",
        "heads",
        "embed",
        "mlp_ratios",
        "projection",
        "kv_stride",
        "cls",
        "drop_path",
        "ffn",
        "local",
    )
    counts = (
        *(*Config.counts, "dims", "depths", "heads"),
        *("kv_stride", "qk_ratio", "ffn_kernel"),
    )
    counts_or_0: ClassVar[tuple[str, ...]] = ("stem_dim",)
    resamples_itself: ClassVar[bool] = False
    dims: tuple[int, ...] = (192,)
    depths: tuple[int, ...] = (12,)
    heads: tuple[int, ...] = (3,)
    embed: tuple[Window, ...] = ((16, 16, 0),)
    mlp_ratios: tuple[float, ...] = (4.0,)
    projection: tuple[str, ...] = ("linear",)
    kv_stride: tuple[int, ...] = (1,)
    cls: tuple[bool, ...] = (False,)
    drop_path: tuple[float, ...] = (0.0,)
    ffn: tuple[str, ...] = ("mlp",)
    local: tuple[bool, ...] = (False,)
    stem: str = "none"
    stem_dim: int = 0
    embed_norm: bool = True
    positions: str = "none"
    position_kind: str = "learned"
    resampling: str = "none"
    dropout: float = 0.0
    activation: str = "gelu"
    scale: str = "head_dim"
    qkv_bias: bool = True
    qk_ratio: int = 1
    ffn_kernel: int = 3
    ffn_norm: bool = True
    shared: str = "none"
    norm_eps: float = 1e-5
    embed_eps: float = 1e-5
    final_norm: bool = True
    drop_path_rule: str = "across"
    drop_sum: bool = False
    init: str = "trunc_norm"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_names(self, {"positions": POSITIONS, **NAMES})
        check_stages(self)

    def override(self, **overrides: Any) -> Self:
        """Copy with some fields changed.

        Another stem takes its stride over from the first embedding, unless ``embed``
        says otherwise: patches of 16 become patches of 8 behind a stem of stride 2.
        """
        changed = super().override(**overrides)
        if changed.stem == self.stem or "embed" in overrides:
            return changed
        before, after = stem_named(self.stem).stride, stem_named(changed.stem).stride
        first = tuple(n * before // after for n in changed.embed[0])
        if changed.embed[0][1] * before % after or first[1] < 1:
            raise OptionError(
                f"{self.name}: stem {changed.stem!r} has stride {after}, which does "
                f"not divide {changed.embed[0][1] * before}: give embed=(...)"
            )
        embed = (first, *changed.embed[1:])
        stem_dim = overrides.get("stem_dim", 0)
        return super().override(**overrides | {"embed": embed, "stem_dim": stem_dim})

    @property
    def stem_width(self) -> int:
        """Channels that the first embedding sees."""
        usual = stem_named(self.stem).dim
        return (self.stem_dim or usual) if usual else self.in_chans

    def special_tokens(self, stage: int) -> tuple[str, ...]:
        """Names of the tokens of a stage that lie nowhere on the map."""
        return ("cls_token",) if self.cls[stage] else ()

    def grids(self) -> list[Grid]:
        """How the tokens of each stage lie, for ``image`` (equation 1 of CvT)."""
        size, grids = self.image, []
        for window in stem_named(self.stem).windows:
            size = self._through(window, size)
        for stage, window in enumerate(self.embed):
            size = self._through(window, size)
            grids.append(Grid(*size, len(self.special_tokens(stage))))
        return grids

    def has_positions(self, stage: int) -> bool:
        """Whether this stage has positions of any kind."""
        return stage in POSITIONS[self.positions](len(self.dims))

    def _through(self, window: Window, size: tuple[int, int]) -> tuple[int, int]:
        kernel, stride, padding = ((n, n) for n in window)
        try:
            return window_sizes((1, *size, 1), kernel, stride, padding)
        except ShapeError:
            raise ShapeError(
                f"{self.name}: image {self.image} is too small: kernel {kernel} is "
                f"larger than the map {size}"
            ) from None
