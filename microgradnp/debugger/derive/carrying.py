"""An adjoint carried on by one rule of calculus: times a slope, through a matrix, to a weight, summed.

The values that an adjoint may meet are tried together, as a stack of arrays of one shape.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.derive.meanings import Meanings
from microgradnp.debugger.derive.products import tree_of

Pair = tuple[np.ndarray, np.ndarray]


class Atom(NamedTuple):
    """An expression over the variables of a statement, with its values at both inputs."""

    text: str
    pair: Pair
    constant: bool = False  # whether it was multiplied by a number that is the same at both inputs

    @property
    def shape(self) -> tuple[int, ...]:
        return self.pair[0].shape

    @property
    def factor(self) -> str:
        """The text as a factor of a product."""
        return self.text if is_closed(self.text) else f"({self.text})"

    @property
    def left(self) -> str:
        """The text as the first factor of a product; a product needs no parentheses there."""
        return self.text if "+" not in self.text and "- " not in self.text else self.factor

    @property
    def right(self) -> str:
        """The text as the last factor; people write `d * h * (1 - h)`."""
        return self.text if re.fullmatch(r"[\w.]+ \* \(1 - [\w.]+\)", self.text) else self.factor

    @property
    def is_fixed(self) -> bool:
        """Whether it is a number that is the same at both inputs."""
        return not self.shape and bool(self.pair[0] == self.pair[1])


class Group(NamedTuple):
    """Atoms of one shape, with their values at the first input in one array."""

    shape: tuple[int, ...]
    atoms: list[Atom]
    first: np.ndarray


class Rule(NamedTuple):
    """A form of an expression over an adjoint `d` and a value `v`, its function, and the shape of the result.

    The function takes several values along a first axis, too.
    """

    form: str
    function: Callable[[Any, Any], Any]
    shape: tuple[int, ...]


@lru_cache(maxsize=4096)
def is_closed(text: str) -> bool:
    """Whether an expression needs no parentheses inside of a product."""
    node = tree_of(text)
    return not isinstance(node, (ast.BinOp, ast.Compare, ast.UnaryOp, ast.IfExp, ast.BoolOp, ast.Lambda))


def grouped(atoms: list[Atom]) -> list[Group]:
    """The atoms by their shapes."""
    found: dict[tuple[int, ...], list[Atom]] = {}
    for atom in atoms:
        found.setdefault(atom.shape, []).append(atom)
    return [Group(shape, alike, np.stack([atom.pair[0] for atom in alike])) for shape, alike in found.items()]


def carried_on(d: Atom, values: list[Group], slopes: list[Group], meanings: Meanings) -> Iterator[Atom]:
    """What an adjoint gives by one rule with each of some values and slopes, where that may be a gradient."""
    for group in slopes:
        for rule in times_slope(d.shape, group.shape):
            yield from applied(rule, d, group, meanings)
    for form, total, shape in sums(d.shape):
        if meanings.may_have_shape(shape):
            pair = np.asarray(total(d.pair[0])), np.asarray(total(d.pair[1]))
            if meanings.may_be_gradients(pair[0][None]):
                yield Atom(form.format(d=d), pair)
    for group in values:
        for rule in (*times(d.shape, group.shape), *products(d.shape, group.shape)):
            yield from applied(rule, d, group, meanings)


def applied(rule: Rule, d: Atom, group: Group, meanings: Meanings) -> Iterator[Atom]:
    """The results of a rule that may be gradients."""
    if not meanings.may_have_shape(rule.shape):
        return
    first = rule.function(d.pair[0], group.first)
    for k in meanings.may_be_gradients(first):
        v = group.atoms[k]
        second = np.asarray(rule.function(d.pair[1], v.pair[1]), float)
        if v.text != d.text and np.isfinite(second).all():
            yield Atom(rule.form.format(d=d, v=v), (first[k], second), v.is_fixed)


# ------------------------------------------------------------------------------------------------ rules


def times_slope(d: tuple[int, ...], v: tuple[int, ...]) -> Iterator[Rule]:
    """The product of an adjoint and a slope."""
    if v == d or not v or not d:
        yield Rule("{d.left} * {v.right}", spread(d, v), d or v)
    elif v == d[::-1]:
        yield Rule("{d.factor} * {v.factor}.T", lambda a, b: a * turned(b), d)


def times(d: tuple[int, ...], v: tuple[int, ...]) -> Iterator[Rule]:
    """The product of an adjoint and a value, entry by entry."""
    if v == d or not v or not d or v == d[-1:]:
        yield Rule("{d.factor} * {v.factor}", spread(d, v), d or v)


def sums(d: tuple[int, ...]) -> Iterator[tuple[str, Callable[[Any], Any], tuple[int, ...]]]:
    """(form, function, shape) for each sum over an axis, or over all axes, of an adjoint."""
    if len(d) == 2:
        m, n = d
        yield "{d.factor}.sum(axis=0)", lambda a: a.sum(0), (n,)
        yield "{d.factor}.sum(axis=0, keepdims=True)", lambda a: a.sum(0, keepdims=True), (1, n)
        yield "{d.factor}.sum(axis=1)", lambda a: a.sum(1), (m,)
        yield "{d.factor}.sum(axis=1, keepdims=True)", lambda a: a.sum(1, keepdims=True), (m, 1)
    if d:
        yield "{d.factor}.sum()", lambda a: a.sum(), ()


def products(d: tuple[int, ...], v: tuple[int, ...]) -> Iterator[Rule]:
    """Each product of an adjoint with a matrix, or with another vector, that their dimensions allow."""
    if len(d) == 2 and len(v) == 2:
        (m, n), (k, o) = d, v
        if n == o:
            yield Rule("{d.factor} @ {v.factor}.T", lambda a, b: a @ turned(b), (m, k))
        if n == k:
            yield Rule("{d.factor} @ {v.factor}", np.matmul, (m, o))
        if k == m:
            yield Rule("{v.factor}.T @ {d.factor}", lambda a, b: turned(b) @ a, (o, n))
        if o == m:
            yield Rule("{v.factor} @ {d.factor}", lambda a, b: b @ a, (k, n))
        if m == k:
            yield Rule("{d.factor}.T @ {v.factor}", lambda a, b: turned(a) @ b, (n, o))
        if o == n:
            yield Rule("{v.factor} @ {d.factor}.T", lambda a, b: b @ turned(a), (k, m))
    elif len(d) == 1 and len(v) == 2:
        (n,), (k, o) = d, v
        if n == o:
            yield Rule("{v.factor} @ {d.factor}", lambda a, b: b @ a, (k,))
        if n == k:
            yield Rule("{v.factor}.T @ {d.factor}", lambda a, b: turned(b) @ a, (o,))
    elif len(d) == 1 and len(v) == 1:
        (n,), (k,) = d, v
        yield Rule("np.outer({d.text}, {v.text})", lambda a, b: a[:, None] * b[..., None, :], (n, k))
        yield Rule("np.outer({v.text}, {d.text})", lambda a, b: b[..., :, None] * a, (k, n))


def turned(array: Any) -> Any:
    """The matrix, or each matrix of a stack, with its axes exchanged; other arrays as `.T` turns them."""
    return array.T if array.ndim < 3 else array.swapaxes(-1, -2)


def spread(d: tuple[int, ...], v: tuple[int, ...]) -> Callable[[Any, Any], Any]:
    """The product of an array of one shape with each of several others: their axes are the last of its own."""
    one = (1,) * (len(d) - len(v))

    def times_each(a: Any, b: Any) -> Any:
        ahead = b.ndim - len(v)
        return a * b.reshape(b.shape[:ahead] + one + b.shape[ahead:])

    return times_each
