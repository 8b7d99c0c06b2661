"""Everything that a run of the user's function may change, as copies: arguments, objects, globals, closures, class attributes.

What lies outside of the process is kept apart by `aside`.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import operator
import sys
import types
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.record.calls import is_user_file
from microgradnp.debugger.record.outside import aside
from microgradnp.debugger.record.values import attributes

DEEPEST_COPY = 50_000  # calls of Python inside of each other


class Slot(NamedTuple):
    """A place outside of the call that holds data: a global variable, a cell of a closure, a class attribute, defaults."""

    name: str
    get: Callable[[], Any]
    put: Callable[[Any], None]


class Call(NamedTuple):
    """A call on copies: `run()` makes it; `held` are the copies by name, before and after; `kept_back` is what it did outside.

    `made()` are the variables that the code of a file, or a watched block, has made.
    """

    run: Callable[[], Any]
    held: dict[str, Any]
    kept_back: list[str]
    made: Callable[[], dict[str, Any]] = dict


class World:
    """A call of the user's function, and all the data that it can reach."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.slots: dict[Any, Slot] = {}
        self.functions: dict[int, types.FunctionType] = {}
        self.classes: set[type] = set()
        self.modules: dict[int, dict[str, Any]] = {}  # the globals of the modules of the user
        self.seen: set[int] = set()
        self.names: set[str] = set()  # names that the code reached so far mentions
        self.keep: list[Any] = []  # keeps the ids in `seen` unique
        self.reach(function)
        self.reach((args, kwargs))
        while True:  # a name that was first seen late may be an attribute of a module that was seen early
            known = len(self.names)
            for module in [value for value in self.keep if isinstance(value, types.ModuleType)]:
                self.look_into(module)
            if known == len(self.names):
                break

    # ------------------------------------------------------------------------------------------------ what can be reached

    def reach(self, value: Any, depth: int = 0) -> None:
        """Find the functions and the data of the user that a value leads to."""
        if id(value) in self.seen or depth > 60 or isinstance(value, (str, bytes, int, float, complex, np.ndarray, np.generic)):
            return
        self.seen.add(id(value))
        self.keep.append(value)
        if isinstance(value, types.FunctionType):
            self.reach_function(value, depth)
        elif isinstance(value, types.MethodType):
            self.reach(value.__func__, depth + 1)
            self.reach(value.__self__, depth + 1)
        elif isinstance(value, functools.partial):
            self.reach((value.func, value.args, value.keywords), depth + 1)
        elif isinstance(value, type):
            self.reach_class(value, depth)
        elif isinstance(value, types.ModuleType):
            self.look_into(value)
        elif isinstance(value, (list, tuple, set, frozenset)):
            for item in value:
                self.reach(item, depth + 1)
        elif isinstance(value, dict):
            for item in list(value.values()):
                self.reach(item, depth + 1)
        elif isinstance(value, (property, staticmethod, classmethod)):
            for part in (getattr(value, name, None) for name in ("fget", "fset", "fdel", "__func__")):
                self.reach(part, depth + 1)
        else:
            self.reach(type(value), depth + 1)
            wrapped = getattr(value, "__wrapped__", None)
            if isinstance(wrapped, types.FunctionType):
                self.reach(wrapped, depth + 1)
            for item in attributes(value).values():
                self.reach(item, depth + 1)

    def reach_function(self, function: types.FunctionType, depth: int) -> None:
        """A function of the user: its globals, its closure, its defaults, its attributes."""
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None:
            self.reach(wrapped, depth + 1)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # a cell that is still empty
                self.data(
                    ("cell", id(cell)),
                    name,
                    functools.partial(getattr, cell, "cell_contents"),
                    functools.partial(setattr, cell, "cell_contents"),
                    depth,
                )
        if not is_user_file(function.__code__.co_filename):
            return
        self.functions[id(function)] = function
        self.modules[id(function.__globals__)] = function.__globals__
        names = names_in(function.__code__)
        self.names |= names
        for name in sorted(names & set(function.__globals__)):
            self.variable(function.__globals__, name, depth)
        for name in ("__defaults__", "__kwdefaults__"):
            if getattr(function, name):
                label = f"{function.__qualname__}.{name}"
                self.data(
                    (name, id(function)),
                    label,
                    functools.partial(getattr, function, name),
                    functools.partial(setattr, function, name),
                    depth,
                )
        for name in list(vars(function)):
            if name != "__wrapped__":
                label = f"{function.__qualname__}.{name}"
                self.data(
                    (name, id(function)),
                    label,
                    functools.partial(getattr, function, name),
                    functools.partial(setattr, function, name),
                    depth,
                )

    def reach_class(self, kind: type, depth: int) -> None:
        """A class of the user: its methods and its attributes."""
        module = sys.modules.get(kind.__module__)
        if kind.__module__ != "__main__" and not is_user_file(getattr(module, "__file__", None) or "<stdin>"):
            return
        if module is None or kind.__module__ == "builtins":
            return
        for base in kind.__bases__:
            self.reach(base, depth + 1)
        if type(kind).__setattr__ is not type.__setattr__:  # an Enum, a ctypes.Structure: their attributes are not for setting
            return
        self.classes.add(kind)
        for name, value in list(vars(kind).items()):
            if isinstance(value, (types.FunctionType, property, staticmethod, classmethod, type)) or hasattr(
                value, "__wrapped__"
            ):
                self.reach(value, depth + 1)
            elif not (name.startswith("__") and name.endswith("__")) and not inspect.isdatadescriptor(value):
                get, put = (
                    functools.partial(lambda kind, name: vars(kind)[name], kind, name),
                    functools.partial(setattr, kind, name),
                )
                self.data((name, id(kind)), f"{kind.__name__}.{name}", get, put, depth)

    def look_into(self, module: types.ModuleType) -> None:
        """A module of the user, of which the code names attributes."""
        file = getattr(module, "__file__", None)
        if file is None or not is_user_file(file):
            return
        self.modules[id(vars(module))] = vars(module)
        for name in sorted(self.names & set(vars(module))):
            self.variable(vars(module), name, 0)

    def variable(self, variables: dict[str, Any], name: str, depth: int) -> None:
        """A global variable of a module."""
        get, put = functools.partial(variables.__getitem__, name), functools.partial(variables.__setitem__, name)
        self.data((name, id(variables)), name, get, put, depth)

    def data(self, key: Any, name: str, get: Callable[[], Any], put: Callable[[Any], None], depth: int) -> None:
        """A place that holds something; when that is data, it is copied for each run."""
        if key in self.slots:
            return
        value = get()
        self.reach(value, depth + 1)
        if not is_code(value):
            taken = {slot.name for slot in self.slots.values()}
            self.slots[key] = Slot(name if name not in taken else f"{name} ({len(taken)})", get, put)

    # ------------------------------------------------------------------------------------------------ a run on copies

    @contextlib.contextmanager
    def copied(self, change: Callable[[Any], Any] | None = None) -> Iterator[Call]:
        """A call on copies of everything, to which `change` is applied. What the run changes is put back afterwards."""
        slots = list(self.slots.values())
        before = [slot.get() for slot in slots]
        parts = copies((self.function, self.args, self.kwargs, before))
        target, args, kwargs, inside = change(parts) if change else parts
        modules = [(variables, dict(variables)) for variables in self.modules.values()]
        classes = [(kind, dict(vars(kind))) for kind in self.classes]
        modules += [(vars(function), dict(vars(function))) for function in self.functions.values()]
        held = self.labelled(target, args, kwargs)
        held.update({slot.name: value for slot, value in zip(slots, inside, strict=True) if slot.name not in held})
        with contextlib.ExitStack() as stack:
            stack.callback(self.restore, slots, before, modules, classes)
            for slot, value, old in zip(slots, inside, before, strict=True):
                if value is not old:
                    slot.put(value)
            kept_back = stack.enter_context(aside())
            made = functools.partial(variables_made, target, set(getattr(target, "__globals__", ())))
            yield Call(lambda: target(*args, **kwargs), held, kept_back, made)

    def labelled(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by the names of the parameters, and the owner of a method."""
        held: dict[str, Any] = {}
        plain = target.__func__ if isinstance(target, types.MethodType) else target
        if isinstance(target, types.MethodType):
            held[first_parameter(plain) or "self"] = target.__self__
        elif not isinstance(target, types.FunctionType):
            held["self"] = target
        try:
            bound = inspect.signature(target).bind(*args, **kwargs)
            held.update(bound.arguments)
        except (TypeError, ValueError):
            held.update({f"args[{k}]": value for k, value in enumerate(args)}, **kwargs)
        return held

    @staticmethod
    def restore(slots: list[Slot], before: list[Any], modules: list[Any], classes: list[Any]) -> None:
        """Put everything back."""
        for variables, saved in modules:
            variables.clear()
            variables.update(saved)
        for kind, saved in classes:
            now = dict(vars(kind))
            if now.keys() == saved.keys() and all(map(operator.is_, now.values(), saved.values())):
                continue
            for name in set(now) - set(saved):
                delattr(kind, name)
            for name, value in saved.items():
                if vars(kind).get(name) is not value:
                    setattr(kind, name, value)
        for slot, value in zip(slots, before, strict=True):
            if slot.get() is not value:
                slot.put(value)


def variables_made(function: Any, before: set[str]) -> dict[str, Any]:
    """The variables that the code of a file, or a watched block, has made."""
    if not isinstance(function, types.FunctionType) or function.__code__.co_name != "<module>":
        return {}
    names = function.__globals__.items()
    return {name: value for name, value in names if name not in before and not name.startswith("__") and not is_code(value)}


def is_code(value: Any) -> bool:
    """Functions, classes and modules are shared, not copied."""
    return isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type, np.ufunc)) or (
        type(value).__module__.startswith("numpy") and callable(value) and not isinstance(value, np.random.Generator)
    )


def first_parameter(function: Any) -> str | None:
    code = getattr(function, "__code__", None)
    return code.co_varnames[0] if code is not None and code.co_argcount else None


@functools.lru_cache(maxsize=4096)
def names_in(code: CodeType) -> frozenset[str]:
    """The names that a function and those inside it mention."""
    inside = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return frozenset(code.co_names).union(*map(names_in, inside))


def copies(parts: Any) -> Any:
    """One deep copy with shared identities kept; what cannot be copied is used as it is."""
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(max(limit, DEEPEST_COPY))  # a long chain of objects, such as a graph, is copied by recursion
        return copy.deepcopy(parts)
    except Exception:  # locks, generators, modules: anything may refuse to be copied
        return one_by_one(parts, {})
    finally:
        sys.setrecursionlimit(limit)


def one_by_one(part: Any, memo: dict[int, Any]) -> Any:
    """Deep copies of the parts that can be copied, and the others as they are."""
    if type(part) is tuple:
        return tuple(one_by_one(item, memo) for item in part)
    if type(part) is list:
        return [one_by_one(item, memo) for item in part]
    if type(part) is dict:
        return {name: one_by_one(item, memo) for name, item in part.items()}
    try:
        return copy.deepcopy(part, memo)
    except Exception:
        return part
