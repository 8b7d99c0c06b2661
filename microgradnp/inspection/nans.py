"""Which operation made the first NaN? `with mg.debug_nans(): ...` stops there and explains it."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import Any

import numpy as np

from microgradnp.core.context import current, mode, switch
from microgradnp.core.graph import walk
from microgradnp.core.messages import describe
from microgradnp.core.origin import locate, operands
from microgradnp.core.tensor import Tensor
from microgradnp.inspection.names import made_at

CURES = {
    "log": "keep its argument away from 0 with np.clip, or use np.log1p, mg.log_softmax, mg.logsumexp or mg.cross_entropy",
    "exp": "subtract the largest argument first, or use mg.softmax, mg.logsumexp, np.logaddexp or mg.sigmoid",
    "divide": "keep the divisor away from 0: np.where(b == 0, 1, b), or add a small number to it",
    "sqrt": "its slope is infinite at 0: add a small number under the root, and keep the argument from being negative",
    "power": "a root or a negative power of 0, or a root of a negative number: keep the base above 0",
    "arc": "keep its argument inside the domain with np.clip",
    "multiply": "0 times infinity, or an overflow: find the operation that made the infinity, or scale the factors",
    "subtract": "infinity minus infinity: find the operations that made the infinities",
    "matmul": "an overflow: scale the factors, or use a smaller learning rate",
    "sum": "an overflow, or infinities of both signs: scale the terms, or use a smaller learning rate",
}
ALIKE = {
    "log": "log2 log10 log1p",
    "exp": "exp2 expm1 sinh cosh",
    "divide": "reciprocal",
    "sqrt": "cbrt hypot norm std",
    "power": "float_power",
    "multiply": "square prod",
    "matmul": "dot einsum",
    "subtract": "add",
    "sum": "mean",
}
CURED_AS = {name: cured for cured, names in ALIKE.items() for name in names.split()}


class debug_nans(ContextDecorator):
    """Context manager and decorator: raises at the first operation that makes a number that is not finite.

    The error names the operation, its line, the operands at that entry, and the usual cure. When an operand was not finite
    before, the error names that operand instead.

    Parameters
    ----------
    forward, backward : bool
        Which pass to watch.
    infinities : bool
        Whether infinite numbers count, or only NaN.

    Raises
    ------
    FloatingPointError

    >>> import numpy as np, microgradnp as mg
    >>> x = mg.Tensor([1.0, 0.0], requires_grad=True, name="x")
    >>> with mg.debug_nans(), np.errstate(divide="ignore"):
    ...     y = np.log(x)
    Traceback (most recent call last):
    FloatingPointError: log made -inf at (1,) of finite numbers: x = 0.0 ...
    """

    def __init__(self, *, forward: bool = True, backward: bool = True, infinities: bool = True) -> None:
        self.in_forward, self.in_backward, self.infinities = forward, backward, infinities
        self.tokens: list[Any] = []

    def _recreate_cm(self) -> debug_nans:  # called by contextlib: each call of a decorated function has its own
        return debug_nans(forward=self.in_forward, backward=self.in_backward, infinities=self.infinities)

    def __enter__(self) -> None:
        self.tokens.append(switch(watchers=(*current().watchers, self)))

    def __exit__(self, *exception: object) -> None:
        mode.reset(self.tokens.pop())

    def not_finite(self, array: Any) -> Any:
        """Where an array is NaN or infinite."""
        if getattr(getattr(array, "dtype", None), "kind", "") not in tuple("fc"):
            return np.False_
        return ~np.isfinite(array) if self.infinities else np.isnan(array)

    def forward(self, node: Tensor, rule: Any, args: tuple[Any, ...], values: tuple[Any, ...], _options: Any) -> None:
        """Check a result as soon as it is made."""
        if self.in_forward and current().tracer is None and np.any(wrong := self.not_finite(node.numpy())):
            raise FloatingPointError(self.message(node, rule, args, values, wrong))

    def message(self, node: Tensor, rule: Any, args: tuple[Any, ...], values: tuple[Any, ...], wrong: Any) -> str:
        """Why a result is not finite."""
        names = names_of(node, rule, args)
        here = f"{rule.name}{made_at(node)}"
        for name, value in zip(names, values, strict=True):
            if np.any(before := self.not_finite(value)):
                return f"{name} {np.shape(value)} holds {first_of(value, before)} from the start, before {here}"
        at = first_index(wrong)
        made = f"{rule.name} made {first_of(node.numpy(), wrong)} of finite numbers"
        return f"{made}: {listed(names, values, at, node.shape)}{made_at(node)}. {cure(rule.name)}"

    def backward(self, node: Tensor, position: int, g: Any, share: Any) -> None:
        """Check what a gradient formula returned for one argument."""
        if not self.in_backward or current().tracer is not None:
            return
        share, g = (a.numpy() if isinstance(a, Tensor) else np.asarray(a) for a in (share, g))
        if not np.any(wrong := self.not_finite(share)):
            return
        rule: Any = node.rule
        if np.any(before := self.not_finite(g)):
            raise FloatingPointError(f"the gradient of {rule.name}{made_at(node)} holds {first_of(g, before)} from the start")
        names, at = names_of(node, rule, node.args), first_index(wrong)
        operands_there = f"{listed(names, node.values, at, share.shape)}, gradient {entry(g, at, share.shape)}"
        raise FloatingPointError(
            f"backward: {rule.name} made {first_of(share, wrong)} of a finite gradient, with respect to {names[position]}: "
            f"{operands_there}{made_at(node)}. {cure(rule.name)}"
        )


def names_of(node: Any, rule: Any, args: tuple[Any, ...]) -> list[str]:
    """The user's names for the arguments of an operation."""
    origin = locate(node.place)
    texts = operands(origin.text, rule.name) if origin else ()
    return [str(getattr(arg, "name", None) or (texts[k] if k < len(texts) else f"argument {k}")) for k, arg in enumerate(args)]


