"""Is a gradient right? `check_grads` compares rules with numerical derivatives, along random directions, at any order.

Nothing here has a fixed tolerance: what may differ is the oracle's own error, the rounding of the dtype, and what the gradient
itself moves when its arguments are rounded.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microgradnp.checking.oracles import EPS, FIRST_STEP, Arrays, Comparison, Function, Mistake, moved, norm, scale
from microgradnp.core.errors import GradientMismatch
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import gradients
from microgradnp.derivatives.variables import recorded


def check_grads(
    f: Callable[..., Any], args: Any, order: int = 2, argnums: int | Sequence[int] | None = None, *, seed: int = 0
) -> None:
    """Compare the gradients of `f` with numerical derivatives; return None when they agree.

    The gradient of sum(w * f(*args)) with fixed random weights w is compared along random directions, at order 2 the gradient
    of its own random projection through the recorded backward pass, and so on. Only when a direction disagrees, the entries
    are gone through one by one, to name the worst.

    Parameters
    ----------
    f : callable
        Maps arrays, ndarrays as well as Tensors, to one array of any shape.
    args : tuple of arrays
        The point. Integers, booleans and what is not an array are passed on, not differentiated. With float32 or float16
        arguments the rules are checked in float64, then the narrow gradients against the wide ones, and nothing may widen.
        Complex arguments: real and imaginary parts are moved; the gradient is dL/dRe + i dL/dIm.
    order : int
        Highest derivative to check, 1 or more.
    argnums : int or sequence of int, optional
        Arguments to differentiate with respect to. Default: all of floating-point or complex type.
    seed : int
        Of the weights and directions.

    Raises
    ------
    GradientMismatch
        Naming the argument, the entry, both values, the digits that agree, and whether a kink is the likely cause.
    ValueError, TypeError
        If there is nothing to differentiate, order is not positive, or f is not finite at the point.

    >>> import numpy as np
    >>> check_grads(lambda x: np.exp(-(x**2)), (np.array([0.5, -1.0]),))
    """
    if order < 1:
        raise ValueError(f"check_grads: order={order}; 1 checks the gradient, 2 also the gradient of the gradient")
    given = [a.numpy() if isinstance(a, Tensor) else a for a in (args if isinstance(args, (tuple, list)) else (args,))]
    chosen = differentiable(given, argnums)
    narrow = [np.array(given[k]) for k in chosen]
    problem = Problem(f, given, chosen, np.random.default_rng(seed))
    wide = [a.astype(complex if a.dtype.kind == "c" else float) for a in narrow]
    with np.errstate(all="ignore"), recorded():
        for level in range(1, order + 1):
            problem.check(level, wide)
            if any(a.dtype != b.dtype for a, b in zip(narrow, wide, strict=True)):
                problem.check_narrow(level, narrow, wide)


def differentiable(args: list[Any], argnums: int | Sequence[int] | None) -> list[int]:
    """Positions of the arguments to differentiate with respect to."""
    floating = [
        k
        for k, a in enumerate(args)
        if isinstance(a, (np.ndarray, np.generic, float, complex)) and np.asarray(a).dtype.kind in "fc"
    ]
    wanted = floating if argnums is None else [argnums] if isinstance(argnums, int) else list(argnums)
    for k in wanted:
        if k not in floating:
            kind = getattr(args[k], "dtype", type(args[k]).__name__) if 0 <= k < len(args) else "missing"
            raise TypeError(f"check_grads: argument {k} is {kind}; only floating-point and complex arrays can be differentiated")
    if not wanted:
        raise ValueError("check_grads: no argument is a floating-point or complex array, so there is nothing to check")
    return wanted


class Problem:
    """One function at one point, as the sequence of functions f, its projected gradient, that one's projected gradient..."""

    def __init__(self, f: Callable[..., Any], args: list[Any], chosen: list[int], random: np.random.Generator) -> None:
        self.f = f
        self.args = args
        self.chosen = chosen
        self.random = random
        self.weights: list[Arrays] = []  # of the outputs of each level, drawn when first seen

    def call(self, x: Sequence[Any]) -> Any:
        args = list(self.args)
        for k, value in zip(self.chosen, x, strict=True):
            args[k] = value
        return self.f(*args)

    def level(self, number: int, x: Arrays, *, record: bool = False) -> tuple[list[Tensor], list[Any]]:
        """The arguments as Tensors, and the outputs of level `number`: 0 is f, 1 its projected gradient, and so on."""
        inputs = [Tensor(a, requires_grad=True) for a in x]
        result = self.call(inputs)
        outputs: list[Any] = [result if isinstance(result, Tensor) else Tensor(result)]
        for below in range(number):
            keep = record or below < number - 1
            outputs = projected_gradient(outputs, inputs, self.weights[below], record=keep)
        return inputs, outputs

    def plain(self, number: int) -> Function:
        """Level `number` as a function of plain arrays to plain arrays: f itself at level 0, the ordinary sweep above."""
        if number == 0:
            return lambda x: [np.asarray(self.call(x))]
        return lambda x: [np.asarray(y) for y in self.level(number, x)[1]]

    def check(self, order: int, x: Arrays) -> None:
        """Compare the gradient of level `order - 1` with the oracles. Raises GradientMismatch."""
        f = self.plain(order - 1)
        values = f(x)
        if len(self.weights) < order:
            self.weights.append([self.draw(y) for y in values])
        if not all(np.all(np.isfinite(y)) for y in values):
            raise ValueError(
                f"check_grads: {self.level_name(order - 1)} is not finite at this point, so its gradient means nothing"
            )
        self.check_same(order - 1, [y.numpy() for y in self.level(order - 1, x, record=True)[1]], values)
        gradient = self.plain(order)(x)
        shaken = [self.plain(order)([a * (1 + 4 * EPS * self.draw(a).real) for a in x]) for _ in range(3)]
        comparison = Comparison(
            f, x, self.weights[order - 1], gradient, shaken, order == 1, lambda v: self.natural(order - 1, x, v)
        )
        for k in range(len(x)):
            for v in comparison.directions(k, self.draw(x[k])):
                if comparison.disagreement(v)[1] > 1:
                    raise GradientMismatch(self.message(order, comparison.worst_entry(k, v)))

    def natural(self, level: int, x: Arrays, v: Arrays) -> float:
        """The size of what `v` moves in the projected level, were that nothing but f divided by x `level` times.

        Where the true derivative is 0, terms of this size cancelled, and rounding left some of them.
        """
        here, there = self.plain(0)(x), self.plain(0)(moved(x, v, FIRST_STEP))
        still = not any(np.any(a != b) for a, b in zip(here, there, strict=True))
        size = norm(w * a * (still | (a != b)) for w, a, b in zip(self.weights[0], here, there, strict=True))
        for weights in self.weights[1 : level + 1]:
            size *= norm(w / scale(a) * (b != 0 if np.any(b) else 1) for w, a, b in zip(weights, x, v, strict=True))
        return size

    def check_same(self, level: int, recorded: Arrays, plain: Arrays) -> None:
        """The function must have the same value on Tensors as on arrays, or its gradient is that of another function."""
        for k, (a, b) in enumerate(zip(recorded, plain, strict=True)):
            where = f" (output {k})" if len(plain) > 1 else ""
            if a.shape != b.shape:
                raise GradientMismatch(
                    f"{self.level_name(level)}{where} has shape {b.shape} on arrays and {a.shape} when it is recorded on Tensors"
                )
            if a.size and not np.max(np.abs(a - b)) <= math.sqrt(EPS) * np.max(np.abs(b)):
                index = np.unravel_index(int(np.argmax(np.abs(a - b))), a.shape)
                raise GradientMismatch(
                    f"{self.level_name(level)}{where} is {b[index]:.10g} on arrays and {a[index]:.10g} when it is recorded on "
                    f"Tensors, at {tuple(int(i) for i in index)}: the formula does not mean the same on both"
                )

    def check_narrow(self, order: int, narrow: Arrays, wide: Arrays) -> None:
        """Compare the gradient at float32 (or float16, complex64) with the one at float64, and refuse a widened dtype."""
        eps = max(float(np.finfo(a.dtype).eps) for a in narrow)
        _, outputs = self.level(order - 1, narrow)
        self.check_dtypes(order - 1, narrow, [np.asarray(y.numpy() if isinstance(y, Tensor) else y) for y in outputs])
        got, expected = self.plain(order)(narrow), self.plain(order)(wide)
        self.check_dtypes(order, narrow, got)
        shaken = [self.plain(order)([a * (1 + eps * self.draw(a).real) for a in wide]) for _ in range(3)]
        natural = self.natural(order - 1, wide, wide)
        for k, (g, e) in enumerate(zip(got, expected, strict=True)):
            conditioning = np.max([np.abs(other[k] - e) for other in shaken], axis=0)
            size = np.abs(e) + natural / scale(wide[k])
            tolerated = 32 * eps * size + np.minimum(16 * conditioning, math.sqrt(eps) * size)
            excess = np.abs(g - e) / np.where(g == e, 1, tolerated)
            if e.size and not np.max(excess) <= 1:
                flat = int(np.argmax(np.where(np.isnan(excess), np.inf, excess)))
                at = tuple(int(i) for i in np.unravel_index(flat, e.shape))
                name, hoped = self.argument_name(self.chosen[k]), digits_of(float(tolerated[at] / (np.abs(e[at]) or 1)))
                raise GradientMismatch(
                    f"the gradient of {name} at {at}, order {order}, is {g[at]:.8g} in {g.dtype} and {e[at]:.8g} in {e.dtype}: "
                    f"{digits(g[at], e[at])} digits agree, {hoped} expected"
                )

    def check_dtypes(self, level: int, narrow: Arrays, outputs: Arrays) -> None:
        bits = max(np.finfo(a.dtype).bits for a in narrow)
        for k, y in enumerate(outputs):
            if y.dtype.kind in "fc" and np.finfo(y.dtype).bits > bits:
                what = self.level_name(level) + (f" with respect to {self.argument_name(self.chosen[k])}" if level else "")
                dtypes = ", ".join(str(a.dtype) for a in narrow)
                raise GradientMismatch(f"{what} is {y.dtype}, but the arguments are {dtypes}: something widened them on the way")

    def draw(self, like: Any) -> Any:
        """Random numbers of either sign and of size 1, never near 0, in the shape of `like`; complex when it is."""
        shape = np.shape(like)
        real, imaginary = (self.random.uniform(0.5, 1.0, shape) * self.random.choice([-1.0, 1.0], shape) for _ in "ri")
        return real + 1j * imaginary if np.iscomplexobj(like) else np.asarray(real)

    # ------------------------------------------------------------------------------------------- wording

    def message(self, order: int, mistake: Mistake) -> str:
        got, expected = mistake.got, mistake.expected
        name, part = self.argument_name(self.chosen[mistake.argument]), f" ({mistake.part})" if mistake.part else ""
        hoped = digits_of(expected.error / (abs(expected.value) or 1))
        text = (
            f"the gradient of {name} at {mistake.index}{part}, order {order}, is {got:.10g}, but the numerical derivative is "
            f"{expected.value:.10g} +- {expected.error:.1g}: {digits(got, expected.value)} digits agree, {hoped} expected. "
        )
        if mistake.cause:
            return text + mistake.cause
        if not expected.converged(abs(expected.value)):
            return text + "A kink is the likely cause: the differences do not converge as the step shrinks"
        return text + "No kink: the slope is the same before and after the point"

    def argument_name(self, argument: int) -> str:
        try:
            name = list(inspect.signature(self.f).parameters.values())[argument]
        except (TypeError, ValueError, IndexError):
            return f"argument {argument}"
        named = name.kind in (name.POSITIONAL_ONLY, name.POSITIONAL_OR_KEYWORD)
        return f"argument {argument} ({name.name})" if named else f"argument {argument}"

    def level_name(self, level: int) -> str:
        return "the value of f" if level == 0 else "the gradient of f" if level == 1 else f"derivative {level} of f"


def projected_gradient(outputs: list[Any], inputs: list[Tensor], weights: Arrays, *, record: bool) -> list[Any]:
    """Gradient of project(weights, outputs) with respect to each input. Uses no rule but those that made the outputs."""
    total: list[Any] = []
    for y, w in zip(outputs, weights, strict=True):
        share = gradients(y, inputs, w, record=record, free=False)
        total = [a + b for a, b in zip(total, share, strict=True)] if total else share
    return total


def digits(a: Any, b: Any) -> int:
    """How many leading decimal digits two numbers have in common, 0 to 16."""
    if a == b:
        return 16
    size = max(abs(a), abs(b))
    return digits_of(float(abs(a - b) / size)) if math.isfinite(size) else 0


def digits_of(relative: float) -> int:
    return 16 if relative <= 0 else max(0, min(16, math.floor(-math.log10(relative)))) if math.isfinite(relative) else 0
