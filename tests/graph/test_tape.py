"""The tape: rows in the order they ran, the ledger's MACs, the bytes that are kept."""

from __future__ import annotations

import xml.etree.ElementTree as xml

import numpy as np
import pytest

import minicvt as mc
from minicvt.errors import GraphError
from minicvt.graph import buffers

RNG = np.random.default_rng(0)


def leaf(*shape: int) -> mc.Tensor:
    return mc.Tensor(RNG.normal(size=shape), requires_grad=True)


@pytest.fixture(scope="module")
def cvt_loss() -> tuple[mc.Tensor, int]:
    model = mc.models.build("cvt-c8w", seed=0)
    images = RNG.random((2, 8, 10, 1)).astype(np.float32)
    with mc.count() as ledger:
        loss = mc.ops.cross_entropy(model(images), np.array([3, 8]))
    return loss, ledger


def test_rows_are_in_the_order_of_execution():
    x = leaf(2, 3)
    with mc.observe() as events:
        a = mc.ops.exp(x)
        b = mc.ops.tanh(x)
        root = (b * a).sum()
    names = [row.operation for row in mc.tape(root)]
    assert names == ["exp", "tanh", "multiply", "sum"] == [e.name for e in events]


def test_inputs_are_named_by_row_or_leaf():
    x, constant = leaf(2, 3), np.ones((2, 3))
    multiply, exp, add = mc.tape((y := x * constant) + mc.ops.exp(y))
    assert [str(source) for source in multiply.sources] == ["*(2, 3)", "(2, 3)"]
    assert [source.row for source in exp.sources] == [0]
    assert [source.row for source in add.sources] == [0, 1]


def test_bytes_kept_are_those_of_a_hand_count():
    x, w = leaf(5, 3), leaf(4, 3)
    linear, exp, total = mc.tape(mc.ops.exp(mc.ops.linear(x, w)).sum())
    assert linear.kept == 0  # x and w, which are leaves
    assert exp.kept == 5 * 4 * 8  # its own output
    assert total.kept == 0  # a shape


def test_a_buffer_counts_once_where_it_is_first_kept():
    x = leaf(4, 6)
    y = mc.ops.exp(x)  # keeps y
    z = y.reshape(6, 4)  # a view of y
    square, product = mc.tape((z * y.reshape(6, 4)).sum()).rows[-2:]
    assert square.kept == product.kept == 0
    assert mc.tape(z * 2.0).kept == 4 * 6 * 8 + 8  # and the constant 2.0


def test_constants_count_and_learning_leaves_do_not():
    x = leaf(3, 3)
    assert mc.tape(x * x).kept == 0
    assert mc.tape(x * np.ones((3, 3))).kept == 3 * 3 * 8


def test_buffers_are_found_in_nested_closures_and_views():
    array = np.zeros((4, 5))
    views = [array[1:], np.lib.stride_tricks.sliding_window_view(array, 2, axis=0)]

    def outer():
        return lambda: [lambda: views, {"again": array.T}, (array,)]

    found = buffers(outer)
    assert list(found.values()) == [array.nbytes]


def test_macs_are_the_ledger_s(cvt_loss):
    loss, ledger = cvt_loss
    tape = mc.tape(loss)
    assert [(r.operation, r.path, r.macs) for r in tape if r.macs] == [
        (e.operation, e.path, e.macs) for e in ledger.entries if e.macs
    ]
    assert tape.macs == ledger.macs > 0


def test_the_table_has_a_line_a_row_and_totals(cvt_loss):
    tape = mc.tape(cvt_loss[0])
    lines = str(tape).splitlines()
    totals = lines[2 + len(tape)].split()
    assert lines[2].split()[:3] == ["0", "conv2d", "stage0.patch_embed.proj"]
    assert totals == ["total", f"{tape.macs:,}", f"{tape.kept:,}"]


def test_a_freed_graph_prints_what_is_known():
    x = leaf(3)
    loss = mc.ops.exp(x).sum()
    loss.backward()
    tape = mc.tape(loss)
    assert [row.kept for row in tape] == [None, None]
    assert tape.kept is None
    assert "freed" in str(tape)
    assert "freed" in tape._repr_svg_()


def test_ten_thousand_nodes_print_and_draw():
    y = leaf(2)
    for _ in range(10_000):
        y = y + 1.0
    tape = mc.tape(y)
    assert len(tape) == 10_000
    assert len(str(tape).splitlines()) > 10_000
    assert "9,600 rows in between" in tape._repr_svg_()


def test_the_drawing_is_xml_with_a_dot_a_row_and_a_path_an_edge(cvt_loss):
    tape = mc.tape(cvt_loss[0])
    space = "{http://www.w3.org/2000/svg}"
    drawing = xml.fromstring(tape._repr_svg_())
    edges = sum(source.row is not None for row in tape for source in row.sources)
    dots, key = len(drawing.findall(f"{space}circle")), 2
    assert dots == len(tape) + key
    assert len(drawing.findall(f"{space}path")) == edges + 1  # one more in the key


def test_the_key_and_the_heads_have_room_under_and_over_narrow_rows():
    """Without modules and long shapes, what is drawn around rows is wider than they."""
    space = "{http://www.w3.org/2000/svg}"
    drawing = xml.fromstring(mc.tape(mc.ops.tanh(leaf(2, 3)))._repr_svg_())
    places = {t.text: float(t.get("x")) for t in drawing.iter(f"{space}text")}
    words = "a residual branch, into its sum"
    assert places[words] + 6 * len(words) < float(drawing.get("width"))
    assert places["output"] - places["module"] > 8 * len("module")


def test_residual_branches_are_drawn_in_their_own_colour(cvt_loss):
    residuals = mc.tape(cvt_loss[0])._repr_svg_().count('stroke="#d55e00"')
    assert residuals == 2 * 2 + 1  # two blocks of two, and the key


@pytest.mark.parametrize("thing", [np.ones(2), None, mc.Tensor(np.ones(2))])
def test_what_was_not_recorded_has_no_tape(thing):
    with pytest.raises(GraphError, match="expected a Tensor made by operations"):
        mc.tape(thing)


def test_shapes_alone_have_a_tape():
    with mc.shapes_only():
        model = mc.models.build("cvt-13")
    images = mc.Tensor(mc.blank.Blank((1, 64, 64, 3), np.float32))
    tape = mc.tape(model(images))
    assert tape.kept is None
    assert tape.macs == mc.count(model, (64, 64)).macs