def first_index(wrong: Any) -> tuple[int, ...]:
    """The index of the first entry that is marked."""
    return tuple(int(k) for k in np.argwhere(wrong)[0]) if np.ndim(wrong) else ()


def first_of(value: Any, wrong: Any) -> str:
    """The first entry that is marked, and its index."""
    at = first_index(wrong)
    return f"{np.asarray(value)[at]} at {at}"


def listed(names: list[str], values: tuple[Any, ...], at: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """The operands at one entry of a result of this shape: `x = 0.0, y = 2.0`."""
    return ", ".join(f"{name} = {entry(value, at, shape)}" for name, value in zip(names, values, strict=True))


def entry(value: Any, at: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """An operand at one entry of the result, if it broadcasts to the result's shape; otherwise its shape and range."""
    try:
        return str(np.broadcast_to(np.asarray(value), shape)[at])
    except (ValueError, TypeError):
        array = np.asarray(value)
        if array.dtype.kind not in "fciub" or not array.size:
            return f"{array.shape}"
        size = np.abs(array)
        return f"{array.shape} of sizes {size.min():.3g} to {size.max():.3g}"


def cure(name: str) -> str:
    """The usual cure for an operation, from the table above."""
    cured = "arc" if name.startswith("arc") else CURED_AS.get(name, name)
    return f"Cure: {CURES[cured]}" if cured in CURES else "Cure: check the operands above"


def first_nonfinite(loss: Tensor) -> str | None:
    """What `debug_nans` would report of a recorded graph; None when all its values are finite."""
    watch = debug_nans()
    for node in walk(loss):
        if np.any(wrong := watch.not_finite(node.numpy())):
            if node.rule is None:
                return f"{describe(node)} holds {first_of(node.numpy(), wrong)} from the start"
            return watch.message(node, node.rule, node.args, node.values, wrong)
    return None
