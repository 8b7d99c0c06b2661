"""Is a gradient right? `check_grads` compares it with numerical derivatives, along random directions and at any order.

No tolerance is fixed. It covers the error of the numerical derivative, the rounding of the dtype, and the change of the gradient
when its arguments are rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microgradnp.checking.claims import Claim, Mistake, scale
from microgradnp.checking.levels import Levels
from microgradnp.checking.oracles import EPS, Arrays
from microgradnp.core.errors import GradientMismatch
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.agreement import worst_entry
from microgradnp.derivatives.variables import recorded


def check_grads(
    f: Callable[..., Any], args: Any, order: int = 2, argnums: int | Sequence[int] | None = None, *, seed: int = 0
) -> None:
    """Compare the gradients of `f` with numerical derivatives. Returns None when they agree.

    Order 1 compares the gradient of sum(w * f(*args)), with fixed random weights w, along random directions. Order 2 compares the
    gradient of a random projection of that gradient, through the recorded backward pass, and so on. When a direction disagrees,
    its entries are compared one by one to find the worst.

    Parameters
    ----------
    f : callable
        Maps ndarrays and Tensors to one array of any shape.
    args : tuple of arrays
        The point. Integers, booleans and values that are not arrays are passed to `f` unchanged, and not differentiated. For
        float32 and float16 arguments, the gradient is checked in float64, then the narrow gradient is compared with it, and
        no dtype may become wider. For complex arguments the gradient is dL/dRe + i dL/dIm.
    order : int
        Highest derivative to check, 1 or more.
    argnums : int or sequence of int, optional
        Arguments to differentiate with respect to. Default: all of floating-point or complex type.
    seed : int
        Seed of the weights and directions.

    Raises
    ------
    GradientMismatch
        Names the argument, the entry, both values, the digits that agree, and whether a kink is the likely cause.
    ValueError, TypeError
        If there is nothing to differentiate, order is not positive, or f is not finite at the point.

    >>> import numpy as np
    >>> check_grads(lambda x: np.exp(-(x**2)), (np.array([0.5, -1.0]),))
    """
    if hasattr(order, "shape"):
        raise TypeError("check_grads: put the arguments in a tuple: mg.check_grads(f, (x, W))")
    if order < 1:
        raise ValueError(f"check_grads: order={order}; order 1 checks the gradient, order 2 also the gradient of the gradient")
    given = [a.numpy() if isinstance(a, Tensor) else a for a in (args if isinstance(args, (tuple, list)) else (args,))]
    chosen = differentiable(given, argnums)
    narrow = [np.array(given[k]) for k in chosen]
    levels = Levels(f, given, chosen, np.random.default_rng(seed))
    wide = [a.astype(complex if a.dtype.kind == "c" else float) for a in narrow]
    with np.errstate(all="ignore"), recorded():
        for level in range(1, order + 1):
            check_level(levels, level, wide)
            if any(a.dtype != b.dtype for a, b in zip(narrow, wide, strict=True)):
                check_narrow(levels, level, narrow, wide)


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


def check_level(levels: Levels, order: int, x: Arrays) -> None:
    """Compare the gradient of level `order - 1` with numerical derivatives. Raises GradientMismatch."""
    f = levels.plain(order - 1)
    values = f(x)
    weights = levels.draw_weights(order - 1, values)
    if not all(np.all(np.isfinite(y)) for y in values):
        raise ValueError(f"check_grads: {levels.name(order - 1)} is not finite at this point, so it has no gradient to check")
    check_same_value(levels, order - 1, [y.numpy() for y in levels.recorded(order - 1, x, record=True)], values)
    claim = Claim(
        f,
        x,
        weights,
        gradient=levels.plain(order)(x),
        perturbed=levels.perturbed(order, x, 4 * EPS),
        analytic=order == 1,
        typical_change=lambda v: levels.typical_change(order - 1, x, v),
    )
    for k in range(len(x)):
        for v in claim.directions(k, levels.draw(x[k])):
            if claim.disagreement(v)[1] > 1:
                raise GradientMismatch(mismatch_message(levels, order, claim.worst_entry(k, v)))


def check_same_value(levels: Levels, level: int, recorded: Arrays, plain: Arrays) -> None:
    """Require the same value on Tensors as on arrays. Otherwise the gradient is that of another function."""
    for k, (a, b) in enumerate(zip(recorded, plain, strict=True)):
        what = levels.name(level) + (f" (output {k})" if len(plain) > 1 else "")
        if a.shape != b.shape:
            raise GradientMismatch(f"{what} has shape {b.shape} on arrays and {a.shape} when it is recorded on Tensors")
        if a.size and not np.max(np.abs(a - b)) <= math.sqrt(EPS) * np.max(np.abs(b)):
            at = worst_entry(np.abs(a - b))
            raise GradientMismatch(
                f"{what} is {b[at]:.10g} on arrays and {a[at]:.10g} when it is recorded on Tensors, at {at}: "
                "the formula does not mean the same on both"
            )


def check_narrow(levels: Levels, order: int, narrow: Arrays, wide: Arrays) -> None:
    """Compare the gradient in float32, float16 or complex64 with the gradient in double precision. Refuse a wider dtype."""
    eps = max(float(np.finfo(a.dtype).eps) for a in narrow)
    values = [np.asarray(y.numpy() if isinstance(y, Tensor) else y) for y in levels.recorded(order - 1, narrow)]
    check_dtypes(levels, order - 1, narrow, values)
    got, expected = levels.plain(order)(narrow), levels.plain(order)(wide)
    check_dtypes(levels, order, narrow, got)
    perturbed = levels.perturbed(order, wide, eps)
    typical = levels.typical_change(order - 1, wide, wide)
    for k, (g, e) in enumerate(zip(got, expected, strict=True)):
        conditioning = np.max([np.abs(other[k] - e) for other in perturbed], axis=0)
        size = np.abs(e) + typical / scale(wide[k])
        tolerated = 32 * eps * size + np.minimum(16 * conditioning, math.sqrt(eps) * size)
        excess = np.abs(g - e) / np.where(g == e, 1, tolerated)
        if e.size and not np.max(excess) <= 1:
            at = worst_entry(excess)
            hoped = digits_of(float(tolerated[at] / (np.abs(e[at]) or 1)))
            raise GradientMismatch(
                f"the gradient of {levels.argument_name(k)} at {at}, order {order}, is {g[at]:.8g} in {g.dtype} and {e[at]:.8g} "
                f"in {e.dtype}: {digits(g[at], e[at])} digits agree, {hoped} expected"
            )


def check_dtypes(levels: Levels, level: int, narrow: Arrays, outputs: Arrays) -> None:
    """Require that no output has a wider dtype than the arguments."""
    bits = max(np.finfo(a.dtype).bits for a in narrow)
    for k, y in enumerate(outputs):
        if y.dtype.kind in "fc" and np.finfo(y.dtype).bits > bits:
            what = levels.name(level) + (f" with respect to {levels.argument_name(k)}" if level else "")
            dtypes = ", ".join(str(a.dtype) for a in narrow)
            raise GradientMismatch(f"{what} is {y.dtype}, but the arguments are {dtypes}: an operation on the way widens them")


def mismatch_message(levels: Levels, order: int, mistake: Mistake) -> str:
    """What is wrong, by how much, and whether a kink explains it."""
    got, expected = mistake.got, mistake.expected
    part = f" ({mistake.part})" if mistake.part else ""
    hoped = digits_of(expected.error / (abs(expected.value) or 1))
    text = (
        f"the gradient of {levels.argument_name(mistake.argument)} at {mistake.index}{part}, order {order}, is {got:.10g}, "
        f"but the numerical derivative is {expected.value:.10g} +- {expected.error:.1g}: "
        f"{digits(got, expected.value)} digits agree, {hoped} expected. "
    )
    if mistake.cause:
        return text + mistake.cause
    if not expected.converged(abs(expected.value)):
        return text + "A kink is the likely cause: the differences do not converge as the step shrinks"
    return text + "No kink: the slope is the same before and after the point"


def digits(a: Any, b: Any) -> int:
    """The number of leading decimal digits that two numbers have in common, 0 to 16."""
    if a == b:
        return 16
    size = max(abs(a), abs(b))
    return digits_of(float(abs(a - b) / size)) if math.isfinite(size) else 0


def digits_of(relative: float) -> int:
    """The number of digits that a relative error leaves, 0 to 16."""
    return 16 if relative <= 0 else max(0, min(16, math.floor(-math.log10(relative)))) if math.isfinite(relative) else 0
