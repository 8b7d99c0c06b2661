"""Who owns an array: a Tensor, a graph, or the user.

A graph must find the arrays of its forward pass unchanged. A user may write to his own arrays and to `W.data` at any time. Three
means keep both right:

* A *read-only* view is handed out where nobody may write.
* A *snapshot* is a copy, taken when a call is recorded.
* A *seal* holds the contents of a plain array that the backward pass will read again: its bytes, or a check sum when it is
  large. The backward pass compares them first, and refuses to run when the array has changed.

A Tensor owns its array. The usual training loop never copies it, because CPython counts references: what no graph, no view
and no variable holds may be written to. Otherwise the array is copied (copy-on-write). An interpreter that does not count
references copies each time.
"""

from __future__ import annotations

import operator
import sys
import zlib
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from microgradnp.core.checks import NUMBERS, array_of_list, checked_array
from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.messages import describe, mutated_message
from microgradnp.core.origin import Place
from microgradnp.core.signatures import positions_read
from microgradnp.core.table import Rule
from microgradnp.core.typing import Array, Node

IMMUTABLE = {int, float, complex, bool, str, type(None)}
getrefcount: Callable[[Any], int] = getattr(sys, "getrefcount", lambda array: 1)  # without one: held by somebody, so copy


def owned(array: Array) -> Array:
    """A writable copy that nobody else can reach."""
    return np.array(array) if isinstance(array, (np.ndarray, np.generic)) else array.copy()


def own_array(data: Any, dtype: Any) -> Array:
    """The array of a new leaf: a copy, which nobody else can change. Raises TypeError for what is no array of numbers."""
    traced = isinstance(data, Storage) and data.traced
    if isinstance(data, Storage):
        if data.needs_grad:
            raise TypeError(
                f"Tensor: data is {describe(data)}, which requires a gradient; a copy would silently lose it. "
                "Use it as it is, or pass .detach()"
            )
        data = data._array
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("Tensor: data is a masked array, and its mask would be lost; fill it with .filled(value)")
    value = data if traced or is_foreign(data) else array_of_list(data, dtype, "Tensor: data")
    if value.dtype.kind not in NUMBERS:
        raise TypeError(f"Tensor: data must be numbers, got dtype {value.dtype}")
    return value


def read_only(array: Array) -> np.ndarray[Any, Any]:
    """A view that cannot be written to."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def snapshot(value: Any) -> Any:
    """An index or an option that nobody else can change. Containers are copied, and Tensors give their values.

    Arrays remain the user's, and are sealed. Raises TypeError for a Tensor that requires a gradient: it would be lost here.
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


def held_by(rule: Rule, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[int, ...], bool]:
    """The arguments and their values as a node may hold them, the positions that need a gradient, whether plain arrays occur."""
    held: list[Any] = []
    needs: tuple[int, ...] = ()
    has_arrays, is_usual = False, rule.trusted
    for argument in args:
        if isinstance(argument, Storage):
            if argument.needs_grad:
                needs += (len(held),)
            held.append(argument.value_for_graph() if argument.exposed else argument._array)
        elif type(argument) is np.ndarray and argument.dtype.kind in NUMBERS:
            held.append(argument)
            has_arrays = True
        else:
            held.append(captured(argument, rule, len(held)))
            has_arrays, is_usual = True, False
    if rule.constant:
        needs = ()
    elif rule.gaps and not rule.gaps.isdisjoint(needs):
        raise TypeError(f"{rule.name}: no derivative with respect to argument {min(rule.gaps & {*needs})}; pass it .detach()ed")
    if not rule.trusted:
        held = [read_only(value) if isinstance(value, np.ndarray) else value for value in held]
    if not is_usual:
        args = tuple([a if isinstance(a, Storage) else value for a, value in zip(args, held, strict=True)])
    return args, tuple(held), needs, has_arrays


def captured(argument: Any, rule: Rule, position: int) -> Any:
    """The value of an argument that is no Tensor, as a graph may hold it. Lists become arrays where they stand for one."""
    if rule.constant or position in rule.gaps:
        return snapshot(argument)
    if isinstance(argument, (list, tuple)):
        argument = array_of_list(argument, None, f"{rule.name}: argument {position}")
    return checked_array(argument, rule.name, position) if isinstance(argument, np.ndarray) else argument


# ------------------------------------------------------------------------------------------------ seals

Seal = tuple[np.ndarray[Any, Any], bytes | int, tuple[int, ...], np.dtype[Any]]  # an array, its contents, shape and dtype
SMALL = 4096  # bytes up to which a seal keeps all of them: exact, and quicker than a check sum


def seals_of(node: Node) -> list[Seal] | None:
    """Seals of the plain arrays that a gradient formula of this node will read; None when there are none.

    Read-only arrays are sealed too: they may be views of an array that is written to.
    """
    rule: Any = node.rule
    args = node.args
    read = range(len(args)) if rule.variadic else rule.read.get(node.needs)
    if read is None:
        read = rule.read[node.needs] = positions_to_seal(rule, node.needs)
    seals = []
    for position in read:
        try:
            argument = args[position]
        except IndexError:  # an optional array that was not given
            break
        if type(argument) is np.ndarray:
            seals.append(sealed(argument))
        elif not isinstance(argument, Storage):
            seals += map(sealed, arrays_in(argument))
    if node.options:
        seals += map(sealed, arrays_in(node.options))
    return seals or None


