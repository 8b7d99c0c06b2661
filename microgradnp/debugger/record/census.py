"""The function objects of the process, by file. The garbage collector knows them; a notebook holds millions of other objects.

All objects are looked at once. Then they are set aside (`gc.freeze`), and later searches look at new objects only. The debugger
itself makes many: when they have become too many, they are looked at once as well, and set aside.
"""

from __future__ import annotations

import contextlib
import gc
import types
import weakref
from collections.abc import Collection, Iterator
from itertools import compress, repeat
from operator import is_
from typing import Any

GROWTH = 1.25  # CPython's own rule for a full collection: a quarter more objects than after the last one

MOST_NEW = 50_000  # objects that are searched each time

by_file: dict[str, list[weakref.ref[types.FunctionType]]] | None = None  # of the objects that are set aside
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
    set_aside(gc.get_objects())
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


def set_aside(objects: list[Any]) -> None:
    """Note the functions among some objects, and freeze all that there are. What is frozen is freed with its last reader."""
    assert by_file is not None
    for function in functions_among(objects):
        by_file.setdefault(function.__code__.co_filename, []).append(weakref.ref(function))
    gc.freeze()


def functions_of(files: Collection[str]) -> list[types.FunctionType]:
    """All functions that were defined in some files."""
    old = [f for file in files for known in (by_file or {}).get(file, ()) if (f := known()) is not None]
    objects = gc.get_objects()
    new = [f for f in functions_among(objects) if f.__code__.co_filename in files]
    if by_file is not None and len(objects) > MOST_NEW:
        del objects
        gc.collect()  # what is frozen in a cycle is not freed before the end
        set_aside(gc.get_objects())
    return old + new


def functions_among(objects: list[Any]) -> Iterator[types.FunctionType]:
    """The functions among some objects. The search runs in C."""
    return compress(objects, map(is_, map(type, objects), repeat(types.FunctionType)))
