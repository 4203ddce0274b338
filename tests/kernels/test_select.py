"""Which body runs: by call, by block, by environment, with Numba and without."""

from __future__ import annotations

import gc
import inspect
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

from minicvt import kernels
from minicvt.errors import MissingPackage, UnknownName
from minicvt.kernels import select
from tests.kernels.comparing import NUMBA, bodies

every_kernel = pytest.mark.parametrize("name", kernels.KERNELS)


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch):
    """Start as a new process does, and leave no choice behind."""
    monkeypatch.setattr(select, "_active", None)
    monkeypatch.delenv(select.VARIABLE, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        select._warn_slow()  # so that no test but one sees it


@pytest.fixture
def hidden(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)


def python(code: str) -> str:
    """Return what a new process prints."""
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    return run.stdout


@bodies
def test_a_call_chooses_for_good(body):
    kernels.use(body)
    assert kernels.active() == body


@bodies
def test_a_block_puts_back_what_was_before(body):
    kernels.use("numpy")
    with kernels.use(body):
        assert kernels.active() == body
        with pytest.raises(KeyError), kernels.use("numpy"):
            raise KeyError
        assert kernels.active() == body
    assert kernels.active() == "numpy"


@bodies
def test_a_thread_sees_the_choice(body):
    seen = []
    with kernels.use(body):
        thread = threading.Thread(target=lambda: seen.append(kernels.active()))
        thread.start()
        thread.join()
    assert seen == [body]


@bodies
def test_the_environment_chooses_the_default(body, monkeypatch):
    monkeypatch.setenv("MINICVT_KERNELS", body)
    assert kernels.active() == body


@pytest.mark.numba
def test_numba_is_the_default():
    assert kernels.active() == "numba"


def test_without_numba_numpy_is_the_default(hidden):
    assert kernels.active() == "numpy"


def test_without_numba_asking_for_it_says_how_to_get_it(hidden):
    kernels.use("numpy")
    with pytest.raises(MissingPackage, match="pip install numba"):
        kernels.use("numba")
    assert kernels.active() == "numpy"


def test_numba_that_is_not_installed_is_missed_too(monkeypatch):
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    monkeypatch.setattr(select, "find_spec", lambda name: None)
    assert kernels.active() == "numpy"
    with pytest.raises(MissingPackage, match="MINICVT_KERNELS=numpy"):
        select.Kernel(kernels.im2col.body("loops")).body("numba")


def test_an_unknown_name_is_refused(monkeypatch):
    with pytest.raises(UnknownName, match="'nunpy': did you mean numpy"):
        kernels.use("nunpy")
    monkeypatch.setenv("MINICVT_KERNELS", "looops")
    with pytest.raises(UnknownName, match="'looops': did you mean loops"):
        kernels.active()


def test_loops_warn_once():
    select._warn_slow.cache_clear()
    with pytest.warns(UserWarning, match=r"0\.3 us a multiply-add") as warned:
        kernels.use("loops")
    kernels.use("loops")  # a second warning would be an error here
    assert warned[0].filename == __file__


@bodies
def test_a_kernel_runs_the_chosen_body(body, monkeypatch):
    monkeypatch.setitem(kernels.im2col._bodies, body, lambda *arguments: arguments)
    with kernels.use(body):
        assert kernels.im2col(1, 2) == (1, 2)


@every_kernel
def test_a_kernel_has_the_name_and_words_of_its_loops(name):
    kernel = kernels.KERNELS[name]
    loops = kernel.body("loops")
    assert getattr(kernels, name) is kernel
    assert name in kernels.__all__
    assert kernel.__name__ == loops.__name__ == name
    assert kernel.__doc__ == loops.__doc__
    assert "=" in kernel.__doc__.splitlines()[0]  # the equation comes first
    assert repr(kernel).startswith(f"<kernel {name} of minicvt.kernels.")


@every_kernel
@pytest.mark.parametrize("body", ["numpy", NUMBA])
def test_bodies_have_one_signature(name, body):
    kernel = kernels.KERNELS[name]
    assert list(inspect.signature(kernel.body(body)).parameters) == list(
        inspect.signature(kernel).parameters
    )


def test_numba_is_not_imported_before_it_is_needed():
    code = (
        "import sys, numpy, minicvt; from minicvt import kernels\n"
        "x = numpy.ones((1, 2, 2, 1)); one = (1, 1)\n"
        "for name in ('numpy', 'loops'): kernels.im2col.body(name)(x, one, one, one)\n"
        "print('numba' in sys.modules)"
    )
    assert python(code) == "False\n"


@pytest.mark.numba
def test_numba_is_imported_by_the_first_compiled_kernel():
    code = (
        "import sys, numpy; from minicvt import kernels\n"
        "one = (1, 1); kernels.im2col(numpy.ones((1, 2, 2, 1)), one, one, one)\n"
        "print('numba' in sys.modules)"
    )
    assert python(code) == "True\n"


@bodies
def test_inputs_are_not_written_to_and_results_are_new(body):
    x = np.ones((1, 2, 2, 1))
    for padding in ((0, 0), (1, 1)):
        y = kernels.im2col.body(body)(x, (1, 1), (1, 1), padding)
        assert not np.shares_memory(x, y)
    assert (x == 1).all()


@pytest.mark.parametrize("collecting", [True, False])
def test_importing_bodies_leaves_the_garbage_collector_as_it_was(collecting):
    before = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        select.Kernel(kernels.im2col.body("loops")).body("numpy")
        assert gc.isenabled() == collecting
    finally:
        (gc.enable if before else gc.disable)()
