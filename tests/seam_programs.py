"""Small programs on the seams between features: a function of NumPy inside of two of them, one around the other.

The value of each program is that of its function, or follows from it, so that differences of plain numbers judge the gradient.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import microgradnp as mg

Function = Callable[[Any], Any]  # of a (2, 3) array; returns a scalar


def bases(random: np.random.Generator) -> list[Function]:
    """Smooth functions with constants of their own."""
    w, m = random.uniform(0.5, 1.5, (2, 3)), random.normal(size=(3, 3))
    return [
        lambda x: np.sum(np.tanh(x @ m) * w),
        lambda x: mg.logsumexp(x * w) + np.mean(x**2 * w),
        lambda x: np.linalg.norm(x - 3.0) * np.sum(np.sin(x * w)),
        lambda x: np.sum(np.cumsum(x * w, axis=1) ** 2) / 7,
        lambda x: np.linalg.slogdet(x @ x.T + 2 * np.eye(2))[1] + np.sum(np.exp(x) * w),
        lambda x: np.sum(np.linalg.eigvalsh(x.T @ x + np.diag([1.0, 3.0, 6.0])) ** 2) / 50 + np.sum(x * w),
        lambda x: np.std(x * w) + np.sum(np.where(x > 0, x**3, x**2) * w),
        lambda x: np.prod(1 + x**2 / 5) * np.sum(np.einsum("ij,jk->ik", x, m)),
    ]


def in_thread(f: Function) -> Function:
    def program(x: Any) -> Any:
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(f(x)))
        thread.start()
        thread.join()
        return found[0]

    return program


def after_an_exception(f: Function) -> Function:
    def program(x: Any) -> Any:
        with contextlib.suppress(ValueError), mg.override(np.tanh, lambda g, y, a: 7 * g), mg.no_grad():
            f(x) + np.ones(3) @ np.ones(4)
        return f(x)

    return program


def beside_no_grad(f: Function) -> Function:
    def program(x: Any) -> Any:
        with mg.no_grad():
            f(x)
        return f(x)

    return program


def while_a_generator_waits(f: Function) -> Function:
    def waiting() -> Iterator[None]:
        with mg.no_grad():
            pass
        yield
        with mg.no_grad():
            yield

    def program(x: Any) -> Any:
        generator = waiting()
        next(generator)
        value = f(x)
        generator.close()
        return value

    return program


def with_inner_gradient(f: Function) -> Function:
    return lambda x: np.sum(mg.grad(f)(x) * np.arange(1.0, 7.0).reshape(2, 3)) / 5


def through_scalars(f: Function) -> Function:
    return lambda x: f(np.stack([np.stack([x[i, k] * np.ones(()) for k in range(3)]) for i in range(2)]))


def written_into_lists(f: Function) -> Function:
    def program(x: Any) -> Any:
        tree = {"rows": [x[0], None], "more": (x[1:],)}
        tree["rows"][1] = np.reshape(tree["more"][0], (3,))
        return f(np.stack(tree["rows"]))

    return program


def overridden(f: Function) -> Function:
    def program(x: Any) -> Any:
        with mg.override(np.tanh, lambda g, y, a: g * (1 - y**2)), mg.override(np.exp, lambda g, y, a: g * y):
            return f(x)

    return program


FEATURES: dict[str, Callable[[Function], Function]] = {
    "plain": lambda f: f,
    "inner gradient": with_inner_gradient,
    "compile": lambda f: lambda x, step=None: (step or mg.compile(f))(x)[0],
    "checkpoint": lambda f: mg.checkpoint(f),
    "override": overridden,
    "no_grad": beside_no_grad,
    "thread": in_thread,
    "copy": lambda f: lambda x: f(copy.copy(x) if isinstance(x, np.ndarray) else x.copy()),
    "view": lambda f: lambda x: f(np.reshape(np.swapaxes(x[::-1, ::-1], 0, 1)[::-1].T[::-1], (-1,)).reshape(2, 3)),
    "0-d": through_scalars,
    "empty": lambda f: lambda x: f(np.concatenate([x[:0], x, np.zeros((0, 3))])) + np.sum(x[:, :0]),
    "complex": lambda f: lambda x: f(np.real((x + 0.5j * x) * (1 - 0.5j)) / 1.25),
    "containers": written_into_lists,
    "generator": lambda f: lambda x: f(np.stack([2 * row for row in (x[k] / 2 for k in range(2))])),
    "waiting generator": while_a_generator_waits,
    "exception": after_an_exception,
    "vjp": lambda f: lambda x: f(x) + np.sum(mg.vjp(f, x)[1](1.0)[0]) * 0.1,
    "jvp": lambda f: lambda x: mg.jvp(f, (x,), (np.ones((2, 3)),))[1] + f(x),
}
PAIRS = list(itertools.product(FEATURES, FEATURES))


def made(outer: str, inner: str, seed: int) -> tuple[Function, Any]:
    """The program of a pair of features, and a point."""
    random = np.random.default_rng([seed, PAIRS.index((outer, inner))])
    functions = bases(random)
    f = functions[random.integers(len(functions))]
    return FEATURES[outer](FEATURES[inner](f)), random.uniform(-1, 1, (2, 3))


def error_of(f: Function, x: Any, random: np.random.Generator) -> float:
    """The relative difference between the gradient along a direction and central differences, at the better of two steps.

    Raises what the program raises when it is differentiated.
    """
    v = random.normal(size=x.shape)
    slope = float(np.sum(np.asarray(mg.grad(f)(x)) * v))

    def value(t: float) -> float:
        found = f(x + t * v)
        return float(found.detach() if isinstance(found, mg.Tensor) else found)

    differences = [(8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h) for h in (1e-3, 1e-4)]
    return min(abs(slope - d) / (abs(d) + abs(slope) + 1) for d in differences)
