"""The hook of calls: functions of the user run as they are, those of libraries are recorded with their arguments and results."""

from __future__ import annotations

import functools
import itertools
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.debugger.record import calls
from microgradnp.debugger.record.hooks import Hook, Hooks
from microgradnp.debugger.record.nodes import FLAGS, INTS, SCALARS
from microgradnp.debugger.record.recorder import StoppedRecordingError, has_node
from microgradnp.debugger.record.sites import Site
from microgradnp.debugger.record.values import global_state, numbers_in


class CallHooks(Hooks):
    """A recorder with all hooks."""

    def hook_call(self, site: Site) -> Hook:
        """The hook around the function of a call: one of the user's is entered, every other is recorded as one operation."""
        count = itertools.count().__next__

        def hook(function: Any) -> Any:
            if len(self.nodes) >= self.most:
                raise StoppedRecordingError
            kind = calls.kind_of(function)
            if kind == "user":
                self.calling = (site, count())
                self.transparent.add(site)
                return function
            if kind == "container":
                return function
            return self.recorded(function, kind, site, count)

        return hook

    def recorded(self, function: Any, kind: str, site: Site, count: Callable[[], int]) -> Hook:
        """A function of a library as one that records what it does."""
        if type(function) is functools.partial:
            inner = self.recorded(function.func, calls.kind_of(function.func), site, count)
            return functools.partial(inner, *function.args, **function.keywords)
        if kind in ("array", "scalar"):
            return self.method(function, site, count)
        if kind == "draw":
            return self.draw(function, site, count)
        if kind in ("copy", "pickle"):
            return self.copy(function, site, count)
        if function in calls.ITERATED:
            return self.iterating(function, site, count)
        if function is range:
            return self.ranged(site, count)

        def run(*args: Any, **options: Any) -> Any:
            return self.run(function, function, args, options, site.inner, kind, site, count())

        return run

    def run(
        self,
        call: Hook,
        function: Any,
        args: tuple[Any, ...],
        options: dict[str, Any],
        inner: tuple[Site | None, ...],
        kind: str,
        site: Site,
        execution: int,
    ) -> Any:
        """Call and record: `call(*args, **options)` is run, `function` is what the node holds."""
        held = self.operands(args, inner)
        words = {name: self.operand(value) for name, value in options.items()} if options else None
        written = self.written(function, args, options, kind)
        undo = [self.before(array) for _, array in written]
        state = global_state() if kind == "unknown" else None
        y = call(*args, **options) if function is call else call()
        changed = [
            (key, array, back)
            for (key, array), back in zip(written, undo, strict=True)
            if kind != "unknown" or array.tobytes() != back.old.tobytes()
        ]
        if len(changed) > 1:
            raise StoppedRecordingError(f"{getattr(function, '__name__', function)} changes several arrays at once")
        if changed:
            key, array, back = changed[0]
            node = self.node("operation", function, held, site, execution)
            node.options, node.written, node.state = words, key, state
            self.wrote(array, node, back)
        if type(y) in FLAGS or type(y) is int or type(y) is str:
            if kind == "compute" and not changed and has_node((*held, *(words or {}).values())):
                note = self.flag if type(y) in FLAGS else self.decide
                note(function, held, y, site, execution).options = words
        elif self.holds_unknown(y):
            node = self.node("operation", function, held, site, execution)
            node.options, node.state = words, state
            self.result(y, node)
        return y

    def written(
        self, function: Any, args: tuple[Any, ...], options: dict[str, Any], kind: str
    ) -> list[tuple[int | str, np.ndarray]]:
        """The arguments that a function may write to."""
        found: list[tuple[int | str, Any]] = []
        if kind == "unknown":
            found = [*enumerate(args), *options.items()]
        else:
            out = options.get("out")
            if out is not None:
                found += [("out", array) for array in (out if isinstance(out, tuple) else (out,))]
            if function in calls.WRITERS or (
                getattr(function, "__name__", "") == "at" and isinstance(getattr(function, "__self__", None), np.ufunc)
            ):
                found.append((0, args[0] if args else None))
            elif function is np.nan_to_num and options.get("copy") is False:
                found.append((0, args[0]))
            elif isinstance(function, np.ufunc):
                found += list(enumerate(args))[function.nin :]
            else:
                place = calls.OUT.get(getattr(function, "__name__", ""), len(args))
                found += list(enumerate(args))[place : place + 1]
        return [(key, array) for key, array in found if isinstance(array, np.ndarray) and array.dtype.kind != "O"]

    def method(self, function: Any, site: Site, count: Callable[[], int]) -> Hook:
        """A method of an array or a number."""
        owner, name = function.__self__, function.__name__
        unbound = getattr(type(owner), name)
        inner = (None, *site.inner) if site.inner else ()

        def run(*args: Any, **options: Any) -> Any:
            if name in calls.WRITING_METHODS and isinstance(owner, np.ndarray) and (name != "byteswap" or args or options):
                held, undo = self.operands((owner, *args)), self.before(owner)
                y = function(*args, **options)
                node = self.node("operation", unbound, held, site, count())
                node.options = {key: self.operand(value) for key, value in options.items()} or None
                node.written = 0
                self.wrote(owner, node, undo)
                return y
            return self.run(lambda: function(*args, **options), unbound, (owner, *args), options, inner, "compute", site, count())

        return run

    def draw(self, function: Any, site: Site, count: Callable[[], int]) -> Hook:
        """A random number. A draw that reads recorded values can be repeated with others, from the state kept here."""

        def run(*args: Any, **options: Any) -> Any:
            held = self.operands(args)
            reads = has_node(held)
            state = state_of(function.__self__) if reads and hasattr(function, "__self__") else None
            shuffled = (
                args[0] if args and getattr(function, "__name__", "") == "shuffle" and isinstance(args[0], np.ndarray) else None
            )
            undo = self.before(shuffled) if shuffled is not None else None
            y = function(*args, **options)
            y = self.disturb(y) if self.disturb and shuffled is None else y
            if shuffled is None and not self.holds_unknown(y):
                return y
            node = self.node("draw", function, held, site, count())
            node.options = {key: self.operand(value) for key, value in options.items()} or None
            node.state = state
            if shuffled is not None and undo is not None:
                node.written = 0
                self.wrote(shuffled, node, undo)
            else:
                self.result(y, node)
            return y

        return run

    def copy(self, function: Any, site: Site, count: Callable[[], int]) -> Hook:
        """`copy.deepcopy` and pickling: the numbers inside of the copy are those inside of the original, in the same order."""

        def run(*args: Any, **options: Any) -> Any:
            if function is pickle.loads and id(args[0]) in self.pickled:
                nodes = self.pickled[id(args[0])][1]
            else:
                nodes = [self.operand(item) for _, item in numbers_in(args[0])]
            y = function(*args, **options)
            if isinstance(y, bytes):
                self.pickled[id(y)] = (y, nodes)
                return y
            copies = [item for _, item in numbers_in(y)]
            if len(copies) == len(nodes):
                execution = count()
                for item, node in zip(copies, nodes, strict=True):
                    if not self.known(item):
                        self.result(item, self.node("operation", copied, (node,), site, execution))
            return y

        return run

    def ranged(self, site: Site, count: Callable[[], int]) -> Hook:
        """`range`, whose arguments may be numbers of the program."""

        def run(*args: Any) -> range:
            for arg in args:
                if type(arg) in INTS and id(arg) in self.numbers:
                    self.decide(int, (self.numbers[id(arg)],), int(arg), site, count())
            return range(*args)

        return run

    def iterating(self, function: Any, site: Site, count: Callable[[], int]) -> Hook:
        """`zip(x, y)`, `sum(x)`, `map(f, x)`, ...: arrays hand out recorded items, and functions that are mapped are recorded."""

        def run(*args: Any, **options: Any) -> Any:
            given = list(args)
            if function in calls.MAPPED and given:
                given[0] = self.mapped(given[0], site)
            if function is itertools.accumulate:
                options = {
                    **options,
                    "func": self.mapped(options.get("func") or (given.pop(1) if len(given) > 1 else operator.add), site),
                }
            if function is reversed and isinstance(args[0], np.ndarray):
                return self.rows(args[0], site, backwards=True)
            single = function in calls.WHOLE and (len(given) == 1 or function in (sum, np.fromiter))
            if single and not isinstance(given[0], (list, tuple, dict)):
                given[0] = list(self.iterated(given[0], site))
            else:
                given = [self.iterated(arg, site) for arg in given]
            if function in calls.CHOSEN:
                return self.choose(function, given, options, site, count())
            if function is np.fromiter:
                return self.run(function, function, tuple(given), options, (), "compute", site, count())
            y = function(*given, **options)
            if function is sum and not self.known(y):
                self.result(y, self.node("operation", function, self.operands(tuple(given)), site, count()))
            return y

        return run

    def mapped(self, function: Any, site: Site) -> Any:
        """A function that a library calls for us."""
        if not callable(function):
            return function
        kind = calls.kind_of(function)
        return function if kind in ("user", "container") else self.recorded(function, kind, site, itertools.count().__next__)

    def choose(self, function: Any, args: list[Any], options: dict[str, Any], site: Site, execution: int) -> Any:
        """`max`, `min` and `sorted` hand back what they got. Which of it is a decision."""
        values = list(args[0]) if len(args) == 1 else args
        compared = list(values)
        if (key := options.get("key")) is not None:
            compared = []

            def noted(value: Any) -> Any:
                compared.append(key(value))
                return compared[-1]

            options = {**options, "key": noted}
        y = function(values, **options)
        if any(type(value) in SCALARS for value in compared):
            order = Order(function, bool(options.get("reverse")))
            self.decide(order, (self.operand(compared),), order(compared), site, execution)
        return y


class Order:
    """Which of some values `max`, `min` or `sorted` would choose."""

    def __init__(self, function: Any, reverse: bool) -> None:
        self.function, self.reverse = function, reverse
        self.__name__ = function.__name__

    def __call__(self, values: Any) -> Any:
        values = list(values)
        if self.function is sorted:
            return sorted(range(len(values)), key=values.__getitem__, reverse=self.reverse)
        return self.function(range(len(values)), key=values.__getitem__, default=None)


def copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def state_of(generator: Any) -> Any:
    """The state of a random generator, to draw again."""
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.get_state() if isinstance(generator, np.random.RandomState) else generator.getstate()
