"""The checks of our own suite, as questions: does it pass, with what is planted now?

Some are functions of an operation and a round. Others are the tests themselves, which
stand beside the library in a clone: the official fixtures and the tests of the engine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import cache, partial
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import minicvt
from minicvt import ops, threads
from minicvt.errors import MissingPackage
from minicvt.kernels.convolution import product
from minicvt.verify.audit.calls import Call, any_call
from minicvt.verify.operations import OPERATIONS
from minicvt.verify.oracle import (
    Answers,
    our_answers,
    pytorch,
    relative_error,
    torch_answers,
)

DrawCall: TypeAlias = Callable[[str, int], Call]

CLONE = Path(minicvt.__file__).parents[1]


def like_pytorch(name: str, number: int, draw: DrawCall = any_call) -> bool:
    """Compare outputs and gradients with PyTorch's, to the registry's tolerance."""
    ours, theirs = answers(draw(name, number)), their_answers(name, number, draw)
    vanishing = {f"gradient {i}" for i in draw(name, number).sample.zero}
    return set(ours) == set(theirs) and all(
        relative_error(ours[key], theirs[key], key in vanishing)
        <= OPERATIONS[name].tolerance.value
        for key in ours
    )


def like_pytorch_in_parts(name: str, number: int) -> bool:
    """Compare with work cut up: a convolution's windows image by image, and threads.

    Calls are small: they would never fill a second part, nor keep a second thread.
    """
    with in_parts_of(1):
        return like_pytorch(name, number)


@contextmanager
def in_parts_of(part_bytes: int) -> Iterator[None]:
    """Let a convolution's windows go through so many bytes at a time, in two threads.

    These share all other work too, however small.
    """
    before = product.PART_BYTES, threads.LEAST
    product.PART_BYTES, threads.LEAST = part_bytes, 1
    try:
        with threads.limit(2):
            yield
    finally:
        product.PART_BYTES, threads.LEAST = before


def answers(call: Call) -> Answers:
    """Return outputs and gradients of a call."""
    inputs, options = call.sample.inputs, call.sample.options
    return our_answers(call.function, inputs, options, call.sample.cotangent)


@cache
def their_answers(name: str, number: int, draw: DrawCall = any_call) -> Answers:
    """Ask PyTorch once: bugs of ours change nothing of its answer."""
    torch, sample = pytorch(), draw(name, number).sample
    theirs = partial(OPERATIONS[name].theirs, torch)
    return torch_answers(torch, theirs, sample.inputs, sample.options, sample.cotangent)


def untouched(name: str, number: int) -> bool:
    """Compare the gradients of f(x) + z with those of f(x), and z's with the cotangent.

    Both terms get one cotangent between them: a pullback that writes into what it is
    given spoils it for the other. To the bit.
    """
    call = any_call(name, number)
    cotangent = call.sample.cotangent
    z = np.zeros(call.value(call.sample.inputs).shape)
    sample = replace(call.sample, inputs=(*call.sample.inputs, z))
    beside = Call(lambda *x, **options: _plus(call, x, options), sample)
    alone: list[Any] = [*call.gradients(cotangent), cotangent(z.shape)]
    summed: list[Any] = beside.gradients(cotangent)
    pairs = zip(alone, summed, strict=True)
    return all(a is None or np.array_equal(a, b) for a, b in pairs)


def _plus(call: Call, inputs: Any, options: Any) -> Any:
    *inputs, z = inputs
    output = call.function(*inputs, **options)
    return ops.add(output[0] if isinstance(output, tuple) else output, z)


def stays_float32(name: str, number: int) -> bool:
    """Whether float32 inputs give float32 outputs and gradients, and nothing else."""
    call = any_call(name, number)
    ours = answers(call._replace(sample=call.sample.cast("float32")))
    return {answer.dtype for answer in ours.values()} == {np.dtype("float32")}


def fixtures() -> bool:
    """Run the tests of the official code's logits, losses and gradients."""
    tests, official = own("models.test_fixtures"), own("models.fixtures")
    for name in official.NAMES:
        for mode in tests.MODES:
            tests.test_logits_and_losses(official.fixture(name), mode)
            tests.test_every_gradient(official.fixture(name), mode)
    return True


def graphs() -> bool:
    """Run the engine's tests of whole graphs."""
    return _engine("test_graphs.py")


def promises() -> bool:
    """Run the engine's other tests, but for those that train twice."""
    others = ("graphs", "determinism")
    return _engine("", *[f"--ignore-glob=*/test_{name}.py" for name in others])


def _engine(file: str, *options: str) -> bool:
    pytest, path = import_module("pytest"), CLONE / "tests" / "engine" / file
    plain = ["-x", "-q", "-p", "no:cacheprovider", "--rootdir", str(CLONE)]
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        return bool(pytest.main([*plain, *options, str(path)]) == 0)


def require() -> None:
    """Raise ``MissingPackage`` without PyTorch, or without the tests."""
    pytorch()
    own("engine")
    own("models.test_fixtures")


def own(name: str) -> Any:
    """Import a module of our tests; raises ``MissingPackage`` outside a clone."""
    if str(CLONE) not in sys.path:
        sys.path.append(str(CLONE))
    try:
        return import_module(f"tests.{name}")
    except ImportError as error:
        raise MissingPackage(
            "the audit runs minicvt's own tests: start it in a clone, where "
            f"pip install -e '.[test]' has been run ({error})"
        ) from error
