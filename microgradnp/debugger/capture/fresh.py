"""Fresh inputs: other numbers of the same kind for everything that a run reaches."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.capture.values import as_array, is_numeric_nest, is_symmetric, is_user_instance

NEAR = 0.2  # how much fresh data differ from the user's, as a share of these


class Inputs(NamedTuple):
    """The inputs of a run: the user's own, or fresh ones where the seed is not 0.

    `known` holds the contents of the parameters as they were given: fresh inputs give the parameters other values, too. `spread`
    says how far from the user's the data are that have both signs. Where there is an `only`, all but arrays with these contents
    stays as it is.
    """

    seed: int = 0
    known: tuple[bytes, ...] = ()
    spread: float = NEAR
    only: frozenset[bytes] | None = None

    def fresh(self, number: int) -> Inputs:
        """Other inputs than these; `number` counts from 1."""
        return self._replace(seed=self.seed + number)


Key = tuple[tuple[int, ...], np.dtype, bytes]  # the shape, type and content of an array


class Fresh:
    """Gives values fresh numbers: generic ones to data and to the known parameters, another order to labels and one-hot rows.

    State that is constant (zeros of a momentum buffer, ones of a running variance) and scalars such as the learning rate stay.
    Arrays with the same numbers get the same ones: a copy of the weights, such as those of the step before, stays a copy.
    """

    def __init__(self, inputs: Inputs) -> None:
        self.inputs, self.rng = inputs, np.random.default_rng(inputs.seed)
        self.done: dict[int, Any] = {}
        self.twins: dict[Key, np.ndarray | None] = {}

    def of(self, value: Any) -> Any:
        """A value with fresh numbers, in place where it can be changed: other names of it see them, too."""
        if id(value) in self.done:
            return self.done[id(value)]
        array = as_array(value)
        if isinstance(value, tuple) and array is not None and array.tobytes() not in self.inputs.known:
            array = None  # settings, such as (0.5, 20), or arguments: each for itself
        if array is not None:
            changed = self.with_numbers(value, np.asarray(array))  # the product of an np.matrix is that of matrices
        elif isinstance(value, tuple) and not hasattr(value, "_fields"):
            changed = tuple(map(self.of, value))
        else:
            self.done[id(value)] = changed = value
            if isinstance(value, list):
                value[:] = map(self.of, value)
            elif isinstance(value, dict):
                value.update({name: self.of(item) for name, item in value.items()})
            elif is_user_instance(value):
                vars(value).update({name: self.of(item) for name, item in vars(value).items()})
        self.done[id(value)] = changed
        return changed

    def with_numbers(self, value: Any, array: np.ndarray) -> Any:
        """The value of an array with fresh numbers."""
        key = array.shape, array.dtype, array.tobytes()
        if self.inputs.only is not None and key[2] not in self.inputs.only:
            return value
        if key not in self.twins or np.all(array == array.flat[:1]):  # arrays of zeros say nothing of one another
            self.twins[key] = fresh_numbers(array, self.rng, key[2] in self.inputs.known, self.inputs.spread)
        fresh = self.twins[key]
        return value if fresh is None else put(value, fresh)


def varied(inputs: Inputs) -> Callable[[Any], Any]:
    """A change of a call and of what it reaches: everything that fresh inputs give other values."""
    fresh = Fresh(inputs)

    def change(parts: Any) -> Any:
        target, args, kwargs, inside = parts
        owner = target.__self__ if isinstance(target, types.MethodType) else target
        if is_user_instance(owner):
            fresh.of(owner)
        return target, fresh.of(args), fresh.of(kwargs), [fresh.of(value) for value in inside]

    return change


def fresh_numbers(array: np.ndarray, rng: np.random.Generator, is_known: bool, spread: float = NEAR) -> np.ndarray | None:
    """Other numbers of the same kind; `is_known` says that they are a parameter. None where they stay."""
    parameter = array.dtype.kind == "f" and is_known
    if not array.size or (array.ndim == 0 and not parameter):
        return None
    if array.dtype.kind != "f" or is_label_like(array):
        if parameter and not is_label_like(array):
            fresh = array + 0.1 * rng.standard_normal(array.shape)
        elif parameter and (not array.any() or np.ptp(array) == 0):
            fresh = array + 0.3 * rng.standard_normal(array.shape)
        elif array.dtype.kind in "iu" or array.dtype.kind == "f":
            fresh = permuted(array, rng)
        else:
            return None
    elif np.ptp(array) == 0 and not parameter:
        return None
    else:
        share = NEAR if parameter or array.min() >= 0 or array.max() <= 0 else spread
        away = share / 2 * float(np.std(array) or 1) * rng.standard_normal(array.shape)
        fresh = array * (1 + share * rng.standard_normal(array.shape)) + away
        if array.min() > 0 and array.max() < 1:
            fresh = np.clip(fresh, 0.02, 0.98)
        if array.ndim > 1 and not parameter:  # a column of whole numbers holds classes, or chooses rows
            fresh = np.where(np.all(array == np.round(array), axis=tuple(range(array.ndim - 1))), array, fresh)
    if is_symmetric(array) and not parameter:
        fresh = (fresh + fresh.T) / 2
    return np.asarray(fresh.astype(array.dtype))


def permuted(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The rows in another order; of what is symmetric the columns as well."""
    if not array.ndim or not np.ptp(array):
        return array
    order = rng.permutation(len(array))
    return array[np.ix_(order, order)] if is_symmetric(array) else array[order]


def put(value: Any, fresh: np.ndarray) -> Any:
    """Fresh numbers in a container of the same kind, in place where that can be changed."""
    if isinstance(value, np.ndarray):
        value[...] = fresh  # other names of the same array see it, too
        return value
    if isinstance(value, (list, tuple)) and is_numeric_nest(value):
        return refill(value, fresh.tolist())
    return type(value)(fresh)


def refill(value: Any, fresh: Any) -> Any:
    """The numbers of `fresh` in the containers of `value`."""
    if isinstance(value, tuple):
        return tuple(refill(old, new) for old, new in zip(value, fresh, strict=True))
    if isinstance(value, list):
        value[:] = [refill(old, new) for old, new in zip(value, fresh, strict=True)]
        return value
    return fresh


def is_label_like(array: np.ndarray) -> bool:
    """Whole numbers, or rows that are probabilities."""
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        return True
    whole = bool(np.all(array == np.round(array)))
    return whole or (array.ndim == 2 and array.min() >= 0 and bool(np.allclose(array.sum(-1), 1)) and array.shape[-1] > 1)
