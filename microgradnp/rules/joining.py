"""Joining arrays, by concatenation of reshaped parts, and splitting them, by slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.rules.rearranging import along, three_dimensional
from microgradnp.rules.values import value_of

# --------------------------------------------------------------------------------------------- joining


@composite(np.vstack)
def vstack(tup: Sequence[Any]) -> Any:
    for a in tup:
        if getattr(a, "ndim", 0) < 2 and np.ndim(a) < 2:  # getattr is quicker than np.ndim, which asks the Tensor's protocol
            return np.concatenate([np.reshape(a, (1, -1)) if np.ndim(a) < 2 else a for a in tup], axis=0)
    return np.concatenate([*tup], axis=0)


@composite(np.hstack)
def hstack(tup: Sequence[Any]) -> Any:
    arrays = [np.reshape(a, (1,)) if np.ndim(a) == 0 else a for a in tup]
    return np.concatenate(arrays, axis=0 if np.ndim(arrays[0]) == 1 else 1)


@composite(np.dstack)
def dstack(tup: Sequence[Any]) -> Any:
    return np.concatenate([three_dimensional(a) for a in tup], axis=2)


@composite(np.column_stack)
def column_stack(tup: Sequence[Any]) -> Any:
    return np.concatenate([np.reshape(a, (-1, 1)) if np.ndim(a) < 2 else a for a in tup], axis=1)


@composite(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return np.concatenate([arr, values], axis=axis) if axis is not None else np.concatenate([np.ravel(arr), np.ravel(values)])


@composite(np.block)
def block(arrays: Any) -> Any:
    """Joins the innermost lists along the last axis, the lists around them along the last but one, and so on."""
    depth, first = 0, arrays
    while isinstance(first, list):
        depth, first = depth + 1, first[0]
    target = max(depth, deepest(arrays))

    def join(part: Any, level: int) -> Any:
        if not isinstance(part, list):
            return np.reshape(part, (1,) * (target - np.ndim(part)) + np.shape(part))
        return np.concatenate([join(inner, level + 1) for inner in part], axis=level - depth)

    return join(arrays, 0)


def deepest(part: Any) -> int:
    """The largest number of axes in nested lists."""
    return max(map(deepest, part)) if isinstance(part, list) else np.ndim(part)


@composite(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """NumPy inserts into an array of entry numbers. The numbers show which entry comes from where."""
    numbers = np.arange(np.size(arr)).reshape(np.shape(arr))
    new = np.arange(np.size(values)).reshape(np.shape(values)) + np.size(arr)
    return gathered(arr, values, np.insert(numbers, value_of(obj) if not isinstance(obj, slice) else obj, new, axis))


def gathered(a: Any, more: Any, numbers: Any) -> Any:
    """Entries by their numbers: those of `a`, counted on in `more`. The result has the dtype of `a`."""
    both = np.concatenate([np.ravel(a), np.ravel(more)])
    result = both[numbers]
    dtype = np.result_type(a)
    return result if result.dtype == dtype else np.astype(result, dtype)


# --------------------------------------------------------------------------------------------- splitting


@composite(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    axis = axis % ary.ndim
    if np.ndim(indices_or_sections) == 0:
        size, extra = divmod(ary.shape[axis], int(indices_or_sections))
        stops = [(k + 1) * size + min(k + 1, extra) for k in range(int(indices_or_sections) - 1)]
    else:
        stops = list(indices_or_sections)
    return [ary[along(axis, slice(start, stop))] for start, stop in zip([0, *stops], [*stops, None], strict=True)]


@composite(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    if np.ndim(indices_or_sections) == 0 and ary.shape[axis] % int(indices_or_sections):
        raise ValueError(
            f"split: {ary.shape[axis]} entries along axis {axis} do not divide into {indices_or_sections} equal parts"
        )
    return array_split(ary, indices_or_sections, axis)


@composite(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@composite(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 0)


@composite(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 2)


@composite(np.unstack)
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    return tuple(x[along(axis % x.ndim, k)] for k in range(x.shape[axis]))
