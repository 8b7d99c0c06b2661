"""The user's world while an expression is evaluated: what its functions reach outside of their arguments are copies.

They share their arrays with the user's, as arrays that nobody can write to. What a function binds anew is put back. A function
that writes to its arguments gets copies of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import numpy as np

from microgradnp.debugger.derive.values import WrittenError, apart, evaluated
from microgradnp.debugger.record.values import is_instance
from microgradnp.debugger.record.world import World, names_in


class Shelter:
    """Keeps expressions that call functions of the user away from globals, closures, defaults and class attributes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.slots = [slot for slot in world.slots.values() if is_data(slot.get())]
        memo: dict[int, Any] = {}
        self.copies = [apart(slot.get(), memo, read_only) for slot in self.slots]

    def evaluated(self, code: CodeType, *makers: Callable[[], dict[str, Any]]) -> list[Any]:
        """The values of an expression that calls functions of the user, among several variables. Raises NotEvaluatedError.

        Each of the `makers` makes its variables anew: a function may have changed an object before it is refused an array.
        """
        with self.taken():
            return [self.on_copies(code, variables) for variables in makers]

    def on_copies(self, code: CodeType, variables: Callable[[], dict[str, Any]]) -> Any:
        """The value of an expression; of arrays that it writes to there are copies."""
        try:
            return evaluated(code, variables())
        except WrittenError:
            names = variables()
            memo: dict[int, Any] = {}
            own = {name: apart(names[name], memo, np.copy) for name in names_in(code) if name in names}
            return evaluated(code, {**names, **own})

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Put the copies into the places of what they were made from, as long as this lasts."""
        world = self.world
        before = [slot.get() for slot in self.slots]
        modules = [(variables, dict(variables)) for variables in world.modules.values()]
        modules += [(vars(function), dict(vars(function))) for function in world.functions.values()]
        classes = [(kind, dict(vars(kind))) for kind in world.classes]
        try:
            for slot, copy in zip(self.slots, self.copies, strict=True):
                slot.put(copy)
            yield
        finally:
            world.restore(self.slots, before, modules, classes)


def is_data(value: Any) -> bool:
    """Whether a value is made of arrays, containers and objects of the user."""
    return isinstance(value, (np.ndarray, list, tuple, dict)) or is_instance(value)


def read_only(array: np.ndarray) -> np.ndarray:
    """The same array, which cannot be written to by this name."""
    view = array.view()
    view.flags.writeable = False
    return view
