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
    return (
        type(value) is not np.ndarray and hasattr(value, "__array_function__") and not isinstance(value, (np.ndarray, np.generic))
    )


def as_array(value: Any) -> Array:
    """An ndarray, or the array of another library as it is."""
    return value if type(value) is np.ndarray or is_foreign(value) else np.asarray(value)


def bring_home(loss: Any, found: list[tuple[Any, Array]]) -> list[tuple[Any, Array]]:
    """The same nodes and gradients. Where another library computes the gradient of a plain array, it becomes an ndarray.

    The loss becomes one, too, in the same computation.
    """
    far = [k for k, (node, g) in enumerate(found) if is_foreign(g) and not is_foreign(node._array)]
    if not far:
        return found
    loss._array, *gradients = numbers_of([loss._array, *(found[k][1] for k in far)])
    home = dict(zip(far, gradients, strict=True))
    return [(node, home.get(k, g)) for k, (node, g) in enumerate(found)]


def numbers_of(arrays: list[Any]) -> list[Any]:
    """Foreign arrays as ndarrays. Dask computes them together, so that what they share is computed once."""
    if all(hasattr(array, "__dask_graph__") for array in arrays):
        import dask

        return [np.asarray(array) for array in dask.compute(*arrays)]
    return [np.asarray(array) for array in arrays]
