"""Records, one for each operator: calls in its domain, with every option and shape that its rule supports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.core.table import TABLE, Rule

Random = np.random.Generator
# Older releases have keywords that are gone by now, and mistakes that are fixed by now.
RECENT = np.lib.NumpyVersion(np.__version__) >= "2.3.0"


@dataclass
class Sample:
    """One call: function(*args, **options). Arguments that are float arrays are differentiated."""

    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    exact: bool = True  # whether the result is compared with PyTorch

    def __repr__(self) -> str:
        shown = [str(np.shape(a)) if isinstance(a, (np.ndarray, np.generic)) else repr(a) for a in self.args]
        return ", ".join([*shown, *(f"{k}={v!r}" for k, v in self.options.items())])


@dataclass
class Wrong:
    """A call that must raise `error` with a matching message. The first argument is made a Tensor."""

    args: tuple[Any, ...]
    message: str
    options: dict[str, Any] = field(default_factory=dict)
    error: type[Exception] = TypeError


@dataclass
class Operator:
    """One function: how to draw its arguments, and what is known about it."""

    function: Callable[..., Any]
    samples: Callable[[Random], Iterator[Sample]]
    complex: bool = False  # whether it is also called with complex arguments
    narrow: bool = True  # whether NumPy keeps float32
    torch: str | Callable[..., Any] | None = None  # name in `torch`, or a function (torch, *args, **options)
    sequence: bool = False  # whether the arguments are passed as one list
    calls: Callable[..., Any] | None = None  # how the arguments are passed, when neither one by one nor as one list
    prepare: Callable[[Any], Any] | None = None  # changes the first argument inside the call: makes it symmetric, say
    part: Callable[[Any], Any] | None = None  # the part of the result that is compared; without it, all arrays, concatenated
    wrong: tuple[Wrong, ...] = ()  # calls that are refused

    @property
    def name(self) -> str:
        return TABLE[self.function].name if self.function in TABLE else self.function.__name__

    @property
    def takes_list(self) -> bool:
        rule = TABLE.get(self.function)
        return self.sequence or (isinstance(rule, Rule) and rule.sequence)

    def call(self, *args: Any, **options: Any) -> Any:
        if self.prepare:
            args = (self.prepare(args[0]), *args[1:])
        if self.calls:
            result = self.calls(*args, **options)
        else:
            result = self.function(list(args), **options) if self.takes_list else self.function(*args, **options)
        if self.part is not None:
            return self.part(result)
        return np.concatenate([np.ravel(part) for part in result]) if isinstance(result, (tuple, list)) else result


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
    """Uniform numbers at a distance of at least `away` from 0."""
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
    """Both arguments from [low, high], or the second from its own interval. Some calls have a Python number or a list."""
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


def pairs_of(*shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        for left, right in shapes:
            yield Sample((draw(random, left, -2, 2), draw(random, right, -2, 2)))

    return samples


def called_with(*calls: tuple[Any, ...]) -> Callable[[Random], Iterator[Sample]]:
    """One sample for each (shape, arguments after the array, options)."""

    def samples(random: Random) -> Iterator[Sample]:
        for shape, args, options in calls:
            yield Sample((draw(random, shape, -2, 2), *args), options)

    return samples


def extreme_torch(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        axes = tuple(range(x.ndim)) if axis is None else axis
        return x.clone() if axes == () else getattr(torch, name)(x, dim=axes, keepdim=keepdims)

    return call


def over(x: Any, axis: Any) -> tuple[int, ...]:
    """The axes as a tuple, as PyTorch wants them. None stands for all."""
    return tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)


COMPLEX = {"complex": True}
