"""Tracing: one call of a function on Tensors that may not tell their numbers, written down step by step.

The graph is recorded as always. A trace looks over its shoulder and writes down which function was called with which values;
the backward pass is recorded too, by the same rules. What is written must hold for all numbers of these shapes, so a Tensor that
is traced refuses to be read: `if loss > 1`, `float(x)` and `.item()` would freeze a decision. Where a gradient formula of ours
has to look at numbers (which entry is the largest?), the formula itself becomes one step.
"""

from __future__ import annotations

import functools
import operator
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.context import tracing, watchers
from microgradnp.core.errors import ConcretizationError
from microgradnp.core.messages import describe
from microgradnp.core.origin import caller, locate
from microgradnp.core.signatures import Vjp, name_of
from microgradnp.core.sweep import sweep
from microgradnp.core.table import Rule
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.variables import check_result, recorded
from microgradnp.inspection.names import name_boxes
from microgradnp.program.values import Program, Value

VARIABLE = re.compile(r"[^\W\d][\w.]*( #\d+)?")  # `h`, `self.h`, and `h #2` where a loop assigned it again; no expression

LENGTHS = {np.flatnonzero, np.argwhere, np.bincount}  # functions whose result is as long as numbers say
Expansions = Mapping[Callable[..., Any], Callable[..., Any]]


class Traced(Tensor):
    """A Tensor of which a program is written down: it has a shape and a dtype, and its numbers are nobody's business."""

    __slots__ = ()
    traced = True

    def numpy(self) -> Any:
        raise unreadable(self, ".numpy()")

    def item(self) -> Any:
        raise unreadable(self, ".item()")

    def value_for_graph(self) -> Any:
        """Asked where a Tensor is an option or part of an index; its array is recognised there, but True is only one object."""
        if isinstance(self._array, np.bool_):
            raise unreadable(self, "its use as an option")
        return self._array

    def tolist(self) -> Any:
        raise unreadable(self, ".tolist()")

    @property  # type: ignore[misc]
    def data(self) -> Any:
        raise unreadable(self, ".data")

    def detach(self) -> Tensor:
        return tracing.get().same(self)

    def backward(self, *_: Any, **__: Any) -> None:
        raise unreadable(self, ".backward(): hand over the function that returns the loss, and backward is written for you;")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise unreadable(self, "a conversion to an ndarray")

    def __bool__(self) -> bool:
        raise unreadable(self, "a decision (if, while, and, or, assert)")

    def __float__(self) -> float:
        raise unreadable(self, "float()")

    def __int__(self) -> int:
        raise unreadable(self, "int()")

    def __index__(self) -> int:
        raise unreadable(self, "its use as an index or a length")

    def __complex__(self) -> complex:
        raise unreadable(self, "complex()")

    def __contains__(self, item: Any) -> bool:
        raise unreadable(self, "`in`")


def unreadable(node: Tensor, how: str) -> ConcretizationError:
    place = locate(caller(3))
    where = f" at {place}" if place else ""
    return ConcretizationError(
        f"{how}{where} reads the numbers of {describe(node)}, while a program is traced that shall hold for all numbers: "
        "it would keep what these numbers decide. Use np.where, np.maximum or mg.stop_gradient, pass what decides as a plain "
        "Python argument, or keep this function eager"
    )


