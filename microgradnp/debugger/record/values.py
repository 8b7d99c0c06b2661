"""The numbers and arrays inside of the user's values, and whether two values are the same to the last bit."""

from __future__ import annotations

import collections
import random
import struct
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.record.calls import is_user_class
from microgradnp.debugger.record.nodes import SCALARS, fresh

ATOMS = (
    str,
    bytes,
    int,
    type(None),
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    np.ufunc,
    range,
    slice,
)
DEEPEST = 150


def quantities_in(value: Any, path: str = "", seen: set[int] | None = None, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """As `numbers_in`, but a list of numbers, or of such lists, is one quantity."""
    seen = set() if seen is None else seen
    if isinstance(value, ATOMS) or id(value) in seen or depth > DEEPEST:
        return
    if type(value) in SCALARS or is_nest(value) or (isinstance(value, np.ndarray) and value.dtype.kind != "O"):
        yield path, value
        return
    seen.add(id(value))
    for name, item in children(value, path):
        yield from quantities_in(item, name, seen, depth + 1)


def is_nest(value: Any) -> bool:
    """Whether a value is a list of numbers, or a list of such lists of one length."""
    if type(value) not in (list, tuple) or not value:
        return False
    if all(type(item) in SCALARS for item in value):
        return True
    return all(type(item) in (list, tuple) and len(item) == len(value[0]) and is_nest(item) for item in value)


def numbers_in(value: Any, path: str = "", seen: set[int] | None = None, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """(path, value) of every array and number inside a value, always in the same order."""
    seen = set() if seen is None else seen
    if type(value) in SCALARS:
        yield path, value
        return
    if isinstance(value, ATOMS) or id(value) in seen or depth > DEEPEST:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        yield path, value
        return
    for name, item in children(value, path):
        yield from numbers_in(item, name, seen, depth + 1)


def children(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, item) of what a container or an object holds."""
    if isinstance(value, np.ndarray):
        for index in np.ndindex(value.shape):
            yield f"{path}[{', '.join(map(str, index))}]", value[index]
    elif isinstance(value, dict):
        for key, item in list(value.items()):
            yield f"{path}[{key!r}]", item
    elif isinstance(value, (list, tuple)):
        names = getattr(value, "_fields", None)
        for k, item in enumerate(value):
            yield f"{path}.{names[k]}" if names else f"{path}[{k}]", item
    elif isinstance(value, types.MethodType):
        yield path, value.__self__
    else:
        if isinstance(value, (collections.deque, set, frozenset)):
            for k, item in enumerate(value):
                yield f"{path}[{k}]", item
        for name, item in attributes(value).items():
            yield f"{path}.{name}", item


def attributes(value: Any) -> dict[str, Any]:
    """The attributes of an object of the user, in its dict or its slots."""
    if not is_instance(value):
        return {}
    found = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                found[name] = getattr(value, name)
    return found


def is_instance(value: Any) -> bool:
    """Whether a value is an object of a class of the user, with attributes of its own."""
    kind: Any = type(value)
    return not isinstance(value, type) and is_user_class(kind)


def renewed(value: Any, change: Callable[[Any], Any], memo: dict[int, Any], depth: int = 0) -> Any:
    """The value with every float and array exchanged for `change(it)`, and no float object in two places.

    Lists, dicts and objects are changed in place. Tuples are made anew.
    """
    if type(value) in (float, complex):
        new = change(value)
        return fresh(new) if new is value else new
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, ATOMS) or depth > DEEPEST:
        return value
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.dtype.kind != "O"):
        memo[id(value)] = change(value)
        return memo[id(value)]
    if type(value) is tuple:
        return tuple(renewed(item, change, memo, depth + 1) for item in value)
    memo[id(value)] = value
    if type(value) is list:
        value[:] = [renewed(item, change, memo, depth + 1) for item in value]
    elif isinstance(value, dict):
        for key, item in list(value.items()):
            value[key] = renewed(item, change, memo, depth + 1)
    elif isinstance(value, types.MethodType):
        renewed(value.__self__, change, memo, depth + 1)
    else:
        for name, item in attributes(value).items():
            new = renewed(item, change, memo, depth + 1)
            if new is not item:
                object.__setattr__(value, name, new)
    return value


def same(first: Any, second: Any, seen: set[tuple[int, int]] | None = None) -> bool:
    """Whether two values are equal to the last bit, with everything inside of them."""
    seen = set() if seen is None else seen
    if first is second:
        return True
    kind = type(first)
    if kind is not type(second) and kind.__name__ != type(second).__name__:
        return False
    if kind is np.ndarray and first.dtype.kind != "O":
        return first.shape == second.shape and first.dtype == second.dtype and first.tobytes() == second.tobytes()
    if isinstance(first, (float, np.number)):
        return bits(first) == bits(second)
    if isinstance(first, complex):
        return bits(first.real) == bits(second.real) and bits(first.imag) == bits(second.imag)
    if (id(first), id(second)) in seen:
        return True
    seen.add((id(first), id(second)))
    if isinstance(first, np.ndarray) and first.dtype.kind != "O":
        return first.shape == second.shape and first.dtype == second.dtype and first.tobytes() == second.tobytes()
    if isinstance(first, (str, bytes, int, np.generic)):
        return bool(first == second)
    if isinstance(first, (list, tuple, np.ndarray)) and len(first) != len(second):
        return False
    inside, other = list(children(first, "")), list(children(second, ""))
    names = [name for name, _ in inside] == [name for name, _ in other]
    return names and all(same(a, b, seen) for (_, a), (_, b) in zip(inside, other, strict=True))


def difference(first: Any, second: Any, path: str) -> str | None:
    """The first place where two values are not the same."""
    if same(first, second):
        return None
    inside, other = dict(children(first, path)), dict(children(second, path))
    if set(inside) == set(other) and not (isinstance(first, np.ndarray) and first.dtype.kind != "O"):
        for name in inside:
            if (found := difference(inside[name], other[name], name)) is not None:
                return found
    return path


def global_state() -> tuple[Any, Any]:
    """The state of the random generators that everybody shares."""
    return np.random.get_state(), random.getstate()  # noqa: NPY002


def set_global_state(state: tuple[Any, Any]) -> None:
    np.random.set_state(state[0])  # noqa: NPY002
    random.setstate(state[1])


def bits(number: Any) -> bytes:
    return number.tobytes() if isinstance(number, np.generic) else struct.pack("d", number)
