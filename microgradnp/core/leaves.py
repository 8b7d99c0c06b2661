"""What a user does with a leaf: ask for its gradient, read it, copy the leaf, pickle it, change it in place.

A leaf is a parameter or a constant. The result of a recorded call belongs to a graph. It refuses most of this and names the cure.

A Tensor never changes while it is recorded. There `w -= lr * w.grad` would bind the name `w` to a new Tensor, and in a loop over
parameters nothing would be trained. So the operator changes a parameter under `no_grad`, and is refused elsewhere. On results and
constants the in-place operators mean `x = x + y`, as Python defines them.
"""

from __future__ import annotations

import threading
import warnings
import weakref
from typing import Any, Self

import numpy as np

from microgradnp.core.context import current
from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.memory import Storage
from microgradnp.core.messages import describe, refuse_to_plot
from microgradnp.core.origin import is_operand
from microgradnp.core.typing import Array

# Threads may have leaves in common: no gradient is lost between reading the sum and writing it. Ctrl-C may leave the lock taken:
# its thread takes it again, and another one waits a second and makes a new lock.
adding = [threading.RLock()]
VARIABLES: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()  # by id: arguments of derived functions


def is_variable(x: Any) -> bool:
    """Whether a Tensor stands for an argument of a function that is being differentiated."""
    return x.needs_grad and VARIABLES.get(id(x)) is x


def add_gradients(found: list[tuple[Any, Array]]) -> None:
    """Add to the `.grad` of each node."""
    lock = adding[0]
    if not (lock.acquire(False) or lock.acquire(timeout=1.0)):  # Ctrl-C has left it taken: adding takes no second
        adding[0] = lock = threading.RLock()
        lock.acquire()
    try:
        for node, g in found:
            node._grad = g if node._grad is None else node._grad + g
    finally:
        lock.release()


class Leaf(Storage):
    """Mixin: `requires_grad`, `grad`, copies, and the in-place operators."""

    __slots__ = ("_grad", "name", "needs_grad", "retains_grad")

    _grad: Array | None
    retains_grad: bool  # whether `backward` shall keep the gradient of this result

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to this Tensor. Can be set on a leaf, and holds for graphs that are recorded afterwards."""
        return self.needs_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not self.is_leaf:
            raise TypeError(
                f"cannot set requires_grad of {describe(self)}: it is a result; only leaves have a choice. Use .detach() "
                "for a value without a gradient"
            )
        if value and self.dtype.kind not in "fc":
            raise TypeError(
                f"Tensor: requires_grad needs floating-point or complex data, got {self.dtype}: a gradient with respect to "
                "integers does not exist. Convert first, for example mg.Tensor(data, requires_grad=True, dtype=float)"
            )
        self.needs_grad = bool(value)

    @property
    def grad(self) -> Any:
        """Gradient of the loss, an ndarray of this Tensor's shape and dtype, or None before `backward`.

        Warns for a result that was not asked to retain its gradient. As an operand, as in `0.1 * w.grad`, None raises TypeError.
        So does the argument of a function that is being differentiated: its `.grad` is a constant there.
        """
        if self._grad is not None and is_variable(self):
            raise TypeError(
                f"{describe(self)}: its .grad is an array without a history, and a function is being differentiated with respect "
                "to it: a gradient would be lost. Use mg.grad(...) inside"
            )
        if self._grad is None and self.is_leaf and is_operand():
            raise TypeError(
                f"{describe(self)}: its .grad is None; call loss.backward() first, and again after zero_grad()"
                + ("" if self.needs_grad else ". It does not require one: make it by mg.Tensor(data, requires_grad=True)")
            )
        if self._grad is None and self.needs_grad and not (self.is_leaf or self.retains_grad):
            warnings.warn(
                f".grad of {describe(self)} is None: it is a result, and backward fills .grad of leaves. For its gradient use "
                "retain_grad(). To change a parameter write W.data -= lr * W.grad, or use mg.optim: W = W - ... makes a result",
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            value = value if is_foreign(value) else np.asarray(value, dtype=self.dtype)
            if value.shape != self.shape:
                raise ValueError(f"a gradient of shape {value.shape} does not fit {describe(self)}")
        self._grad = value

    def retain_grad(self) -> Self:
        """Ask the next `backward` to keep the gradient of this intermediate result in `.grad`. Returns self."""
        self.retains_grad = True
        return self

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._grad = None

    # ------------------------------------------------------------------------------------------------- copies

    def detach(self) -> Any:
        """A new leaf with the same value. No gradient flows through it."""
        raise NotImplementedError  # Tensor does it

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if is_variable(self):
            return self.apply(np.positive, (self,))
        if not self.is_leaf:
            refuse_to_plot()
            raise TypeError(f"cannot copy {describe(self)}: it is a result, part of a graph. Copy .detach() instead")
        duplicate = self.detach()
        duplicate.requires_grad = self.needs_grad
        duplicate._grad = None if self._grad is None else self._grad.copy()
        return duplicate

    def state(self) -> tuple[Array, bool, str | None]:
        """The arguments that make this leaf again, for pickling."""
        if not self.is_leaf:
            raise TypeError(f"cannot pickle {describe(self)}: it is a result, part of a graph. Pickle .numpy() instead")
        if is_variable(self):
            raise TypeError(
                f"cannot pickle {describe(self)} while a function is differentiated with respect to it: the gradient would be "
                "lost. Copy it with copy.deepcopy, or pickle .numpy()"
            )
        return self._array, self.needs_grad, self.name

    # ------------------------------------------------------------------------------------- changes in place

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
    if leaf.traced or not leaf.is_leaf or is_variable(leaf):
        return leaf.apply(operation, (leaf, other))
    name = leaf.name or "w"
    if other is None:
        raise TypeError(f"{name} {sign} None: if None is a gradient, call loss.backward() first; .grad is None until then")
    if current().recording:
        raise TypeError(
            f"cannot change {describe(leaf)} by {sign}: it requires a gradient, and {sign} would only bind the name to a new "
            f"Tensor. Write {name}.data {sign} ..., or use with mg.no_grad():, or an optimizer such as mg.optim.SGD. For a new "
            f"value write {name} = {name} {sign[:-1]} ..."
        )
    value = other.numpy() if isinstance(other, Storage) else other
    leaf.data = operation(leaf._array, value)
    return leaf
