"""Recording: look a function up in the table, call it on plain arrays, and write the call down as a node.

Every call of a NumPy function, an operator or a primitive on a Tensor arrives at `apply`. The node keeps the values of the
arguments, because the gradient formulas read them in the backward pass. Plain arrays of the user are sealed, so that a later
change is noticed.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from microgradnp.core.binding import bind
from microgradnp.core.checks import NUMBERS, checked_result
from microgradnp.core.context import ORDINARY, mode
from microgradnp.core.errors import ConcretizationError
from microgradnp.core.memory import IMMUTABLE, captured, read_only, seals_of, snapshot
from microgradnp.core.messages import explain, no_formula, no_rule
from microgradnp.core.origin import caller, internal
from microgradnp.core.signatures import plain_signature
from microgradnp.core.table import FLOATS, SCALARS, TABLE, Composite, Overridden, Rule, load_library_rules
from microgradnp.core.tensor import Tensor
from microgradnp.core.typing import NO_OPTIONS

STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.iscomplexobj, np.isrealobj}  # read no value
HISTORY = 8  # longest chain of results without gradients kept for drawing; a running mean would keep its whole history alive
FORGOTTEN = (None, (), (), NO_OPTIONS, (), 0)  # rule, args, values, options, needs, age of a call that is not recorded
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
        raise explain(rule, args, values, NO_OPTIONS, error, caller())  # noqa: B904 - it has the cause already
    node = new(Tensor)
    node._array = result
    node.rule = rule
    node.args = args
    node.values = values
    node.options = NO_OPTIONS
    node.needs = needs
    node.needs_grad = True
    node.retains_grad = node.freed = False
    node._grad = node.name = node.snapshot = node.exposed = node.seals = None
    node.scope = None if how is None else how.scope
    node.age = 0
    if has_arrays:
        node.seals = seals_of(node)
    try:
        frame = sys._getframe(2)  # 0 is this frame, 1 that of an operator, a protocol or a primitive, 2 usually the user's
    except ValueError:  # called from C, at the bottom of a thread's stack
        node.place = None
    else:
        code = frame.f_code
        node.place = caller() if internal[code.co_filename] else (code, frame.f_lasti)
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
                kwargs = rule.given(kwargs)
            try:
                return rule.expression(*args, **kwargs)
            except TypeError as error:
                retold = told_of_composite(error, rule, args, kwargs)
                if retold is error:
                    raise
                raise retold from None
    if rule.constant and function in STATIC:
        plain = [argument._array if isinstance(argument, Tensor) else argument for argument in (*args, *kwargs.values())]
        return function(*plain[: len(args)], **dict(zip(kwargs, plain[len(args) :], strict=True)))
    if rule.constant or (not kwargs and len(args) == rule.arity):
        return record(rule, args, kwargs)
    return record(rule, *bind(rule, args, kwargs))


def record(rule: Rule, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Call the function of a rule and write the call down. Works for every kind of rule, argument and mode."""
    how = mode.get() or ORDINARY
    held: list[Any] = []
    needs: tuple[int, ...] = ()
    has_arrays = is_unusual = False
    if options and not IMMUTABLE.issuperset(map(type, options.values())):
        for name, option in options.items():
            if isinstance(option, Tensor) and option.needs_grad:
                raise TypeError(no_formula(rule, name))
        options = snapshot(options)
        has_arrays = True
    for argument in args:
        if isinstance(argument, Tensor):
            if argument.needs_grad:
                needs += (len(held),)
            held.append(argument.value_for_graph() if argument.exposed else argument._array)
        elif type(argument) is np.ndarray and argument.dtype.kind in NUMBERS:
            held.append(argument)
            has_arrays = True
        else:
            held.append(captured(argument, rule, len(held)))
            has_arrays = is_unusual = True
    if rule.constant:
        needs = ()
    elif rule.gaps and not rule.gaps.isdisjoint(needs):
        raise TypeError(f"{rule.name}: no derivative with respect to argument {min(rule.gaps & {*needs})}; pass it .detach()ed")
    if not rule.trusted:
        held = [read_only(value) if isinstance(value, np.ndarray) else value for value in held]
    values = tuple(held)
    try:
        result = rule.plain(held, **options) if rule.sequence else rule.plain(*values, **options)
    except Exception as error:
        raise explain(rule, args, values, options, error, caller())  # noqa: B904 - it has the cause already
    if not rule.trusted:
        result = checked_result(result, rule.name, differentiable=bool(needs))
    elif isinstance(result, tuple) or (rule.constant and not isinstance(result, (np.ndarray, np.generic))):
        if any(isinstance(argument, Tensor) and argument.traced for argument in args):
            raise ConcretizationError(
                f"{rule.name}: its result depends on the numbers of a Tensor, and a traced program must be right for all numbers"
            )
        return result  # a bool, a tuple of indices
    elif is_unusual and result.dtype.kind not in NUMBERS:
        raise TypeError(f"{rule.name}: the result is of dtype {result.dtype}, not of numbers; an argument is of a foreign type")
    known = args
    if is_unusual or not rule.trusted:
        known = tuple([a if isinstance(a, Tensor) else value for a, value in zip(args, values, strict=True)])
    kept: Any = FORGOTTEN
    if how.recording:
        age = 0 if needs else 1 + max([argument.age for argument in args if isinstance(argument, Tensor)], default=0)
        if age <= HISTORY:
            kept = (rule, known, values, options, needs, age)
    node = new(Tensor)
    node._array = result
    node.rule, node.args, node.values, node.options, node.needs, node.age = kept
    node.needs_grad = node.needs != ()
    node.retains_grad = node.freed = False
    node._grad = node.name = node.snapshot = node.exposed = node.seals = None
    node.scope = how.scope
    node.place = caller(5)
    if has_arrays and node.needs_grad:
        node.seals = seals_of(node)
    for watcher in how.watchers:
        watcher.forward(node, rule, args, values, options)
    return node


def told_of_composite(error: TypeError, rule: Composite, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> TypeError:
    """An error of a composite, in the name of the function that it stands for."""
    if isinstance(error, ConcretizationError):
        return error if str(error).startswith(rule.name) else ConcretizationError(f"{rule.name}: {error}")
    try:
        inspect.signature(rule.expression).bind(*args, **kwargs)
    except TypeError as wrong_call:
        return TypeError(f"{rule.name}: {wrong_call}; on Tensors it takes {plain_signature(rule.expression)}")
    return error


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
