"""The operators of a Tensor. Each one is recorded as the NumPy function that the sign stands for.

They go to `apply` directly. A call of the NumPy function would arrive there too, by NumPy's protocols, and later.
"""

from __future__ import annotations

import operator
from typing import Any, Self

import numpy as np

from microgradnp.core.leaves import Leaf


class Operators(Leaf):
    """Mixin: arithmetic, comparison and indexing."""

    __slots__ = ()

    def __add__(self, other: Any) -> Self:
        return self.apply(np.add, (self, other))

    def __radd__(self, other: Any) -> Self:
        return self.apply(np.add, (other, self))

    def __sub__(self, other: Any) -> Self:
        return self.apply(np.subtract, (self, other))

    def __rsub__(self, other: Any) -> Self:
        return self.apply(np.subtract, (other, self))

    def __mul__(self, other: Any) -> Self:
        return self.apply(np.multiply, (self, other))

    def __rmul__(self, other: Any) -> Self:
        return self.apply(np.multiply, (other, self))

    def __truediv__(self, other: Any) -> Self:
        return self.apply(np.divide, (self, other))

    def __rtruediv__(self, other: Any) -> Self:
        return self.apply(np.divide, (other, self))

    def __floordiv__(self, other: Any) -> Self:
        return self.apply(np.floor_divide, (self, other))

    def __rfloordiv__(self, other: Any) -> Self:
        return self.apply(np.floor_divide, (other, self))

    def __mod__(self, other: Any) -> Self:
        return self.apply(np.remainder, (self, other))

    def __rmod__(self, other: Any) -> Self:
        return self.apply(np.remainder, (other, self))

    def __divmod__(self, other: Any) -> tuple[Self, Self]:
        return self.apply(np.divmod, (self, other))

    def __rdivmod__(self, other: Any) -> tuple[Self, Self]:
        return self.apply(np.divmod, (other, self))

    def __pow__(self, other: Any) -> Self:
        return self.apply(np.power, (self, other))

    def __rpow__(self, other: Any) -> Self:
        return self.apply(np.power, (other, self))

    def __matmul__(self, other: Any) -> Self:
        return self.apply(np.matmul, (self, other))

    def __rmatmul__(self, other: Any) -> Self:
        return self.apply(np.matmul, (other, self))

    def __neg__(self) -> Self:
        return self.apply(np.negative, (self,))

    def __pos__(self) -> Self:
        return self.apply(np.positive, (self,))

    def __abs__(self) -> Self:
        return self.apply(np.absolute, (self,))

    def __invert__(self) -> Self:
        return self.apply(np.invert, (self,))

    def __and__(self, other: Any) -> Self:
        return self.apply(np.bitwise_and, (self, other))

    def __rand__(self, other: Any) -> Self:
        return self.apply(np.bitwise_and, (other, self))

    def __or__(self, other: Any) -> Self:
        return self.apply(np.bitwise_or, (self, other))

    def __ror__(self, other: Any) -> Self:
        return self.apply(np.bitwise_or, (other, self))

    def __xor__(self, other: Any) -> Self:
        return self.apply(np.bitwise_xor, (self, other))

    def __rxor__(self, other: Any) -> Self:
        return self.apply(np.bitwise_xor, (other, self))

    def __lshift__(self, other: Any) -> Self:
        return self.apply(np.left_shift, (self, other))

    def __rlshift__(self, other: Any) -> Self:
        return self.apply(np.left_shift, (other, self))

    def __rshift__(self, other: Any) -> Self:
        return self.apply(np.right_shift, (self, other))

    def __rrshift__(self, other: Any) -> Self:
        return self.apply(np.right_shift, (other, self))

    def __lt__(self, other: Any) -> Self:
        return self.apply(np.less, (self, other))

    def __le__(self, other: Any) -> Self:
        return self.apply(np.less_equal, (self, other))

    def __gt__(self, other: Any) -> Self:
        return self.apply(np.greater, (self, other))

    def __ge__(self, other: Any) -> Self:
        return self.apply(np.greater_equal, (self, other))

    def __eq__(self, other: object) -> Self:  # type: ignore[override]  # elementwise, as on ndarray
        return self.apply(np.equal, (self, other))

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        return self.apply(np.not_equal, (self, other))

    __hash__ = object.__hash__  # nodes are looked up by identity

    def __round__(self, ndigits: int = 0) -> Self:
        return self.apply(np.round, (self,), {"decimals": ndigits})

    def __getitem__(self, index: Any) -> Self:
        return self.apply(operator.getitem, (self, index))
