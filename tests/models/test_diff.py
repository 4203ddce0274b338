"""Two models side by side: the words are the choices, the columns add up."""

from __future__ import annotations

from dataclasses import fields

import matplotlib
import pytest

import minicvt as mc
from minicvt import models, viz
from minicvt.cli import main
from minicvt.errors import OptionError, UnknownName
from minicvt.models.architecture import Architecture
from minicvt.models.compare.choices import choices
from minicvt.models.costs import Tokens, costs
from minicvt.models.registry import PAPERS, label
from minicvt.viz.differences import more

variant = models.variant
ONE_EACH = ["cvt-13", "vit-s16", "deit-tiny-distilled", "pvt-small", "t2t-t-14",
            "ceit-tiny", "cmt-s", "resnet-50"]  # fmt: skip
PAIRS = list(zip(ONE_EACH, [*ONE_EACH[1:], ONE_EACH[0]], strict=True))
STEM = ("deit-tiny", variant("deit-tiny", stem="cmt"))


@pytest.mark.parametrize("name", models.VARIANTS)
def test_every_cost_has_a_part_with_words(name):
    config = variant(name)
    counted = costs(config)
    said = choices(config)
    assert set(counted.parts) <= set(said)
    assert "none" not in [said[part] for part in counted.parts]
    with mc.shapes_only():
        model = config.build()
    assert counted.total == (model.count_parameters(), mc.count(model).macs)


@pytest.mark.parametrize("pair", [*PAIRS, STEM], ids=str)
def test_columns_add_up_to_the_difference_of_the_wholes(pair):
    found = models.diff(*pair)
    a, b = (counted.total for counted in found.costs)
    assert sum(row.more.parameters for row in found.rows) == b.parameters - a.parameters
    assert sum(row.more.macs for row in found.rows) == b.macs - a.macs
    assert found.total.more == b.less(a)


def test_cvt_and_pvt():
    """Totals of both official codes; keys and values of both papers."""
    found = models.diff("cvt-13", "pvt-small")
    assert found.total.costs == (
        (19_997_480, 4_566_089_216),
        (24_485_864, 3_815_701_504),
    )
    rows = {row.part: row for row in found.rows}
    assert rows["scale"].words == ("dim^-0.5", "head_dim^-0.5")
    assert rows["attention products"].more == (0, 142_904_320 - 508_365_824)
    assert rows["stem"].same
    assert rows["head"].alike
    assert not rows["head"].same
    header, tokens = found.kv_tokens()
    assert header == ("K/V tokens", "cvt-13", "pvt-small")
    assert tokens == [
        ("stage 1", 784, 49),
        ("stage 2", 196, 49),
        ("stage 3", 50, 49),
        ("stage 4", "-", 50),
        ("in all blocks", 784 + 2 * 196 + 10 * 50, 49 * 13 + 50 * 3),
    ]
    wholes = [words.splitlines()[-1] for words in found.total.words]
    assert wholes == ["1,676 K/V tokens", "787 K/V tokens"]


def test_a_stem_costs_what_it_is():
    """Three convolutions with BatchNorm; patches half as wide, of 32 channels."""
    found = models.diff(*STEM)
    more_of = {row.part: row.more for row in found.rows if not row.same}
    stem = 3 * 32 * 9 + 2 * 32 * 32 * 9 + 3 * 32 * 3
    assert more_of == {
        "stem": (stem, 112 * 112 * (3 * 32 + 2 * 32 * 32) * 9),
        "token embedding": (192 * (32 * 64 - 3 * 256), 196 * 192 * (32 * 64 - 3 * 256)),
    }


def test_tokens_of_stems_and_class_attention_are_counted_where_they_are():
    tokens = costs(variant("t2t-t-14")).by_stage()
    assert tokens == {
        "stem.attention1": Tokens(3136, 3136),
        "stem.attention2": Tokens(784, 784),
        "stage0": Tokens(197, 197),
    }
    assert costs(variant("ceit-tiny")).by_stage()["lca"] == Tokens(1, 12)
    places = [row[0] for row in models.diff("ceit-tiny", "t2t-t-14").kv_tokens()[1]]
    assert places == [
        "stem, layer 1",
        "stem, layer 2",
        "stage 1",
        "lca",
        "in all blocks",
    ]


@pytest.mark.parametrize("shared", ["none", "qkv"])
@pytest.mark.parametrize(
    "projection", ["dw_bn", "avg", "linear", "dense", "sr", "dw_sr"]
)
def test_tokens_in_words_are_those_that_run(projection, shared):
    if shared != "none" and projection != "dw_bn":
        shared = "none"
    config = variant("cvt-13", projection=projection, shared=shared, image=(224, 136))
    ran = costs(config).by_stage().values()
    queries, keys = (", ".join(map(str, numbers)) for numbers in zip(*ran, strict=True))
    said = choices(config)["attention products"]
    assert said == f"q: {queries} tokens\nk, v: {keys}"


