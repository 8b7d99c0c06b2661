"""The array inside a Tensor: who may write to it, and what a graph may hold of it.

A graph holds the arrays of its forward pass and must find them unchanged. A user writes to `W.data`. Both get what they
need without copies in the usual training loop, because CPython counts references: an array that nobody else holds, no
graph, no view, no variable, may be written to or held as it is. Where somebody else does hold it, one of the two gets a
copy. (An interpreter that counts no references copies each time.)
"""

from __future__ import annotations

import sys
from typing import Any, cast

import numpy as np

from microgradnp.core import graph
from microgradnp.core.captured import read_only
from microgradnp.core.table import Rule

Array = Any  # an ndarray, a NumPy scalar, or another array that speaks NumPy's protocols


class Storage:
    """Mixin: `_array` and the two ways out of it, `data` for the user and `value_for_graph` for the graph.

    The name is not `_data`, which `numpy.ma` would read behind our back.
    """

    __slots__ = ("_array", "exposed", "snapshot")

    _array: Array
    exposed: bool  # was `_array` handed to the user to write to?
    snapshot: Array | None  # what graphs hold instead, while the user may still write to it
    rule: Rule | None
    freed: bool

    @property
    def is_leaf(self) -> bool:
        """True for a Tensor that no recorded function made."""
        return self.rule is None and not self.freed

    @property
    def data(self) -> np.ndarray[Any, Any]:
        """The value as an ndarray. A leaf's may be written to (`W.data -= lr * W.grad`); a result's is read-only.

        Writing never disturbs a graph that was recorded before: it keeps the values of its forward pass.
        """
        if not self.is_leaf:
            return read_only(self._array)
        if not self.exposed:
            if not held_alone(self):
                self._array = copied(self._array)
            self.exposed = True
        return cast("np.ndarray[Any, Any]", self._array)

    @data.setter
    def data(self, value: Any) -> None:
        if not self.is_leaf:
            raise TypeError(
                f"cannot assign to the data of {graph.describe(self)}: it is a result; only leaves have data of their own"
            )
        if value is self._array:  # the end of `W.data -= ...`, which has written already
            return
        if getattr(value, "requires_grad", False):
            raise TypeError(
                f"cannot assign a Tensor that requires a gradient to the data of {graph.describe(self)}; pass .numpy()"
            )
        new = np.array(value, dtype=self._array.dtype)
        if new.shape != self._array.shape:
            raise ValueError(f"data of shape {new.shape} cannot replace {graph.describe(self)}: the shape must stay the same")
        self._array, self.exposed, self.snapshot = new, False, None

    def value_for_graph(self) -> Array:
        """The array that a graph may hold: the value itself, or a snapshot of it while the user may write to it."""
        if not self.exposed:
            return self._array
        if held_alone(self):
            self.exposed, self.snapshot = False, None
            return self._array
        if self.snapshot is None or self.snapshot.tobytes() != self._array.tobytes():  # bytes: NaN is equal to NaN, -0 is not 0
            self.snapshot = self._array.copy()
        return self.snapshot

    @property
    def shape(self) -> tuple[int, ...]:
        return cast("tuple[int, ...]", self._array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return cast("np.dtype[Any]", self._array.dtype)

    @property
    def ndim(self) -> int:
        return cast(int, self._array.ndim)

    @property
    def size(self) -> int:
        return cast(int, self._array.size)

    def numpy(self) -> np.ndarray[Any, Any]:
        """The value as an ndarray that is not part of the graph, and says so aloud. Read-only; copy it to write."""
        return read_only(self._array)

    def item(self) -> Any:
        """The value of a one-element Tensor as a Python number."""
        return self._array.item()

    def tolist(self) -> Any:
        """The value as nested Python lists."""
        return self._array.tolist()


class _Probe:
    __slots__ = ("_array",)


def references(holder: Any) -> int:
    """References to the array in `holder._array`; those of this very expression are among them."""
    return sys.getrefcount(holder._array)


_probe = _Probe()
_probe._array = np.empty(1)  # type: ignore[attr-defined]
ALONE = references(_probe) if hasattr(sys, "getrefcount") else 0  # what `references` says when nobody else holds the array


def held_alone(tensor: Storage) -> bool:
    """Whether nobody but this Tensor can reach its memory. A view holds a reference to the array whose memory it shows."""
    data = tensor._array
    if type(data) is not np.ndarray or data.base is not None or not data.flags.writeable:
        return False
    del data
    return bool(ALONE and references(tensor) <= ALONE)


def copied(data: Array) -> Array:
    """A writable array of one's own."""
    return np.array(data) if isinstance(data, (np.ndarray, np.generic)) else data.copy()
