"""What a compiled function reads from outside, and whether it is still the same.

Only names that the code mentions are looked at: variables, attributes of the objects in them, entries of lists and dicts. The
same holds for the user's functions and for the modules that the function calls.
"""

from __future__ import annotations

import functools
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.memory import checksum
from microgradnp.core.tensor import Tensor

PLAIN = (bool, int, float, complex, str, type(None), bytes)  # Python values that are compared by ==
CALLS = ("__call__", "forward")  # methods that run when an object is called
FOREIGN = ("numpy", "microgradnp", "math", "cmath", "scipy", "builtins", "operator", "functools", "itertools")
MISSING = object()
STANDARD = os.path.dirname(os.__file__) + os.sep
LONGEST = 1000  # entries of a list or dict that is looked at
BY_TEXT = {"getattr", "globals", "vars", "__dict__"}  # what reads a variable or an attribute whose name is a text


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
    computed with them while the program was traced. What descriptors and compiled code read is not noticed.

    `given` are objects among the arguments. An attribute counts when any function that is reached mentions its name: `f` may
    hand the object on.
    """

    def __init__(self, f: Callable[..., Any], parameters: Iterable[Tensor], given: Iterable[Any] = ()) -> None:
        self.parameters = {id(p) for p in parameters}
        self.mentioned: set[str] = set()
        self.names: tuple[str, ...] = ()
        while True:
            self.variables: list[Variable] = []
            self.contents: list[Content] = []
            self.entries: list[Entry] = []
            self.lists: list[tuple[Any, list[Any]]] = []  # a list, a set or a dict, and a copy of its entries or keys
            self.seen: set[Any] = set()
            self.code(f)
            for item in given:
                self.held(item)
            if len(self.mentioned) == len(self.names):
                return
            self.names = tuple(self.mentioned)

    # --------------------------------------------------------------------------------------------- looking

    def code(self, f: Any, owner: Any = None) -> None:
        """Look at what a function reads. `owner`: the object whose method it is."""
        while isinstance(f, (functools.partial, MethodType)):
            if isinstance(f, functools.partial):
                for given in (*f.args, *f.keywords.values()):
                    self.held(given)
            f, owner = (f.func, owner) if isinstance(f, functools.partial) else (f.__func__, f.__self__)
        if not isinstance(f, FunctionType):
            self.held(f)
            return
        if (id(f), id(owner)) in self.seen or (owner is None and is_foreign(f)) or is_of_python(f):
            return
        self.seen.add((id(f), id(owner)))
        names = set(names_in(f.__code__))
        self.mentioned |= names
        if owner is not None:
            self.held(owner)
        for cell in f.__closure__ or ():
            self.variable(functools.partial(getattr, cell, "cell_contents", None))
        if is_foreign(f):
            return
        for kind in ("__defaults__", "__kwdefaults__"):
            if getattr(f, kind):
                self.variable(functools.partial(getattr, f, kind))
        for name in sorted(names):
            if name in f.__globals__:
                self.variable(functools.partial(f.__globals__.get, name))
            elif name in sys.modules:  # imported inside of the function
                self.held(sys.modules[name])

    def variable(self, read: Callable[[], Any]) -> None:
        """Look at a variable, and into what it holds."""
        was = read()
        if not isinstance(was, ModuleType):
            self.variables.append(Variable(read, was))
        self.held(was)

    def held(self, item: Any) -> None:
        """Look into what a variable, an attribute or an entry holds."""
        if isinstance(item, np.ndarray) or (isinstance(item, Tensor) and id(item) not in self.parameters):
            self.contents.append(Content(item, content_of(item)))
        if isinstance(item, (*PLAIN, np.ndarray, np.generic, Tensor, np.ufunc)):
            return
        if isinstance(item, (FunctionType, MethodType, functools.partial)):
            self.code(item)
        elif isinstance(item, (list, tuple, dict, set, frozenset, deque)):
            self.container(item)
        elif not (isinstance(item, (ModuleType, type)) and is_foreign(item)):
            self.attributes(item)

    def container(self, item: Any) -> None:
        """Look into a list, a tuple, a set or a dict."""
        if len(item) > LONGEST or id(item) in self.seen:
            return
        self.seen.add(id(item))
        if isinstance(item, dict):
            self.entries += [Entry(item, key, value) for key, value in item.items()]
        if not isinstance(item, (tuple, frozenset)):
            self.lists.append((item, [*item]))
        for part in [*(item.values() if isinstance(item, dict) else item)]:
            self.held(part)

    def attributes(self, item: Any) -> None:
        """Look at the attributes of an object that are mentioned, and at what its methods of these names read."""
        own = getattr(item, "__dict__", {})
        spaces = [own, *(vars(cls) for cls in (item.__mro__[1:] if isinstance(item, type) else type(item).__mro__))]
        for name in (*self.names, *(CALLS if callable(item) else ())):
            space = next((space for space in spaces if name in space), None)
            if space is None or (id(item), name) in self.seen:
                continue
            self.seen.add((id(item), name))
            static = space[name]
            if isinstance(static, (staticmethod, classmethod)):
                self.code(static.__func__, owner=item if isinstance(static, classmethod) else None)
            elif isinstance(static, FunctionType) and space is not own:
                self.code(static, owner=item)
            elif isinstance(static, property) and static.fget is not None:
                self.code(static.fget, owner=item)
            elif isinstance(static, MemberDescriptorType):  # of __slots__
                self.variable(functools.partial(getattr, item, name, MISSING))
            else:
                if space is not own:
                    self.entries.append(Entry(own, name, MISSING))
                if not isinstance(static, ModuleType):
                    self.entries.append(Entry(space, name, static))
                self.held(static)

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


def is_foreign(item: Any) -> bool:
    """Whether a function, a class or a module belongs to this package, to NumPy or to Python."""
    name = item.__name__ if isinstance(item, ModuleType) else getattr(item, "__module__", None)
    return str(name).partition(".")[0] in FOREIGN


def is_of_python(f: FunctionType) -> bool:
    """Whether a function stands in a file of Python's standard library."""
    file = f.__code__.co_filename
    return file.startswith(("<frozen", STANDARD)) and "site-packages" not in file


def names_in(code: CodeType) -> Iterator[str]:
    """The global names and attributes that a code mentions, also in its inner functions."""
    yield from code.co_names
    if not BY_TEXT.isdisjoint(code.co_names):
        yield from (text for text in code.co_consts if isinstance(text, str) and text.isidentifier())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_in(constant)


def content_of(item: Any) -> int:
    return checksum(item._array if isinstance(item, Tensor) else item)