CHANGES = {
    "num_classes": 7,
    "in_chans": 1,
    "image": (224, 256),
    "dims": (66, 192, 384),
    "depths": (1, 2, 3),
    "heads": 2,
    "embed": ((4, 4, 0), (3, 2, 1), (3, 2, 1)),
    "mlp_ratios": (4, 4, 3),
    "projection": ("dw_bn", "sr", "sr"),
    "kv_stride": (2, 1, 2),
    "cls": False,
    "drop_path": 0.2,
    "ffn": ("mlp", "leff", "irffn"),
    "local": (True, False, False),
    "stem": "ceit",
    "stem_dim": 5,
    "embed_norm": False,
    "positions": "first",
    "position_kind": "sinusoid",
    "resampling": "zoom",
    "dropout": 0.1,
    "activation": "silu",
    "scale": "head_dim",
    "qkv_bias": False,
    "qk_ratio": 2,
    "ffn_kernel": 5,
    "ffn_norm": False,
    "shared": "kv",
    "norm_eps": 1e-6,
    "embed_eps": 1e-6,
    "final_norm": False,
    "drop_path_rule": "none",
    "drop_sum": True,
    "init": "xavier",
}
NEED = {
    "stem_dim": {"stem": "cmt"},
    "position_kind": {"positions": "every"},
    "resampling": {"positions": "every"},
    "ffn_kernel": {"ffn": ("mlp", "leff", "irffn")},
    "ffn_norm": {"ffn": ("mlp", "leff", "leff")},
}


def test_every_choice_is_tried():
    names = {field.name for field in fields(Architecture)}
    assert set(CHANGES) == names - {"name"}


@pytest.mark.parametrize("field", CHANGES)
def test_no_choice_goes_unsaid(field):
    config = variant("cvt-13", **NEED.get(field, {}))
    assert choices(config) != choices(config.override(**{field: CHANGES[field]}))


OWN = [
    ("vit-s16", {"representation": 384}),
    ("deit-tiny", {"distilled": True}),
    ("deit-tiny-distilled", {"dist_head": False}),
    ("cmt-s", {"head_width": 64}),
    ("cmt-s", {"head_dropout": 0.0}),
    ("resnet-50", {"stem": "cifar"}),
    ("resnet-50", {"stem_dim": 32}),
    ("resnet-50", {"stride_in": "conv1"}),
    ("resnet-50", {"init": "pytorch"}),
    ("resnet-50", {"depths": (3, 4, 6, 4)}),
    ("resnet-50", {"dims": (256, 512, 1024, 1024)}),
]


def test_every_paper_s_own_choices_are_tried():
    """But for CvT's dialect, a name for several of the others."""
    shared = {field.name for field in fields(Architecture)}
    tried = {*shared, "dialect", *(name for _, change in OWN for name in change)}
    for paper in PAPERS.values():
        assert {field.name for field in fields(paper)} <= tried


@pytest.mark.parametrize(("name", "change"), OWN)
def test_nor_does_any_that_one_paper_has(name, change):
    said, changed = choices(variant(name)), choices(variant(name, **change))
    assert said != changed


def test_a_bias_of_scores_is_no_position_of_tokens():
    said = choices(variant("cmt-s"))
    assert (said["positions"], said["score bias"][:7]) == ("none", "learned")
    said = choices(variant("cmt-s", position_kind="learned"))
    assert (said["positions"][:7], said["score bias"]) == ("learned", "none")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "deit-tiny"),
        ({"image": (384, 384)}, "deit-tiny"),
        ({"stem": "cmt"}, "deit-tiny with stem=cmt"),
        (
            {"stem": "cmt", "embed": ((4, 4, 0),)},
            "deit-tiny with embed=(4, 4, 0), stem=cmt",
        ),
        (
            {"kv_stride": 2, "projection": "avg"},
            "deit-tiny with projection=avg, kv_stride=2",
        ),
    ],
)
def test_a_name_says_what_was_changed(change, words):
    assert label(variant("deit-tiny", **change)) == words


def test_a_dialect_is_one_change():
    changed = variant("cvt-13", dialect="lucidrains")
    assert label(changed) == "cvt-13 with dialect=lucidrains"


def test_nothing_differs_from_itself():
    found = models.diff("cvt-13", "cvt13")
    assert all(row.same for row in found.rows)
    assert found.total.more == (0, 0)
    assert "Neither has: stem, positions" in found.same
    assert "nothing." in models.diff("cmt-ti", "resnet-50").same


