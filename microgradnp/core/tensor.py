"""Tensor: an array that remembers how it was made.

A Tensor is a node of the graph. It holds a value, the rule of the function that made it, and the arguments of that call. NumPy
leads every call on a Tensor to `record.apply`, by its protocols `__array_ufunc__` (NEP 13) and `__array_function__` (NEP 18).
`backward` sweeps the graph and fills `.grad` of the leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from microgradnp.core.conversions import Conversions
from microgradnp.core.elsewhere import bring_home, is_foreign
from microgradnp.core.leaves import add_gradients
from microgradnp.core.memory import Seal, own_array, owned
from microgradnp.core.messages import describe, needs_no_gradient, no_loss
from microgradnp.core.methods import Methods, refuse_keywords, ufunc_method
from microgradnp.core.origin import Place, caller
from microgradnp.core.sweep import sweep
from microgradnp.core.table import Rule
from microgradnp.core.typing import NO_OPTIONS, Array

Call = tuple[Rule | None, tuple[Any, ...], tuple[Any, ...], Mapping[str, Any], tuple[int, ...], int]  # see `typing.Node`
NO_CALL: Call = (None, (), (), NO_OPTIONS, (), 0)
ONE = np.float64(1)  # the gradient of the loss with respect to itself


class Tensor(Conversions, Methods):
    """An n-dimensional array whose history can be differentiated.

    Parameters
    ----------
    data : array_like
        Values of any shape; copied. Lists become arrays.
    requires_grad : bool
        Whether `backward` fills `.grad`. Needs a floating-point or complex dtype.
    name : str, optional
        Shown in pictures and messages. Default: the variable that the Tensor is assigned to.
    dtype : optional
        As in `np.array`.

    Raises
    ------
    TypeError
        For data that are not numbers, and for `requires_grad` with integers or booleans.

    >>> import numpy as np, microgradnp as mg
    >>> W = mg.Tensor([[1.0, 2.0]], requires_grad=True)
    >>> loss = np.sum(W * W)
    >>> loss.backward()
    >>> W.grad
    array([[2., 4.]])
    """

    __slots__ = ("__weakref__", "age", "args", "freed", "needs", "options", "place", "rule", "scope", "seals", "values")
    scope: str | None  # path of the module that was being called
    seals: list[Seal] | None
    __hash__ = object.__hash__  # nodes are compared by identity

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None, *, dtype: Any = None) -> None:
        self._write(own_array(data, dtype), caller(), None)
        self.name = name
        if requires_grad:
            self.requires_grad = True

    def _write(self, array: Array, place: Place | None, scope: str | None, call: Call = NO_CALL) -> None:
        """Fill all fields. A leaf was made by no call."""
        self._array = array
        self.place, self.scope = place, scope
        self.rule, self.args, self.values, self.options, self.needs, self.age = call
        self.needs_grad = self.needs != ()
        self.retains_grad = self.freed = False
        self._grad = self.name = self.snapshot = self.exposed = self.seals = None

    def detach(self) -> Tensor:
        """A new leaf with the same value. No gradient flows through it."""
        return Tensor(self._array, name=self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        return Tensor, self.state()

    # --------------------------------------------------------------------------------- NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            return ufunc_method(ufunc, method)(*inputs, **kwargs)
        if kwargs:
            refuse_keywords(ufunc, kwargs)
        return self.apply(ufunc, inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self.apply(func, args, kwargs)

    # --------------------------------------------------------------------------------------- the gradient

    def backward(self, gradient: Any = None, *, retain_graph: bool = False, retain_grads: bool = False) -> None:
        """Fill `.grad` of the leaves that require a gradient, adding to what is there (as PyTorch does).

        Parameters
        ----------
        gradient : array_like, optional
            Gradient of the loss with respect to this Tensor, of its shape. Not needed for a scalar.
        retain_graph : bool
            Keep the graph, for another backward pass or for `draw`. By default it is freed on the way.
        retain_grads : bool
            Keep the graph, and the gradient of every intermediate result for `draw`.

        Raises
        ------
        ValueError
            If this Tensor is no scalar and `gradient` is missing, or if `gradient` has another shape.
        RuntimeError
            If no gradient is needed, if the graph was freed, or if an array of the graph has changed. No `.grad` is touched.
        """
        found: list[tuple[Any, Array]] = []
        is_far = False  # whether another library computes a gradient
        for node, g, is_private in sweep(self, self.seed(gradient), free=not (retain_graph or retain_grads), every=retain_grads):
            if g.dtype.kind == "c":
                g = g.conj()
            if not is_private:
                g = owned(g)
                is_far = is_far or is_foreign(g)
            found.append((node, g))
        if is_far:
            found = bring_home(self, found)
        add_gradients(found)  # only now, so that an error above leaves every gradient unchanged

    def seed(self, gradient: Any = None) -> Array:
        """The gradient that a sweep starts from, conjugated (see `table`). Raises what `backward` raises."""
        if not self.needs_grad:
            raise RuntimeError(needs_no_gradient(self))
        value = self._array
        if gradient is None:
            if type(value) is np.float64:
                return ONE
            if value.shape != () or value.dtype.kind == "c":
                raise ValueError(no_loss(self))
            return value.dtype.type(1)
        gradient = np.asarray(gradient._array if isinstance(gradient, Tensor) else gradient, dtype=self.dtype)
        if gradient.shape != self.shape:
            raise ValueError(f"backward: gradient has shape {gradient.shape}, but {describe(self)} needs its own shape")
        return gradient.conj()
