"""Random graphs of operators, as functions of plain arrays: the same text runs on ndarrays, on Tensors and on complex numbers.

A graph is a list of steps; each takes earlier values and makes a new one. Arguments are wrapped smoothly into the domain of an
operator, and operators that are not analytic are left out of the graphs that the complex step is to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Value = Any
SIZES = (1, 2, 3)


def bounded(x: Value) -> Value:
    """Into (-1, 1)."""
    return np.tanh(x)


def positive(x: Value) -> Value:
    """Into (0.5, 2.5)."""
    return 1.5 + np.tanh(x)


def square(x: Value) -> Value:
    """A well-conditioned square matrix from any array."""
    flat = np.ravel(x)
    n = 2
    picked = np.concatenate([flat, flat, flat, flat])[: n * n]
    return np.reshape(bounded(picked), (n, n)) * 0.5 + 2 * np.eye(n)


def symmetric(x: Value) -> Value:
    a = square(x)
    return (a + np.swapaxes(a, -1, -2)) / 2 + np.diag([0.0, 1.0])


@dataclass(frozen=True)
class Kind:
    """One operator: how it is applied to earlier values."""

    name: str
    arity: int
    apply: Callable[..., Value]
    analytic: bool = True


def unary(name: str, f: Callable[..., Value], wrap: Callable[..., Value] = bounded, analytic: bool = True) -> Kind:
    return Kind(name, 1, lambda r, x: f(wrap(x)), analytic)


def axis_of(r: np.random.Generator, x: Value) -> int | None:
    return None if np.ndim(x) == 0 or r.random() < 0.3 else int(r.integers(-np.ndim(x), np.ndim(x)))


def reduction(name: str, f: Callable[..., Value], wrap: Callable[..., Value] = bounded, analytic: bool = True) -> Kind:
    return Kind(name, 1, lambda r, x: f(wrap(x), axis=axis_of(r, x), keepdims=bool(r.random() < 0.5)), analytic)


def binary(name: str, f: Callable[..., Value], right: Callable[..., Value] = bounded, analytic: bool = True) -> Kind:
    def apply(r: np.random.Generator, a: Value, b: Value) -> Value:
        a, b = bounded(a), right(b)
        try:
            np.broadcast_shapes(np.shape(a), np.shape(b))
        except ValueError:
            b = np.sum(b)
        return f(a, b)

    return Kind(name, 2, apply, analytic)


def at_least_1d(x: Value) -> Value:
    return np.reshape(x, (1,)) if np.ndim(x) == 0 else x


def along(name: str, f: Callable[..., Value], wrap: Callable[..., Value] = bounded, analytic: bool = True) -> Kind:
    """A function that needs an axis."""

    def apply(r: np.random.Generator, x: Value) -> Value:
        x = at_least_1d(wrap(x))
        return f(x, int(r.integers(-np.ndim(x), np.ndim(x))))

    return Kind(name, 1, apply, analytic)


def matrix_product(r: np.random.Generator, a: Value, b: Value) -> Value:
    a, b = at_least_1d(bounded(a)), at_least_1d(bounded(b))
    rows, columns = np.reshape(a, (-1, a.shape[-1])), np.reshape(b, (b.shape[0], -1))
    n = min(rows.shape[1], columns.shape[0])
    return rows[:, :n] @ columns[:n]


def picked(r: np.random.Generator, x: Value) -> Value:
    x = at_least_1d(x)
    return x[r.integers(-x.shape[0], x.shape[0], int(r.integers(1, 4)))]


def sliced(r: np.random.Generator, x: Value) -> Value:
    x = at_least_1d(x)
    return x[..., :: int(r.choice([-1, 1]))]


def joined(r: np.random.Generator, a: Value, b: Value) -> Value:
    return np.concatenate([np.ravel(a), np.ravel(b)])


def masked(r: np.random.Generator, a: Value, b: Value) -> Value:
    a = np.ravel(a)
    return np.where(r.random(np.size(a)) < 0.5, a, np.sum(bounded(b)))


def small(x: Value) -> Value:
    """Not more entries, and no larger ones, than the oracles can judge: sin(1e8) has no slope that differences would find."""
    return np.arcsinh(np.ravel(x)[:12] if np.size(x) > 12 else x)


KINDS = [
    *(unary(f.__name__, f) for f in (np.sin, np.cos, np.tan, np.exp, np.sinh, np.cosh, np.square, np.negative)),
    *(unary(f.__name__, f) for f in (np.expm1, np.arctan, np.arcsinh, np.exp2, np.positive)),
    unary("tanh", np.tanh, lambda x: x),
    *(unary(f.__name__, f, positive) for f in (np.log, np.sqrt, np.log2, np.log10, np.log1p, np.reciprocal)),
    unary("arccosh", np.arccosh, lambda x: positive(x) + 1),
    *(unary(f.__name__, f, lambda x: 0.5 * bounded(x)) for f in (np.arcsin, np.arccos, np.arctanh)),
    unary("power", lambda x: x**1.7, positive),
    unary("sinc", np.sinc),
    unary("cbrt", np.cbrt, positive, False),
    unary("absolute", np.absolute, positive, False),
    unary("sort", lambda x: np.sort(np.ravel(x)), bounded, False),
    unary("median", np.median, bounded, False),
    unary("norm", np.linalg.norm, positive, False),
    binary("add", np.add),
    binary("subtract", np.subtract),
    binary("multiply", np.multiply),
    binary("divide", np.divide, positive),
    binary("logaddexp", np.logaddexp, analytic=False),
    binary("hypot", np.hypot, positive, False),
    binary("arctan2", np.arctan2, positive, False),
    binary("maximum", np.maximum, analytic=False),
    binary("minimum", np.minimum, analytic=False),
    reduction("sum", np.sum),
    reduction("mean", np.mean),
    reduction("prod", np.prod, positive),
    reduction("var", np.var, analytic=False),
    reduction("max", np.max, analytic=False),
    along("cumsum", lambda x, axis: np.cumsum(x, axis=axis)),
    along("cumprod", lambda x, axis: np.cumprod(x, axis=axis), positive),
    along("flip", np.flip),
    along("roll", lambda x, axis: np.roll(x, 1, axis)),
    along("repeat", lambda x, axis: np.repeat(x, 2, axis)),
    along("fft", lambda x, axis: np.real(np.fft.fft(x, axis=axis)), analytic=False),
    Kind("diff", 1, lambda r, x: np.diff(np.concatenate([np.ravel(x), np.ravel(x) * 2]))),
    Kind("matmul", 2, matrix_product),
    Kind("outer", 2, lambda r, a, b: np.outer(a, b)),
    Kind("dot", 2, lambda r, a, b: np.dot(np.ravel(bounded(a)), np.ravel(bounded(a)) + np.sum(b))),
    Kind("einsum", 2, lambda r, a, b: np.einsum("i,j->ji", np.ravel(bounded(a)), np.ravel(bounded(b)))),
    Kind("convolve", 2, lambda r, a, b: np.convolve(np.ravel(bounded(a)), np.ravel(bounded(b)))),
    Kind("getitem", 1, picked),
    Kind("slice", 1, sliced),
    Kind("concatenate", 2, joined),
    Kind("where", 2, masked),
    Kind("transpose", 1, lambda r, x: np.transpose(x)),
    Kind("ravel", 1, lambda r, x: np.ravel(x)),
    Kind("tril", 1, lambda r, x: np.tril(square(x))),
    Kind("pad", 1, lambda r, x: np.pad(at_least_1d(x), 1, mode=str(r.choice(["edge", "wrap", "constant"])))),
    Kind("inv", 1, lambda r, x: np.linalg.inv(square(x))),
    Kind("det", 1, lambda r, x: np.linalg.det(square(x))),
    Kind("solve", 2, lambda r, a, b: np.linalg.solve(square(a), square(b))),
    Kind("slogdet", 1, lambda r, x: np.linalg.slogdet(square(x))[1], False),
    Kind("cholesky", 1, lambda r, x: np.linalg.cholesky(symmetric(x)), False),
    Kind("eigvalsh", 1, lambda r, x: np.linalg.eigvalsh(symmetric(x)), False),
]  # fmt: skip


@dataclass
class Graph:
    """Which operator takes which values; `seed` decides the choices inside of an operator, the same at each call."""

    seed: int
    inputs: list[np.ndarray]
    steps: list[tuple[Kind, tuple[int, ...]]] = field(default_factory=list)

    def __call__(self, *inputs: Value) -> Value:
        values = list(inputs)
        for k, (kind, sources) in enumerate(self.steps):
            values.append(small(kind.apply(np.random.default_rng((self.seed, k)), *(values[s] for s in sources))))
        used = {s for _, sources in self.steps for s in sources}
        ends = [value for k, value in enumerate(values) if k >= len(inputs) and k not in used] or values[-1:]
        return sum((np.sum(np.sin(end)) for end in ends), start=0.0)

    def __repr__(self) -> str:
        names = ", ".join(f"{kind.name}{sources}" for kind, sources in self.steps)
        return f"Graph(seed={self.seed}, inputs={[x.shape for x in self.inputs]}, steps=[{names}])"


def random_graph(seed: int, *, analytic: bool, largest: int = 30) -> Graph:
    """1 to `largest` operators over one to three inputs; the same for the same seed."""
    r = np.random.default_rng(seed)
    kinds = [kind for kind in KINDS if kind.analytic or not analytic]
    shapes = [tuple(int(n) for n in r.choice(SIZES, int(r.integers(0, 3)))) for _ in range(int(r.integers(1, 4)))]
    graph = Graph(seed, [r.uniform(-1, 1, shape) for shape in shapes])
    for k in range(int(r.integers(1, largest + 1))):
        kind = kinds[int(r.integers(len(kinds)))]
        available = len(shapes) + k
        recent = [int(max(0, available - 1 - r.geometric(0.4))) if r.random() < 0.7 else int(r.integers(available)) for _ in "ab"]
        graph.steps.append((kind, tuple(recent[: kind.arity])))
    return graph