def test_another_size_is_another_count():
    found = models.diff("vit-b16", "cmt-s", (384, 256))
    assert found.title == "vit-b16 and cmt-s, at 384 x 256"
    assert models.diff("cmt-ti", "cmt-b").title == (
        "cmt-ti at 160 x 160 and cmt-b at 256 x 256"
    )
    assert found.costs[0] == costs(variant("vit-b16", image=(384, 256)))


@pytest.mark.parametrize("pair", [*PAIRS, STEM, ("vit-G14", "deit-tiny")], ids=str)
def test_it_fits_a_terminal(pair):
    found = models.diff(*pair)
    text = repr(found)
    assert max(map(len, text.splitlines())) <= 100
    for row in found.rows:
        assert row.part.split()[0] in text
    assert f"{found.total.more.macs:+,}" in text


def test_markdown_has_the_same_cells():
    found = models.diff("cvt-13", "pvt-small")
    lines = found._repr_markdown_().splitlines()
    assert lines[0] == "# cvt-13 and pvt-small, at 224 x 224"
    headers, rows = found.differing()
    start = lines.index(f"| {' | '.join(headers)} |")
    assert lines[start + 1] == "| --- | --- | --- | ---: | ---: |"
    cells = [line.strip("| ").split(" | ") for line in lines[start + 2 :][: len(rows)]]
    assert cells[-1] == [cell.replace("\n", "<br>") for cell in rows[-1]]
    assert (
        len({line.count(" | ") for line in lines[start : start + len(rows) + 2]}) == 1
    )


def words(figure) -> str:
    return "\n".join(t.get_text() for t in figure.findobj(matplotlib.text.Text))


@pytest.mark.parametrize(("slide", "inches"), [(True, 13.0), (False, 8.4)])
def test_the_figure_shows_what_was_counted(slide, inches):
    found = models.diff("cvt-13", "pvt-small")
    figure = viz.differences(found, slide)
    assert figure.get_figwidth() == inches
    bars = [
        tuple(p.get_width() for p in axes.patches)
        for axes in figure.axes
        if axes.patches
    ]
    shown = [
        row.costs for row in (*found.rows, found.total) if row.costs and not row.same
    ]
    pairs = [
        pair for costed in shown for pair in zip(*costed, strict=True) if any(pair)
    ]
    assert bars == pairs
    written = words(figure)
    assert found.title in written
    assert found.same in written.replace("\n", " ")
    assert more(found.total.more.macs) in written
    assert found.title in figure.alt
    assert "one scale a column" in figure.caption


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (-7, "-7"),
        (1_500, "+1.5 k"),
        (-750_387_712, "-750.4 M"),
        (2**40, "+1100 G"),
    ],
)
def test_differences_on_a_slide_are_short(number, written):
    assert more(number) == written


def test_the_command_prints_and_draws(capsys, tmp_path):
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<svg"), ("pdf", b"%PDF")):
        file = tmp_path / f"it.{kind}"
        given = [
            "deit-tiny",
            "--set",
            "stem=cmt",
            "--set",
            "cls=False",
            "--image",
            "64",
        ]
        assert main(["diff", *given, "--figure", str(file)]) == 0
        assert file.read_bytes().startswith(start)
    changed = variant("deit-tiny", stem="cmt", cls=False)
    printed = capsys.readouterr().out
    assert printed.startswith(f"{models.diff('deit-tiny', changed, (64, 64))}\n")
    assert main(["diff", "cvt-13", "pvt-small", "--markdown"]) == 0
    assert (
        capsys.readouterr().out == models.diff("cvt-13", "pvt-small").markdown() + "\n"
    )


@pytest.mark.parametrize(("written", "value"), [("false", False), ("True", True)])
def test_the_command_takes_flags(capsys, written, value):
    assert main(["diff", "deit-tiny", "--set", f"distilled={written}"]) == 0
    found = models.diff("deit-tiny", variant("deit-tiny", distilled=value))
    assert capsys.readouterr().out == f"{found}\n"
    assert main(["diff", "deit-tiny", "--set", "distilled=yes"]) == 2
    assert "distilled should be True or False, got 'yes'" in capsys.readouterr().err


def test_the_command_wants_two(capsys):
    assert main(["diff", "cvt-13"]) == 2
    assert "cvt-13 beside what? Name another, or --set" in capsys.readouterr().err


def test_what_cannot_be_compared_says_so(tmp_path):
    with pytest.raises(UnknownName, match="pvt-small"):
        models.diff("cvt-13", "pvt-smal")
    with pytest.raises(OptionError, match=r"as \.svg, \.png or \.pdf, got .*it\.doc"):
        viz.differences(models.diff(*STEM)).write(tmp_path / "it.doc")
