"""Which variable of the hand-written code is which argument of the model, and what it held when.

An argument is looked for in every frame of the user's code: by the expression that `bind` gives for it, else by its name
among locals, attributes and dict keys at any depth, else by its name in another spelling (`w_1` for `W1`), else by the number
of its layer. Outer frames win over inner ones; two different values at the same depth are ambiguous, and are refused.
"""

from __future__ import annotations

import dis
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.capture.layers import Entry, in_layers, series_of
from microgradnp.debugger.capture.values import DEPTH, Nest, as_array, attributes, is_user_instance

DEEPEST = 4
MOST_WAYS = 3
MOST_LISTED = 20


class BindingError(ValueError):
    """An argument of the model could not be found in the hand-written code, or could be several variables."""

    def __init__(
        self,
        message: str,
        missing: tuple[str, ...] = (),
        present: dict[str, Any] | None = None,
        bound: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.missing = missing  # arguments that nothing is called like
        self.present = present or {}  # arrays that the code had when it began, and that are no other argument
        self.bound = bound or {}


@dataclass(frozen=True)
class Wanted:
    """What has to be found in the hand-written code: the arguments of the model."""

    arguments: list[str]
    optional: set[str] = field(default_factory=set)  # arguments with a default value, which may be missing
    bind: dict[str, str] = field(default_factory=dict)  # argument -> the expression that the user gave for it
    inner: bool = False  # whether inner frames win over outer ones
    uncounted: frozenset[str] = frozenset()  # arguments that no counter of a loop may be
    unmeasured: frozenset[str] = frozenset()  # arguments that no whole number may be, such as a length


class Held(NamedTuple):
    """A value that a variable had, from `time` on; `version` is the trace's record of it, where there is one."""

    time: int
    value: Any
    version: Any


@dataclass(eq=False)
class Variable:
    """One expression in one function that may be an argument, with the values it took, oldest first."""

    argument: str
    function: str
    expression: str
    rank: tuple[int, ...]  # smaller is better
    history: list[Held] = field(default_factory=list)
    last: Any = None
    mark: bytes = b""
    nest: Nest | None = None  # the list that has this mark
    from_bind: bool = False
    is_set_by_loop: bool = False  # by the `for` of a loop

    @property
    def is_counter(self) -> bool:
        """Whether it counts the turns of a loop, or is a part of what a loop goes over that is a whole number."""
        return self.is_set_by_loop and not self.from_bind and all(type(held.value) is int for held in self.history)

    def marked(self, value: Any) -> bytes:
        """The mark of the value that the variable has now."""
        if type(value) is list:
            if self.nest is not None and self.nest.holds(value):
                return self.mark
            self.nest = Nest(value)
        return mark_of(value)


def plain(value: Any, depth: int = 0) -> Any:
    """A copy that later writes do not reach."""
    array = as_array(value)
    if array is None:
        if isinstance(value, (list, tuple)) and depth <= DEPTH:
            return [plain(item, depth + 1) for item in value]
        return value
    if isinstance(value, (bool, int, float)):
        return value
    return np.array(array)


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The shape of a value; None for one that is no array, such as a list of two matrices."""
    array = as_array(value)
    return None if array is None else np.shape(array)


def mark_of(value: Any, depth: int = 0) -> bytes:
    """The content of a value as bytes; equal marks mean that nothing has changed."""
    array = as_array(value)
    if array is not None:
        return array.tobytes()
    if isinstance(value, (list, tuple)) and depth <= DEPTH:  # a list may hold itself
        return b"|".join(mark_of(item, depth + 1) for item in value)
    return str(id(value)).encode()


def normal(name: str) -> str:
    """A name without underscores and case."""
    return name.replace("_", "").lower()


def is_gradient_holder(expression: str) -> bool:
    """`grads['W1']` and `self.dW[0]` hold gradients, not parameters."""
    return bool(re.search(r"(^|[._])(grads?|gradients?|nabla|deltas?|d[A-Z]\w*)(\[|_|\.|$)", expression))


def is_zero(value: Any) -> bool:
    """Whether an array holds nothing but zeros."""
    array = as_array(value)
    return array is not None and array.ndim > 0 and not array.any()


def usable(value: Any) -> bool:
    """Whether a value may be an argument of a model."""
    return not callable(value) and not inspect.ismodule(value) and value is not None and not isinstance(value, (str, set, range))


@functools.cache
def set_by_loops(code: CodeType) -> frozenset[str]:
    """The variables of a function that the `for` of a loop sets, as i and x in `for i, x in ...`."""
    found: set[str] = set()
    left = 0  # so many variables the next instructions set
    for instruction in dis.get_instructions(code):
        if instruction.opname == "FOR_ITER":
            left = 1
        elif left and instruction.opname == "UNPACK_SEQUENCE":
            left += (instruction.arg or 0) - 1
        elif left and instruction.opname.startswith("STORE_"):
            names = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
            stored = names[: instruction.opname.count("STORE_")]  # Python 3.13 sets one variable and reads another at once
            found.update(stored)
            left -= len(stored)
        else:
            left = 0
    return frozenset(found)


def holders(variables: dict[str, Any]) -> list[Entry]:
    """(depth, name, expression, value) of everything that a frame's variables reach through attributes and dict keys."""
    found: list[Entry] = []
    ways: dict[int, int] = {}  # how often an object was looked into: it may be `layer`, `first` and `self.layers[0]`
    level = [(name, name, value) for name, value in variables.items()]
    for depth in range(DEEPEST):
        deeper: list[tuple[str, str, Any]] = []
        for name, expression, value in level:
            found.append((depth, name, *unwrapped(expression, value)))
            inside = list(inside_of(name, expression, value))
            if inside and ways.setdefault(id(value), 0) < MOST_WAYS:
                ways[id(value)] += 1
                deeper += inside
        level = deeper
    return found


def unwrapped(expression: str, value: Any) -> tuple[str, Any]:
    """The array of an object that holds one beside its gradient, as those of a class `Parameter` do; else the value itself."""
    if is_user_instance(value):
        arrays = {k: v for k, v in attributes(value).items() if shape_of(v) and not is_gradient_holder(k)}
        if len(arrays) == 1:
            [(key, array)] = arrays.items()
            return f"{expression}.{key}", array
    return expression, value


def inside_of(name: str, expression: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    """(name, expression, value) of the keys of a dict, the attributes of an object, and the objects in a list."""
    if isinstance(value, dict):
        if len(value) <= 200:
            yield from ((str(k), f"{expression}[{k!r}]", v) for k, v in value.items() if isinstance(k, str))
    elif is_user_instance(value):
        yield from ((k, f"{expression}.{k}", v) for k, v in attributes(value).items())
    elif isinstance(value, (list, tuple)) and len(value) <= 20 and any(is_user_instance(v) or isinstance(v, dict) for v in value):
        yield from ((f"{name}[{k}]", f"{expression}[{k}]", v) for k, v in enumerate(value))


def arrays_in(expression: str, value: Any) -> Iterator[str]:
    """The expression of an array, or those of the arrays in a list: `W[0]`, `W[1]`."""
    if as_array(value) is not None:
        yield expression
    elif isinstance(value, (list, tuple)) and len(value) <= MOST_LISTED:
        yield from (f"{expression}[{k}]" for k, item in enumerate(value) if (array := as_array(item)) is not None and array.ndim)


class Binder:
    """Looks for the model's arguments in the frames it is shown, and keeps their histories."""

    def __init__(self, wanted: Wanted) -> None:
        arguments, bind = wanted.arguments, wanted.bind
        unknown = sorted(set(bind) - set(arguments))
        if unknown:
            raise BindingError(f"bind names {', '.join(unknown)}, but the model's arguments are {', '.join(arguments)}")
        self.arguments = arguments
        self.bind = bind
        self.inner = wanted.inner
        self.uncounted, self.unmeasured = wanted.uncounted, wanted.unmeasured
        self.compiled: dict[str, CodeType] = {}
        for name, expression in bind.items():
            try:
                self.compiled[name] = compile(expression, "<bind>", "eval")
            except SyntaxError as error:
                raise BindingError(f"bind[{name!r}] = {expression!r} is not an expression: {error.msg}") from None
        self.variables: dict[tuple[str, str, str, int], Variable] = {}
        self.ambiguous: dict[str, list[str]] = {}
        self.seen_names: set[str] = set()
        self.at_start: dict[str, Any] | None = None  # arrays that the first function had when it began
        self.bad_bind: dict[str, str] = {}
        self.series = series_of(arguments)

    def resolve(self, frame: FrameType, depth: int, known: Readers) -> Readers:
        """Readers of the arguments that this frame can give; what was found by its exact name in a local variable stays."""
        settled = {
            variable.argument: (variable, read) for variable, read in known if variable.from_bind or variable.rank[:2] == (0, 0)
        }
        variables = {k: v for k, v in frame.f_locals.items() if k.isidentifier() and usable(v)}  # pytest has `@py_assert1`
        readers: Readers = []
        depth = -depth if self.inner else depth
        listed = holders(variables)
        names = frame.f_code.co_names
        globals_ = frame.f_globals
        outside = {k: globals_[k] for k in names if k in globals_ and k not in variables and usable(globals_[k])}
        listed_outside = holders(outside)
        if self.at_start is None:
            held = ((e, v) for _, _, e, v in (*listed, *listed_outside) if (a := as_array(v)) is not None and a.ndim)
            self.at_start = {expression: plain(value) for expression, value in held}
        self.seen_names.update(shown for _, _, expression, value in listed for shown in arrays_in(expression, value))
        for argument in self.arguments:
            if argument in settled:
                readers.append(settled[argument])
            elif argument in self.bind:
                reader = self.by_expression(argument, frame)
                if reader:
                    readers.append((self.variable(argument, frame, self.bind[argument], (0, depth), from_bind=True), reader))
            if argument in self.bind or argument in settled:
                continue
            for where, entries in ((0, listed), (1, listed_outside)):
                if argument in self.uncounted or argument in self.unmeasured:
                    counted = set_by_loops(frame.f_code)
                    by_loop = argument not in self.unmeasured
                    entries = [e for e in entries if type(e[3]) is not int or (by_loop and e[2] not in counted)]
                choice = self.by_name(argument, entries) or self.by_layer(argument, entries)
                if choice:
                    spelling, level, expression = choice
                    code = compile(expression, "<bind>", "eval")
                    reader = evaluator(code, frame.f_globals)
                    readers.append((self.variable(argument, frame, expression, (spelling, where, depth, level)), reader))
                    break
        return readers

    def by_expression(self, argument: str, frame: FrameType) -> Callable[[dict[str, Any]], Any] | None:
        """A reader for the expression that the user gave; None in a frame where it has no value."""
        code = self.compiled[argument]
        try:
            eval(code, frame.f_globals, frame.f_locals)
        except Exception as error:  # the expression belongs to another frame, or its variables are not made yet
            self.bad_bind[argument] = f"{type(error).__name__}: {error}"
            return None
        return evaluator(code, frame.f_globals)

    def by_name(self, argument: str, entries: list[Entry]) -> tuple[int, int, str] | None:
        """(spelling, depth, expression) of what is called like an argument; None when nothing is, or several things are."""
        for spelling in (0, 1):
            wanted = (argument, normal(argument))[spelling]
            named = ((level, (name, normal(name))[spelling], expression, value) for level, name, expression, value in entries)
            hits = [(level, expression, value) for level, name, expression, value in named if name == wanted]
            if not hits:
                continue
            hits = [hit for hit in hits if not is_gradient_holder(hit[1])] or hits
            level = min(hit[0] for hit in hits)
            nearest = [hit for hit in hits if hit[0] == level]
            if len({expression for _, expression, _ in nearest}) > 1:  # what begins with zeros may be a velocity
                nearest = [hit for hit in nearest if not is_zero(hit[2])] or nearest
            distinct = {mark_of(value): expression for _, expression, value in reversed(nearest)}
            if len(distinct) > 1:
                self.ambiguous[argument] = [expression for _, expression, _ in nearest]
                return None
            return spelling, level, nearest[0][1]
        return None

    def by_layer(self, argument: str, entries: list[Entry]) -> tuple[int, int, str] | None:
        """(2, depth, expression) of what belongs to the layer that an argument has the number of."""
        if argument in self.ambiguous:
            return None
        own = ((level, found) for level, found in in_layers(argument, self.series, entries) if not is_gradient_holder(found))
        return next(((2, level, expression) for level, expression in own), None)

    def variable(
        self, argument: str, frame: FrameType, expression: str, rank: tuple[int, ...], from_bind: bool = False
    ) -> Variable:
        """The record of one expression in one function, the same whenever it is asked for."""
        key = (argument, frame.f_code.co_name, expression, rank[-1] if from_bind else rank[2])
        if key not in self.variables:
            by_loop = expression in set_by_loops(frame.f_code)
            self.variables[key] = Variable(
                argument, frame.f_code.co_name, expression, rank, from_bind=from_bind, is_set_by_loop=by_loop
            )
        return self.variables[key]

    def choose(self, argument: str, end: float) -> Variable | None:
        """The best variable for an argument that had a value in the window; of equal ones that which changed most often."""
        fit = [v for v in self.variables.values() if v.argument == argument and any(held.time < end for held in v.history)]
        return min(fit, key=lambda v: (v.rank, -len(v.history)), default=None)

    def is_best(self, variable: Variable) -> bool:
        """Whether no better variable for the same argument has been seen."""
        rivals = (v for v in self.variables.values() if v.argument == variable.argument and v.history)
        return all(variable.rank <= v.rank for v in rivals)

    def explain_all(self, arguments: list[str]) -> list[str]:
        """Why arguments are not bound, and what to do. Those that nothing is called like are told together."""
        unknown = [a for a in arguments if a not in self.bind and a not in self.ambiguous]
        found = [self.explain(a) for a in arguments if a not in unknown]
        return [*found, self.not_called(unknown)] if unknown else found

    def explain(self, argument: str) -> str:
        """Why an argument is not bound, and what to do."""
        if argument in self.bind:
            reason = self.bad_bind.get(argument, "it never had a value")
            given = f"bind[{argument!r}] = {self.bind[argument]!r}"
            return f"{given} could not be evaluated in any frame of the hand-written code ({reason})"
        if argument in self.ambiguous:
            could = ", ".join(self.ambiguous[argument])
            return f"{argument} could be {could}; say which with bind={{{argument!r}: ...}}"
        return self.not_called([argument])

    def not_called(self, arguments: list[str]) -> str:
        """That no variable has these names, with those that were seen."""
        arrays = (
            ", ".join(sorted(name for name in self.seen_names if "__" not in name and name != "_")[:MOST_LISTED])
            or "no arrays at all"
        )
        *others, last = arguments
        named = f"{', '.join(others)} or {last}" if others else last
        what = "they are" if others else "it is"
        bind = ", ".join(f"{argument!r}: ..." for argument in arguments)
        return f"nothing in the hand-written code is called {named}; say what {what} with bind={{{bind}}}. Seen there: {arrays}"


Readers = list[tuple[Variable, Callable[[dict[str, Any]], Any]]]


def evaluator(code: CodeType, globals_: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    def read(variables: dict[str, Any]) -> Any:
        try:
            return eval(code, globals_, variables)
        except Exception:  # not made yet, or gone
            return None

    return read
