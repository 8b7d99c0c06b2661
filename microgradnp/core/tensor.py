"""Tensor: an array that remembers how it was made.

A Tensor is a node of the graph. It holds a value, the rule of the function that made it, and the arguments of that call. NumPy
leads every call on a Tensor to `record.apply`, by its protocols `__array_ufunc__` (NEP 13) and `__array_function__` (NEP 18).
`backward` sweeps the graph and fills `.grad` of the leaves.
"""

from __future__ import annotations

import threading
import warnings
import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np

from microgradnp.core.checks import NUMBERS, array_of_list
from microgradnp.core.conversions import Conversions, refuse_to_plot
from microgradnp.core.elsewhere import brought_home, is_foreign
from microgradnp.core.memory import Seal, owned
from microgradnp.core.messages import describe, in_place_message
from microgradnp.core.methods import Methods, ufunc_method
from microgradnp.core.origin import Place, caller, is_operand
from microgradnp.core.sweep import sweep
from microgradnp.core.table import Rule
from microgradnp.core.typing import NO_OPTIONS, Array

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

    __slots__ = (
        "__weakref__",
        "_grad",
        "age",
        "args",
        "freed",
        "name",
        "needs",
        "needs_grad",
        "options",
        "place",
        "retains_grad",
        "rule",
        "scope",
        "seals",
        "values",
    )
    __hash__ = object.__hash__  # nodes are compared by identity
    traced = False  # True while tracing: the value is symbolic, and reading it raises

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None, *, dtype: Any = None) -> None:
        traced = isinstance(data, Tensor) and data.traced
        if isinstance(data, Tensor):
            if data.needs_grad:
                raise TypeError(
                    f"Tensor: data is {describe(data)}, which requires a gradient; a copy would silently lose it. "
                    "Use it as it is, or pass .detach()"
                )
            data = data._array
        if isinstance(data, np.ma.MaskedArray):
            raise TypeError("Tensor: data is a masked array, and its mask would be lost; fill it with .filled(value)")
        value = (
            data if traced or is_foreign(data) else array_of_list(data, dtype, "Tensor: data")
        )  # a copy: nobody else can change it
        if value.dtype.kind not in NUMBERS:
            raise TypeError(f"Tensor: data must be numbers, got dtype {value.dtype}")
        self._array = value
        self._grad: Array | None = None
        self.name = name
        self.rule: Rule | None = None
        self.args: tuple[Any, ...] = ()
        self.needs: tuple[int, ...] = ()  # positions of the arguments that need a gradient
        self.values: tuple[Any, ...] = ()
        self.options: Mapping[str, Any] = NO_OPTIONS
        self.seals: list[Seal] | None = None
        self.place: Place | None = caller()
        self.retains_grad = False
        self.freed = False
        self.scope: str | None = None
        self.exposed = None
        self.snapshot: Array | None = None
        self.age = 0
        self.needs_grad: bool = False
        if requires_grad:
            self.requires_grad = True

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
        """
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

    def detach(self) -> Tensor:
        """A new leaf with the same value. No gradient flows through it."""
        return Tensor(self._array, name=self.name)

    def stands_for_argument(self) -> bool:
        return is_variable(self)

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
        seed = self.seed(gradient)
        free = not (retain_graph or retain_grads)
        finished: list[tuple[Tensor, Array]] = []
        far: list[int] = []  # those of plain arrays whose gradients another library computes
        for node, g, private in sweep(self, seed, free=free, every=retain_grads):
            if g.dtype.kind == "c":
                g = g.conj()
            if not private:
                g = owned(g)
                if is_foreign(g) and not is_foreign(node._array):
                    far.append(len(finished))
            finished.append((node, g))
        if far:
            self._array, *found = brought_home([self._array, *(finished[k][1] for k in far)])
            for k, g in zip(far, found, strict=True):
                finished[k] = finished[k][0], g
        lock = adding[0]
        if not lock.acquire(timeout=1.0):  # Ctrl-C has left it taken: adding takes no second
            adding[0] = lock = threading.RLock()
            lock.acquire()
        try:
            for node, g in finished:  # only now, so that an error above leaves every gradient unchanged
                node._grad = g if node._grad is None else node._grad + g
        finally:
            lock.release()

    def seed(self, gradient: Any = None) -> Array:
        """The gradient that a sweep starts from, conjugated (see `table`). Raises what `backward` raises."""
        if not self.needs_grad:
            raise RuntimeError(
                f"backward: {describe(self)} needs no gradient: nothing it was computed from has requires_grad=True"
                + (f" ({self.rule.name} has derivative zero)" if self.rule is not None and self.rule.constant else "")
                + ". Create the parameters with mg.Tensor(data, requires_grad=True), outside of mg.no_grad()"
            )
        value = self._array
        if gradient is None:
            if type(value) is np.float64:
                return ONE
            if value.shape != ():
                raise ValueError(
                    f"backward: {describe(self)} is not a scalar. Reduce it to a loss first (np.sum, np.mean, mg.sse), "
                    "or pass backward(gradient=...) of its shape"
                )
            if value.dtype.kind == "c":
                raise ValueError(
                    f"backward: {describe(self)} is complex; a loss must be real. Take np.real or np.abs of it first"
                )
            return value.dtype.type(1)
        gradient = np.asarray(gradient._array if isinstance(gradient, Tensor) else gradient, dtype=self.dtype)
        if gradient.shape != self.shape:
            raise ValueError(f"backward: gradient has shape {gradient.shape}, but {describe(self)} needs its own shape")
        return gradient.conj()

    def retain_grad(self) -> Tensor:
        """Ask the next `backward` to keep the gradient of this intermediate result in `.grad`. Returns self."""
        self.retains_grad = True
        return self

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._grad = None

    # --------------------------------------------------------------------------------- NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            return ufunc_method(ufunc, method)(*inputs, **kwargs)
        for option, value in kwargs.items():
            if value is None or (option == "where" and value is True):
                continue
            if option == "out":
                raise TypeError(in_place_message(ufunc.__name__))
            raise TypeError(
                f"{ufunc.__name__}: the keyword {option}= has no gradient rule. Use np.where for where=, astype for dtype="
            )
        return self.apply(ufunc, inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self.apply(func, args, kwargs)

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if is_variable(self):
            return self.copy()
        if not self.is_leaf:
            refuse_to_plot()
            raise TypeError(f"cannot copy {describe(self)}: it is a result, part of a graph. Copy .detach() instead")
        duplicate = Tensor(self._array, self.requires_grad, self.name)
        duplicate._grad = None if self._grad is None else self._grad.copy()
        return duplicate

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise TypeError(f"cannot pickle {describe(self)}: it is a result, part of a graph. Pickle .numpy() instead")
        if is_variable(self):
            raise TypeError(
                f"cannot pickle {describe(self)} while a function is differentiated with respect to it: the gradient would be "
                "lost. Copy it with copy.deepcopy, or pickle .numpy()"
            )
        return Tensor, (self._array, self.requires_grad, self.name)


# Threads may have leaves in common: no gradient is lost between reading the sum and writing it. Ctrl-C may leave the lock taken:
# its thread takes it again, and another one waits a second and makes a new lock.
adding = [threading.RLock()]
VARIABLES: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()  # by id


def is_variable(x: Tensor) -> bool:
    """Whether a Tensor stands for an argument of a function that is being differentiated."""
    return x.needs_grad and VARIABLES.get(id(x)) is x