def positions_to_seal(rule: Rule, needs: tuple[int, ...]) -> tuple[int, ...]:
    """Positions of the arguments whose values the formulas of `needs` read; all of them where a formula does not tell."""
    read: set[int] = set()
    for position in needs:
        positions = positions_read(rule.vjps[position])
        read.update(range(rule.arrays) if positions is None else positions)
    return tuple(sorted(read))


def sealed(array: np.ndarray[Any, Any]) -> Seal:
    """Seal an array: the user owns it, and the backward pass will read it again."""
    dtype = array.dtype
    is_small = array.nbytes <= SMALL and not dtype.hasobject
    return array, array.tobytes() if is_small else checksum(array), array.shape, dtype


def check_seals(node: Node, known: dict[int, int]) -> None:
    """Raise RuntimeError when an array that a gradient formula of this node will read has changed.

    `known` holds the check sums that this sweep has taken, by the array's id.
    """
    for array, before, shape, dtype in node.seals:
        now = array.tobytes() if type(before) is bytes else known_checksum(array, known)
        if now != before or array.shape != shape or array.dtype is not dtype:  # `array.shape = ...` changes no byte
            position = next((i for i, value in enumerate(node.values) if any(a is array for a in arrays_in(value))), None)
            raise RuntimeError(mutated_message(node, array, position))


def known_checksum(array: np.ndarray[Any, Any], known: dict[int, int]) -> int:
    """The check sum of an array that several nodes may have sealed, taken once."""
    if id(array) not in known:
        known[id(array)] = checksum(array)
    return known[id(array)]


def checksum(array: np.ndarray[Any, Any]) -> int:
    """CRC-32 of an array's bytes.

    Any change within 32 neighbouring bits is certain to show. Another change goes unnoticed once in 2**32.
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


def check_leaves(node: Node) -> None:
    """Raise RuntimeError when a leaf was written to since the forward pass.

    A recorded sweep reads the leaves themselves, not the values that the forward pass captured.
    """
    for position, argument in enumerate(node.args):
        if getattr(argument, "is_leaf", False) and not same_bytes(argument._array, node.values[position]):
            raise RuntimeError(mutated_message(node, argument._array, position))


def same_bytes(now: Array, then: Array) -> bool:
    """Whether two arrays are equal bit by bit: NaN is equal to NaN, and -0 is not 0."""
    return now is then or now.tobytes() == then.tobytes()


# -------------------------------------------------------------------------------------- the array of a Tensor


class Storage:
    """Mixin: the array of a Tensor. The user gets it by `data` or `numpy()`, a graph by `value_for_graph()`.

    The attribute is called `_array`, because `numpy.ma` would read a `_data`.
    """

    __slots__ = ("_array", "exposed", "snapshot")

    _array: Array
    exposed: bool | None  # whether the user may hold `_array` and write to it; None: it was never handed out
    snapshot: Array | None  # the copy that graphs hold while the user may write to `_array`
    rule: Rule | None
    name: str | None
    needs_grad: bool
    freed: bool
    place: Place | None
    traced: ClassVar[bool] = False  # True while tracing: the value is symbolic, and reading it raises
    apply: ClassVar[Callable[..., Any]]  # `record.apply`; that module assigns it, because it stands above this one

    @property
    def is_leaf(self) -> bool:
        """True for a Tensor that no recorded function made."""
        return self.rule is None and not self.freed

    @property
    def data(self) -> np.ndarray[Any, Any]:
        """The value as an ndarray. A leaf's may be written to (`W.data -= lr * W.grad`); a result's is read-only.

        Writing changes no graph that was recorded before. A graph keeps the values of its forward pass.
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
        if value is self._array:  # the end of `W.data -= ...`, which has already written
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
        if self.snapshot is None or not same_bytes(self.snapshot, self._array):
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
        """The value as a read-only ndarray outside of the graph. Copy it to write to it.

        Whoever sets `flags.writeable` by force writes into the graph. No backward pass notices that: checking the values of all
        results would cost more than the pass itself.
        """
        return read_only(self._array)

    def item(self) -> Any:
        """The value of a one-element Tensor as a Python number."""
        return np.asarray(self._array).item()

    def tolist(self) -> Any:
        """The value as nested Python lists."""
        return np.asarray(self._array).tolist()


def is_whole(array: Array) -> bool:
    """Whether an array is no view of another array, to which references would have to be counted, too."""
    return type(array) is np.ndarray and array.base is None


class _Probe(Storage):
    """Finds out what `getrefcount(self._array)` is for an array that nobody else holds."""

    __slots__ = ()

    def references(self) -> int:
        self._array = np.empty(1)
        return getrefcount(self._array)


ALONE = _Probe().references() if hasattr(sys, "getrefcount") else 0
