"""What a compiled function reads from outside, and whether it is still the same.

Only names that the code mentions are looked at: variables, attributes of the objects in them, entries of lists and dicts. The
same holds for the user's functions and for the modules that the function calls.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.memory import checksum
from microgradnp.core.tensor import Tensor

PLAIN = (bool, int, float, complex, str, type(None), bytes)  # Python values that are compared by ==
CALLS = ("__call__", "forward")  # methods that run when an object is called
FOREIGN = ("numpy", "microgradnp", "math", "cmath", "scipy", "builtins", "operator", "functools", "itertools")
MISSING = object()
LONGEST = 1000  # entries of a list or dict that is looked at


class Variable(NamedTuple):
    """A variable outside of a function, and the object that it held."""

    read: Callable[[], Any]
    was: Any


class Content(NamedTuple):
    """An array outside of a function, and the check sum of its numbers."""

    array: Any
    was: int


class Entry(NamedTuple):
    """An attribute in the namespace of an object, or an entry of a dict, and what it held."""

    holder: Mapping[Any, Any]
    key: Any
    was: Any


class Outside:
    """The variables that a function reads: numbers, options, arrays, Tensors, also in objects, lists and dicts.

    Another object under a name is noticed. So are other numbers in an array, or in a Tensor that is no parameter: NumPy may have
    computed with them while the program was traced. What properties, descriptors and compiled code read is not noticed.
    """

    def __init__(self, f: Callable[..., Any], parameters: Iterable[Tensor]) -> None:
        self.variables: list[Variable] = []
        self.contents: list[Content] = []
        self.entries: list[Entry] = []
        self.lists: list[tuple[list[Any], list[Any]]] = []  # a list, and a copy of it
        self.parameters = {id(p) for p in parameters}
        self.seen: set[Any] = set()
        self.code(f)

    # --------------------------------------------------------------------------------------------- looking

    def code(self, f: Any, owner: Any = None) -> None:
        """Look at what a function reads. `owner`: the object whose method it is."""
        while isinstance(f, (functools.partial, MethodType)):
            f, owner = (f.func, owner) if isinstance(f, functools.partial) else (f.__func__, f.__self__)
        if not isinstance(f, FunctionType):
            self.held(f, CALLS)
            return
        if (id(f), id(owner)) in self.seen or (owner is None and is_foreign(f)):
            return
        self.seen.add((id(f), id(owner)))
        names = tuple(names_in(f.__code__))
        if owner is not None:
            self.held(owner, names)
        for cell in f.__closure__ or ():
            self.variable(functools.partial(getattr, cell, "cell_contents", None), names)
        for name in names:
            if name in f.__globals__ and not is_foreign(f):
                self.variable(functools.partial(f.__globals__.get, name), names)

    def variable(self, read: Callable[[], Any], names: tuple[str, ...]) -> None:
        """Look at a variable, and at those of its attributes that have one of some names."""
        was = read()
        if is_value(was):
            self.variables.append(Variable(read, was))
        self.held(was, names)

    def held(self, item: Any, names: tuple[str, ...]) -> None:
        """Look into what a variable, an attribute or an entry holds."""
        if isinstance(item, np.ndarray) or (isinstance(item, Tensor) and id(item) not in self.parameters):
            self.contents.append(Content(item, content_of(item)))
        if isinstance(item, (*PLAIN, np.ndarray, np.generic, Tensor, np.ufunc, type)):
            return
        if isinstance(item, (FunctionType, MethodType, functools.partial)):
            self.code(item)
            return
        if id(item) in self.seen:
            return
        if isinstance(item, (list, tuple, dict)):
            self.container(item, names)
        elif isinstance(item, ModuleType):
            if not is_foreign(item):
                self.attributes(item, names)
        else:
            self.attributes(item, (*names, *CALLS) if callable(item) else names)

    def container(self, item: Any, names: tuple[str, ...]) -> None:
        """Look into a list, a tuple or a dict."""
        if len(item) > LONGEST:
            return
        self.seen.add(id(item))
        if isinstance(item, dict):
            self.entries += [Entry(item, key, value) for key, value in item.items()]
        elif isinstance(item, list):
            self.lists.append((item, [*item]))
        for part in item.values() if isinstance(item, dict) else item:
            self.held(part, names)

    def attributes(self, item: Any, names: tuple[str, ...]) -> None:
        """Look at some attributes of an object, and at what its methods of these names read."""
        space = getattr(item, "__dict__", None)
        if not isinstance(space, dict):
            return
        for name in names:
            if (id(item), name) in self.seen:
                continue
            self.seen.add((id(item), name))
            static = inspect.getattr_static(item, name, MISSING)
            if isinstance(static, FunctionType) and name not in space:
                self.code(static, owner=item)
            elif isinstance(static, property) and static.fget is not None:
                self.code(static.fget, owner=item)
            elif static is not MISSING:
                classes = [vars(cls) for cls in type(item).__mro__ if name in vars(cls)]
                for holder in [space, *([] if name in space else classes[:1])]:
                    was = holder.get(name, MISSING)
                    if was is MISSING or is_value(was):
                        self.entries.append(Entry(holder, name, was))
                self.held(static, (*names, *CALLS))

    # -------------------------------------------------------------------------------------------- comparing

    @property
    def is_watched(self) -> bool:
        """Whether `unchanged` has anything to look at."""
        return bool(self.contents or self.entries or self.lists)

    def unchanged(self) -> bool:
        """Whether attributes and entries are as they were, and arrays hold the same numbers."""
        for holder, key, was in self.entries:
            if holder.get(key, MISSING) is not was:
                return False
        for now, before in self.lists:
            if len(now) != len(before) or any(a is not b for a, b in zip(now, before, strict=True)):
                return False
        return all(content_of(array) == was for array, was in self.contents)

    def is_current(self) -> bool:
        """Whether all variables are as they were."""
        return all(read() is was for read, was in self.variables) and self.unchanged()


def is_value(item: Any) -> bool:
    """Whether a variable that holds this is compared by identity: not a module, a class or a function of a library."""
    known = isinstance(item, (ModuleType, np.ufunc, type, BuiltinFunctionType))
    return not known and not (isinstance(item, FunctionType) and is_foreign(item))


def is_foreign(item: Any) -> bool:
    """Whether a function or a module belongs to this package, to NumPy or to Python."""
    name = item.__name__ if isinstance(item, ModuleType) else getattr(item, "__module__", None)
    return str(name).partition(".")[0] in FOREIGN


def names_in(code: CodeType) -> Iterator[str]:
    """The global names and attributes that a code mentions, also in its inner functions."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_in(constant)


def content_of(item: Any) -> int:
    return checksum(item._array if isinstance(item, Tensor) else item)
