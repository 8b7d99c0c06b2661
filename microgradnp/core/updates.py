"""In-place operators on a parameter: `w -= lr * w.grad` changes it under `no_grad`, and is refused elsewhere.

A Tensor never changes while it is recorded. There `w -= step` would bind the name `w` to a new Tensor, and in a loop over
parameters nothing would be trained. On results and constants the operators mean `x = x + y`, as Python defines them.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from microgradnp.core.context import current
from microgradnp.core.memory import Storage
from microgradnp.core.messages import describe


class Updates(Storage):
    """Mixin: `+=`, `-=`, `*=` and `/=`."""

    __slots__ = ()

    def stands_for_argument(self) -> bool:
        """Whether this leaf is an argument of a function that is being differentiated."""
        raise NotImplementedError

    def __iadd__(self, other: Any) -> Self:
        if self.rule is None and self.needs_grad:
            return updated(self, np.add, other, "+=")
        return self.apply(np.add, (self, other))

    def __isub__(self, other: Any) -> Self:
        if self.rule is None and self.needs_grad:
            return updated(self, np.subtract, other, "-=")
        return self.apply(np.subtract, (self, other))

    def __imul__(self, other: Any) -> Self:
        if self.rule is None and self.needs_grad:
            return updated(self, np.multiply, other, "*=")
        return self.apply(np.multiply, (self, other))

    def __itruediv__(self, other: Any) -> Self:
        if self.rule is None and self.needs_grad:
            return updated(self, np.divide, other, "/=")
        return self.apply(np.divide, (self, other))


def updated(leaf: Any, operation: Any, other: Any, sign: str) -> Any:
    """The leaf itself with its new value under `no_grad`; a result for an argument of a function. Raises TypeError otherwise."""
    if leaf.traced or not leaf.is_leaf or leaf.stands_for_argument():
        return leaf.apply(operation, (leaf, other))
    name = leaf.name or "w"
    if other is None:
        raise TypeError(f"{name} {sign} None: if None is a gradient, call loss.backward() first; .grad is None until then")
    if current().recording:
        raise TypeError(
            f"cannot change {describe(leaf)} by {sign}: it requires a gradient, and {sign} would only bind the name to a new "
            f"Tensor. Write {name}.data {sign} ..., or use with mg.no_grad():, or an optimizer such as mg.optim.SGD"
        )
    value = other.numpy() if isinstance(other, Storage) else other
    leaf.data = operation(leaf._array, value)
    return leaf
