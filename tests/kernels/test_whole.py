"""Kernels that are compiled as a whole, and what that leaves as it was."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from tests.kernels.comparing import compiled_only

pytestmark = [pytest.mark.numba, compiled_only]


@pytest.fixture
def numba():
    import numba

    return numba


@pytest.fixture
def codegen(numba):
    from numba.core.registry import cpu_target

    return cpu_target.target_context.codegen()


@pytest.fixture
def kernel(numba):
    """Return what compiles a function as a whole, without a cache."""
    from minicvt.kernels.whole import Whole

    return numba.njit(pipeline_class=Whole)


@pytest.fixture
def machine_code(codegen, monkeypatch):
    """Return the list of the functions that became machine code."""
    defined: list[str] = []
    add = codegen._add_module

    def note(module):
        bodies = (function for function in module.functions)
        defined.extend(body.name for body in bodies if not body.is_declaration)
        return add(module)

    monkeypatch.setattr(codegen, "_add_module", note)
    return defined


def test_what_a_kernel_calls_is_machine_code_there_only(kernel, machine_code):
    from minicvt.kernels.jit import helper

    @helper
    def tripled(x):
        return 3 * x

    @kernel
    def twice_tripled(x):
        return tripled(x) + tripled(x)

    assert twice_tripled(np.arange(3.0)).tolist() == [0, 6, 12]
    assert any("13twice_tripled" in name for name in machine_code)
    assert not [name for name in machine_code if "7tripled" in name]  # inlined


def test_a_function_that_python_may_call_too_stays_one(numba, kernel):
    @numba.njit
    def squared(x):
        return x * x

    assert kernel(lambda x: squared(x) + 1)(3) == 10
    assert squared(3) == 9


def test_parts_can_be_linked_into_other_peoples_functions(numba, kernel):
    shape = np.ones((2, 3, 1, 2), np.int16)

    def zeros(x):
        return np.zeros_like(x)

    assert (kernel(zeros)(shape) == 0).all()
    assert (numba.njit(zeros)(shape) == 0).all()


def test_a_part_may_need_an_environment(numba, kernel):
    from minicvt.kernels.jit import helper

    @helper
    def refuse(x):
        raise ValueError(f"not {x}")

    @kernel
    def refused(x):
        refuse(x)

    with pytest.raises(ValueError, match="not 3"):
        refused(3)


@pytest.mark.parametrize("right", [True, False])
def test_numba_and_python_are_left_as_they_were(numba, codegen, kernel, right):
    before = codegen.create_library
    function = kernel((lambda x: x + 1) if right else (lambda x: x.no_such_thing))
    if right:
        assert function(1) == 2
    else:
        with pytest.raises(numba.TypingError, match="no_such_thing"):
            function(1)
    assert codegen.create_library == before
    assert gc.isenabled()
