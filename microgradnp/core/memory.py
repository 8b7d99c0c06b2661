"""Who owns an array: a Tensor, a graph, or the user.

A graph must find the arrays of its forward pass unchanged, and a user may write to his arrays and to `W.data` at any time.
Three means keep both right. A *read-only* view is handed out where nobody may write. A *snapshot* is a copy taken at the time of
recording. A *seal* is a check sum of a plain array that the backward pass will read again: copying each large array would be
slow, so the backward pass compares check sums instead, and refuses to run when one has changed.

A Tensor owns its array. In the usual training loop it is never copied, because CPython counts references: an array that
nobody else holds (no graph, no view, no variable) may be written to. Otherwise one of the two gets a copy. An interpreter
that does not count references copies each time.
"""

from __future__ import annotations

import operator
import sys
import zlib
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from microgradnp.core.checks import NUMBERS
from microgradnp.core.messages import describe
from microgradnp.core.origin import Place
from microgradnp.core.table import Rule
from microgradnp.core.typing import Array

IMMUTABLE = {int, float, complex, bool, str, type(None)}
getrefcount: Callable[[Any], int] = getattr(sys, "getrefcount", lambda array: 1)  # a guess that leads to copies


def owned(array: Array) -> Array:
    """A writable copy, which nobody else can reach."""
    return np.array(array) if isinstance(array, (np.ndarray, np.generic)) else array.copy()


def read_only(array: Array) -> np.ndarray[Any, Any]:
    """A view that cannot be written through."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def snapshot(value: Any) -> Any:
    """An index or an option that nobody else can change: containers are copied, Tensors give their values.

    Arrays stay the user's, to be sealed. Raises TypeError for a Tensor that requires a gradient, which would be lost here.
    """
    if type(value) in IMMUTABLE:
        return value
    if isinstance(value, Storage):
        if value.needs_grad:
            raise TypeError(
                "a Tensor that requires a gradient stands where no derivative exists (an index, an option, a condition); "
                "pass it .detach()ed"
            )
        return value.value_for_graph()
    if isinstance(value, list):
        return [snapshot(item) for item in value]
    if isinstance(value, tuple):
        return tuple([snapshot(item) for item in value])
    if isinstance(value, dict):
        return {key: item if type(item) in IMMUTABLE else snapshot(item) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(*(bound if bound is None else operator.index(bound) for bound in (value.start, value.stop, value.step)))
    return value


# ------------------------------------------------------------------------------------------------ seals


Seal = tuple[np.ndarray[Any, Any], Any, tuple[int, ...], np.dtype[Any]]  # an array of the user, and what it was when recorded
SMALL = 4096  # bytes up to which a seal keeps all of them: exact, and quicker than a check sum


def sealed(array: np.ndarray[Any, Any]) -> Seal:
    """Seal an array that the user owns and the backward pass will read again."""
    dtype = array.dtype
    is_small = array.nbytes <= SMALL and not dtype.hasobject
    return array, array.tobytes() if is_small else checksum(array), array.shape, dtype


def checksum(array: np.ndarray[Any, Any]) -> int:
    """CRC-32 of an array's bytes.

    Any change within 32 neighbouring bits is certain to show; another change goes unnoticed once in 2**32.
    """
    if array.dtype.kind not in NUMBERS:
        return zlib.crc32(repr(array.tolist()).encode())  # objects and strings, as an option of a user's function
    return zlib.crc32(array.data if array.flags.c_contiguous else array.tobytes())


def arrays_in(value: Any) -> list[np.ndarray[Any, Any]]:
    """The arrays in an argument, however deep in tuples, lists and dictionaries."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return []
    return [array for item in value if type(item) not in IMMUTABLE for array in arrays_in(item)]


# -------------------------------------------------------------------------------------- the array of a Tensor


class Storage:
    """Mixin: the array of a Tensor, and the two ways out of it: `data` for the user, `value_for_graph` for the graph.

    The attribute is called `_array` and not `_data`, which `numpy.ma` would read.
    """

    __slots__ = ("_array", "exposed", "snapshot")

    _array: Array
    exposed: bool | None  # whether `_array` was handed to the user, who may write to it; None: never yet
    snapshot: Array | None  # the copy that graphs hold while the user may write to `_array`
    rule: Rule | None
    name: str | None
    needs_grad: bool
    freed: bool
    place: Place | None
    apply: ClassVar[Callable[..., Any]]  # `record.apply`, which that module puts here: it stands above this one

    @property
    def is_leaf(self) -> bool:
        """True for a Tensor that no recorded function made."""
        return self.rule is None and not self.freed

    @property
    def data(self) -> np.ndarray[Any, Any]:
        """The value as an ndarray. A leaf's may be written to (`W.data -= lr * W.grad`); a result's is read-only.

        Writing never disturbs a graph that was recorded before: it keeps the values of its forward pass.
        """
        if self.rule is not None or self.freed:
            return read_only(self._array)
        if not self.exposed:
            if getrefcount(self._array) > ALONE or (self.exposed is None and not is_whole(self._array)):
                self._array = owned(self._array)
            self.exposed = True
        return self._array

    @data.setter
    def data(self, value: Any) -> None:
        if value is self._array:  # the end of `W.data -= ...`, which has written already
            return
        if not self.is_leaf:
            raise TypeError(f"cannot assign to the data of {describe(self)}: it is a result; only leaves have data of their own")
        if getattr(value, "requires_grad", False):
            raise TypeError(f"cannot assign a Tensor that requires a gradient to the data of {describe(self)}; pass .numpy()")
        new = np.array(value, dtype=self._array.dtype)
        if new.shape != self._array.shape:
            raise ValueError(f"data of shape {new.shape} cannot replace {describe(self)}: the shape must stay the same")
        self._array, self.exposed, self.snapshot = new, False, None

    def value_for_graph(self) -> Array:
        """The array that a graph may hold: the value itself, or a snapshot of it while the user may write to it."""
        if not self.exposed:
            return self._array
        if getrefcount(self._array) <= ALONE:
            self.exposed, self.snapshot = False, None
            return self._array
        if self.snapshot is None or self.snapshot.tobytes() != self._array.tobytes():  # bytes: NaN is equal to NaN, -0 is not 0
            self.snapshot = self._array.copy()
        return self.snapshot

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the entries."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._array.size

    def numpy(self) -> np.ndarray[Any, Any]:
        """The value as a read-only ndarray outside of the graph. Copy it to write to it."""
        return read_only(self._array)

    def item(self) -> Any:
        """The value of a one-element Tensor as a Python number."""
        return self._array.item()

    def tolist(self) -> Any:
        """The value as nested Python lists."""
        return self._array.tolist()


def is_whole(array: Array) -> bool:
    """Whether an array has memory of its own that can be written to. A view would hold a reference to another array."""
    return type(array) is np.ndarray and array.base is None and array.flags.writeable


class _Probe(Storage):
    """Measures what `getrefcount(self._array)` says of an array that nobody else holds."""

    __slots__ = ()

    def references(self) -> int:
        self._array = np.empty(1)
        return getrefcount(self._array)


ALONE = _Probe().references() if hasattr(sys, "getrefcount") else 0