class Trace:
    """Writes down what is recorded while it is entered.

    `unguarded` leaves out the guards of formulas against 0 * inf: the program is simpler, and where such a guard would have
    mattered, one of its results is not finite. `expansions` are functions whose calls are written as several steps.
    """

    def __init__(
        self, *, unguarded: bool = False, expansions: Mapping[Callable[..., Any], Callable[..., Any]] | None = None
    ) -> None:
        self.leaves_guards_out = unguarded
        self.assumed = False  # was one left out?
        self.expansions = expansions or {}
        self.values: dict[int, Value] = {}  # by the id of a Tensor, or of the array in it
        self.captured: list[Value] = []
        self.kept: list[Any] = []  # so that no id is given twice
        self.backward_begun = False
        self.thread = threading.get_ident()

    @property
    def unguarded(self) -> bool:
        """Asked by a formula that has a guard: shall it be left out?"""
        self.assumed |= self.leaves_guards_out
        return self.leaves_guards_out

    def __enter__(self) -> Trace:
        self.token = tracing.set(self)
        watchers.append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        watchers.remove(self)
        tracing.reset(self.token)

    # ------------------------------------------------------------------------------ values of the program

    def variable(self, array: Any, *, requires_grad: bool, name: str) -> Tensor:
        """An argument of the program."""
        node = Tensor(array, requires_grad=requires_grad, name=name)
        node.__class__ = Traced
        self.keep(node, Value(node.shape, node.dtype, name=name))
        return node

    def keep(self, node: Tensor, value: Value) -> None:
        """Remember which value a Tensor is; also by its array, which is all that options and indices hold of it."""
        self.values[id(node)] = value
        if not isinstance(node._array, np.bool_):  # of which there are only two, that belong to everybody
            self.values[id(node._array)] = value
        self.kept.append(node)

    def same(self, node: Tensor) -> Tensor:
        """The same value without its history."""
        copy = Tensor(node._array, name=node.name)  # traced: not a copy of the numbers
        copy.__class__ = Traced
        self.keep(copy, self.values[id(node)])
        return copy

    def operand(self, item: Any) -> Any:
        """An argument of a call, with values in place of Tensors and arrays."""
        if isinstance(item, (Tensor, np.ndarray, np.generic)):
            return self.values.get(id(item)) or self.outside(item)
        if isinstance(item, (tuple, list)):
            return type(item)([self.operand(part) for part in item])
        if isinstance(item, dict):
            return {key: self.operand(part) for key, part in item.items()}
        return item

    def outside(self, item: Any) -> Value:
        """What the function reads and was not given: parameters of a model, arrays of the module."""
        array = item._array if isinstance(item, Tensor) else item
        known = self.values.get(id(array))
        if known is None:
            known = Value(array.shape, array.dtype, data=item, place=getattr(item, "place", None))
            known.name = getattr(item, "name", None) or ""
            if array.shape or isinstance(item, Tensor):
                self.captured.append(known)
        self.values[id(item)] = self.values[id(array)] = known
        self.kept.append(item)
        return known

    # ---------------------------------------------------------------------------------- looking at calls

    def forward(self, node: Tensor, rule: Rule, args: tuple[Any, ...], _values: Any, options: Any) -> None:
        """Called for each result that is recorded."""
        if threading.get_ident() != self.thread:
            return
        node.__class__ = Traced
        self.refuse_other_lengths(rule, args, options)
        expansion = self.expansions.get(rule.function)
        expanded = None if expansion is None else expansion(*args, **options)
        if isinstance(expanded, Tensor):
            value = self.values[id(expanded)]
        else:
            value = self.step(rule.function, args, options, node._array, node.place, sequence=rule.sequence)
        self.keep(node, value)

    def backward(self, node: Tensor, position: int, g: Any, share: Any) -> None:
        """Part of the sweep's protocol; what formulas compute is seen by `forward`."""

    def refuse_other_lengths(self, rule: Rule, args: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        """Raises ConcretizationError for a result whose length depends on numbers: it would keep the length that it has now."""
        index = args[1] if rule.function is operator.getitem else options.get("repeats") if rule.function is np.repeat else None
        parts = index if isinstance(index, tuple) else (index,)
        known = [self.values.get(id(part)) for part in parts if isinstance(part, (Tensor, np.ndarray))]
        chosen = any(v is not None and (v.dtype == np.bool_ or rule.function is np.repeat) for v in known)
        counted = rule.function in LENGTHS and any(isinstance(a, Tensor) and a.traced for a in args)
        if chosen or counted:
            raise ConcretizationError(
                f"{rule.name}: the length of its result depends on the numbers of a Tensor, and a program is traced for all "
                "numbers; keep the shape, as np.where(mask, x, 0) does"
            )

    def step(
        self, function: Callable[..., Any], args: Any, options: Any, result: Any, place: Any = None, *, sequence: bool = False
    ) -> Value:
        operands, named = self.operand(tuple(args)), {key: self.operand(item) for key, item in options.items()}
        value = Value(np.shape(result), result.dtype, function, operands, named, sequence, place=place)
        value.backward = self.backward_begun
        return value

    def whole(self, formula: Vjp, args: tuple[Any, ...], options: Mapping[str, Any]) -> Tensor:
        """A gradient formula that has to look at numbers, as one step."""
        plain: tuple[Any, ...] = tuple(a._array if isinstance(a, Tensor) else a for a in args)
        node = Tensor(np.asarray(formula(*plain, **options)))
        node.__class__ = Traced
        self.keep(node, self.step(formula, args, options, node._array))
        return node

    def give_names(self) -> None:
        """Call each value what the user calls it, where a variable was assigned to."""
        nodes = [node for node in self.kept if isinstance(node, Tensor)]
        for node, name in zip(nodes, name_boxes(nodes, {}, {}), strict=True):
            value = self.values[id(node)]
            if not value.name and VARIABLE.fullmatch(name):
                value.name = name

    # -------------------------------------------------------------------------------------- the gradient

    def gradients(self, output: Tensor, inputs: Iterable[Tensor]) -> list[tuple[Value, Any]]:
        """The backward pass of `output`, written down by the sweep that computes it: gradients and their numbers."""
        self.backward_begun = True
        inputs = list(inputs)
        found: dict[int, tuple[Value, Any]] = {}
        if output.requires_grad:
            seed = Tensor(output.seed())
            self.keep(seed, Value(seed.shape, seed.dtype, data=seed._array))
            nodes = [node for node in graph.walk(output) if node.rule is not None]
            outside = {node for node in nodes if not node.traced}
            for node in nodes:
                if node.traced:
                    node.rule = self.careful(node.rule)
            for node, g, _ in sweep(output, seed, free=False, record=True, until=outside):
                g = np.conjugate(g) if g.dtype.kind == "c" else g
                value = self.operand(g)
                forward = self.values.get(id(node))
                if forward is not None and forward.name and not value.name and value.function is not None:
                    value.name = f"d_{forward.name}"
                found[id(node)] = value, g._array
        for x in inputs:
            if id(x) not in found:
                found[id(x)] = self.step(np.zeros_like, (x,), {}, x._array), np.zeros_like(x._array)
        return [found[id(x)] for x in inputs]

    def careful(self, rule: Rule) -> Rule:
        """A rule whose formulas become one step where they have to look at numbers."""
        cautious = Rule.__new__(Rule)
        for slot in Rule.__slots__:
            setattr(cautious, slot, getattr(rule, slot))
        cautious.vjps = tuple(None if vjp is None else self.attempted(vjp) for vjp in rule.vjps)
        return cautious

    def attempted(self, vjp: Vjp) -> Vjp:
        @functools.wraps(vjp)
        def formula(*args: Any, **options: Any) -> Any:
            try:
                return vjp(*args, **options)
            except ConcretizationError:
                return self.whole(vjp, args, options)

        return formula


def check_scalar(f: Callable[..., Any], result: Any) -> None:
    """Raises TypeError when a function did not return a Tensor, ValueError when it is no real scalar."""
    check_result(f, result)
    if result.shape != () or result.dtype.kind == "c":
        raise ValueError(f"{name_of(f)} returned {describe(result)}, and must return a real scalar")


def trace(
    f: Callable[..., Any],
    call: Callable[[Trace], tuple[tuple[Any, ...], dict[str, Any], list[Tensor], list[Tensor]]],
    *,
    unguarded: bool,
    expansions: Expansions | None = None,
    parameters: Iterable[Tensor] = (),
) -> Program:
    """Trace `f` and its gradient. `call` makes the arguments: positional, by keyword, all variables, those to differentiate.

    `parameters` are leaves that `f` reads from outside, to be differentiated with respect to as well. The outputs
    of the program are the value and the gradients, in that order.

    Raises TypeError when `f` returns no Tensor or reads the numbers of one, ValueError when its value is no real scalar.
    """
    with Trace(unguarded=unguarded, expansions=expansions) as tracer, recorded():
        args, kwargs, inputs, wanted = call(tracer)
        leaves = list(parameters)
        values = [tracer.values[id(x)] for x in inputs]
        for leaf in leaves:
            values.append(tracer.outside(leaf))
            tracer.captured = [v for v in tracer.captured if v is not values[-1]]
        classes = [leaf.__class__ for leaf in leaves]
        try:
            for leaf in leaves:
                leaf.__class__ = Traced
            result = f(*args, **kwargs)
            check_scalar(f, result)
            tracer.give_names()
            gradients = tracer.gradients(result, [*wanted, *leaves])
        finally:
            for leaf, kind in zip(leaves, classes, strict=True):
                leaf.__class__ = kind
    outputs = [(tracer.operand(result), result._array), *gradients]
    return Program(values, tracer.captured, [v for v, _ in outputs], [n for _, n in outputs], tracer.assumed)
