"""minicvt check: right files, wrong files, and files that cannot be run."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
import pytest

from minicvt.cli import main
from minicvt.verify.check import OFFICIAL, TRAINING
from minicvt.verify.check.contract import Mine, told
from minicvt.verify.check.fitting import fitting
from minicvt.verify.oracle import relative_error
from tests.verify.examples import FOLDER

AGREES, DIFFERS, FAILED = 0, 1, 2


def checked(capsys, file, *options):
    """Run the command on an example, or on any file."""
    code = main(["check", str(FOLDER / file), *options])
    return code, *capsys.readouterr()


def found(capsys, file):
    """Run it for a program."""
    code, out, _ = checked(capsys, file, "--json")
    return code, json.loads(out)


MODES = ", in evaluation and in training"
RIGHT = {
    "ours.py": f"names and counts, logits and gradients{MODES}",
    "torch_official.py": f"names and counts, logits and gradients{MODES}",
    "torch_right.py": f"names and counts, logits and gradients{MODES}",
    "plain.py": f"names and counts and logits{MODES}",
}


@pytest.mark.parametrize("file", RIGHT)
def test_right_ones_agree(capsys, file):
    code, out, err = checked(capsys, file)
    assert (code, "error" in err) == (AGREES, False)
    assert out.endswith(f"verdict: agrees with the official code in {RIGHT[file]}\n")
    assert re.search("statistics +all 24 that BatchNorm remembers\n", out)


SCALE = "the scale is head_dim^-0.5"
WRONG = {
    "torch_scale.py": ("stage1.blocks.0.attn.proj", SCALE),
    "plain_scale.py": ("", SCALE),
    "plain_bypass.py": ("", "the class token goes through BatchNorm"),
    "overwritten.py": (
        "stage2.blocks.1.attn.proj.weight",
        "where a tensor is used twice, the last gradient overwrites",
    ),
    "torch_residual.py": (
        "stage2.blocks.0.mlp.fc2.weight",
        "the shortcut of residuals gets no gradient, in add 1 of stage.blocks",
    ),
}


SLOW = "plain_bypass.py"  # logits alone, as plain_scale.py


@pytest.mark.parametrize(
    "file",
    [pytest.param(f, marks=[pytest.mark.slow] if f == SLOW else []) for f in WRONG],
)
def test_wrong_ones_are_told_what_is_wrong(capsys, file):
    code, verdict = found(capsys, file)
    place, cause = WRONG[file]
    assert code == DIFFERS
    assert not verdict["agrees"]
    (difference,) = verdict["differences"]
    assert (difference["place"]["path"], difference["cause"]) == (place, cause)
    assert verdict["verdict"] == (
        f"differs: {cause}; with that in the official model too, nothing differs"
    )


@pytest.mark.slow
def test_what_is_in_no_list_is_unknown(capsys):
    code, out, _ = checked(capsys, "plain_clipped.py")
    assert code == DIFFERS
    assert "cause: unknown" in out
    assert out.rstrip().endswith(
        "verdict: differs at the answer, for a reason that no experiment shows"
    )


def test_an_overwriting_engine_has_most_gradients_wrong_and_right_logits(capsys):
    """As the one NumPy library with a CvT had, whose single operations all pass."""
    _, verdict = found(capsys, "overwritten.py")
    wrong = [g for g in verdict["gradients"] if g["relative"] > 1e-9]
    assert len(wrong) > 0.8 * len(verdict["gradients"])
    assert verdict["logits"]["relative"] < 1e-12


def test_the_numbers_are_the_official_ones(capsys):
    """Our model meets them, so that what it is compared with is the official code."""
    code, verdict = found(capsys, "ours.py")
    assert code == AGREES
    assert verdict["logits"]["relative"] < 1e-12
    assert len(verdict["gradients"]) == len(OFFICIAL.gradients) + 1
    for mode in (verdict, verdict["training"]):
        assert max(g["relative"] for g in mode["gradients"]) < 1e-9
    assert len(verdict["training"]["statistics"]) == 24
    assert verdict["tensors"]["parameters"] == OFFICIAL.meta["n_params"]


@pytest.mark.parametrize("official", [OFFICIAL, TRAINING], ids=["eval", "train"])
def test_the_cotangent_is_that_of_the_official_loss(official):
    logits, target = official.logits, official.answers["soft_target"]

    def loss(y):
        return -(target * (y - np.log(np.exp(y).sum(1, keepdims=True)))).sum(1).mean()

    step = 1e-6 * np.random.default_rng(0).normal(size=logits.shape)
    moved = loss(logits + step) - loss(logits - step)
    assert moved == pytest.approx(2 * (official.cotangent * step).sum(), rel=1e-5)


def test_markdown_has_headings_and_tables(capsys):
    _, out, _ = checked(capsys, "overwritten.py", "--markdown")
    headings = [line for line in out.splitlines() if line.startswith("#")]
    assert headings == [
        "# overwritten.py beside the official CvT",
        "## Where they part",
        "## Verdict",
    ]
    assert "| logits |" in out
    assert f"- cause: **{WRONG['overwritten.py'][1]}**" in out


def written(tmp_path, *lines):
    path = tmp_path / "mine.py"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


HERE = f"import sys; sys.path.append({str(FOLDER)!r})"
LOADED = "\n".join((HERE, "from plain import build, load"))
CANNOT = {
    "build(config) returned no model": ["def build(config): pass"],
    "run should return real numbers, got tuple": [
        LOADED,
        "def run(model, images): return model(images), 3",
    ],
    "run should return real numbers, got complex128": [
        LOADED,
        "def run(model, images): return model(images) + 0j",
    ],
    "run should return real numbers, got NoneType": [
        LOADED,
        "def run(model, images): model(images)",
    ],
    "state should return real numbers, got head.weight: NoneType": [
        LOADED,
        "def state(model): return {'head.weight': None}",
    ],
    "our model has no part called 'stage9'": [
        LOADED,
        "from plain import run",
        "def activations(model, images): return {'stage9': images}",
    ],
    "train raised ValueError: no": [
        LOADED,
        "from plain import run",
        "def train(model): raise ValueError('no')",
    ],
    "needs a function build(config)": ["x = 1"],
    "mine.py, line 1: the file raised ZeroDivisionError: division by zero": ["1 / 0"],
    "the file raised SyntaxError": ["def build(config:"],
    "the file raised ModuleNotFoundError": ["import nothing_of_this_name"],
    "mine.py, line 2: build raised KeyError: 'depth'": [
        "def build(config):",
        "    return config['depth']",
    ],
    "needs load(model, state)": ["def build(config): return 1"],
    "needs run(model, images)": [
        "def build(config): return 1",
        "def load(model, state): pass",
    ],
    "mine.py, line 3: run raised ValueError: nothing": [
        "def build(config): return 1",
        "def load(model, state): pass",
        "def run(model, images): raise ValueError",
    ],
    "expected logits (2, 10), got (2, 3)": [
        "import numpy",
        "def build(config): return 1",
        "def load(model, state): pass",
        "def run(model, images): return numpy.zeros((2, 3))",
    ],
    "gradients should return a dict, got list": [
        "import numpy",
        "def build(config): return 1",
        "def load(model, state): pass",
        "def run(model, images): return numpy.zeros((2, 10))",
        "def gradients(model, images, cotangent): return []",
    ],
}


@pytest.mark.parametrize("message", CANNOT)
def test_what_cannot_be_run_says_why_on_one_line(capsys, tmp_path, message):
    code, out, err = checked(capsys, written(tmp_path, *CANNOT[message]))
    assert (code, out) == (FAILED, "")
    assert err.startswith("minicvt: error: mine.py")
    assert message in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there(capsys):
    code, _, err = checked(capsys, "nowhere.py")
    assert code == FAILED
    assert "nowhere.py" in err


def test_no_folder_stays_on_the_path(capsys, tmp_path):
    before = list(sys.path)
    checked(capsys, written(tmp_path, "1 / 0"))
    assert sys.path == before


SMALL = "from ours import build as ours\ndef build(config): return ours(config, {})"


def test_a_model_that_is_smaller_is_told_what_is_missing(capsys, tmp_path):
    """And where it parts: weights are loaded as far as there are any."""
    line = SMALL.format("cls=(False,) * 3, final_norm=False")
    path = written(tmp_path, HERE, line)
    code, out, _ = checked(capsys, path)
    assert code == DIFFERS
    assert re.search(r"missing +3: .*stage2.cls_token", out)
    assert "there is no class token" in out


def test_another_dialect_is_told_all_its_differences(capsys, tmp_path):
    """Weights go where they are wanted: one convolution gets those of the first."""
    line = SMALL.format("dialect='lucidrains'")
    path = written(tmp_path, HERE, line)
    code, verdict = found(capsys, path)
    assert code == DIFFERS
    assert [d["cause"] for d in verdict["differences"]] == [
        "q, k and v have no biases",
        "k and v share k's convolution",
        "the activation is exact GELU, x Phi(x)",
        "the scale is head_dim^-0.5",
        "LayerNorm is missing",
    ]
    assert "norm.weight" in verdict["tensors"]["missing"]
    shared = "stage0.blocks.0.attn.conv_proj_kv.conv.weight"
    assert shared in verdict["tensors"]["unexpected"]


def test_float32_is_checked_as_float32(capsys, tmp_path):
    lines = [
        "import plain, numpy",
        "build = plain.build",
        "def load(model, state):",
        "    model.state = {k: v.astype('float32') for k, v in state.items()}",
        "def run(model, images): return model(images.astype('float32'))",
    ]
    code, out, _ = checked(capsys, written(tmp_path, HERE, *lines))
    assert code == AGREES, out


def test_activations_place_the_difference_of_a_numpy_model(capsys, tmp_path):
    lines = [
        "from plain_scale import build, load, run",
        "def activations(model, images):",
        "    found = {}",
        "    block = type(model).block",
        "    def kept(x, at, size, i):",
        "        found[at.rstrip('.')] = y = block(model, x, at, size, i)",
        "        return y",
        "    model.block = kept",
        "    model(images)",
        "    del model.block",
        "    return found",
    ]
    _, verdict = found(capsys, written(tmp_path, HERE, *lines))
    (difference,) = verdict["differences"]
    assert difference["place"]["path"] == "stage1.blocks.0"
    assert difference["place"]["after"] == "stage0.blocks.0"
    assert difference["cause"] == SCALE


def test_gradients_of_another_shape_are_wrong_ones(capsys, tmp_path):
    lines = [
        "from plain import build, load, run",
        "def gradients(model, images, cotangent):",
        "    return {'head.weight': cotangent, 'images': images}",
    ]
    code, out, _ = checked(capsys, written(tmp_path, HERE, *lines))
    assert code == DIFFERS
    assert re.search(
        "gradients +2 of 2 differ, by up to inf; 116 of 118 are not told", out
    )


def test_tensors_of_another_shape_are_named():
    state = dict(OFFICIAL.state)
    state["head.weight"] = state["head.weight"][:3]
    state["extra.weight"] = np.zeros(1)
    del state["norm.bias"]
    fit = fitting(state)
    assert (fit.layout, fit.fits) == ("official", False)
    assert fit.misshapen == ("head.weight",)
    assert fit.missing == ("norm.bias",)
    assert fit.unexpected == ("extra.weight",)


def test_the_contract_tells_plain_values():
    config = told(OFFICIAL.config)
    assert config["dims"] == (12, 20, 32)
    assert config["embed"] == ((7, 4, 2), (3, 2, 1), (3, 2, 1))
    assert json.loads(json.dumps(config))["scale"] == "dim"


def test_the_shipped_answers_are_ours_too():
    model = OFFICIAL.model()
    logits = model(OFFICIAL.channels_last).numpy()
    assert relative_error(logits, OFFICIAL.logits) < 1e-12
    assert Mine(FOLDER / "ours.py").says.startswith("A model of minicvt's own")
