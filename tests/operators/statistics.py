"""Records of `microgradnp/rules/statistics.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.rules.statistics import differences, transposed_differences
from operators.record import Operator, Random, Sample, Wrong, draw, over


def weighted(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x,))
    yield Sample((x, 1))
    yield Sample((x, None, draw(random, (3, 4), 0.5, 2)))
    yield Sample((x, 0, draw(random, (3,), 0.5, 2)))
    yield Sample((x, -1, draw(random, (4,), 0.5, 2)), {"keepdims": True})
    yield Sample((x, 0, draw(random, (3,), 0.5, 2)), {"returned": True}, exact=False)
    yield Sample(([1.0, 2.0, 4.0], None, draw(random, (3,), 0.5, 2)), exact=False)


def average_torch(torch: Any, x: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Any:
    weights = torch.ones_like(x) if weights is None else weights
    if weights.shape != x.shape:
        weights = weights.reshape(-1, *(1,) * (x.ndim - axis % x.ndim - 1)).expand(x.shape)
    axes = over(x, axis)
    return (x * weights).sum(axes, keepdim=keepdims) / weights.sum(axes, keepdim=keepdims)


def pairs_of_variables(random: Random) -> Iterator[Sample]:
    x, y = draw(random, (2, 5), -2, 2), draw(random, (3, 5), -2, 2)
    yield Sample((x,))
    yield Sample((x[0],))
    yield Sample((x, y))
    yield Sample((x.T, y.T), {"rowvar": False})
    yield Sample((draw(random, (4,), -2, 2), draw(random, (4,), -2, 2)))


def covariances(random: Random) -> Iterator[Sample]:
    yield from pairs_of_variables(random)
    x, weights = draw(random, (2, 5), -2, 2), draw(random, (5,), 0.5, 2)
    yield Sample((x,), {"bias": True}, exact=False)
    yield Sample((x,), {"ddof": 2}, exact=False)
    yield Sample((x,), {"fweights": [1, 2, 1, 3, 1]}, exact=False)
    yield Sample((x, None, True, False, None, None, weights))
    yield Sample((x, None, True, False, 0, [1, 2, 1, 3, 1], weights), exact=False)
    yield Sample((x,), {"dtype": np.float64}, exact=False)


def correlations(random: Random) -> Iterator[Sample]:
    x, y = draw(random, (2, 5), -2, 2), draw(random, (3, 5), -2, 2)
    yield Sample((x,), {"dtype": np.float64}, exact=False)
    yield Sample((x, y))
    yield Sample((x.T, y.T), {"rowvar": False}, exact=False)


def cov_torch(torch: Any, x: Any, y: Any = None, rowvar: bool = True, *rest: Any) -> Any:
    rows = [part if rowvar or part.ndim == 1 else part.T for part in (x, y) if part is not None]
    joined = torch.cat([torch.atleast_2d(part) for part in rows])
    return torch.cov(joined, aweights=rest[3] if len(rest) > 3 else None).squeeze()


def corrcoef_torch(torch: Any, x: Any, y: Any) -> Any:
    return torch.corrcoef(torch.cat([x, y]))


def differenced(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x,))
    yield Sample((x, 2, 0))
    yield Sample((x,), {"n": 0})
    yield Sample((x[0], 3))
    yield Sample((x, 1, -1, draw(random, (3, 2), -2, 2), draw(random, (3, 1), -2, 2)))
    yield Sample((x, 2, 0, 0.5, draw(random, (), -2, 2)), exact=False)
    yield Sample((x,), {"append": 1.5}, exact=False)


def diff_torch(torch: Any, x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    return torch.diff(x, n=n, dim=axis, prepend=prepend, append=append)


def flat_differences(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (2, 3), -2, 2),))
    yield Sample((draw(random, (4,), -2, 2), draw(random, (2,), -2, 2), draw(random, (), -2, 2)))
    yield Sample((draw(random, (4,), -2, 2),), {"to_begin": 1.5}, exact=False)


def ediff1d_torch(torch: Any, x: Any, end: Any = None, begin: Any = None) -> Any:
    return torch.cat([part.ravel() for part in (begin, torch.diff(x.ravel()), end) if part is not None])


def areas(random: Random) -> Iterator[Sample]:
    y, x = draw(random, (3, 4), -2, 2), np.cumsum(draw(random, (3, 4), 0.2, 1), axis=1)
    yield Sample((y,))
    yield Sample((y, x[0]))
    yield Sample((y, x))
    yield Sample((y, None, 0.5), {"axis": 0})
    yield Sample((y, x[:, 0]), {"axis": 0}, exact=False)
    yield Sample(([1.0, 2.0, 4.0], x[0, :3]), exact=False)


def trapezoid_torch(torch: Any, y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    return torch.trapezoid(y, dx=dx, dim=axis) if x is None else torch.trapezoid(y, x, dim=axis)


def slopes(random: Random) -> Iterator[Sample]:
    f, x = draw(random, (4, 3), -2, 2), np.cumsum(draw(random, (4,), 0.3, 1))
    yield Sample((f,))
    yield Sample((f, 0.5))
    yield Sample((f, x), {"axis": 0})
    yield Sample((f, x), {"axis": 0, "edge_order": 2})
    yield Sample((f, 0.5, 0.25), {"edge_order": 2})
    yield Sample((f, np.array([0.0, 0.5, 1.0, 1.5]), 2.0), {"axis": (0, 1)}, exact=False)
    yield Sample((draw(random, (2,), -2, 2), draw(random, (), 0.5, 1)), exact=False)


def gradient_torch(torch: Any, f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    axes = tuple(range(f.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    given = tuple(spacing[0] for _ in axes) if len(spacing) == 1 else spacing or tuple(1.0 for _ in axes)
    given = tuple(part if isinstance(part, torch.Tensor) else float(part) for part in given)
    slopes = torch.gradient(f, spacing=given, dim=axes, edge_order=edge_order)
    return slopes[0] if len(slopes) == 1 else slopes


def steps(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (3, 4), -2, 2), 1, 1))
    yield Sample((draw(random, (4, 2), -2, 2), 2, 0))


OPERATORS = [
    Operator(differences, steps, complex=True),
    Operator(transposed_differences, steps, complex=True),
    Operator(
        np.average,
        weighted,
        torch=average_torch,
        complex=True,
        wrong=(
            Wrong((np.ones(3), 0, np.ones(2)), "weights of shape .2,. fit neither a .3,. nor its axis 0"),
            Wrong((np.ones(2), 0, np.array([1.0, -1.0])), "sum to zero", error=ZeroDivisionError),
        ),
    ),
    Operator(np.cov, covariances, torch=cov_torch, narrow=False),
    Operator(np.corrcoef, correlations, torch=corrcoef_torch, narrow=False),
    Operator(
        np.diff, differenced, torch=diff_torch, complex=True, wrong=(Wrong((np.ones(3), -1), "negative", error=ValueError),)
    ),
    Operator(np.ediff1d, flat_differences, torch=ediff1d_torch),
    Operator(np.trapezoid, areas, torch=trapezoid_torch, complex=True),
    Operator(
        np.gradient,
        slopes,
        torch=gradient_torch,
        wrong=(
            Wrong((np.ones((3, 3)), 1.0, 2.0, 3.0), "3 spacings for 2 axes"),
            Wrong((np.ones(2),), "edge_order=2 needs 3", {"edge_order": 2}, ValueError),
            Wrong((np.ones(3),), "must be 1 or 2", {"edge_order": 3}, ValueError),
        ),
    ),
]
