"""Mutants made without a thought: every arithmetic site, each way it could be mistyped.

================ ==========================================================
operator         + and -, * and /, ** and * exchanged; += and -=, *= and /=
operand          one operand of + - * / dropped
sign             a minus dropped
overwritten      += becomes =
constant         a whole number one more, another a fifth more, 0.0 one
comparison       > and <, == and !=, in and not in exchanged
reduction        sum and mean, minimum and maximum exchanged
axis             an axis 0 or 1 becomes the other, -1 the one before; keepdims
transpose        .T, .mT, .swapaxes() or .transpose() forgotten
================ ==========================================================
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.source import Source, source

Edit = tuple[str, Any, str]  # what was done, to which node, and what it becomes

OPERATORS = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
}
COMPARISONS = {
    ast.Gt: "<",
    ast.GtE: "<=",
    ast.Lt: ">",
    ast.LtE: ">=",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
}
NAMES = {"sum": "mean", "mean": "sum", "minimum": "maximum", "maximum": "minimum"}
AXES = {"0": "1", "1": "0", "-1": "-2"}


def mutants(module: str, function: str, inner: bool) -> Iterator[Mutant]:
    """Yield each mutant of a function once, or of what is defined inside it."""
    text = source(module)
    seen = set()
    for node in _nodes(text.function(function), inner):
        for says, place, after in _edits(node, text):
            found = Mutant(
                module, function, says, text.segment(place), after, text.span(place)[0]
            )
            key = text.replaced(found.span, after)
            if key not in seen:
                seen.add(key)
                yield found


def _nodes(function: ast.FunctionDef, inner: bool) -> Iterator[ast.AST]:
    """Walk a function's body, or the functions defined in it and nothing else."""
    if not inner:
        yield from _nodes_of(ast.Module(function.body, []))
        return
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from _nodes_of(node)
        else:
            waiting = [*ast.iter_child_nodes(node), *waiting]


def _nodes_of(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, field in ast.iter_fields(node):
        if name not in ("annotation", "returns", "decorator_list"):
            children = field if isinstance(field, list) else [field]
            for child in children:
                if isinstance(child, ast.AST) and not _only_refuses(child):
                    yield from _nodes_of(child)


def _only_refuses(node: ast.AST) -> bool:
    """Whether something is there to raise, and computes nothing."""
    if isinstance(node, ast.If):
        return all(map(_only_refuses, node.body)) and not node.orelse
    return isinstance(node, ast.Raise | ast.Assert)


def _edits(node: ast.AST, text: Source) -> Iterator[Edit]:
    rule = RULES.get(type(node))
    return iter(()) if rule is None else rule(node, text)


def _operation(node: ast.BinOp, text: Source) -> Iterator[Edit]:
    kind = type(node.op)
    if kind is ast.Pow:
        yield "operator", node, _between(node, text, "**", "*")
    if kind in OPERATORS:
        yield "operator", node, _between(node, text, *OPERATORS[kind])
        for kept in (node.left, node.right):
            yield "operand", node, _in_brackets(kept, text)


def _between(node: ast.BinOp, text: Source, before: str, after: str) -> str:
    """Replace the operator between two operands, and leave brackets alone."""
    start, stop = text.span(node)
    left, right = text.span(node.left)[1], text.span(node.right)[0]
    gap = text.text[left:right].decode().replace(before, after, 1)
    return text.text[start:left].decode() + gap + text.text[right:stop].decode()


def _in_brackets(node: ast.AST, text: Source) -> str:
    plain = isinstance(node, ast.Name | ast.Constant | ast.Call | ast.Subscript)
    return text.segment(node) if plain else f"({text.segment(node)})"


def _sign(node: ast.UnaryOp, text: Source) -> Iterator[Edit]:
    number = isinstance(node.operand, ast.Constant)
    if isinstance(node.op, ast.USub) and not number:
        yield "sign", node, text.segment(node.operand)


def _augmented(node: ast.AugAssign, text: Source) -> Iterator[Edit]:
    if type(node.op) not in OPERATORS:
        return
    before, after = OPERATORS[type(node.op)]
    target, value = text.segment(node.target), text.segment(node.value)
    yield "operator", node, f"{target} {after}= {value}"
    if before == "+":
        yield "overwritten", node, f"{target} = {value}"


def _constant(node: ast.Constant, text: Source) -> Iterator[Edit]:
    if type(node.value) is int:
        yield "constant", node, str(node.value + 1)
    if type(node.value) is float:
        yield "constant", node, f"{node.value * 1.2 or 1.0}"


def _comparison(node: ast.Compare, text: Source) -> Iterator[Edit]:
    kind = type(node.ops[0])
    if kind in COMPARISONS and len(node.ops) == 1:
        left, right = text.segment(node.left), text.segment(node.comparators[0])
        yield "comparison", node, f"{left} {COMPARISONS[kind]} {right}"


def _attribute(node: ast.Attribute, text: Source) -> Iterator[Edit]:
    if node.attr in NAMES:
        yield "reduction", node, f"{_owner(node, text)}.{NAMES[node.attr]}"
    if node.attr in ("T", "mT"):
        yield "transpose", node, _owner(node, text)


def _call(node: ast.Call, text: Source) -> Iterator[Edit]:
    method = node.func
    if isinstance(method, ast.Attribute) and method.attr in ("swapaxes", "transpose"):
        yield "transpose", node, _owner(method, text)


def _owner(node: ast.Attribute, text: Source) -> str:
    """Return what stands before the dot, in its brackets."""
    return text.segment(node).removesuffix(f".{node.attr}")


def _keyword(node: ast.keyword, text: Source) -> Iterator[Edit]:
    value = text.segment(node.value)
    if node.arg == "axis" and value in AXES:
        yield "axis", node, f"axis={AXES[value]}"
    if node.arg == "keepdims" and value == "True":
        yield "axis", node, "keepdims=False"


RULES: dict[type, Callable[[Any, Source], Iterator[Edit]]] = {
    ast.BinOp: _operation,
    ast.UnaryOp: _sign,
    ast.AugAssign: _augmented,
    ast.Constant: _constant,
    ast.Compare: _comparison,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.keyword: _keyword,
}
