"""Two traces side by side: in which numbers do they differ, if they are the same program otherwise?"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.program.values import Program, Value

Path = tuple[int, tuple[Any, ...]]  # of a literal: the number of its step, and where in its arguments


def differences(one: Program, other: Program) -> dict[Path, tuple[Any, Any]] | None:
    """Literals in which two programs differ; None when they differ in more than that."""
    ours, theirs = one.steps(), other.steps()
    inputs = [*one.inputs, *one.captured], [*other.inputs, *other.captured]
    if len(ours) != len(theirs) or len(inputs[0]) != len(inputs[1]):
        return None
    partner = {id(a): id(b) for a, b in zip([*inputs[0], *ours], [*inputs[1], *theirs], strict=True)}
    found: dict[Path, tuple[Any, Any]] = {}

    def same(a: Any, b: Any, path: Path) -> bool:
        if isinstance(a, Value) and isinstance(b, Value):
            if a.is_number and b.is_number:
                return same(a.data.item(), b.data.item(), path) and a.dtype == b.dtype
            if a.function is None and id(a) not in partner:
                return b.function is None and a.dtype == b.dtype and np.array_equal(a.data, b.data)  # constants
            return partner.get(id(a)) == id(b)
        if type(a) is not type(b):
            return False
        if isinstance(a, (tuple, list)):
            return len(a) == len(b) and all(
                same(x, y, (path[0], (*path[1], k))) for k, (x, y) in enumerate(zip(a, b, strict=True))
            )
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(same(a[key], b[key], (path[0], (*path[1], key))) for key in a)
        if isinstance(a, slice):
            return all(same(getattr(a, e), getattr(b, e), (path[0], (*path[1], e))) for e in ("start", "stop", "step"))
        if isinstance(a, (int, float)) and not isinstance(a, bool) and repr(a) != repr(b):
            found[path] = (a, b)
            return True
        return a is b or repr(a) == repr(b)

    for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        alike = a.function is b.function and a.ndim == b.ndim and a.dtype == b.dtype and len(a.args) == len(b.args)
        if not (
            alike and same(a.args, b.args, (number, ("args",))) and same(dict(a.options), dict(b.options), (number, ("options",)))
        ):
            return None
        for axis, (n, m) in enumerate(zip(a.shape, b.shape, strict=True)):
            if n != m:
                found[number, ("shape", axis)] = (n, m)
    ends = [partner.get(id(v)) for v in one.outputs]
    return found if ends == [id(v) for v in other.outputs] else None
