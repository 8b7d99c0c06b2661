"""Initial weights by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.habits import nearest

Init = str | Callable[[np.random.Generator, tuple[int, ...]], Any]


def initial(init: Init, shape: tuple[int, ...], fans: tuple[int, int], rng: np.random.Generator, dtype: Any) -> Any:
    """An array of a shape. `fans` are the numbers of inputs and outputs of a unit.

    "glorot": uniform in +-sqrt(6 / (inputs + outputs)). "he": normal with variance 2 / inputs. "lecun": normal with variance
    1 / inputs. "orthogonal": a matrix with orthonormal rows or columns. "normal": standard deviation 0.01. "zeros". A function
    is called as init(rng, shape). Raises ValueError for an unknown name or a wrong shape.
    """
    inputs, outputs = fans
    limit = math.sqrt(6 / (inputs + outputs))
    known: dict[str, Callable[[], Any]] = {
        "glorot": lambda: rng.uniform(-limit, limit, shape),
        "he": lambda: rng.normal(size=shape) * math.sqrt(2 / inputs),
        "lecun": lambda: rng.normal(size=shape) * math.sqrt(1 / inputs),
        "normal": lambda: rng.normal(size=shape) * 0.01,
        "orthogonal": lambda: orthogonal(rng, shape),
        "zeros": lambda: np.zeros(shape),
    }
    if isinstance(init, str) and init not in known:
        raise ValueError(nearest("init", init, known, {"xavier": 'write init="glorot"', "kaiming": 'write init="he"'}))
    array = np.asarray(known[init]() if isinstance(init, str) else init(rng, shape), dtype)
    if array.shape != shape:
        raise ValueError(f"init returned shape {array.shape}; the weights have shape {shape}")
    return array


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """A matrix whose columns, or rows if there are fewer, are orthonormal: A. M. Saxe et al. (2014)."""
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).reshape(shape)
