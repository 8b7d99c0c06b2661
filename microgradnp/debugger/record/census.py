"""The function objects of the process, by file. The garbage collector knows them; a notebook holds millions of other objects.

All objects are looked at once. Then they are set aside (`gc.freeze`), and later searches look at new objects only.
"""

from __future__ import annotations

import contextlib
import gc
import types
from collections.abc import Collection, Iterator
from itertools import compress, repeat
from operator import is_

by_file: dict[str, list[types.FunctionType]] | None = None  # of the objects that are set aside; None: they were not looked at
running = False


@contextlib.contextmanager
def census() -> Iterator[None]:
    """While this lasts, searches share one look at the old objects. Objects that the user has frozen stay so."""
    global by_file, running
    if running or gc.get_freeze_count():  # `gc.unfreeze` would give back the user's, too
        yield
        return
    running = True
    try:
        yield
    finally:
        if by_file is not None:
            gc.unfreeze()
        by_file, running = None, False


def functions_of(files: Collection[str]) -> list[types.FunctionType]:
    """All functions that were defined in some files."""
    global by_file
    if running and by_file is None:
        by_file = {}
        for function in all_functions():
            by_file.setdefault(function.__code__.co_filename, []).append(function)
        gc.freeze()
        return [f for file in files for f in by_file.get(file, ())]
    old = [f for file in files for f in (by_file or {}).get(file, ())]
    return old + [f for f in all_functions() if f.__code__.co_filename in files]


def all_functions() -> Iterator[types.FunctionType]:
    """The functions among all objects that are not frozen. The search runs in C."""
    everything = gc.get_objects()
    return compress(everything, map(is_, map(type, everything), repeat(types.FunctionType)))
