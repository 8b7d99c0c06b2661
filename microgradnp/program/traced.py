"""A Tensor that is being traced: its shape and dtype are known, its numbers may not be read.

What is traced must hold for all numbers of these shapes. `if loss > 1`, `float(x)` and `.item()` would freeze a decision, so a
traced Tensor refuses them and names the line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from microgradnp.core.context import current
from microgradnp.core.errors import ConcretizationError
from microgradnp.core.messages import describe
from microgradnp.core.origin import caller, locate
from microgradnp.core.tensor import Tensor
from microgradnp.core.typing import NO_OPTIONS
from microgradnp.derivatives.trees import leaves


class Traced(Tensor):
    """A symbolic value of a program: reading its numbers raises ConcretizationError."""

    __slots__ = ()
    traced = True

    @staticmethod
    def apply(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any] = NO_OPTIONS) -> Any:
        """Record a call. Raises ConcretizationError where no trace sees it: in another thread, or after the trace."""
        tracer = current().tracer
        if tracer is None or tracer.thread != threading.get_ident():
            raise unseen(next(x for x in leaves([*args, *kwargs.values()]) if isinstance(x, Traced)))
        return Tensor.apply(function, args, kwargs)

    def numpy(self) -> Any:
        raise unreadable(self, ".numpy()")

    def item(self) -> Any:
        raise unreadable(self, ".item()")

    def value_for_graph(self) -> Any:
        """The array that stands for this Tensor in an option or an index. The trace recognises it by identity.

        NumPy has only one True and one False, so a truth value cannot be recognised.
        """
        if isinstance(self._array, np.bool_):
            raise unreadable(self, "its use as an option")
        return self._array

    def tolist(self) -> Any:
        raise unreadable(self, ".tolist()")

    @property  # type: ignore[misc]
    def data(self) -> Any:
        raise unreadable(self, ".data")

    def detach(self) -> Tensor:
        return current().tracer.without_history(self)

    def backward(self, *_: Any, **__: Any) -> None:
        raise unreadable(self, ".backward(): hand over the function that returns the loss, and backward is written for you;")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise unreadable(self, "a conversion to an ndarray")

    def __bool__(self) -> bool:
        raise unreadable(self, "a decision (if, while, and, or, assert)")

    def __float__(self) -> float:
        raise unreadable(self, "float()")

    def __int__(self) -> int:
        raise unreadable(self, "int()")

    def __index__(self) -> int:
        raise unreadable(self, "its use as an index or a length")

    def __complex__(self) -> complex:
        raise unreadable(self, "complex()")

    def __contains__(self, item: Any) -> bool:
        raise unreadable(self, "`in`")


class TracedParameter(Traced):
    """A leaf of the user during a trace. Other threads may compute with it meanwhile."""

    __slots__ = ()
    apply = staticmethod(Tensor.apply)


def unreadable(node: Tensor, how: str) -> ConcretizationError:
    """The error for a read of a traced Tensor, with the line that reads it."""
    place = locate(caller(3))
    where = f" at {place}" if place else ""
    return ConcretizationError(
        f"{how}{where} reads the numbers of {describe(node)} while it is traced. The program must be right for all numbers, and "
        "would keep what these numbers decide. Use np.where, np.maximum or mg.stop_gradient, pass what decides as a plain Python "
        "argument, or call the function itself instead of emitting or compiling it"
    )


def unseen(node: Tensor) -> ConcretizationError:
    """The error for a traced Tensor that is used where its trace does not see it."""
    return ConcretizationError(
        f"{describe(node)} is traced, and is used in another thread or after the trace. The program would keep its numbers. "
        "Compute it without threads while it is emitted or compiled, and keep no Tensor for later"
    )
