"""Two traces compared: the numbers in which two programs differ that are the same otherwise."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from microgradnp.program.values import Program, Value


class Literal(NamedTuple):
    """The place of a number in a program."""

    step: int
    path: tuple[Any, ...]  # ("args", 1, 0), ("options", "shape", 2); ("shape", 0) for an axis of the step's result


class Change(NamedTuple):
    """A number in two traces."""

    here: Any
    there: Any


def differences(one: Program, other: Program) -> dict[Literal, Change] | None:
    """The numbers in which two programs differ; None when they differ in anything else."""
    ours, theirs = one.steps(), other.steps()
    inputs = [*one.inputs, *one.captured], [*other.inputs, *other.captured]
    if len(ours) != len(theirs) or len(inputs[0]) != len(inputs[1]):
        return None
    partner = {id(a): id(b) for a, b in zip([*inputs[0], *ours], [*inputs[1], *theirs], strict=True)}
    found: dict[Literal, Change] = {}

    def same(a: Any, b: Any, step: int, *path: Any) -> bool:
        if isinstance(a, Value) and isinstance(b, Value):
            if a.is_number and b.is_number:
                return same(a.data.item(), b.data.item(), step, *path) and a.dtype == b.dtype
            if a.function is None and id(a) not in partner:
                return b.function is None and a.dtype == b.dtype and np.array_equal(a.data, b.data)  # constants
            return partner.get(id(a)) == id(b)
        if type(a) is not type(b):
            return False
        if isinstance(a, (tuple, list)):
            return len(a) == len(b) and all(same(x, y, step, *path, k) for k, (x, y) in enumerate(zip(a, b, strict=True)))
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(same(a[key], b[key], step, *path, key) for key in a)
        if isinstance(a, slice):
            return all(same(getattr(a, end), getattr(b, end), step, *path, end) for end in ("start", "stop", "step"))
        if isinstance(a, (int, float)) and not isinstance(a, bool) and repr(a) != repr(b):
            found[Literal(step, path)] = Change(a, b)
            return True
        return a is b or repr(a) == repr(b)

    for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        alike = a.function is b.function and a.ndim == b.ndim and a.dtype == b.dtype and len(a.args) == len(b.args)
        if not (alike and same(a.args, b.args, number, "args") and same(dict(a.options), dict(b.options), number, "options")):
            return None
        for axis, (n, m) in enumerate(zip(a.shape, b.shape, strict=True)):
            if n != m:
                found[Literal(number, ("shape", axis))] = Change(n, m)
    ends = [partner.get(id(v)) for v in one.outputs]
    return found if ends == [id(v) for v in other.outputs] else None
