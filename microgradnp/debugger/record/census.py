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

GROWTH = 1.25  # CPython's own rule for a full collection: a quarter more objects than after the last one

by_file: dict[str, list[types.FunctionType]] | None = None  # of the objects that are set aside
after_collection: int | None = None  # objects that our last full collection left, or that were there before our first


@contextlib.contextmanager
def census() -> Iterator[None]:
    """Look at all objects now; while this lasts, searches look at newer ones only. Objects that the user has frozen stay so."""
    global by_file
    if by_file is not None or gc.get_freeze_count():  # `gc.unfreeze` would give back the user's, too
        yield
        return
    collect()
    by_file = {}
    for function in all_functions():
        by_file.setdefault(function.__code__.co_filename, []).append(function)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        by_file = None


def collect() -> None:
    """Free what earlier calls left. CPython does not: its full collections fall into the times when all of it is set aside."""
    global after_collection
    if after_collection is not None and len(gc.get_objects()) <= GROWTH * after_collection:
        return
    if after_collection is not None:
        gc.collect()
    after_collection = len(gc.get_objects())


def functions_of(files: Collection[str]) -> list[types.FunctionType]:
    """All functions that were defined in some files."""
    old = [f for file in files for f in (by_file or {}).get(file, ())]
    return old + [f for f in all_functions() if f.__code__.co_filename in files]


def all_functions() -> Iterator[types.FunctionType]:
    """The functions among all objects that are not frozen. The search runs in C."""
    everything = gc.get_objects()
    return compress(everything, map(is_, map(type, everything), repeat(types.FunctionType)))
