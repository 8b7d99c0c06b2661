"""Recording: look a function up in the table, call it on plain arrays, and write the call down as a node.

Every call of a NumPy function, an operator or a primitive on a Tensor arrives at `apply`. The node keeps the values of the
arguments, because the gradient formulas read them in the backward pass. Plain arrays of the user are sealed, so that a later
change is noticed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from microgradnp.core.binding import STATIC, bind, given, retell, without_tensors
from microgradnp.core.checks import NUMBERS, checked_result
from microgradnp.core.context import ORDINARY, mode
from microgradnp.core.entries import Composite, Overridden, load_library_rules
from microgradnp.core.errors import ConcretizationError
from microgradnp.core.memory import IMMUTABLE, held_by, seals_of, snapshot
from microgradnp.core.messages import explain, no_formula, no_rule
from microgradnp.core.origin import caller
from microgradnp.core.table import FLOATS, SCALARS, TABLE, Rule
from microgradnp.core.tensor import Tensor
from microgradnp.core.typing import NO_OPTIONS

HISTORY = 8  # longest chain of results without gradients kept for drawing; a running mean would keep its whole history alive
new = object.__new__


def apply(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any] = NO_OPTIONS) -> Any:
    """Call a function of the table on Tensors and arrays, and record the call as a node.

    This is the short way, for the usual call: a simple rule, Tensors, arrays and numbers as arguments, and a gradient to record.
    All other calls go to `look_up`: those with options or lists, composites, constants, the user's functions, watched calls.

    Raises TypeError for a function or a keyword without a rule. An error of NumPy is raised again with the user's names, the
    shapes and the line.
    """
    rule: Any = TABLE.get(function)
    how = mode.get()
    if kwargs or rule is None or len(args) != rule.arity or (how is not None and (how.watchers or not how.recording)):
        return look_up(rule, function, args, kwargs)
    held: list[Any] = []
    needs: tuple[int, ...] = ()
    has_arrays = False
    for argument in args:
        if type(argument) is Tensor:
            if argument.needs_grad:
                needs += (len(held),)
            held.append(argument.value_for_graph() if argument.exposed else argument._array)
        elif type(argument) is np.ndarray and argument.dtype.kind in NUMBERS:
            held.append(argument)
            has_arrays = True
        elif type(argument) in SCALARS:
            held.append(argument)
        else:
            return look_up(rule, function, args, kwargs)
    if not needs:
        return look_up(rule, function, args, kwargs)
    values = tuple(held)
    try:
        if rule.on_floats is not None and type(values[0]) in FLOATS and type(values[1]) in FLOATS:
            result = rule.on_floats(*values)
        else:
            result = rule.plain(*values)
    except Exception as error:
        raise explain(rule, args, values, NO_OPTIONS, error, caller())  # noqa: B904 - `explain` has chosen what stands behind it
    node = new(Tensor)  # as `Tensor._write` does, without the call
    node._array = result
    node.rule = rule
    node.args = args
    node.values = values
    node.options = NO_OPTIONS
    node.needs = needs
    node.age = 0
    node.needs_grad = True
    node.retains_grad = node.freed = False
    node._grad = node.name = node.snapshot = node.exposed = node.seals = None
    node.scope = None if how is None else how.scope
    node.place = caller(3)  # skips the frame of an operator, a protocol or a primitive
    if has_arrays:
        node.seals = seals_of(node)
    return node


def look_up(rule: Any, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Find the rule of a function, tell arrays from options, and record the call. Evaluates the expression of a composite."""
    if type(rule) is not Rule:
        rule = rule or load_library_rules(function)
        if isinstance(rule, Overridden):
            rule = rule.chosen(function)
        if rule is None:
            raise TypeError(no_rule(function))
        if isinstance(rule, Composite):
            if kwargs:
                kwargs = given(rule, kwargs)
            try:
                return rule.expression(*args, **kwargs)
            except TypeError as error:
                retell(error, rule, args, kwargs)
                raise
    if rule.constant and function in STATIC:
        return without_tensors(function, args, kwargs)
    if rule.constant or (not kwargs and len(args) == rule.arity):
        return record(rule, args, kwargs)
    return record(rule, *bind(rule, args, kwargs))


def record(rule: Rule, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Call the function of a rule and write the call down. Works for every kind of rule, argument and mode."""
    how = mode.get() or ORDINARY
    known, values, needs, has_arrays = held_by(rule, args)
    for name, option in options.items():
        if type(option) not in IMMUTABLE:
            if isinstance(option, Tensor) and option.needs_grad:
                raise TypeError(no_formula(rule, name))
            options = {**options, name: snapshot(option)}
            has_arrays = True
    try:
        result = rule.plain(list(values), **options) if rule.sequence else rule.plain(*values, **options)
    except Exception as error:
        raise explain(rule, args, values, options, error, caller())  # noqa: B904 - `explain` has chosen what stands behind it
    if not rule.trusted:
        result = checked_result(result, rule.name, differentiable=bool(needs))
    elif isinstance(result, tuple) or (rule.constant and not isinstance(result, (np.ndarray, np.generic))):
        if any(isinstance(argument, Tensor) and argument.traced for argument in args):
            raise ConcretizationError(
                f"{rule.name}: its result depends on the numbers of a Tensor, and a traced program must be right for all numbers"
            )
        return result  # a bool, a tuple of indices
    elif result.dtype.kind not in NUMBERS:
        raise TypeError(f"{rule.name}: the result is of dtype {result.dtype}, not of numbers; an argument is of a foreign type")
    if needs and result.dtype.kind not in "fc":  # whole numbers change by jumps only, as with np.floor: no gradient goes through
        needs = ()
    age = 0 if needs or not how.recording else 1 + max([a.age for a in args if isinstance(a, Tensor)], default=0)
    node, place = new(Tensor), caller(5)
    if how.recording and age <= HISTORY:
        node._write(result, place, how.scope, (rule, known, values, options, needs, age))
        if has_arrays and needs:
            node.seals = seals_of(node)
    else:
        node._write(result, place, how.scope)
    for watcher in how.watchers:
        watcher.forward(node, rule, args, values, options)
    return node


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: make `function(*arrays, **options)` one node of the graph. Give it a gradient with `mg.rule`.

    Its body gets plain arrays only. A call without Tensors is an ordinary call.

    Raises TypeError when a gradient is asked for and there is no rule. Shapes are whatever the function takes.

    >>> import numpy as np, microgradnp as mg
    >>> @mg.primitive
    ... def cube(x):
    ...     return x**3
    >>> rule = mg.rule(cube, lambda g, y, x: g * 3 * x**2)
    >>> float(mg.grad(cube)(2.0))
    12.0
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for argument in args:
            if isinstance(argument, Tensor):
                return apply(call, args, kwargs)
        if kwargs and any(isinstance(argument, Tensor) for argument in kwargs.values()):
            return apply(call, args, kwargs)
        return function(*args, **kwargs)

    call.primitive = True  # type: ignore[attr-defined]
    return call


Tensor.apply = staticmethod(apply)
