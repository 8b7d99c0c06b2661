"""What a graph may hold of the user's own objects: containers are copied, plain arrays sealed.

The backward pass reads the arguments of the forward pass again. Between the two the user may write to an array that was an
argument, append to a list of indices, or resize in place; a gradient of the changed values would be silently wrong. Copying
every array would be safe and slow, so a check sum is taken at recording and compared when the sweep begins.
"""

from __future__ import annotations

import operator
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

NUMBERS = "fciub"  # kinds of dtype: float, complex, signed and unsigned integer, bool
Array = Any  # an ndarray, a NumPy scalar, or another array that speaks NumPy's protocols


def read_only(value: Array) -> np.ndarray[Any, Any]:
    """A view that cannot be written through."""
    view = np.asarray(value).view()
    view.flags.writeable = False
    return view


def shielded(value: Any) -> Any:
    """What a user's function may be given: arrays that it cannot write to."""
    return read_only(value) if isinstance(value, np.ndarray) else value


def own_result(result: Any, operation: str, *, differentiable: bool) -> Array:
    """The result of a user's function as an array of one's own: the function may keep its buffer and write to it again."""
    if result is None or isinstance(result, (tuple, dict, str)):
        hint = "did it forget to return?" if result is None else "make a primitive of each part, or stack the parts"
        raise TypeError(f"{operation}: returned {article(result)}, and a primitive returns one array; {hint}")
    foreign = hasattr(result, "__array_function__") and not isinstance(result, (np.ndarray, np.generic))
    array = result.copy() if foreign else np.array(result)
    if array.dtype.kind not in NUMBERS or (differentiable and array.dtype.kind not in "fc"):
        raise TypeError(f"{operation}: returned {article(result)} of dtype {array.dtype}; a result with a gradient is of floats")
    return array


def article(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def own_gradient(share: Any, operation: str, position: int) -> Array:
    """What a user's formula returned as an array, or TypeError."""
    array = share if isinstance(share, (np.ndarray, np.generic)) else np.asarray(share)
    if array.dtype.kind not in NUMBERS:
        raise TypeError(
            f"{operation}: the gradient rule of argument {position} returned {article(share)}, and must return an array"
        )
    return array


def plain_array(array: np.ndarray[Any, Any], operation: str, position: int) -> np.ndarray[Any, Any]:
    """An array that takes part in the arithmetic, after what would change the arithmetic's meaning was refused."""
    if type(array) is not np.ndarray:
        if not isinstance(array, np.memmap):
            raise TypeError(
                f"{operation}: argument {position} is a {type(array).__name__}, whose own rules (masks, units, matrix products) "
                "a gradient would not follow. Convert it with np.array(...) first" + filled_hint(array)
            )
        array = array.view(np.ndarray)
    if array.dtype.kind not in NUMBERS:
        raise TypeError(f"{operation}: argument {position} is an array of dtype {array.dtype}, not of numbers; convert it first")
    return array


def filled_hint(array: Any) -> str:
    return ", or fill its masked entries with .filled(value)" if isinstance(array, np.ma.MaskedArray) else ""


def frozen(value: Any) -> Any:
    """An index or an option that nobody else can change: containers are copied, Tensors give their values.

    Arrays stay the user's, to be sealed. Raises TypeError for a Tensor that requires a gradient, which would be lost here.
    """
    if isinstance(value, (int, float, str, type(None))):
        return value
    if hasattr(value, "value_for_graph"):
        if value.requires_grad:
            raise TypeError(
                "a Tensor that requires a gradient stands where no derivative exists (an index, an option, a condition); "
                "pass it .detach()ed"
            )
        return value.value_for_graph()
    if isinstance(value, list):
        return [frozen(item) for item in value]
    if isinstance(value, tuple):
        return tuple([frozen(item) for item in value])
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(*(bound if bound is None else operator.index(bound) for bound in (value.start, value.stop, value.step)))
    return value


def arrays_in(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays in an argument, however deep in tuples, lists and dictionaries."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from arrays_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from arrays_in(item)


class Seal:
    """A check sum of an array that the user owns and the backward pass will read again."""

    __slots__ = ("array", "content", "dtype", "shape")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array
        self.shape, self.dtype = array.shape, array.dtype  # `array.shape = ...` changes these, and not one byte
        self.content = checksum(array)

    def broken(self, known: dict[int, int]) -> bool:
        """Has the array changed? `known` remembers the check sums of this sweep, by the array's id."""
        array = self.array
        content = known.get(id(array))
        if content is None:
            content = known[id(array)] = checksum(array)
        return content != self.content or array.shape != self.shape or array.dtype != self.dtype


def checksum(array: np.ndarray[Any, Any]) -> int:
    """CRC-32 of an array's bytes: any change within 32 neighbouring bits is certain to show, others but for 1 in 2**32."""
    if array.dtype.kind not in NUMBERS:
        return zlib.crc32(repr(array.tolist()).encode())  # objects and strings, as an option of a user's function
    return zlib.crc32(array.data if array.flags.c_contiguous else array.tobytes())
