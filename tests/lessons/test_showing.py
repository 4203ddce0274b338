"""The library's own source, with its file."""

from __future__ import annotations

import pytest

import minicvt as mc
from minicvt.lessons import show


@pytest.mark.parametrize(
    ("thing", "file", "line"),
    [
        (mc.ops.linear, "minicvt/ops/linear.py", "@operation(_linear_rule)"),
        (mc.nn.Linear, "minicvt/nn/layers.py", "class Linear(Module):"),
        (
            mc.nn.Linear.forward,
            "minicvt/nn/layers.py",
            "def forward(self, x: Tensor) -> Tensor:",
        ),
        (mc.kernels.matmul, "minicvt/kernels/multiplication/loops.py", "def matmul("),
        (mc.tensor, "minicvt/tensor.py", "class Tensor:"),
    ],
)
def test_source(capsys, thing, file, line):
    show(thing)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == f"# {file}"
    assert line in rest


def test_compiled_functions_show_their_python(capsys):
    def compiled():
        pass

    def python():
        """Say what was compiled."""

    compiled.py_func = python
    show(compiled)
    assert "def python():" in capsys.readouterr().out


def test_what_has_no_source():
    with pytest.raises(TypeError):
        show(3)
