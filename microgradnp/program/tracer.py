"""A trace watches a recording, and writes down which function was called with which values, step by step.

The graph is recorded as always. The backward pass is recorded by the same rules and written down too. A gradient formula that
has to look at numbers (which entry is the largest?) becomes one step as a whole.
"""

from __future__ import annotations

import copy
import functools
import operator
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.context import current, mode, switch
from microgradnp.core.errors import ConcretizationError
from microgradnp.core.graph import walk
from microgradnp.core.signatures import Vjp
from microgradnp.core.sweep import sweep
from microgradnp.core.table import Rule
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import leaves
from microgradnp.inspection.names import name_boxes
from microgradnp.program.traced import Traced, unseen
from microgradnp.program.values import Value

VARIABLE = re.compile(r"[^\W\d][\w.]*( #\d+)?")  # `h`, `self.h`, and `h #2` where a loop assigned it again; no expression
LENGTHS = {np.flatnonzero, np.argwhere, np.bincount}  # functions with a data-dependent length
Expansions = Mapping[Callable[..., Any], Callable[..., Any]]


class Trace:
    """Writes down every call that is recorded while it is entered.

    `unguarded` leaves out the guards of formulas against 0 * inf, which makes the program simpler. Where such a guard would have
    mattered, a result is not finite. `expansions` are functions whose calls are written as several steps.
    """

    def __init__(self, *, unguarded: bool = False, expansions: Expansions | None = None) -> None:
        self.leaves_guards_out = unguarded
        self.assumed = False  # whether a guard was left out
        self.expansions = expansions or {}
        self.values: dict[int, Value] = {}  # by the id of a Tensor, or of the array in it
        self.captured: list[Value] = []
        self.kept: list[Any] = []  # so that no id is given twice
        self.backward_begun = False
        self.latest: list[Value] = []  # steps of the backward pass since the last share
        self.thread = threading.get_ident()

    @property
    def unguarded(self) -> bool:
        """Whether a formula leaves its guard out. Formulas ask this; the trace remembers that one asked."""
        self.assumed |= self.leaves_guards_out
        return self.leaves_guards_out

    def __enter__(self) -> Trace:
        self.token = switch(tracer=self, watchers=(*current().watchers, self))
        return self

    def __exit__(self, *exception: object) -> None:
        mode.reset(self.token)

    # ------------------------------------------------------------------------------ values of the program

    def variable(self, array: Any, *, requires_grad: bool, name: str) -> Tensor:
        """An argument of the program."""
        node = Tensor(array, requires_grad=requires_grad, name=name)
        node.__class__ = Traced
        self.keep(node, Value(node.shape, node.dtype, name=name))
        return node

    def keep(self, node: Tensor, value: Value) -> None:
        """Remember the value of a Tensor, also by its array, which stands for the Tensor in options and indices."""
        self.values[id(node)] = value
        if not isinstance(node._array, np.bool_):  # all Tensors share the two of them
            self.values[id(node._array)] = value
        self.kept.append(node)

    def without_history(self, node: Tensor) -> Tensor:
        """The same value as a leaf."""
        copied = Tensor(node._array, name=node.name)
        copied.__class__ = Traced
        self.keep(copied, self.values[id(node)])
        return copied

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
        """The value of something that the function reads and was not given: a parameter of a model, an array of the module.

        Raises ConcretizationError for what was computed from traced Tensors, unseen: its numbers would be frozen.
        """
        if isinstance(item, Tensor) and item.rule is not None and (seen := [node for node in walk(item) if node.traced]):
            raise unseen(seen[0])
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

    def as_tensor(self, argument: Any, recorded: Any) -> Any:
        """What a traced node holds of an argument: of an array a traced Tensor, of anything else what was recorded."""
        if not isinstance(argument, np.ndarray) or argument.shape == ():
            return recorded
        node = Tensor(0.0)
        node._array, node.place = argument, None
        node.__class__ = Traced
        self.keep(node, self.operand(argument))
        return node

    def symbolic(self, option: Any) -> Any:
        """An option with a traced Tensor in place of each array that is a value of the program."""
        if isinstance(option, (tuple, list)):
            return type(option)([self.symbolic(part) for part in option])
        known = self.values.get(id(option)) if isinstance(option, np.ndarray) else None
        return option if known is None or known.data is not None else self.as_tensor(option, option)

    # ---------------------------------------------------------------------------------- watching the calls

    def forward(self, node: Tensor, rule: Rule, args: tuple[Any, ...], _values: Any, options: Any) -> None:
        """Write one call down. The recording calls this for each result."""
        if threading.get_ident() != self.thread:
            return
        node.__class__ = Traced
        self.refuse_other_lengths(rule, args, options)
        if node.args:  # formulas get Tensors: what they compute from a plain array alone would be frozen
            node.args = tuple(self.as_tensor(a, kept) for a, kept in zip(args, node.args, strict=True))
            node.options = {key: self.symbolic(option) for key, option in options.items()}
        expansion = self.expansions.get(rule.function)
        expanded = None if expansion is None else expansion(*args, **options)
        if isinstance(expanded, Tensor):
            value = self.values[id(expanded)]
        else:
            value = self.step(rule.function, args, options, node._array, node.place, sequence=rule.sequence)
        self.keep(node, value)

    def backward(self, node: Tensor, _position: int, _g: Any, _share: Any) -> None:
        """Note whose gradient the latest steps compute. `forward` has written them down."""
        for value in self.latest:
            value.place, value.gradient_of = node.place, node.rule.name if node.rule else ""
        self.latest.clear()

    def refuse_other_lengths(self, rule: Rule, args: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        """Raises ConcretizationError for a result with a data-dependent length."""
        index = args[1] if rule.function is operator.getitem else options.get("repeats") if rule.function is np.repeat else None
        parts = index if isinstance(index, tuple) else (index,)
        known = [self.values.get(id(part)) for part in parts if isinstance(part, (Tensor, np.ndarray))]
        chosen = any(v is not None and (v.dtype == np.bool_ or rule.function is np.repeat) for v in known)
        counted = rule.function in LENGTHS and isinstance(args[0], Tensor) and args[0].traced
        if chosen or counted:
            raise ConcretizationError(
                f"{rule.name}: the length of its result depends on the numbers of a Tensor, and a program is traced for all "
                "numbers; keep the shape, as np.where(mask, x, 0) does"
            )

    def step(
        self, function: Callable[..., Any], args: Any, options: Any, result: Any, place: Any = None, *, sequence: bool = False
    ) -> Value:
        """The value that a call makes."""
        operands, named = self.operand(tuple(args)), {key: self.operand(item) for key, item in options.items()}
        value = Value(np.shape(result), result.dtype, function, operands, named, sequence, place=place)
        value.backward = self.backward_begun
        if value.backward:
            self.latest.append(value)
        return value

    def whole(self, formula: Vjp, args: tuple[Any, ...], options: Mapping[str, Any]) -> Tensor:
        """The result of a gradient formula that has to look at numbers, as one step."""
        arrays: tuple[Any, ...] = tuple(a._array if isinstance(a, Tensor) else a for a in args)
        plain = {key: plain_option(option) for key, option in options.items()}
        node = Tensor(np.asarray(formula(*arrays, **plain)))
        node.__class__ = Traced
        self.keep(node, self.step(formula, args, options, node._array))
        return node

    def give_names(self) -> None:
        """Give each value the name of the variable that it was assigned to."""
        nodes = [node for node in self.kept if isinstance(node, Tensor)]
        for node, name in zip(nodes, name_boxes(nodes, {}, {}), strict=True):
            value = self.values[id(node)]
            if not value.name and VARIABLE.fullmatch(name):
                value.name = name

    # -------------------------------------------------------------------------------------- the gradient

    def gradients(self, output: Tensor, inputs: Iterable[Tensor]) -> list[Gradient]:
        """The gradients with respect to some inputs."""
        found = self.slopes(output)
        return [found.get(id(x)) or self.zero(x) for x in inputs]

    def slopes(self, output: Tensor) -> dict[int, Gradient]:
        """The backward pass of `output`, written down by the sweep that computes it: node -> its gradient, by id."""
        self.backward_begun = True
        found: dict[int, Gradient] = {}
        if output.requires_grad:
            seed = Tensor(output.seed())
            self.keep(seed, Value(seed.shape, seed.dtype, data=seed._array))
            outside = {node for node in walk(output) if node.rule is not None and not node.traced}
            for node, g, _ in sweep(output, seed, free=False, record=True, until=outside):
                g = np.conjugate(g) if g.dtype.kind == "c" else g
                value = self.operand(g)
                forward = self.values.get(id(node))
                if forward is not None and forward.name and not value.name and value.function is not None:
                    value.name = f"d_{forward.name}"
                found[id(node)] = Gradient(value, g._array)
        return found

    def zero(self, x: Tensor) -> Gradient:
        """The gradient with respect to an input that the output does not depend on."""
        return Gradient(self.step(np.zeros_like, (x,), {}, x._array), np.zeros_like(x._array))

    def careful(self, rule: Rule) -> Rule:
        """A copy of a rule. Each of its formulas becomes one step where it has to look at numbers."""
        cautious = copy.copy(rule)
        cautious.vjps = tuple(None if vjp is None else self.attempted(vjp) for vjp in rule.vjps)
        return cautious

    def attempted(self, vjp: Vjp) -> Vjp:
        """A formula that is traced if possible and one step otherwise."""

        @functools.wraps(vjp)
        def formula(*args: Any, **options: Any) -> Any:
            try:
                return vjp(*args, **options)
            except (ConcretizationError, TypeError, ValueError):
                if not reads_numbers(options) and not isinstance(sys.exception(), ConcretizationError):
                    raise
                expanded = self.expansions[vjp](*args, **options) if vjp in self.expansions else None
                if expanded is not None:
                    return expanded
                return self.whole(vjp, args, options)

        return formula


def plain_option(option: Any) -> Any:
    """An option with arrays in place of Tensors."""
    if isinstance(option, (tuple, list)):
        return type(option)([plain_option(part) for part in option])
    return option._array if isinstance(option, Tensor) else option


def reads_numbers(options: Mapping[str, Any]) -> bool:
    """Whether an option is a value of the program, which a formula may not be written for."""
    return any(isinstance(part, Tensor) for option in options.values() for part in leaves(option))


class Gradient(NamedTuple):
    """A gradient of the program, and the array that it was when it was traced."""

    value: Value
    array: Any
