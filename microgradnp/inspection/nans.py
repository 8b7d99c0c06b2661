"""Which operation made the first NaN? `with mg.debug_nans(): ...` stops there and says why."""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.context import tracing, watchers
from microgradnp.core.messages import describe
from microgradnp.core.origin import locate, operands
from microgradnp.core.tensor import Tensor

watching: ContextVar[tuple[int, ...]] = ContextVar("watching", default=())

CURES = {
    "log": "keep its argument away from 0 with np.clip, or use np.log1p, mg.log_softmax, mg.logsumexp or mg.cross_entropy",
    "exp": "subtract the largest argument first, or use mg.softmax, mg.logsumexp, np.logaddexp or mg.sigmoid",
    "divide": "keep the divisor away from 0: np.where(b == 0, 1, b), or add a small number to it",
    "sqrt": "its slope is infinite at 0: add a small number under the root, and keep it from being negative",
    "power": "a root or a negative power of 0, or a root of a negative number: keep the base above 0",
    "arc": "keep its argument inside of the domain with np.clip",
    "multiply": "0 times infinity, or an overflow: find out what made the infinity, or scale",
    "subtract": "infinity minus infinity: find out what made the infinities",
    "matmul": "an overflow: scale the factors, or make the learning rate smaller",
    "sum": "an overflow, or infinities of both signs: scale, or make the learning rate smaller",
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
LIKE = {name: known for known, names in ALIKE.items() for name in names.split()}


class debug_nans(ContextDecorator):
    """Context manager and decorator: the first operation, forward or backward, that makes a number that is not finite, raises.

    The error names the operation, its line, the operands at the worst entry, and the usual cure. Data that is not finite from
    the start is named instead.

    Parameters
    ----------
    forward, backward : bool
        What to look at.
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
        self.looks_forward, self.looks_backward, self.infinities = forward, backward, infinities
        self.tokens: list[Any] = []

    def _recreate_cm(self) -> debug_nans:
        return debug_nans(forward=self.looks_forward, backward=self.looks_backward, infinities=self.infinities)

    def __enter__(self) -> None:
        watchers.append(self)
        self.tokens.append(watching.set((*watching.get(), id(self))))

    def __exit__(self, *exception: object) -> None:
        watching.reset(self.tokens.pop())
        watchers.remove(self)

    def bad(self, array: Any) -> Any:
        if getattr(getattr(array, "dtype", None), "kind", "") not in tuple("fc"):
            return np.False_
        return ~np.isfinite(array) if self.infinities else np.isnan(array)

    def forward(self, node: Tensor, rule: Any, args: tuple[Any, ...], values: tuple[Any, ...], _options: Any) -> None:
        """Looks at a result as soon as it is made."""
        watched = self.looks_forward and id(self) in watching.get() and tracing.get() is None
        if watched and np.any(wrong := self.bad(node.numpy())):
            raise FloatingPointError(self.told(node, rule, args, values, wrong))

    def told(self, node: Tensor, rule: Any, args: tuple[Any, ...], values: tuple[Any, ...], wrong: Any) -> str:
        names = names_of(node, rule, args)
        for name, value in zip(names, values, strict=True):
            if np.any(theirs := self.bad(value)):
                return f"{name} {np.shape(value)} holds {shown(value, theirs)} from the start, before {rule.name}{line(node)}"
        at = worst(wrong)
        there = ", ".join(f"{name} = {entry(value, at, node.shape)}" for name, value in zip(names, values, strict=True))
        made = f"{rule.name} made {node.numpy()[at]} at {plain(at)} of finite numbers"
        return f"{made}: {there}{line(node)}. {cure(rule.name)}"

    def backward(self, node: Tensor, position: int, g: Any, share: Any) -> None:
        """Looks at what a formula returned for one argument."""
        if tracing.get() is not None:
            return
        array = share.numpy() if isinstance(share, Tensor) else np.asarray(share)
        if not (self.looks_backward and id(self) in watching.get() and np.any(wrong := self.bad(array))):
            return
        rule: Any = node.rule
        known = g.numpy() if isinstance(g, Tensor) else np.asarray(g)
        names = names_of(node, rule, node.args)
        if np.any(theirs := self.bad(known)):
            raise FloatingPointError(f"the gradient of {rule.name}{line(node)} holds {shown(known, theirs)} from the start")
        at = worst(wrong)
        there = ", ".join(f"{name} = {entry(value, at, array.shape)}" for name, value in zip(names, node.values, strict=True))
        raise FloatingPointError(
            f"backward: {rule.name} made {array[at]} at {plain(at)} of a finite gradient, with respect to {names[position]}: "
            f"{there}, gradient {entry(known, at, array.shape)}{line(node)}. {cure(rule.name)}"
        )


def names_of(node: Any, rule: Any, args: tuple[Any, ...]) -> list[str]:
    """What the user calls the operands."""
    origin = locate(node.place)
    texts = operands(origin.text, rule.name) if origin else ()
    return [str(getattr(arg, "name", None) or (texts[k] if k < len(texts) else f"argument {k}")) for k, arg in enumerate(args)]


def worst(wrong: Any) -> tuple[Any, ...]:
    return tuple(np.argwhere(wrong)[0]) if np.ndim(wrong) else ()


def plain(index: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(int(k) for k in index)


def shown(value: Any, wrong: Any) -> str:
    at = worst(wrong)
    return f"{np.asarray(value)[at]} at {plain(at)}"


def entry(value: Any, at: tuple[Any, ...], shape: tuple[int, ...]) -> str:
    """An operand at the worst entry, where it broadcasts to the result; else its range."""
    try:
        return str(np.broadcast_to(np.asarray(value), shape)[at])
    except (ValueError, TypeError):
        array = np.asarray(value)
        if array.dtype.kind not in "fciub" or not array.size:
            return f"{array.shape}"
        size = np.abs(array)
        return f"{array.shape} of sizes {size.min():.3g} to {size.max():.3g}"


def line(node: Any) -> str:
    origin = locate(node.place)
    return f" (at {origin}: {origin.text})" if origin else ""


def cure(name: str) -> str:
    known = "arc" if name.startswith("arc") else LIKE.get(name, name)
    return f"Cure: {CURES[known]}" if known in CURES else "Cure: look at the operands above"


def first_nonfinite(loss: Tensor) -> str | None:
    """What `debug_nans` would have said of a graph that is there already; None when all its values are finite."""
    watch = debug_nans()
    for node in graph.walk(loss):
        if np.any(wrong := watch.bad(node.numpy())):
            if node.rule is None:
                return f"{describe(node)} holds {shown(node.numpy(), wrong)} from the start"
            return watch.told(node, node.rule, node.args, node.values, wrong)
    return None
