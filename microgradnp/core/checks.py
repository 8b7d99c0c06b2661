"""Checks of what comes from outside: the user's arrays, and the results of the user's functions and formulas.

Each check returns an array that the engine can compute with. Otherwise it raises a TypeError that names the operation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.typing import Array

NUMBERS = "fciub"  # kinds of dtype: float, complex, signed and unsigned integer, bool


def checked_array(array: np.ndarray[Any, Any], operation: str, position: int) -> np.ndarray[Any, Any]:
    """An ndarray argument. Subclasses of ndarray are refused, since they give arithmetic another meaning; so are objects."""
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


def checked_result(result: Any, operation: str, *, differentiable: bool) -> Array:
    """A copy of what a user's function returned. The function may keep its buffer and write to it again."""
    if result is None or isinstance(result, (tuple, dict, str)):
        hint = "did it forget to return?" if result is None else "make a primitive of each part, or stack the parts"
        raise TypeError(f"{operation}: returned {article(result)}, and a primitive returns one array; {hint}")
    array = result.copy() if is_foreign(result) else np.array(result)
    if array.dtype.kind not in NUMBERS or (differentiable and array.dtype.kind not in "fc"):
        raise TypeError(f"{operation}: returned {article(result)} of dtype {array.dtype}; a result with a gradient is of floats")
    return array


def checked_gradient(share: Any, operation: str, position: int) -> Array:
    """What a user's gradient formula returned, as an array."""
    array = share if isinstance(share, (np.ndarray, np.generic)) else np.asarray(share)
    if array.dtype.kind not in NUMBERS:
        raise TypeError(
            f"{operation}: the gradient rule of argument {position} returned {article(share)}, and must return an array"
        )
    return array


def article(value: Any) -> str:
    """`a str`, `a tuple`, `None`: a value's type for a message."""
    return "None" if value is None else f"a {type(value).__name__}"


def filled_hint(array: Any) -> str:
    """The cure for a masked array, to be appended to a message."""
    return ", or fill its masked entries with .filled(value)" if isinstance(array, np.ma.MaskedArray) else ""


def array_of_list(data: Any, dtype: Any, who: str) -> np.ndarray[Any, Any]:
    """A new array. Raises ValueError for a ragged list, with the lengths of its rows."""
    try:
        return np.array(data, dtype=dtype)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        rows: list[Any] = [data]
        while all(isinstance(row, (list, tuple)) or getattr(row, "ndim", 0) for row in rows):
            lengths = [len(row) for row in rows]
            if len(set(lengths)) > 1:
                break
            rows = [entry for row in rows for entry in row]
        else:
            lengths = []
        counts = f": rows have {' and '.join(map(str, dict.fromkeys(lengths)))} entries" if lengths else ""
        raise ValueError(
            f"{who} is a ragged list{counts}. An array needs rows of one length: pad them, or keep a list of arrays"
        ) from None
