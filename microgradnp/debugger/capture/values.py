"""What a variable holds: the arrays and numbers inside lists, dicts and objects of the user's classes."""

from __future__ import annotations

import itertools
import operator
import types
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from microgradnp.debugger.record.calls import is_user_class

DEPTH = 6
MOST = 400  # leaves of one variable

NUMBERS = frozenset({bool, int, float, *(kind for kind in np.sctypeDict.values() if issubclass(kind, np.number))})
LIST = frozenset([list])

Key = tuple[Any, ...]


def is_user_instance(value: Any) -> bool:
    """Whether a value is an object with attributes, of a class of the user, and no array, function, module or type."""
    if isinstance(value, (type, types.ModuleType, types.FunctionType, types.MethodType, np.ndarray, np.generic, str)):
        return False
    kind: Any = type(value)
    return hasattr(value, "__dict__") and is_user_class(kind)


def attributes(value: Any) -> dict[str, Any]:
    """An object's own attributes."""
    return dict(vars(value))


def as_array(value: Any) -> np.ndarray | None:
    """The value as a numeric array: an array, a number, or a rectangular nesting of numbers; else None."""
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "fiubc" else None
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        return np.asarray(value)
    if isinstance(value, (list, tuple)) and value and is_numeric_nest(value):
        try:
            array = np.asarray(value)
        except ValueError:
            return None
        return array if array.dtype.kind in "fiub" else None
    return None


def is_numeric_nest(value: Any, depth: int = 0) -> bool:
    """Whether a list or tuple holds numbers only, at any depth."""
    if isinstance(value, (list, tuple)):
        if depth >= 4 or not 0 < len(value) <= 10_000:
            return False
        return NUMBERS.issuperset(map(type, value)) or all(is_numeric_nest(item, depth + 1) for item in value)
    return isinstance(value, (bool, int, float, np.number))


def is_row(value: list[Any]) -> bool:
    """Whether a list holds nothing but numbers."""
    return NUMBERS.issuperset(map(type, value))


def is_matrix(value: list[Any]) -> bool:
    """Whether a list holds nothing but lists of numbers."""
    return LIST.issuperset(map(type, value)) and all(map(is_row, value))


def is_each(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Whether two sequences hold the same objects."""
    return len(first) == len(second) and all(map(operator.is_, first, second))


class Nest:
    """A list of numbers, or of such lists, as it is now. It is compared by its objects, which is quick."""

    __slots__ = ("items", "lengths", "numbers", "value")

    def __init__(self, value: list[Any]) -> None:
        self.value = value
        self.items: list[Any] | None = None  # None where it is something else
        self.lengths: list[int] = []
        self.numbers: list[Any] = []  # of the lists inside, one after the other
        if is_row(value):
            self.items = value.copy()
        elif is_matrix(value):
            self.items = value.copy()
            self.lengths = list(map(len, value))
            self.numbers = list(itertools.chain.from_iterable(value))

    def holds(self, value: list[Any]) -> bool:
        """Whether it is this list, and still holds the same numbers."""
        if self.value is not value or self.items is None or not is_each(self.items, value):
            return False
        if not self.lengths:
            return True
        numbers = itertools.chain.from_iterable(value)
        return list(map(len, value)) == self.lengths and all(map(operator.is_, self.numbers, numbers))


def leaves(value: Any, key: Key, path: str, depth: int = 0) -> Iterator[tuple[Key, str, Any]]:
    """(key, expression, value) for every array or number inside a value. The key is the identity of the place that holds it."""
    if isinstance(value, (np.ndarray, bool, int, float, np.number)):
        yield key, path, value
    elif depth > DEPTH:
        return
    elif isinstance(value, (list, tuple)):
        if as_array(value) is not None:
            yield key, path, value
        elif len(value) <= MOST:
            for k, item in enumerate(value):
                yield from leaves(item, ("item", id(value), k), f"{path}[{k}]", depth + 1)
    elif isinstance(value, dict):
        if len(value) <= MOST:
            for name, item in list(value.items()):
                yield from leaves(item, ("item", id(value), name), f"{path}[{name!r}]", depth + 1)
    elif is_user_instance(value):
        for name, item in attributes(value).items():
            yield from leaves(item, ("attr", id(value), name), f"{path}.{name}", depth + 1)


def fingerprint(value: Any) -> tuple[int, bytes]:
    """Identity and content: equal fingerprints mean that nothing has changed."""
    array = as_array(value)
    return (id(value), b"" if array is None else array.tobytes())


def is_symmetric(array: np.ndarray) -> bool:
    """Whether an array is equal to its transpose: a graph's adjacency, or a covariance. Code may rely on it."""
    square = array.ndim == 2 and len(array) > 1 and array.shape[0] == array.shape[1]
    return square and bool(np.array_equal(array, array.T))
