"""The methods of a Tensor, and the methods of ufuncs such as `np.add.reduce`.

Each method calls the NumPy function of the same name. The methods of ndarray that a Tensor lacks name their replacement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np

from microgradnp.core.habits import METHODS
from microgradnp.core.messages import in_place_message
from microgradnp.core.operators import Operators


class Methods(Operators):
    """Mixin: every line calls the NumPy function of the same name, with the same options."""

    __slots__ = ()

    # ------------------------------------------------------------------------------------- reductions

    def sum(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.sum, (self,), {"axis": axis} | options)

    def prod(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.prod, (self,), {"axis": axis} | options)

    def mean(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.mean, (self,), {"axis": axis} | options)

    def var(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.var, (self,), {"axis": axis} | options)

    def std(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.std, (self,), {"axis": axis} | options)

    def max(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.max, (self,), {"axis": axis} | options)

    def min(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.min, (self,), {"axis": axis} | options)

    def argmax(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.argmax, (self,), {"axis": axis} | options)

    def argmin(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.argmin, (self,), {"axis": axis} | options)

    def any(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.any, (self,), {"axis": axis} | options)

    def all(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.all, (self,), {"axis": axis} | options)

    def cumsum(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.cumsum, (self,), {"axis": axis} | options)

    def cumprod(self, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.cumprod, (self,), {"axis": axis} | options)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        return self.apply(np.trace, (self,), {"offset": offset, "axis1": axis1, "axis2": axis2})

    # ------------------------------------------------------------------------------- order and selection

    def argsort(self, axis: Any = -1, **options: Any) -> Self:
        return self.apply(np.argsort, (self,), {"axis": axis} | options)

    def argpartition(self, kth: Any, axis: Any = -1, **options: Any) -> Self:
        return self.apply(np.argpartition, (self, kth), {"axis": axis} | options)

    def searchsorted(self, v: Any, **options: Any) -> Self:
        return self.apply(np.searchsorted, (self, v), options)

    def nonzero(self) -> Any:
        return self.apply(np.nonzero, (self,))

    def take(self, indices: Any, axis: Any = None, **options: Any) -> Self:
        return self.apply(np.take, (self, indices), {"axis": axis} | options)

    def compress(self, condition: Any, axis: Any = None) -> Self:
        return self.apply(np.compress, (condition, self), {"axis": axis})

    def choose(self, choices: Any, **options: Any) -> Self:
        return self.apply(np.choose, (self, choices), options)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        return self.apply(np.diagonal, (self,), {"offset": offset, "axis1": axis1, "axis2": axis2})

    def repeat(self, repeats: Any, axis: Any = None) -> Self:
        return self.apply(np.repeat, (self, repeats), {"axis": axis})

    # ------------------------------------------------------------------------------------------ shape

    def reshape(self, *shape: Any, **options: Any) -> Self:
        return self.apply(np.reshape, (self,), {"shape": shape[0] if len(shape) == 1 else shape} | options)

    def ravel(self, order: Any = "C") -> Self:
        return self.apply(np.ravel, (self,), {"order": order})

    flatten = ravel

    def transpose(self, *axes: Any) -> Self:
        return self.apply(np.transpose, (self,), {"axes": axes[0] if len(axes) == 1 else axes or None})

    @property
    def T(self) -> Self:
        return self.apply(np.transpose, (self,))

    @property
    def mT(self) -> Self:
        return self.apply(np.swapaxes, (self,), {"axis1": -1, "axis2": -2})

    def swapaxes(self, axis1: int, axis2: int) -> Self:
        return self.apply(np.swapaxes, (self,), {"axis1": axis1, "axis2": axis2})

    def squeeze(self, axis: Any = None) -> Self:
        return self.apply(np.squeeze, (self,), {"axis": axis})

    # ----------------------------------------------------------------------------------- elementwise

    def clip(self, min: Any = None, max: Any = None, **options: Any) -> Self:
        return self.apply(np.clip, (self, min, max), options)

    def round(self, decimals: int = 0) -> Self:
        return self.apply(np.round, (self,), {"decimals": decimals})

    def astype(self, dtype: Any, *, copy: bool = True) -> Self:
        return self.apply(np.astype, (self, dtype), {"copy": copy})

    def copy(self) -> Self:
        return self.apply(np.positive, (self,))

    def conj(self) -> Self:
        return self.apply(np.conjugate, (self,))

    conjugate = conj

    @property
    def real(self) -> Self:
        return self.apply(np.real, (self,))

    @property
    def imag(self) -> Self:
        return self.apply(np.imag, (self,))

    # ---------------------------------------------------------------------------------------- products

    def dot(self, other: Any) -> Self:
        return self.apply(np.dot, (self, other))

    # --------------------------------------------------------------------- the Python array API standard

    def __array_namespace__(self, *, api_version: Any = None) -> Any:
        """NumPy: its functions record what they do to a Tensor."""
        return np.empty(0).__array_namespace__(api_version=api_version)

    @property
    def device(self) -> Literal["cpu"]:
        return "cpu"

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not isinstance(Methods.__dict__.get(name), Missing)]


# ------------------------------------------------------------------------ attributes of ndarray that a Tensor lacks

IN_PLACE = {  # methods of ndarray that change the array, and what to write instead
    "sort": "np.sort(x)",
    "partition": "np.partition(x, kth)",
    "fill": "np.full_like(x, value)",
    "put": "mg.set_at(x, index, value)",
    "resize": "np.resize(x, shape)",
    "setfield": "mg.set_at(x, index, value)",
}


class Missing:
    """An attribute of ndarray that a Tensor does not have. Reading it raises an AttributeError with the cure.

    A `__getattr__` would do the same, but would slow down every other attribute.
    """

    def __init__(self, name: str) -> None:
        if name in METHODS:
            self.message = f"a Tensor has no attribute {name!r}: {METHODS[name]}"
        elif name in IN_PLACE:
            self.message = f"a Tensor has no {name}(), which would change it in place: write {IN_PLACE[name]}"
        else:
            self.message = f"a Tensor has no attribute {name!r}; ndarrays have it: x.numpy().{name}"

    def __get__(self, tensor: Any, owner: type) -> Any:
        raise AttributeError(self.message)


for _name in (*dir(np.ndarray), *METHODS):
    if not _name.startswith("_") and not hasattr(Methods, _name):
        setattr(Methods, _name, Missing(_name))


# ------------------------------------------------------------------------------- keywords and methods of ufuncs


def refuse_keywords(ufunc: np.ufunc, options: dict[str, Any]) -> None:
    """Raise TypeError for a keyword of a ufunc that is given: no ufunc has a gradient rule for one."""
    for option, value in options.items():
        if value is None or (option == "where" and value is True):
            continue
        if option == "out":
            raise TypeError(in_place_message(ufunc.__name__))
        raise TypeError(
            f"{ufunc.__name__}: the keyword {option}= has no gradient rule. Use np.where for where=, astype for dtype="
        )


REDUCTIONS: dict[Any, Callable[..., Any]] = {  # np.add.reduce is np.sum with another default axis
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
SCANS: dict[Any, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}


METHOD_CURES: dict[tuple[np.ufunc, str], str] = {  # a method of a ufunc without a rule -> what to write instead
    (np.add, "at"): "To add numbers at places write np.bincount(places, weights=numbers, minlength=n). To add rows at places "
    "write mg.one_hot(places, n).T @ rows",
    (np.add, "reduceat"): "Write np.stack([np.sum(part) for part in np.split(x, starts[1:])])",
    (np.logaddexp, "reduce"): "Write mg.logsumexp(x, axis)",
}


def ufunc_method(ufunc: np.ufunc, method: str) -> Callable[..., Any]:
    """A method of a ufunc, as `np.add.reduce` or `np.multiply.outer`, in terms of functions that have rules.

    Raises TypeError for a method without such an expression.
    """
    if method == "outer" and ufunc.nin == 2:
        return lambda a, b, **options: ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **options)
    if method == "accumulate" and ufunc in (np.maximum, np.minimum):
        return lambda a, axis=0: running_extreme(ufunc, a, axis)
    named = {"reduce": REDUCTIONS, "accumulate": SCANS}.get(method, {}).get(ufunc)
    if named is None:
        usual = f"Write it with {ufunc.__name__} and functions such as np.sum, np.cumsum, x[index] or mg.set_at"
        raise TypeError(f"{ufunc.__name__}.{method}: no gradient rule. {METHOD_CURES.get((ufunc, method), usual)}")

    def along_first(a: Any, axis: Any = 0, **options: Any) -> Any:
        return named(a, axis=axis, **{name: value for name, value in options.items() if value is not None})

    return along_first


def running_extreme(ufunc: np.ufunc, a: Any, axis: int) -> Any:
    """The largest (smallest) entry so far. Among equal entries the latest gets the gradient, as in PyTorch's cummax."""
    value = a.numpy()
    along = np.reshape(np.arange(a.shape[axis]), (-1,) + (1,) * (a.ndim - 1 - axis % a.ndim))
    attained = (value == ufunc.accumulate(value, axis)) | (np.isnan(value))  # NaN stays
    return np.take_along_axis(a, np.maximum.accumulate(np.where(attained, along, 0), axis), axis)
