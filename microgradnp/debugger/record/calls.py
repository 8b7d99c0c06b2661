"""What kind of function the user's code calls: one of its own, one that only computes, a source of random numbers, or unknown."""

from __future__ import annotations

import argparse
import collections
import copy
import functools
import itertools
import pickle
import random
import sys
import sysconfig
import types
from typing import Any

import numpy as np

LIBRARIES = tuple(
    path.rstrip("/\\") for name in ("stdlib", "platstdlib", "purelib", "platlib") if (path := sysconfig.get_paths().get(name))
)
BUILT_IN = sys.stdlib_module_names | {"numpy", "microgradnp"}
HOLDERS = frozenset([types.SimpleNamespace, argparse.Namespace, collections.UserDict, collections.UserList])
NUMERIC = frozenset(
    ["numpy", "scipy", "math", "cmath", "operator", "_operator", "statistics", "builtins", "microgradnp", "fractions"]
)
COPIES = frozenset([copy.copy, copy.deepcopy])
ITERATED = frozenset(  # take their arguments apart
    [zip, enumerate, list, tuple, iter, reversed, sorted, max, min, sum, set, map, filter, functools.reduce, np.fromiter]
    + [kind for kind in vars(itertools).values() if isinstance(kind, type)]
)
WHOLE = frozenset([list, tuple, set, sum, max, min, sorted, np.fromiter])  # read all of it before they return
MAPPED = frozenset([map, filter, functools.reduce, itertools.starmap])  # call their first argument
CHOSEN = frozenset([max, min, sorted])  # hand back one of their arguments, by a comparison
WRITERS = frozenset(
    [np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis]
)  # write into the first argument
WRITING_METHODS = frozenset(["fill", "sort", "partition", "put", "itemset", "setfield", "byteswap"])
PASSED = frozenset([slice, range, bool, object, str, open, dict, frozenset, next, hash])
OUT = {"dot": 2, "clip": 3}  # the position of `out` among the arguments, where it is no ufunc


@functools.lru_cache(maxsize=4096)
def is_user_file(file: str) -> bool:
    """Whether a file belongs to the user, and not to Python, to a library or to this package."""
    from microgradnp.core.origin import STORY, internal

    if file.startswith(STORY):  # the command line's story counts as the user's, wherever the package is installed
        return True
    if file.startswith("<") and not file.startswith(("<ipython", "<string")):
        return file.startswith("<stdin")
    return not internal[file] and not file.startswith(LIBRARIES)


@functools.lru_cache(maxsize=4096)
def is_user_class(kind: Any) -> bool:
    """Whether a class is the user's, or a plain holder of attributes. An object of any other class is not looked into."""
    if kind in HOLDERS:
        return True
    name = kind.__module__ if isinstance(kind.__module__, str) else ""
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:  # built into Python, or made in a session
        return name.partition(".")[0] not in BUILT_IN
    return is_user_file(file)


def kind_of(function: Any) -> str:
    """ "user", "container", "compute", "draw", "copy", "array" (a method), "scalar" (a method), or "unknown"."""
    kind = type(function)
    if kind is types.FunctionType:
        if is_user_file(function.__code__.co_filename):
            return "user"
        return by_module(function)
    if kind is types.MethodType:
        owner = function.__self__
        if isinstance(owner, (np.random.RandomState, np.random.Generator, random.Random)):
            return "draw"
        inner = kind_of(function.__func__)
        if isinstance(owner, np.ndarray) and inner == "compute":  # np.matrix has methods of its own
            return "array"
        return "unknown" if inner == "compute" else inner
    if kind is types.BuiltinFunctionType or kind is types.MethodWrapperType:
        owner = function.__self__
        if isinstance(owner, np.ndarray):
            return "array"
        if isinstance(owner, (np.generic, float, complex)):
            return "scalar"
        if isinstance(owner, (np.random.RandomState, np.random.Generator, random.Random)):
            return "draw"
        if owner is None or isinstance(owner, (types.ModuleType, np.ufunc)):
            return by_module(function)
        return "container"
    if isinstance(function, type):
        return by_class(function)
    if isinstance(function, np.ufunc):
        return "compute"
    if kind is functools.partial:
        return kind_of(function.func)
    if kind.__module__ == "numpy" or kind.__module__.startswith("numpy."):
        return "compute"  # np.sum, np.vectorize(f), np.poly1d
    call = vars(kind).get("__call__") or next((vars(c)["__call__"] for c in kind.__mro__ if "__call__" in vars(c)), None)
    if isinstance(call, types.FunctionType) and is_user_file(call.__code__.co_filename):
        return "user"
    return by_module(function)


def by_module(function: Any) -> str:
    """The kind of a function of a library."""
    if function in COPIES:
        return "copy"
    module = getattr(function, "__module__", None) or ""
    if function in (pickle.dumps, pickle.loads):
        return "pickle"
    if module.startswith("numpy.random") or module == "random":
        return "draw"
    return "compute" if module.partition(".")[0] in NUMERIC else "unknown"


def by_class(function: type) -> str:
    """The kind of a class: those of numbers compute, those of the user run the user's code, the rest keep what they get."""
    if function in PASSED:
        return "container"
    if function in (float, complex, int) or function in ITERATED or issubclass(function, (np.generic, np.ndarray)):
        return "compute"
    return "user"
