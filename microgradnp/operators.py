"""Operators and methods of a Tensor: NumPy's functions under the names they have on ndarray, one line each."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from microgradnp.tensor import Tensor

apply: Callable[..., Any]  # `tensor.apply`; that module sets it, because it stands above this one


class Operators:
    """Mixin: every line calls the NumPy function of the same name."""

    __slots__ = ()

    def __add__(self, other: Any) -> Tensor:
        return apply(np.add, self, other)

    def __radd__(self, other: Any) -> Tensor:
        return apply(np.add, other, self)

    def __sub__(self, other: Any) -> Tensor:
        return apply(np.subtract, self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return apply(np.subtract, other, self)

    def __mul__(self, other: Any) -> Tensor:
        return apply(np.multiply, self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return apply(np.multiply, other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return apply(np.divide, self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return apply(np.divide, other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return apply(np.floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return apply(np.floor_divide, other, self)

    def __mod__(self, other: Any) -> Tensor:
        return apply(np.remainder, self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return apply(np.remainder, other, self)

    def __pow__(self, other: Any) -> Tensor:
        return apply(np.power, self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return apply(np.power, other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return apply(np.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return apply(np.matmul, other, self)

    def __neg__(self) -> Tensor:
        return apply(np.negative, self)

    def __pos__(self) -> Tensor:
        return apply(np.positive, self)

    def __abs__(self) -> Tensor:
        return apply(np.absolute, self)

    def __invert__(self) -> Tensor:
        return apply(np.invert, self)

    def __and__(self, other: Any) -> Tensor:
        return apply(np.bitwise_and, self, other)

    def __rand__(self, other: Any) -> Tensor:
        return apply(np.bitwise_and, other, self)

    def __or__(self, other: Any) -> Tensor:
        return apply(np.bitwise_or, self, other)

    def __ror__(self, other: Any) -> Tensor:
        return apply(np.bitwise_or, other, self)

    def __xor__(self, other: Any) -> Tensor:
        return apply(np.bitwise_xor, self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return apply(np.bitwise_xor, other, self)

    def __lt__(self, other: Any) -> Tensor:
        return apply(np.less, self, other)

    def __le__(self, other: Any) -> Tensor:
        return apply(np.less_equal, self, other)

    def __gt__(self, other: Any) -> Tensor:
        return apply(np.greater, self, other)

    def __ge__(self, other: Any) -> Tensor:
        return apply(np.greater_equal, self, other)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]  # elementwise, as on ndarray
        return apply(np.equal, self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return apply(np.not_equal, self, other)

    __hash__ = object.__hash__  # nodes are looked up by identity

    def __round__(self, ndigits: int = 0) -> Tensor:
        return apply(np.round, self, decimals=ndigits)

    def __getitem__(self, index: Any) -> Tensor:
        return apply(operator.getitem, self, index)

    # ------------------------------------------------------------------------------------- reductions

    def sum(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return apply(np.sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return apply(np.mean, self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return apply(np.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return apply(np.min, self, axis=axis, keepdims=keepdims)

    def argmax(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return apply(np.argmax, self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return apply(np.argmin, self, axis=axis, keepdims=keepdims)

    def any(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return apply(np.any, self, axis=axis, keepdims=keepdims)

    def all(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        return apply(np.all, self, axis=axis, keepdims=keepdims)

    # ------------------------------------------------------------------------------------------ shape

    def reshape(self, *shape: Any) -> Tensor:
        return apply(np.reshape, self, shape=shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> Tensor:
        return apply(np.ravel, self)

    def flatten(self) -> Tensor:
        return apply(np.ravel, self)

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

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        return apply(np.clip, self, min, max)

    def round(self, decimals: int = 0) -> Tensor:
        return apply(np.round, self, decimals=decimals)

    def astype(self, dtype: Any) -> Tensor:
        return apply(np.astype, self, dtype)

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


def reduction(ufunc: np.ufunc) -> Callable[..., Any]:
    """`np.add.reduce` is `np.sum` with another default axis, and so on."""
    named: dict[Any, Callable[..., Any]] = {
        np.add: np.sum,
        np.multiply: np.prod,
        np.maximum: np.max,
        np.minimum: np.min,
        np.logical_and: np.all,
        np.logical_or: np.any,
    }
    function = named.get(ufunc)
    if function is None:
        raise TypeError(f"{ufunc.__name__}.reduce: no gradient rule")

    def reduce(a: Any, axis: Any = 0, **kwargs: Any) -> Any:
        return function(a, axis=axis, **{name: value for name, value in kwargs.items() if value is not None})

    return reduce
