"""Methods of a Tensor: NumPy's functions under the names that they have on ndarray; and the methods of ufuncs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from microgradnp.core import operators

if TYPE_CHECKING:
    from microgradnp.core.tensor import Tensor


def apply(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return operators.apply(function, *args, **options)  # looked up at each call: `tensor` sets it later


IN_PLACE = {  # methods of ndarray that change the array, and what to write instead
    "sort": "np.sort(x)",
    "partition": "np.partition(x, kth)",
    "fill": "np.full_like(x, value)",
    "put": "mg.set_at(x, index, value)",
    "resize": "np.resize(x, shape)",
    "setfield": "mg.set_at(x, index, value)",
}


class Methods:
    """Mixin: every line calls the NumPy function of the same name, with the same options."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def ndim(self) -> int: ...

        @property
        def size(self) -> int: ...

        @property
        def shape(self) -> tuple[int, ...]: ...

        def numpy(self) -> np.ndarray[Any, Any]: ...

        @property
        def dtype(self) -> np.dtype[Any]: ...

    def __getattr__(self, name: str) -> Any:
        """Only for what there is not: says what to write instead of an attribute of ndarray."""
        if name in IN_PLACE:
            raise AttributeError(f"a Tensor has no {name}(), which would change it in place: write {IN_PLACE[name]}")
        hint = f"; ndarrays have it: x.numpy().{name}" if not name.startswith("_") and hasattr(np.ndarray, name) else ""
        raise AttributeError(f"a Tensor has no attribute {name!r}{hint}")

    # ------------------------------------------------------------------------------------- reductions

    def sum(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.sum, self, axis=axis, **options)

    def prod(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.prod, self, axis=axis, **options)

    def mean(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.mean, self, axis=axis, **options)

    def var(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.var, self, axis=axis, **options)

    def std(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.std, self, axis=axis, **options)

    def max(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.max, self, axis=axis, **options)

    def min(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.min, self, axis=axis, **options)

    def argmax(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.argmax, self, axis=axis, **options)

    def argmin(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.argmin, self, axis=axis, **options)

    def any(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.any, self, axis=axis, **options)

    def all(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.all, self, axis=axis, **options)

    def cumsum(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.cumsum, self, axis=axis, **options)

    def cumprod(self, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.cumprod, self, axis=axis, **options)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return apply(np.trace, self, offset=offset, axis1=axis1, axis2=axis2)

    # ------------------------------------------------------------------------------- order and selection

    def argsort(self, axis: Any = -1, **options: Any) -> Tensor:
        return apply(np.argsort, self, axis=axis, **options)

    def argpartition(self, kth: Any, axis: Any = -1, **options: Any) -> Tensor:
        return apply(np.argpartition, self, kth, axis=axis, **options)

    def searchsorted(self, v: Any, **options: Any) -> Tensor:
        return apply(np.searchsorted, self, v, **options)

    def nonzero(self) -> Any:
        return apply(np.nonzero, self)

    def take(self, indices: Any, axis: Any = None, **options: Any) -> Tensor:
        return apply(np.take, self, indices, axis=axis, **options)

    def compress(self, condition: Any, axis: Any = None) -> Tensor:
        return apply(np.compress, condition, self, axis=axis)

    def choose(self, choices: Any, **options: Any) -> Tensor:
        return apply(np.choose, self, choices, **options)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return apply(np.diagonal, self, offset=offset, axis1=axis1, axis2=axis2)

    def repeat(self, repeats: Any, axis: Any = None) -> Tensor:
        return apply(np.repeat, self, repeats, axis=axis)

    # ------------------------------------------------------------------------------------------ shape

    def reshape(self, *shape: Any, **options: Any) -> Tensor:
        return apply(np.reshape, self, shape=shape[0] if len(shape) == 1 else shape, **options)

    def ravel(self, order: Any = "C") -> Tensor:
        return apply(np.ravel, self, order=order)

    flatten = ravel

    def transpose(self, *axes: Any) -> Tensor:
        return apply(np.transpose, self, axes=axes[0] if len(axes) == 1 else axes or None)

    @property
    def T(self) -> Tensor:
        return apply(np.transpose, self)

    @property
    def mT(self) -> Tensor:
        return apply(np.swapaxes, self, axis1=-1, axis2=-2)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        return apply(np.swapaxes, self, axis1=axis1, axis2=axis2)

    def squeeze(self, axis: Any = None) -> Tensor:
        return apply(np.squeeze, self, axis=axis)

    # ----------------------------------------------------------------------------------- elementwise

    def clip(self, min: Any = None, max: Any = None, **options: Any) -> Tensor:
        return apply(np.clip, self, min, max, **options)

    def round(self, decimals: int = 0) -> Tensor:
        return apply(np.round, self, decimals=decimals)

    def astype(self, dtype: Any, *, copy: bool = True) -> Tensor:
        return apply(np.astype, self, dtype, copy=copy)

    def copy(self) -> Tensor:
        return apply(np.positive, self)

    def conj(self) -> Tensor:
        return apply(np.conjugate, self)

    conjugate = conj

    @property
    def real(self) -> Tensor:
        return apply(np.real, self)

    @property
    def imag(self) -> Tensor:
        return apply(np.imag, self)

    # ---------------------------------------------------------------------------------------- products

    def dot(self, other: Any) -> Tensor:
        return apply(np.dot, self, other)

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


# ------------------------------------------------------------------------------------------ methods of ufuncs

REDUCTIONS: dict[Any, Callable[..., Any]] = {  # `np.add.reduce` is `np.sum` with another default axis, and so on
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
SCANS: dict[Any, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}


def ufunc_method(ufunc: np.ufunc, method: str) -> Callable[..., Any]:
    """`np.add.reduce`, `np.maximum.accumulate`, `np.multiply.outer`... in terms of functions that have rules, or TypeError."""
    if method == "outer" and ufunc.nin == 2:
        return lambda a, b, **options: ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **options)
    if method == "accumulate" and ufunc in (np.maximum, np.minimum):
        return lambda a, axis=0: running_extreme(ufunc, a, axis)
    named = {"reduce": REDUCTIONS, "accumulate": SCANS}.get(method, {}).get(ufunc)
    if named is None:
        raise TypeError(
            f"{ufunc.__name__}.{method}: no gradient rule. Write it with {ufunc.__name__} and functions such as np.sum, "
            "np.cumsum, x[index] or mg.set_at"
        )

    def along_first(a: Any, axis: Any = 0, **options: Any) -> Any:
        return named(a, axis=axis, **{name: value for name, value in options.items() if value is not None})

    return along_first


def running_extreme(ufunc: np.ufunc, a: Any, axis: int) -> Any:
    """The largest (smallest) entry so far; of equal ones the latest has the gradient, as in PyTorch's cummax."""
    value = a.numpy()
    along = np.reshape(np.arange(a.shape[axis]), (-1,) + (1,) * (a.ndim - 1 - axis % a.ndim))
    attained = (value == ufunc.accumulate(value, axis)) | (np.isnan(value))  # NaN stays
    return np.take_along_axis(a, np.maximum.accumulate(np.where(attained, along, 0), axis), axis)
