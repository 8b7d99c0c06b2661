"""One record an operator: how to call it, in its domain, with every option and shape that its rule promises.

The records drive the tests of the rules. A function of the table without a record fails the suite.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import microgradnp as mg
from microgradnp.rules.indexing import scatter
from microgradnp.table import TABLE, Composite, Rule

Random = np.random.Generator


@dataclass
class Sample:
    """One call: function(*args, **options). Of the arguments, float arrays are differentiated."""

    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    exact: bool = True  # is PyTorch asked for the same?

    def __repr__(self) -> str:
        shown = [str(np.shape(a)) if isinstance(a, (np.ndarray, np.generic)) else repr(a) for a in self.args]
        return ", ".join([*shown, *(f"{k}={v!r}" for k, v in self.options.items())])


@dataclass
class Operator:
    """How to draw arguments for one function, and what is known about it."""

    function: Callable[..., Any]
    samples: Callable[[Random], Iterator[Sample]]
    complex: bool = False  # is it tried on complex arguments?
    narrow: bool = True  # does NumPy keep float32?
    torch: str | Callable[..., Any] | None = None  # name in `torch`, or a function (torch, *args, **options)

    @property
    def name(self) -> str:
        return TABLE[self.function].name

    def call(self, *args: Any, **options: Any) -> Any:
        rule = TABLE[self.function]
        sequence = self.function in (np.vstack, np.hstack, np.dstack, np.column_stack) or (
            isinstance(rule, Rule) and rule.sequence
        )
        return self.function(list(args), **options) if sequence else self.function(*args, **options)


# ---------------------------------------------------------------------------------------------- elementwise

SHAPES = [(3, 2), (), (1,), (0, 3), (2, 1, 3)]
PAIRS = [
    ((3, 2), (3, 2)),
    ((3, 1), (1, 2)),
    ((2,), (3, 2)),
    ((), (3,)),
    ((3,), ()),
    ((1,), (1,)),
    ((0, 2), (2,)),
    ((2, 1, 2), (3, 1)),
]


def draw(random: Random, shape: tuple[int, ...], low: float, high: float, away: float = 0.0) -> np.ndarray:
    """Uniform numbers, at least `away` from 0."""
    x = random.uniform(low, high, shape)
    return np.asarray(np.where(np.abs(x) < away, away, x))


def unary(function: Any, low: float = -2.0, high: float = 2.0, *, away: float = 0.0, torch: Any = None, **known: Any) -> Operator:
    def samples(random: Random) -> Iterator[Sample]:
        for shape in SHAPES:
            yield Sample((draw(random, shape, low, high, away),))

    return Operator(function, samples, torch=torch or function.__name__, **known)


def binary(
    function: Any,
    low: float = -2.0,
    high: float = 2.0,
    *,
    away: float = 0.0,
    second: tuple[float, float] | None = None,
    torch: Any = None,
    scalars: bool = True,
    **known: Any,
) -> Operator:
    """Both arguments from [low, high], or the second from its own interval; also beside Python and NumPy scalars."""
    low2, high2 = second or (low, high)

    def samples(random: Random) -> Iterator[Sample]:
        for left, right in PAIRS:
            yield Sample((draw(random, left, low, high, away), draw(random, right, low2, high2, away)))
        if scalars:
            middle, middle2 = 0.3 * low + 0.7 * high, 0.3 * low2 + 0.7 * high2
            yield Sample((draw(random, (3,), low, high, away), middle2), exact=False)
            yield Sample((middle, draw(random, (3,), low2, high2, away)), exact=False)
            yield Sample((draw(random, (3,), low, high, away), 2), exact=False)
            yield Sample((draw(random, (3,), low, high, away).tolist(), draw(random, (3,), low2, high2, away)), exact=False)

    return Operator(function, samples, torch=torch or function.__name__, **known)


def powers(random: Random) -> Iterator[Sample]:
    for left, right in PAIRS:
        yield Sample((draw(random, left, 0.3, 2), draw(random, right, -2, 2)))
    for exponent in (0, 1, 2, 3, -1, 0.5, -1.5, 2.0):
        yield Sample((draw(random, (3,), 0.3, 2), exponent))
    for exponent in (0, 1, 2, 3, -1, -2.0, 5.0):  # a negative base under whole exponents
        yield Sample((draw(random, (3,), -2, -0.3), exponent))
    yield Sample((np.array([0.0, 0.0, 1.5]), 2))
    yield Sample((np.array([0.0, -1.5, 1.5]), np.array([2, 3, 0])))
    yield Sample((np.array([1.5, -1.5, 1.5]), np.array([0, 3, 1], np.uint8)), exact=False)
    yield Sample((np.array([1.5, -1.5, 1.5]), np.array([-3, -1, 0], np.int8)), exact=False)
    yield Sample((np.array([2.0, 3.0]), np.array([0.0, 1.0])))
    yield Sample((2.0, draw(random, (3,), -2, 2)))
    yield Sample((3, draw(random, (3,), -2, 2)))
    yield Sample((draw(random, (3,), 0.3, 2).astype(int) + 1, draw(random, (3,), -2, 2)))


def halves(random: Random) -> Iterator[Sample]:
    """Operands of which neither a quotient nor its rounding is near a whole number."""
    for left, right in PAIRS:
        b = draw(random, right, 0.7, 1.3) * random.choice([-1.0, 1.0], right)
        a = (
            random.integers(-3, 3, np.broadcast_shapes(left, right)) * b
            + random.uniform(0.2, 0.6, np.broadcast_shapes(left, right)) * b
        )
        yield Sample((a, b))
    yield Sample((np.array([1.3, 2.4, -0.7]), 0.5))
    yield Sample((7.3, np.array([0.9, -2.0])), exact=False)


def clips(random: Random) -> Iterator[Sample]:
    x = np.array([[-2.0, -0.3, 0.4], [0.9, 1.7, 3.0]]) + random.uniform(-0.05, 0.05)
    low, high = np.array([-1.0, 0.0, 0.5]), np.array([[1.0], [2.0]])
    yield Sample((x, -1.0, 1.0))
    yield Sample((x, None, 1.0))
    yield Sample((x, 0, None))
    yield Sample((x, low, high))
    yield Sample((x, low, None))
    yield Sample((x, None, high))
    yield Sample((x, high, low))  # bounds that cross: the upper one wins
    yield Sample((x[:0], low, high[:1]))
    yield Sample((x,), {"min": -1.0, "max": 1.0}, exact=False)
    yield Sample((x,), {"max": 1.0}, exact=False)


def choices(random: Random) -> Iterator[Sample]:
    for left, right in PAIRS:
        shape = np.broadcast_shapes(left, right)
        yield Sample((random.uniform(size=shape) > 0.5, draw(random, left, -2, 2), draw(random, right, -2, 2)))
    yield Sample((np.array([True, False]), draw(random, (3, 1), -2, 2), 0.0), exact=False)
    yield Sample((True, draw(random, (3, 1), -2, 2), draw(random, (2,), -2, 2)), exact=False)
    yield Sample(([1, 0], 1, draw(random, (2,), -2, 2)), exact=False)


def scaled_by_two(random: Random) -> Iterator[Sample]:
    for left, right in PAIRS:
        yield Sample((draw(random, left, -2, 2), random.integers(-3, 4, right)))
    yield Sample((np.array([1.5, -0.3]), np.array([20, -20], np.int8)), exact=False)
    yield Sample((np.array([1.5, -0.3]), 3), exact=False)


def casts(random: Random) -> Iterator[Sample]:
    for shape in SHAPES:
        yield Sample((draw(random, shape, -2, 2), float))


def heavisides(random: Random) -> Iterator[Sample]:
    for left, right in PAIRS:
        yield Sample((draw(random, left, -2, 2, 0.2), draw(random, right, -2, 2)))


# ------------------------------------------------------------------------------------- reductions and shape


def reduced(random: Random, *, empty: bool = True) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2)
    yield Sample((x,))
    for axis in (0, -1, 1, (0, 2), (-1, 0), (0, 1, 2), ()):
        yield Sample((x,), {"axis": axis})
        yield Sample((x,), {"axis": axis, "keepdims": True})
    yield Sample((x,), {"keepdims": True})
    yield Sample((x, 1))
    yield Sample((draw(random, (), -2, 2),))
    yield Sample((draw(random, (1,), -2, 2),))
    yield Sample((np.ones((0, 3)),), {"axis": 1})
    if empty:
        yield Sample((np.ones((0, 3)),))
        yield Sample((np.ones((0, 3)),), {"axis": 0})


def nonempty(random: Random) -> Iterator[Sample]:
    yield from reduced(random, empty=False)


def reshapes(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 6), -2, 2)
    for shape in ((3, 4), -1, (2, -1, 2), (1, 12), [4, 3]):
        yield Sample((x, shape))
    yield Sample((x, (3, 4)), {"order": "F"}, exact=False)
    yield Sample((np.asfortranarray(x), (3, 4)), {"order": "C"})
    yield Sample((x, (3, 4)), {"copy": True}, exact=False)
    yield Sample((x,), {"shape": (3, 4)})
    yield Sample((np.ones((0, 3)), (3, 0, 2)))
    yield Sample((np.array(1.5), (1, 1)))
    yield Sample((np.array([1.5]), ()))


def ravels(random: Random) -> Iterator[Sample]:
    for shape in SHAPES:
        yield Sample((draw(random, shape, -2, 2),))
    yield Sample((draw(random, (2, 3), -2, 2), "F"), exact=False)
    yield Sample((draw(random, (2, 3), -2, 2).T,), {"order": "F"}, exact=False)
    yield Sample((draw(random, (2, 3), -2, 2).T,))


def expansions(random: Random) -> Iterator[Sample]:
    for axis in (0, -1, 1):
        yield Sample((draw(random, (2, 3), -2, 2), axis))
    yield Sample((draw(random, (2, 3), -2, 2), (0, -1)), exact=False)
    yield Sample((np.array(1.5),), {"axis": 0})
    yield Sample((np.ones((0, 2)), 1))


def squeezes(random: Random) -> Iterator[Sample]:
    x = draw(random, (1, 3, 1, 2), -2, 2)
    yield Sample((x,))
    for axis in (0, -2, (0, 2)):
        yield Sample((x,), {"axis": axis})
    yield Sample((np.array([[1.5]]),))
    yield Sample((np.array(1.5),))
    yield Sample((np.ones((0, 1)), -1))


def transposes(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2)
    yield Sample((x,))
    for axes in ((1, 2, 0), (-1, 0, 1), [0, 2, 1]):
        yield Sample((x, axes))
    yield Sample((np.array(1.5),))
    yield Sample((np.ones(3),), {"axes": (0,)})
    yield Sample((np.ones((0, 3)),))


def swaps(random: Random) -> Iterator[Sample]:
    for axes in ((0, 2), (-1, 1), (1, 1)):
        yield Sample((draw(random, (2, 3, 4), -2, 2), *axes))
    yield Sample((np.ones((0, 3)),), {"axis1": 0, "axis2": 1}, exact=False)


def broadcasts(random: Random) -> Iterator[Sample]:
    for shape, wanted in (((3, 1), (2, 3, 4)), ((), (2, 3)), ((3,), (3,)), ((1,), (0,)), ((1, 3), (0, 3)), ((), ())):
        yield Sample((draw(random, shape, -2, 2), wanted))
    yield Sample((np.ones(3), 3), exact=False)


def joins(random: Random) -> Iterator[Sample]:
    parts = tuple(draw(random, shape, -2, 2) for shape in ((2, 3), (1, 3), (0, 3)))
    yield Sample(parts)
    yield Sample(tuple(p.T for p in parts), {"axis": 1})
    yield Sample(tuple(p.T for p in parts), {"axis": -1})
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (2,), -2, 2), np.array(1.5)), {"axis": None}, exact=False)
    yield Sample((draw(random, (3,), -2, 2), [1, 2]), exact=False)
    yield Sample((draw(random, (3,), -2, 2),))


def stacks(random: Random) -> Iterator[Sample]:
    for axis in (0, 1, -1):
        yield Sample(tuple(draw(random, (2, 3), -2, 2) for _ in range(3)), {"axis": axis})
    yield Sample((np.array(1.5), np.array(2.5)))
    yield Sample((np.ones((0, 2)), np.ones((0, 2))))


def stacked_by(random: Random) -> Iterator[Sample]:
    yield Sample(tuple(draw(random, shape, -2, 2) for shape in ((2, 2), (2, 2))))
    yield Sample(tuple(draw(random, shape, -2, 2) for shape in ((3,), (3,), (3,))))
    yield Sample((np.array(1.5), np.array([2.5])))
    yield Sample((np.array(1.5), np.array(2.5)))
    yield Sample((np.ones((2, 1, 3)), np.ones((2, 1, 3))))
    yield Sample((np.ones(3), [1.0, 2.0, 3.0]), exact=False)


# ---------------------------------------------------------------------------------------- indexing, products


def indices(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4, 2), -2, 2)
    mask = random.uniform(size=(3, 4)) > 0.4
    several: list[Any] = [1, -1, slice(None), slice(None, None, 2), None, ..., (1, 2), (..., 0), (slice(1, 3), None, ..., 1)]
    several += [(0, 1, 1), np.int64(2), mask, mask[:, 0], mask[:, 0].tolist(), (slice(None), mask[0])]
    several += [
        [0, 2, 2, 0],
        np.array([[0, 1], [1, -1]]),
        (np.array([0, 0, 1]), np.array([1, 1, -1])),
        (np.array([0, 0]), slice(1, 3), 1),
    ]
    several += [
        (np.array([[0], [2]]), np.array([0, 3, 3])),
        (0, slice(None), np.array([1, 1])),
        (mask[:, 0], 1),
        ([0, 1], None, [1, 1]),
    ]
    several += [np.array(1), np.array([], int), slice(0, 0), (slice(None, None, -1), 1)]
    for index in several:
        negative = any(
            isinstance(part, slice) and (part.step or 1) < 0 for part in (index if isinstance(index, tuple) else (index,))
        )
        kinds = [type(part) for part in index] if isinstance(index, tuple) else []
        split = kinds == [int, slice, np.ndarray]  # PyTorch orders the axes otherwise
        yield Sample((x, index), exact=not (negative or split))
    yield Sample((x, True), exact=False)
    yield Sample((x, False), exact=False)
    yield Sample((np.array(1.5), ()))
    yield Sample((np.array(1.5), None))
    yield Sample((np.array(1.5), ...))
    yield Sample((np.array(1.5), np.array(True)))
    yield Sample((np.ones((0, 3)), (slice(None), 1)))


def scatters(random: Random) -> Iterator[Sample]:
    a = np.zeros((3, 4))
    for index in (1, (slice(None), [0, 0, 2]), a == 0, (..., None, 1), np.array([2, 2])):
        yield Sample((draw(random, a[index].shape, -2, 2), a, index))


def assignments(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x, 1, draw(random, (4,), -2, 2)))
    yield Sample((x, (slice(None), 2), draw(random, (3,), -2, 2)))
    yield Sample((x, (0, 1), np.array(1.5)))
    yield Sample((x, x > 0, 0.5), exact=False)
    yield Sample((x, slice(1, None), draw(random, (2, 1), -2, 2)))
    yield Sample((x, ([0, 2], [1, 3]), draw(random, (2,), -2, 2)))
    yield Sample((x, ..., draw(random, (4,), -2, 2)))
    yield Sample((x, slice(0, 0), draw(random, (0, 4), -2, 2)))


def pairs_of(*shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        for left, right in shapes:
            yield Sample((draw(random, left, -2, 2), draw(random, right, -2, 2)))

    return samples


MATMULS = [((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4))]
MATMULS += [((5, 2, 3), (5, 3, 1)), ((5, 1, 2, 3), (2, 3, 2)), ((1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,))]
MATMULS += [
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((2, 3), (3, 0)),
    ((0,), (0,)),
    ((1, 1), (1, 1)),
    ((0, 2, 3), (3, 2)),
    ((4, 1, 2, 3), (3,)),
]
DOTS = [((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((), (3,)), ((2, 3), ()), ((), ())]
DOTS += [((2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 1, 3), (2, 3, 2)), ((3,), (2, 3, 2)), ((2, 2, 3), (3,))]
DOTS += [((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0)), ((0,), (0,)), ((2, 3), (0, 3, 2)), ((0,), (0, 2))]


def dots(random: Random) -> Iterator[Sample]:
    yield from pairs_of(*DOTS)(random)
    yield Sample((draw(random, (2, 3), -2, 2), 1.5), exact=False)
    yield Sample((1.5, draw(random, (2, 3), -2, 2)), exact=False)


EINSUMS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ki,kj", [(3, 2), (3, 4)]),
    ("ba", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->ji", [(3, 3, 2)]),
    ("iji,j->i", [(2, 3, 2), (3,)]),
    ("iiji->ij", [(2, 2, 3, 2)]),
    ("i,i->", [(3,), (3,)]),
    ("i,j->ij", [(2,), (3,)]),
    ("i,j,k->", [(2,), (3,), (2,)]),
    ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 2)]),
    ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
    ("...ij,...jk->...ik", [(1, 2, 3), (4, 3, 2)]),
    ("...i,...i", [(2, 3), (3,)]),
    ("i...->...", [(3, 2, 2)]),
    ("i...->i...", [(3, 2, 2)]),
    ("...ii->...", [(2, 3, 3)]),
    ("a...,b...->ab...", [(2, 3), (4, 1)]),
    (" i j , j k -> i k ", [(2, 3), (3, 4)]),
    (",i->i", [(), (3,)]),
    ("->", [()]),
    ("ij,ij->ij", [(3, 1), (3, 4)]),
    ("ij,ij->i", [(3, 1), (3, 4)]),
    ("ij,ij->", [(1, 1), (3, 4)]),
    ("ij,kj->ik", [(2, 1), (3, 4)]),
    ("ij,jk->ik", [(0, 3), (3, 4)]),
    ("ij,jk->ik", [(2, 0), (0, 4)]),
    ("ij,ij->ij", [(1, 0), (3, 1)]),
    ("ij,ik->jk", [(2, 3), (2, 1)]),
    ("ii,i->", [(1, 1), (3,)]),
]


def einsums(random: Random) -> Iterator[Sample]:
    for subscripts, shapes in EINSUMS:
        # PyTorch neither takes "->" of a scalar nor lower numbers of letters; NumPy is the reference for those
        yield Sample((subscripts, *(draw(random, shape, -2, 2) for shape in shapes)), exact=subscripts != "->")
    chain = tuple(draw(random, shape, -2, 2) for shape in ((2, 3), (3, 2), (2, 2)))
    yield Sample(("ij,jk,kl->il", *chain), {"optimize": True}, exact=False)
    yield Sample(("ij,jk,kl->il", *chain), {"optimize": ["einsum_path", (0, 1), (0, 1)]}, exact=False)


# ------------------------------------------------------------------------------------- microgradnp's own


def biased(random: Random) -> Iterator[Sample]:
    for shape in ((4, 3), (3,), (2, 4, 3), (0, 3), (2, 1)):
        yield Sample((draw(random, shape, -2, 2), draw(random, shape[-1:], -2, 2)))


def appended(random: Random) -> Iterator[Sample]:
    for shape in ((4, 3), (3,), (2, 4, 3), (0, 3), (2, 0)):
        yield Sample((draw(random, shape, -2, 2),))
    yield Sample((draw(random, (4, 3), -2, 2),), {"value": 0.5})
    yield Sample((draw(random, (4, 3), -2, 2), 2))


def along_axis(random: Random) -> Iterator[Sample]:
    for shape in ((4, 3), (3,), (2, 4, 3), (0, 3), (2, 1)):
        yield Sample((draw(random, shape, -2, 2),))
    for axis in (0, -2, 1):
        yield Sample((draw(random, (4, 3), -2, 2),), {"axis": axis})


def with_target(random: Random) -> Iterator[Sample]:
    for shape in ((4, 3), (3,), (), (2, 4, 3), (1, 1)):
        yield Sample((draw(random, shape, -2, 2), draw(random, shape, -2, 2)))


def called_with(*calls: tuple[Any, ...]) -> Callable[[Random], Iterator[Sample]]:
    """(shape, arguments after the array, options): one sample each."""

    def samples(random: Random) -> Iterator[Sample]:
        for shape, args, options in calls:
            yield Sample((draw(random, shape, -2, 2), *args), options)

    return samples


def spread(random: Random) -> Iterator[Sample]:
    """Variances: every axis, and both names of the number that the count is lessened by."""
    x = draw(random, (2, 3, 4), -2, 2)
    for axis in (None, 0, -1, (0, 2), (0, 1, 2)):
        yield Sample((x,), {"axis": axis})
        yield Sample((x,), {"axis": axis, "keepdims": True, "ddof": 1})
    yield Sample((x,), {"axis": 1, "correction": 0.5})
    yield Sample((x, 1))
    yield Sample((draw(random, (3,), -2, 2),))


def called_with_condition(random: Random) -> Iterator[Sample]:
    yield Sample(([True, False, True], draw(random, (3, 4), -2, 2)), {"axis": 0})
    yield Sample((np.array([False, True, True]), draw(random, (4,), -2, 2)))


def extracted(random: Random) -> Iterator[Sample]:
    yield Sample((np.array([[True, False], [True, True]]), draw(random, (2, 2), -2, 2)))


def weighted(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x,))
    yield Sample((x, 1))
    yield Sample((x, None, draw(random, (3, 4), 0.5, 2)))
    yield Sample((x, 0, draw(random, (3,), 0.5, 2)))
    yield Sample((x, -1, draw(random, (4,), 0.5, 2)), {"keepdims": True})


def along_indices(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x, np.argsort(x, axis=0), 0))
    yield Sample((x, np.array([[0, 1, 1]]), 1))
    yield Sample((x, np.array([0, 5, 5, 11]), None))
    yield Sample((x, np.array([0, 5, 5, -1]), None), exact=False)


def stacked_deep(random: Random) -> Iterator[Sample]:
    for shapes in (((2, 3), (2, 3)), ((3,), (3,)), ((2, 3, 1), (2, 3, 2)), ((2, 3), (2, 3, 2))):
        yield Sample(tuple(draw(random, shape, -2, 2) for shape in shapes))


def columns(random: Random) -> Iterator[Sample]:
    for shapes in (((3,), (3,)), ((3, 2), (3,)), ((3, 2), (3, 1))):
        yield Sample(tuple(draw(random, shape, -2, 2) for shape in shapes))


def appended_to(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (2,), -2, 2)))
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (1, 3), -2, 2), 0))
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (2, 2), -2, 2)), {"axis": 1})


def sorted_by(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2)
    for axis in (-1, 0, 1, None):
        yield Sample((x,), {"axis": axis})
    yield Sample((x,), {"stable": True})
    yield Sample((draw(random, (0, 3), -2, 2),), {"axis": 0})


def order_statistics(*levels: Any) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        x = draw(random, (2, 3, 4), -2, 2)
        for level in levels or (None,):
            first = () if level is None else (level,)
            for options in ({}, {"axis": 1}, {"axis": -1, "keepdims": True}):
                yield Sample((x, *first), options)
            yield Sample((x, *first), {"axis": (0, 2)}, exact=False)
            yield Sample((draw(random, (5,), -2, 2), *first))

    return samples


def norms(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2, 0.1)
    for order in (None, "fro", 1, -1, np.inf, -np.inf):
        yield Sample((x, order))
    for order in (None, 1, 2, 3, -1, 0.5, np.inf, -np.inf):
        yield Sample((x, order), {"axis": 1})
    yield Sample((x,), {"axis": (1, 0), "keepdims": True})
    yield Sample((x,), {"axis": 0, "keepdims": True})
    yield Sample((draw(random, (2, 3, 4), -2, 2, 0.1), 1), {"axis": (0, 2), "keepdims": True})
    yield Sample((draw(random, (2, 3, 4), -2, 2, 0.1),))
    yield Sample((draw(random, (3,), -2, 2, 0.1),))


def with_zeros(random: Random) -> Iterator[Sample]:
    """Products and running products, also where one entry or two are zero."""
    for zeros in ((), ((1, 2),), ((1, 2), (0, 2))):
        x = draw(random, (3, 4), 0.5, 2) * random.choice([-1.0, 1.0], (3, 4))
        for place in zeros:
            x[place] = 0
        for axis in (0, 1, -1):
            yield Sample((x,), {"axis": axis})
        yield Sample((x,))
    yield Sample((draw(random, (3,), 0.5, 2), 0))


def products_of(random: Random) -> Iterator[Sample]:
    yield from with_zeros(random)
    x = draw(random, (2, 3, 2), 0.5, 2)
    yield Sample((x,), {"axis": (0, 2), "keepdims": True})
    yield Sample((x,), {"axis": (), "keepdims": False})
    yield Sample((x,), {"keepdims": True})
    yield Sample((np.ones((0, 3)),), {"axis": 0})


def contractions(random: Random) -> Iterator[Sample]:
    for left, right, axes in (
        ((2, 3), (3, 2), 1),
        ((2, 3, 2), (3, 2, 4), 2),
        ((2,), (3,), 0),
        ((2, 3, 4), (4, 3), ([2, 1], [0, 1])),
    ):
        yield Sample((draw(random, left, -2, 2), draw(random, right, -2, 2), axes))
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (4, 3), -2, 2), (1, -1)))


def maybe_empty_target(random: Random) -> Iterator[Sample]:
    yield from with_target(random)
    yield Sample((np.ones((0, 3)), np.ones((0, 3))))


def classified(random: Random) -> Iterator[Sample]:
    logits = draw(random, (4, 3), -2, 2)
    probabilities = random.dirichlet([1, 1, 1], 4)
    for options in ({}, {"reduction": "sum"}, {"reduction": "mean"}):
        yield Sample((logits, np.array([0, 2, 1, 1])), options)
        yield Sample((logits, probabilities), options)
    yield Sample((logits, np.eye(3, dtype=int)[[0, 2, 1, 1]]), exact=False)
    yield Sample((logits[:1, :1], np.array([0])))
    yield Sample((logits[:0], np.array([], int), "sum"))


def of_tuple(name: str) -> Callable[..., Any]:
    """A torch function that takes a tuple of tensors, and `dim` where NumPy says `axis`."""

    def call(torch: Any, *parts: Any, axis: int = 0) -> Any:
        return getattr(torch, name)(parts, dim=axis)

    return call


def sum_torch(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else axis
    return x.clone() if axes == () else torch.sum(x, dim=axes, keepdim=keepdims)


def mean_torch(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else axis
    return x.clone() if axes == () else torch.mean(x, dim=axes, keepdim=keepdims)


def extreme_torch(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        axes = tuple(range(x.ndim)) if axis is None else axis
        return x.clone() if axes == () else getattr(torch, name)(x, dim=axes, keepdim=keepdims)

    return call


def dot_torch(torch: Any, a: Any, b: Any) -> Any:
    """`np.dot` in terms of tensordot: the last axis of `a` with the last but one of `b`."""
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return torch.tensordot(a, b, dims=([a.ndim - 1], [max(0, b.ndim - 2)]))


def transpose_torch(torch: Any, x: Any, axes: Any = None) -> Any:
    return x.permute(tuple(axes or range(x.ndim)[::-1]))


def squeeze_torch(torch: Any, x: Any, axis: Any = None) -> Any:
    return torch.squeeze(x) if axis is None else torch.squeeze(x, axis)


def cross_entropy_torch(torch: Any, logits: Any, target: Any, reduction: str = "mean") -> Any:
    return torch.nn.functional.cross_entropy(logits, target, reduction=reduction)


def set_at_torch(torch: Any, x: Any, index: Any, value: Any) -> Any:
    changed = x.clone()
    changed[index] = value
    return changed


def over(x: Any, axis: Any) -> tuple[int, ...]:
    """All axes for None, as PyTorch wants them."""
    return tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)


def moveaxis_torch(torch: Any, x: Any, source: Any, destination: Any) -> Any:
    return torch.moveaxis(x, *(tuple(a) if isinstance(a, list) else a for a in (source, destination)))


def append_torch(torch: Any, x: Any, values: Any, axis: Any = None) -> Any:
    return torch.cat([x.ravel(), values.ravel()]) if axis is None else torch.cat([x, values], axis)


def sort_torch(torch: Any, x: Any, axis: Any) -> Any:
    return torch.sort(x.ravel() if axis is None else x, -1 if axis is None else axis).values


def quantile_torch(fixed: float | None = None, percent: bool = False) -> Callable[..., Any]:
    def call(torch: Any, x: Any, level: Any = fixed, axis: Any = None, keepdims: bool = False) -> Any:
        levels = torch.as_tensor(np.asarray(level) / (100 if percent else 1), dtype=x.dtype)
        return torch.quantile(x, levels, dim=axis, keepdim=keepdims)

    return call


def norm_torch(torch: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.linalg.norm(x, ord, axis, keepdim=keepdims)


def average_torch(torch: Any, x: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Any:
    weights = torch.ones_like(x) if weights is None else weights
    if weights.shape != x.shape:
        weights = weights.reshape(-1, *(1,) * (x.ndim - axis % x.ndim - 1)).expand(x.shape)
    axes = over(x, axis)
    return (x * weights).sum(axes, keepdim=keepdims) / weights.sum(axes, keepdim=keepdims)


def spread_torch(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0, correction: float = 0) -> Any:
        squares = torch.square(torch.abs(x - x.mean(over(x, axis), keepdim=True))).sum(over(x, axis), keepdim=keepdims)
        count = np.prod([x.shape[k] for k in over(x, axis)])
        variance = squares / (count - ddof - correction)
        return variance if name == "var" else torch.sqrt(variance)

    return call


def prod_torch(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    for k in sorted({k % x.ndim for k in over(x, axis)}):
        x = torch.prod(x, dim=k, keepdim=True)
    kept = tuple(k for k in over(x, axis))
    return x if keepdims else x.reshape([n for k, n in enumerate(x.shape) if k not in {j % x.ndim for j in kept}])


def cumulative_torch(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, axis: int = 0, include_initial: bool = False) -> Any:
        y = getattr(torch, "cumsum" if name == "sum" else "cumprod")(x, axis)
        start = (torch.zeros_like if name == "sum" else torch.ones_like)(y.narrow(axis, 0, 1))
        return torch.cat([start, y], axis) if include_initial else y

    return call


def selected_torch(keep: Callable[..., Any]) -> Callable[..., Any]:
    """Entries along an axis, or of the flat array: `keep(n, *arguments)` says which of n."""

    def call(torch: Any, x: Any, *args: Any, axis: Any = None) -> Any:
        flat, along = (x.ravel(), 0) if axis is None else (x, axis)
        return flat.index_select(along, torch.as_tensor(keep(flat.shape[along], *args)))

    return call


def take_torch(torch: Any, x: Any, index: Any, axis: Any = None) -> Any:
    flat, along = (x.ravel(), 0) if axis is None else (x, axis)
    return flat[(slice(None),) * along + (torch.as_tensor(index),)]


def deleted_torch(torch: Any, x: Any, index: Any, axis: Any = None) -> Any:
    return selected_torch(lambda n: np.delete(np.arange(n), index))(torch, x, axis=axis)


def compressed_torch(torch: Any, condition: Any, x: Any, axis: Any = None) -> Any:
    return selected_torch(lambda n: np.flatnonzero(np.asarray(condition)))(torch, x, axis=axis)


def tile_torch(torch: Any, x: Any, reps: Any) -> Any:
    return torch.tile(x, (reps,) if isinstance(reps, int) else reps)


def running_torch(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, axis: Any = None) -> Any:
        return getattr(torch, name)(x.ravel() if axis is None else x, 0 if axis is None else axis)

    return call


def axes_torch(axes: Any) -> Any:
    return axes if isinstance(axes, int) else [[part] if isinstance(part, int) else part for part in axes]


COMPLEX = {"complex": True}

OPERATORS = [
    binary(np.add, **COMPLEX),
    binary(np.subtract, **COMPLEX),
    binary(np.multiply, **COMPLEX),
    binary(np.divide, away=0.4, **COMPLEX),
    Operator(np.power, powers, torch="pow"),
    Operator(np.float_power, powers, torch="float_power", narrow=False),
    Operator(np.remainder, halves, torch="remainder"),
    Operator(np.fmod, halves, torch="fmod"),
    unary(np.negative, **COMPLEX),
    unary(np.positive, **COMPLEX),
    unary(np.reciprocal, away=0.4, **COMPLEX),
    unary(np.square, **COMPLEX),
    unary(np.sqrt, 0.2, 3.0, **COMPLEX),
    unary(np.cbrt, away=0.3, torch=lambda torch, x: torch.sign(x) * torch.abs(x) ** (1 / 3)),
    Operator(np.ldexp, scaled_by_two, torch=lambda torch, x, n: x * torch.exp2(n.to(x.dtype))),
    unary(np.exp, **COMPLEX),
    unary(np.exp2, **COMPLEX),
    unary(np.expm1, **COMPLEX),
    unary(np.log, 0.2, 3.0, **COMPLEX),
    unary(np.log2, 0.2, 3.0, **COMPLEX),
    unary(np.log10, 0.2, 3.0, **COMPLEX),
    unary(np.log1p, -0.8, 3.0, **COMPLEX),
    binary(np.logaddexp),
    binary(np.logaddexp2),
    unary(np.sin, **COMPLEX),
    unary(np.cos, **COMPLEX),
    unary(np.tan, -1.2, 1.2, **COMPLEX),
    unary(np.arcsin, -0.9, 0.9, **COMPLEX),
    unary(np.arccos, -0.9, 0.9, **COMPLEX),
    unary(np.arctan, **COMPLEX),
    binary(np.arctan2, away=0.3),
    binary(np.hypot, away=0.3),
    unary(np.sinh, **COMPLEX),
    unary(np.cosh, **COMPLEX),
    unary(np.tanh, **COMPLEX),
    unary(np.arcsinh, **COMPLEX),
    unary(np.arccosh, 1.2, 3.0, **COMPLEX),
    unary(np.arctanh, -0.9, 0.9, **COMPLEX),
    unary(np.degrees, torch="rad2deg"),
    unary(np.rad2deg),
    unary(np.radians, torch="deg2rad"),
    unary(np.deg2rad),
    binary(np.maximum),
    binary(np.minimum),
    binary(np.fmax),
    binary(np.fmin),
    unary(np.absolute, away=0.2, torch="abs", **COMPLEX),
    unary(np.fabs, away=0.2, torch="abs"),
    unary(np.sign, away=0.2, torch="sgn", **COMPLEX),
    binary(np.copysign, away=0.2),
    Operator(np.heaviside, heavisides),  # PyTorch's has no derivative
    Operator(np.clip, clips, torch="clamp"),
    Operator(np.where, choices, torch="where", complex=True),
    unary(np.conjugate, torch="conj_physical", **COMPLEX),
    unary(np.real, torch=lambda torch, x: torch.real(x) if x.is_complex() else x.clone(), **COMPLEX),
    unary(np.imag, torch=lambda torch, x: torch.imag(x) if x.is_complex() else 0 * x, **COMPLEX),
    Operator(np.astype, casts, narrow=False),
    Operator(np.sum, reduced, torch=sum_torch, complex=True),
    Operator(np.mean, nonempty, torch=mean_torch, complex=True),
    Operator(np.max, nonempty, torch=extreme_torch("amax")),
    Operator(np.min, nonempty, torch=extreme_torch("amin")),
    Operator(np.reshape, reshapes, torch=lambda torch, x, shape, order="C": x.reshape(shape), complex=True),
    Operator(np.ravel, ravels, torch="ravel", complex=True),
    Operator(np.expand_dims, expansions, torch=lambda torch, x, axis: torch.unsqueeze(x, axis), complex=True),
    Operator(np.squeeze, squeezes, torch=squeeze_torch, complex=True),
    Operator(np.transpose, transposes, torch=transpose_torch, complex=True),
    Operator(np.swapaxes, swaps, torch=lambda torch, x, a, b: torch.swapaxes(x, a, b), complex=True),
    Operator(np.broadcast_to, broadcasts, torch="broadcast_to", complex=True),
    Operator(np.concatenate, joins, torch=of_tuple("cat"), complex=True),
    Operator(np.stack, stacks, torch=of_tuple("stack"), complex=True),
    Operator(np.vstack, stacked_by, torch=lambda torch, *parts: torch.vstack(parts), complex=True),
    Operator(np.hstack, stacked_by, torch=lambda torch, *parts: torch.hstack(parts), complex=True),
    Operator(operator.getitem, indices, torch=lambda torch, x, index: x[index], complex=True),
    Operator(scatter, scatters, complex=True),
    Operator(mg.set_at, assignments, torch=set_at_torch, complex=True),
    Operator(np.matmul, pairs_of(*MATMULS), torch="matmul", complex=True),
    Operator(np.dot, dots, torch=dot_torch, complex=True),
    Operator(np.einsum, einsums, torch="einsum", complex=True),
    Operator(mg.add_bias, biased, torch="add", complex=True),
    Operator(
        mg.append_bias_unit,
        appended,
        torch=lambda torch, h, value=-1.0: torch.cat([h, torch.full((*h.shape[:-1], 1), value, dtype=h.dtype)], dim=-1),
        complex=True,
    ),
    unary(mg.sigmoid, torch="sigmoid"),
    unary(mg.identity, torch="clone", **COMPLEX),
    unary(mg.relu, away=0.2, torch="relu"),
    Operator(mg.softmax, along_axis, torch=lambda torch, x, axis=-1: torch.softmax(x, axis)),
    Operator(mg.log_softmax, along_axis, torch=lambda torch, x, axis=-1: torch.log_softmax(x, axis)),
    Operator(
        mg.sse,
        maybe_empty_target,
        torch=lambda torch, p, t: torch.nn.functional.mse_loss(p, t, reduction="sum"),
        complex=True,
    ),
    Operator(mg.mse, with_target, torch=lambda torch, p, t: torch.nn.functional.mse_loss(p, t), complex=True),
    Operator(mg.cross_entropy, classified, torch=cross_entropy_torch),
    Operator(
        np.moveaxis, called_with(((2, 3, 4), (0, -1), {}), ((2, 3, 4), ([0, 1], [-1, 0]), {})), torch="moveaxis", complex=True
    ),
    Operator(np.matrix_transpose, called_with(((2, 3, 4), (), {}), ((2, 3), (), {})), torch=lambda torch, x: x.mT, complex=True),
    Operator(
        np.flip,
        called_with(((2, 3), (), {}), ((2, 3, 4), (), {"axis": 1}), ((2, 3, 4), ((0, -1),), {}), ((0, 2), (0,), {})),
        torch=lambda torch, x, axis=None: torch.flip(x, dims=over(x, axis)),
        complex=True,
    ),
    Operator(np.fliplr, called_with(((2, 3), (), {})), torch="fliplr", complex=True),
    Operator(np.flipud, called_with(((2, 3), (), {}), ((3,), (), {})), torch="flipud", complex=True),
    Operator(
        np.rot90,
        called_with(((2, 3), (), {}), ((2, 3), (3,), {}), ((2, 3, 4), (2, (2, 0)), {}), ((2, 3), (-1,), {})),
        torch=lambda torch, x, k=1, axes=(0, 1): torch.rot90(x, k, axes),
        complex=True,
    ),
    Operator(
        np.roll,
        called_with(((2, 3), (2,), {}), ((2, 3, 4), ((1, -1), (0, 2)), {}), ((2, 3), (5,), {"axis": 1}), ((0, 2), (1, 0), {})),
        torch=lambda torch, x, shift, axis=None: torch.roll(x, shift, axis),
        complex=True,
    ),
    Operator(
        np.tile,
        called_with(((2, 3), (2,), {}), ((2, 3), ((2, 1, 3),), {}), ((3,), ((2, 2),), {})),
        torch=tile_torch,
        complex=True,
    ),
    Operator(
        np.repeat,
        called_with(((2, 3), (2,), {}), ((3, 2), ([1, 0, 2],), {"axis": 0}), ((2, 3), (3, -1), {})),
        torch=lambda torch, x, n, axis=None: torch.repeat_interleave(x, torch.as_tensor(n), dim=axis),
        complex=True,
    ),
    Operator(
        np.take,
        called_with(((3, 4), ([0, 2, 2, -1],), {}), ((3, 4), ([[0, 2], [1, 1]],), {"axis": 1}), ((3, 4), (1, 0), {})),
        torch=take_torch,
        complex=True,
    ),
    Operator(np.take_along_axis, along_indices, torch=lambda torch, x, i, axis: torch.take_along_dim(x, i, axis), complex=True),
    Operator(np.compress, called_with_condition, torch=compressed_torch, complex=True),
    Operator(np.extract, extracted, torch=compressed_torch, complex=True),
    Operator(
        np.delete,
        called_with(((3, 4), ([1, 2], 1), {}), ((3, 4), (slice(0, 3),), {}), ((3, 4), (0,), {"axis": 0})),
        torch=deleted_torch,
        complex=True,
    ),
    Operator(np.tril, called_with(((3, 4), (), {}), ((2, 3, 3), (-1,), {}), ((4, 3), (1,), {})), torch="tril", complex=True),
    Operator(np.triu, called_with(((3, 4), (), {}), ((2, 3, 3), (-1,), {}), ((4, 3), (1,), {})), torch="triu", complex=True),
    Operator(
        np.diagonal,
        called_with(((3, 4), (), {}), ((2, 3, 4), (1, 0, 2), {}), ((3, 4), (-1,), {}), ((3, 4), (5,), {})),
        torch="diagonal",
        complex=True,
    ),
    Operator(
        np.diag,
        called_with(((4,), (), {}), ((3,), (2,), {}), ((3,), (-1,), {}), ((3, 4), (), {}), ((3, 4), (1,), {})),
        torch="diag",
        complex=True,
    ),
    Operator(
        np.diagflat,
        called_with(((2, 3), (), {}), ((3,), (-1,), {})),
        torch=lambda torch, x, k=0: torch.diagflat(x, k),
        complex=True,
    ),
    Operator(
        np.trace,
        called_with(((3, 4), (), {}), ((2, 3, 4), (1, 1, 2), {})),
        torch=lambda torch, x, *where: torch.diagonal(x, *where).sum(-1),
        complex=True,
    ),
    Operator(np.var, spread, torch=spread_torch("var"), complex=True),
    Operator(np.std, spread, torch=spread_torch("std")),
    Operator(
        np.ptp,
        nonempty,
        torch=lambda torch, *a, **k: extreme_torch("amax")(torch, *a, **k) - extreme_torch("amin")(torch, *a, **k),
    ),
    Operator(np.average, weighted, torch=average_torch, complex=True),
    Operator(
        np.diff,
        called_with(((3, 4), (), {}), ((3, 4), (2, 0), {}), ((4,), (), {"n": 0}), ((4,), (3,), {})),
        torch=lambda torch, x, n=1, axis=-1: torch.diff(x, n=n, dim=axis),
        complex=True,
    ),
    Operator(np.dstack, stacked_deep, torch=lambda torch, *parts: torch.dstack(parts), complex=True),
    Operator(np.column_stack, columns, torch=lambda torch, *parts: torch.column_stack(parts), complex=True),
    Operator(np.append, appended_to, torch=append_torch, complex=True),
    Operator(np.sort, sorted_by, torch=lambda torch, x, axis=-1, stable=None: sort_torch(torch, x, axis)),
    Operator(np.partition, called_with(((3, 4), (2,), {}), ((3, 4), (1, 0), {}), ((5,), ([1, 3],), {}))),  # PyTorch has none
    Operator(np.median, order_statistics(), torch=quantile_torch(0.5)),
    Operator(np.quantile, order_statistics(0.3, [0.1, 0.77], 0.0, 1.0), torch=quantile_torch()),
    Operator(np.percentile, order_statistics(30, [10.0, 77.0]), torch=quantile_torch(percent=True)),
    Operator(np.linalg.norm, norms, torch=norm_torch),
    Operator(np.sinc, called_with(((3, 2), (), {}), ((), (), {})), torch="sinc"),
    Operator(np.prod, products_of, torch=prod_torch, complex=True),
    Operator(np.cumsum, with_zeros, torch=running_torch("cumsum"), complex=True),
    Operator(np.cumprod, with_zeros, torch=running_torch("cumprod"), complex=True),
    Operator(
        np.cumulative_sum,
        called_with(((3,), (), {}), ((3, 4), (), {"axis": 1, "include_initial": True}), ((3, 4), (), {"axis": 0})),
        torch=cumulative_torch("sum"),
        complex=True,
    ),
    Operator(
        np.cumulative_prod,
        called_with(((3,), (), {}), ((3, 4), (), {"axis": 1, "include_initial": True}), ((3, 4), (), {"axis": 0})),
        torch=cumulative_torch("prod"),
        complex=True,
    ),
    Operator(
        np.vdot,
        pairs_of(((3,), (3,)), ((2, 3), (2, 3)), ((), ())),
        torch=lambda torch, a, b: torch.vdot(a.ravel(), b.ravel()),
        complex=True,
    ),
    Operator(np.inner, pairs_of(((3,), (3,)), ((2, 3), (4, 3)), ((2, 3), (3,)), ((), (3,))), torch="inner", complex=True),
    Operator(
        np.outer,
        pairs_of(((3,), (2,)), ((2, 2), (3,))),
        torch=lambda torch, a, b: torch.outer(a.ravel(), b.ravel()),
        complex=True,
    ),
    Operator(np.tensordot, contractions, torch=lambda torch, a, b, axes: torch.tensordot(a, b, axes_torch(axes)), complex=True),
    Operator(np.kron, pairs_of(((2, 2), (3, 2)), ((2,), (3,)), ((2,), (2, 2))), torch="kron", complex=True),
]

RECORDS = {record.function: record for record in OPERATORS}


def ours(function: Any) -> bool:
    """Whether a function is NumPy's or this package's own; tests and doctests register rules for theirs."""
    module = getattr(function, "__module__", "numpy")
    known = module.split(".")[0] in ("numpy", "microgradnp", "_operator")
    return known and getattr(sys.modules[module], function.__name__, None) is function


COVERED = {function for function, rule in TABLE.items() if ours(function) and (isinstance(rule, Composite) or not rule.constant)}


def cases() -> list[Any]:
    """(record, sample) for every call of every record, with a readable test id. The same numbers on every run."""
    import pytest

    found = []
    for record in OPERATORS:
        random = np.random.default_rng(20240229)
        found += [pytest.param(record, sample, id=f"{record.name}({sample!r})") for sample in record.samples(random)]
    return found
