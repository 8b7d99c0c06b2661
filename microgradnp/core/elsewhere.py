"""Arrays of other libraries: anything that speaks NumPy's two protocols (NEP 13 and 18) can be the array of a Tensor.

The engine never asks such an array for its numbers while it records and sweeps. So Dask can compute a forward and a backward
pass as one graph of tasks, and a GPU keeps its data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.typing import Array


def is_foreign(value: Any) -> bool:
    """Whether a value is an array of another library that speaks NumPy's protocols, such as Dask's."""
    return hasattr(value, "__array_function__") and not isinstance(value, (np.ndarray, np.generic))


def as_array(value: Any) -> Array:
    """An ndarray, or the array of another library as it is."""
    return value if is_foreign(value) else np.asarray(value)


def brought_home(arrays: list[Any]) -> list[Any]:
    """The numbers of foreign arrays, as ndarrays. Dask computes them together, so that what they share is computed once."""
    if all(hasattr(array, "__dask_graph__") for array in arrays):
        import dask

        return [np.asarray(array) for array in dask.compute(*arrays)]
    return [np.asarray(array) for array in arrays]
