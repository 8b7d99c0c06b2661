"""Records of `microgradnp/rules/reductions.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.rules.reductions import placed, product_of_others
from operators.record import Operator, Random, Sample, draw, extreme_torch, nonempty, over, reduced

MASK = np.array([[[True], [False], [True]], [[True], [True], [False]]])  # broadcasts to (2, 3, 4)


def masked(random: Random, **more: Any) -> Iterator[Sample]:
    """Some entries do not count. In one lane along the first axis none counts, so the result is `initial`."""
    x = draw(random, (2, 3, 4), 0.5, 2)
    for axis in (None, 1, (0, 2)):
        yield Sample((x,), {"axis": axis, "where": MASK, **more}, exact=False)
    yield Sample((x,), {"axis": 1, "where": MASK, "keepdims": True, **more}, exact=False)


def sums(random: Random) -> Iterator[Sample]:
    yield from reduced(random)
    yield from masked(random)
    yield from masked(random, initial=1.5)
    yield Sample((draw(random, (3,), -2, 2),), {"dtype": complex}, exact=False)


def means(random: Random) -> Iterator[Sample]:
    yield from nonempty(random)
    yield from masked(random)
    yield Sample((draw(random, (3,), -2, 2),), {"dtype": complex}, exact=False)


def extremes(random: Random) -> Iterator[Sample]:
    yield from nonempty(random)
    yield from masked(random, initial=1.2)


def products(random: Random) -> Iterator[Sample]:
    for zeros in ((), ((1, 2),), ((1, 2), (0, 2))):
        x = draw(random, (3, 4), 0.5, 2) * random.choice([-1.0, 1.0], (3, 4))
        for place in zeros:
            x[place] = 0
        for axis in (0, 1, None):
            yield Sample((x,), {"axis": axis})
    x = draw(random, (2, 3, 2), 0.5, 2)
    yield Sample((x,), {"axis": (0, 2), "keepdims": True})
    yield Sample((x,), {"axis": (), "keepdims": False})
    yield Sample((x, -1))
    yield Sample((np.ones((0, 3)),), {"axis": 0})
    yield Sample((draw(random, (3,), 0.5, 2),), {"dtype": complex}, exact=False)
    yield from masked(random)
    yield from masked(random, initial=1.5)
    zero = draw(random, (2, 3, 4), 0.5, 2)
    zero[0, 0, 1] = zero[1, 2, 0] = 0
    yield Sample((zero,), {"axis": 1, "where": MASK, "initial": 2.0}, exact=False)


def variances(random: Random) -> Iterator[Sample]:
    """Every axis, and both names for the degrees of freedom."""
    x = draw(random, (2, 3, 4), -2, 2)
    for axis in (None, 0, (0, 2)):
        yield Sample((x,), {"axis": axis})
        yield Sample((x,), {"axis": axis, "keepdims": True, "ddof": 1})
    yield Sample((x,), {"axis": 1, "correction": 0.5})
    yield Sample((x, 1))
    yield Sample((x,), {"axis": 1, "where": MASK}, exact=False)
    yield Sample((x,), {"where": MASK, "ddof": 1}, exact=False)
    yield Sample((x,), {"axis": 1, "mean": np.full((2, 1, 4), 0.3)}, exact=False)
    yield Sample((draw(random, (3,), -2, 2),), {"dtype": np.float64}, exact=False)


def counts(random: Random) -> Iterator[Sample]:
    yield Sample((np.array([0, 2, 2, 1]), draw(random, (4,), -2, 2)))
    yield Sample((np.array([0, 2, 2, 1]), draw(random, (4,), -2, 2)), {"minlength": 5})


def sum_torch(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else axis
    return x.clone() if axes == () else torch.sum(x, dim=axes, keepdim=keepdims)


def mean_torch(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else axis
    return x.clone() if axes == () else torch.mean(x, dim=axes, keepdim=keepdims)


def prod_torch(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    for k in sorted({k % x.ndim for k in over(x, axis)}):
        x = torch.prod(x, dim=k, keepdim=True)
    kept = tuple(k for k in over(x, axis))
    return x if keepdims else x.reshape([n for k, n in enumerate(x.shape) if k not in {j % x.ndim for j in kept}])


def spread_torch(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0, correction: float = 0) -> Any:
        squares = torch.square(torch.abs(x - x.mean(over(x, axis), keepdim=True))).sum(over(x, axis), keepdim=keepdims)
        count = np.prod([x.shape[k] for k in over(x, axis)])
        variance = squares / (count - ddof - correction)
        return variance if name == "var" else torch.sqrt(variance)

    return call


def factors(random: Random) -> Iterator[Sample]:
    for shape in ((3, 2), (1,), (19,), (17, 2)):
        yield Sample((draw(random, shape, 0.7, 1.3),))
    for zeros in (1, 2):
        x = draw(random, (10,), 0.7, 1.3)
        x[[2, 7][:zeros]] = 0
        yield Sample((x,))


def entries(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (3,), -2, 2), np.array([0, 5, 2]), (2, 3)))


OPERATORS = [
    Operator(product_of_others, factors, complex=True),
    Operator(placed, entries, complex=True),
    Operator(np.sum, sums, torch=sum_torch, complex=True),
    Operator(np.mean, means, torch=mean_torch, complex=True),
    Operator(np.prod, products, torch=prod_torch, complex=True),
    Operator(np.max, extremes, torch=extreme_torch("amax")),
    Operator(np.min, extremes, torch=extreme_torch("amin")),
    Operator(np.var, variances, torch=spread_torch("var")),
    Operator(np.std, variances, torch=spread_torch("std")),
    Operator(
        np.ptp,
        nonempty,
        torch=lambda torch, *a, **k: extreme_torch("amax")(torch, *a, **k) - extreme_torch("amin")(torch, *a, **k),
    ),
    Operator(
        np.bincount,
        counts,
        torch=lambda torch, x, weights, minlength=0: torch.zeros(max(3, minlength), dtype=weights.dtype).index_add(0, x, weights),
        narrow=False,
    ),
]
if np.amax is not np.max:  # different functions in newer releases
    OPERATORS += [
        Operator(np.amax, extremes, torch=extreme_torch("amax")),
        Operator(np.amin, extremes, torch=extreme_torch("amin")),
    ]
