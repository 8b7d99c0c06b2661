"""The hooks of operators, items, attributes, conditions and loops."""

from __future__ import annotations

import itertools
import operator
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from microgradnp.debugger.record.nodes import FLAGS, INTS, SCALARS, Call, fresh
from microgradnp.debugger.record.recorder import Recorder, StoppedRecordingError, has_node
from microgradnp.debugger.record.sites import Site
from microgradnp.debugger.record.syntax import BINARY, IN_PLACE

PLAIN = {IN_PLACE[kind]: BINARY[kind] for kind in BINARY}  # operator.iadd -> operator.add

Hook = Callable[..., Any]


class Attribute:
    """`x.T` as a function of x."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, value: Any, new: Any = None) -> Any:
        if new is None:
            return getattr(value, self.__name__)
        setattr(value, self.__name__, new)
        return None


class Hooks(Recorder):
    """A recorder that makes the hooks for expressions that are no calls."""

    def hooks(self, sites: list[Any], literals: dict[int, Site]) -> list[Any]:
        """One hook for each site of a file."""
        made: list[Any] = []
        for number, site in enumerate(sites):
            if isinstance(site, Site):
                made.append(getattr(self, f"hook_{site.kind}")(site))
            else:
                value = fresh(site)
                made.append(value)
                self.literals[id(value)] = (value, literals[number])
        return made

    def hook_binary(self, site: Site) -> Hook:
        function, count, nodes, numbers = site.function, itertools.count().__next__, self.nodes, self.numbers
        left, right = site.inner

        def hook(a: Any, b: Any) -> Any:
            if len(nodes) >= self.most:
                raise StoppedRecordingError
            y = function(a, b)
            kind = type(y)
            if kind in SCALARS:
                first = numbers.get(id(a)) or self.operand(a, left)
                second = numbers.get(id(b)) or self.operand(b, right)
                node = self.node("operation", function, (first, second), site, count())
                node.held = y
                numbers[id(y)] = node
            elif isinstance(y, np.ndarray):
                args = (self.operand(a, left), self.operand(b, right))
                if id(y) not in self.arrays:
                    self.result(y, self.node("operation", function, args, site, count()))
            elif kind in FLAGS:
                args = (self.operand(a, left), self.operand(b, right))
                if has_node(args):
                    self.flag(function, args, y, site, count())
            return y

        return hook

    def hook_unary(self, site: Site) -> Hook:
        function, count = site.function, itertools.count().__next__

        def hook(a: Any) -> Any:
            y = function(a)
            if type(y) in FLAGS:
                args = (self.operand(a, site.inner[0]),)
                if has_node(args):
                    self.flag(function, args, y, site, count())
            elif not self.known(y):
                self.result(y, self.node("operation", function, (self.operand(a, site.inner[0]),), site, count()))
            return y

        return hook

    def hook_compare(self, site: Site) -> Hook:
        function, count = site.function, itertools.count().__next__

        def hook(a: Any, b: Any) -> Any:
            y = function(a, b)
            if type(y) in FLAGS:
                if type(a) in SCALARS or type(b) in SCALARS or isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
                    self.flag(function, (self.operand(a), self.operand(b)), y, site, count())
            elif isinstance(y, np.ndarray):
                args = (self.operand(a), self.operand(b))
                self.result(y, self.node("operation", function, args, site, count()))
            return y

        return hook

    def hook_test(self, site: Site) -> Hook:
        count = itertools.count().__next__

        def hook(value: Any) -> Any:
            if isinstance(value, np.ndarray) or (type(value) in SCALARS and id(value) in self.numbers):
                self.decide(bool, (self.operand(value),), bool(value), site, count())
            return value

        return hook

    def hook_augmented(self, site: Site) -> Hook:
        count = itertools.count().__next__

        def hook(a: Any, value: Any) -> Any:
            return self.augment(site, count, a, value)

        return hook

    def augment(self, site: Site, count: Callable[[], int], a: Any, value: Any) -> Any:
        """`a += value`, which changes an array in place and makes a new number."""
        function = site.function
        if isinstance(a, np.ndarray) and a.dtype.kind != "O":
            args = (self.operand(a), self.operand(value, site.inner[1]))
            undo = self.before(a)
            y = function(a, value)
            node = self.node("operation", function, args, site, count())
            if y is a:
                node.written = 0
                self.wrote(a, node, undo)
            else:
                self.result(y, node)
            return y
        y = function(a, value)
        if not self.known(y):
            args = (self.operand(a), self.operand(value, site.inner[1]))
            self.result(y, self.node("operation", PLAIN[function], args, site, count()))
        return y

    def hook_load_item(self, site: Site) -> Hook:
        read = self.hook_item(site)

        def hook(container: Any, index: Any) -> tuple[Any, Any, Any, bool]:
            return container, index, read(container, index), True

        return hook

    def hook_load_attribute(self, site: Site) -> Hook:
        name = site.function

        def hook(container: Any) -> tuple[Any, Any, Any, bool]:
            return container, name, getattr(container, name), False

        return hook

    def hook_augmented_place(self, site: Site) -> Hook:
        count = itertools.count().__next__

        def hook(held: tuple[Any, Any, Any, bool], value: Any) -> None:
            container, key, current, is_item = held
            y = self.augment(site, count, current, value)
            if not is_item:
                setattr(container, key, y)
            elif self.is_array(container) and not (
                y is current and isinstance(y, np.ndarray) and np.may_share_memory(y, container)
            ):
                self.store(site, 0, y, container, key)
            else:
                container[key] = y

        return hook

    def is_array(self, value: Any) -> bool:
        """Whether items of a value are read from and written to a memory."""
        if isinstance(value, np.flatiter):
            return True
        return isinstance(value, np.ndarray) and value.dtype.kind != "O"

    def hook_item(self, site: Site) -> Hook:
        count = itertools.count().__next__
        inner = site.inner[1] if len(site.inner) > 1 else None

        def hook(container: Any, index: Any) -> Any:
            y = container[index]
            if isinstance(container, np.ndarray):
                if not self.known(y):
                    args = (self.operand(container), self.operand(index, inner))
                    self.result(y, self.node("operation", operator.getitem, args, site, count()))
                elif type(y) in FLAGS:
                    self.flag(operator.getitem, (self.operand(container), self.operand(index)), y, site, count())
                return y
            if type(index) in INTS and id(index) in self.numbers:
                self.decide(int, (self.numbers[id(index)],), int(index), site, count())
            if isinstance(container, np.flatiter) and not self.known(y):
                args = (self.operand(container.base), self.operand(index))
                self.result(y, self.node("operation", flat_item, args, site, count()))
            elif type(container).__module__.startswith(("numpy", "scipy")) and self.holds_unknown(y):  # np.r_, np.c_
                self.result(y, self.node("operation", operator.getitem, (container, self.operand(index)), site, count()))
            return y

        return hook

    def hook_set_item(self, site: Site) -> Hook:
        count = itertools.count().__next__

        def hook(value: Any, container: Any, index: Any) -> None:
            if self.is_array(container):
                self.store(site, count(), value, container, index)
                return
            if type(index) in INTS and id(index) in self.numbers:
                self.decide(int, (self.numbers[id(index)],), int(index), site, count())
            container[index] = value

        return hook

    def hook_attribute(self, site: Site) -> Hook:
        name, count = site.function, itertools.count().__next__
        function = Attribute(name)

        def hook(owner: Any) -> Any:
            y = getattr(owner, name)
            if (isinstance(owner, np.ndarray) or type(owner) in SCALARS) and not self.known(y):
                self.result(y, self.node("operation", function, (self.operand(owner, site.inner[0]),), site, count()))
            return y

        return hook

    def hook_set_attribute(self, site: Site) -> Hook:
        name, count = site.function, itertools.count().__next__
        function = Attribute(name)

        def hook(value: Any, owner: Any) -> None:
            if not isinstance(owner, np.ndarray):
                setattr(owner, name, value)
                return
            args, undo = (self.operand(owner), self.operand(value)), self.before(owner)
            setattr(owner, name, value)
            node = self.node("operation", function, args, site, count())
            node.written = 0
            self.wrote(owner, node, undo)

        return hook

    def hook_enter(self, site: Site) -> Hook:
        function, look = site.function, self.look

        def hook() -> Call | None:
            before, calling = self.call, self.calling
            self.call = Call(function, calling[0] if calling else None, calling[1] if calling else 0, before)
            self.calling = None
            if look is not None:
                look(self, sys._getframe(1))
            return before

        return hook

    def hook_leave(self, _site: Site) -> Hook:
        look = self.look

        def hook(before: Call | None, value: Any = None) -> Any:
            if look is not None:
                frame: FrameType | None = sys._getframe(1)
                while frame is not None and frame is not self.outside:  # the call may have changed what the callers hold
                    look(self, frame)
                    frame = frame.f_back
            self.call = before
            return value

        return hook

    def hook_look(self, site: Site) -> Hook:
        """After `name += value` the hook is given the new value. A number that is no argument needs no look."""
        look, ignores, name = self.look, self.ignores, site.statement.target or ""

        def hook(*value: Any) -> None:
            if look is not None:
                frame = sys._getframe(1)
                if not value or type(value[0]) not in SCALARS or not ignores(frame.f_code, name):
                    look(self, frame)

        return hook

    # ------------------------------------------------------------------------------------------------ loops

    def hook_iterate(self, site: Site) -> Hook:
        spec = site.function

        def hook(value: Any) -> Any:
            values = self.iterated(value, site)
            return values if spec is None else (self.apart(item, spec, site) for item in values)

        return hook

    def hook_unpack(self, site: Site) -> Hook:
        spec = site.function

        def hook(value: Any) -> Any:
            return self.apart(value, spec, site)

        return hook

    def apart(self, value: Any, spec: tuple[Any, ...], site: Site) -> Any:
        """A value that is taken apart by `a, b = value`: arrays become lists of recorded items."""
        if isinstance(value, (np.ndarray, np.flatiter)):
            value = list(self.iterated(value, site))
        if any(spec) and isinstance(value, (list, tuple)) and len(value) == len(spec):
            return [item if inner is None else self.apart(item, inner, site) for item, inner in zip(value, spec, strict=True)]
        return value

    def iterated(self, value: Any, site: Site | None) -> Any:
        """The value, or where it is an array an iterator over recorded items."""
        if isinstance(value, np.ndarray):
            return self.rows(value, site) if value.ndim and value.dtype.kind != "O" else value
        if isinstance(value, np.flatiter):
            return self.rows(value.base, site, flat=True)
        if isinstance(value, np.ndenumerate):
            return self.enumerated(value, site)
        return value

    def rows(self, array: np.ndarray, site: Site | None, flat: bool = False, backwards: bool = False) -> Iterator[Any]:
        """The items of an array, each with a node."""
        function: Hook = flat_item if flat else operator.getitem
        length = array.size if flat else len(array)
        for k in reversed(range(length)) if backwards else range(length):
            y = function(array, k)
            if not self.known(y):
                self.result(y, self.node("operation", function, (self.operand(array), k), site, k))
            yield y

    def enumerated(self, value: Any, site: Site | None) -> Iterator[Any]:
        """The items of `np.ndenumerate`."""
        array = value.iter.base
        for index, y in value:
            if not self.known(y):
                self.result(y, self.node("operation", operator.getitem, (self.operand(array), index), site))
            yield index, y


def flat_item(array: np.ndarray, index: Any) -> Any:
    return array.flat[index]
