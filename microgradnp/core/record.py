"""Recording: look a function up in the table, call it on plain arrays, and write the call down as a node.

Every NumPy function, operator and primitive that meets a Tensor arrives at `apply`. A call is written down with the values of
its arguments at that time, because the gradient formulas read them again in the backward pass. Plain arrays of the user are
sealed, so that a later change is noticed.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from microgradnp.core.checks import NUMBERS, checked_array, checked_result
from microgradnp.core.context import recording, scope, watchers
from microgradnp.core.errors import ConcretizationError
from microgradnp.core.memory import Seal, arrays_in, read_only, snapshot
from microgradnp.core.messages import explain, no_rule
from microgradnp.core.origin import caller
from microgradnp.core.signatures import plain_signature
from microgradnp.core.table import TABLE, Composite, Overridden, Rule, load_library_rules
from microgradnp.core.tensor import NO_OPTIONS, Tensor

STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.iscomplexobj, np.isrealobj}  # of the shape
HISTORY = 8  # longest chain of results without gradients kept for drawing; a running mean would keep its whole history alive


def apply(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of the table on Tensors and arrays, and record the call as a node.

    Raises TypeError for a function or a keyword without a rule, and the error that NumPy raised, retold with the user's
    names, shapes and line.
    """
    rule = TABLE.get(function)
    if type(rule) is not Rule:
        rule = rule.chosen(function) if isinstance(rule, Overridden) else rule or load_library_rules(function)
        if rule is None:
            raise TypeError(no_rule(function))
        if isinstance(rule, Composite):
            return call_composite(rule, args, kwargs)
    if kwargs or len(args) != rule.arrays_only:
        args, kwargs = rule.bind(args, kwargs)
    options = snapshot(kwargs) if kwargs else NO_OPTIONS
    values: list[Any] = []
    needs: tuple[int, ...] = ()
    outsiders = False
    for argument in args:
        if isinstance(argument, Tensor):
            if argument.needs_grad and not rule.constant:
                needs += (len(values),)
            values.append(argument.value_for_graph() if argument.exposed else argument._array)
        elif isinstance(argument, (float, int)):  # immutable
            values.append(argument)
        else:
            values.append(outsider(argument, rule, len(values)))
            outsiders = True
    if rule.gaps and not rule.gaps.isdisjoint(needs):
        raise TypeError(f"{rule.name}: no derivative with respect to argument {min(rule.gaps & {*needs})}; pass it .detach()ed")
    captured = tuple(values) if rule.trusted else tuple([read_only(v) if isinstance(v, np.ndarray) else v for v in values])
    try:
        result = rule.forward(captured, options) if options or rule.sequence else rule.plain(*captured)
    except Exception as error:
        retold = explain(rule, args, captured, options, error, caller())
        if retold is error:
            raise
        raise retold from error
    if not rule.trusted:
        result = checked_result(result, rule.name, differentiable=bool(needs))
    elif isinstance(result, tuple) or (rule.constant and not isinstance(result, (np.ndarray, np.generic))):
        if rule.function not in STATIC and any(isinstance(argument, Tensor) and argument.traced for argument in args):
            raise ConcretizationError(
                f"{rule.name}: its result depends on the numbers of a Tensor, while a program is traced for all numbers"
            )
        return result  # a shape, a bool, a tuple of indices
    if outsiders and result.dtype.kind not in NUMBERS:
        raise TypeError(f"{rule.name}: the result is of dtype {result.dtype}, not of numbers; an argument is of a foreign type")
    node = Tensor.__new__(Tensor)
    node._array = result
    node._grad = node.name = node.snapshot = node.seals = None
    node.retains_grad = node.freed = node.exposed = False
    node.place = caller(3)  # below this frame is that of an operator, a protocol or a primitive, and then the user's
    node.scope = scope.get()
    age = 0 if needs else older(args)
    if age > HISTORY or not recording.get():
        node.rule, node.args, node.values, node.options = None, (), (), NO_OPTIONS
        node.needs, node.needs_grad, node.age = (), False, 0
    else:
        kept = tuple([a if isinstance(a, Tensor) else v for a, v in zip(args, captured, strict=True)]) if outsiders else args
        node.rule, node.args, node.values, node.options = rule, kept, captured, options
        node.needs, node.needs_grad, node.age = needs, needs != (), age
        if needs and (outsiders or options):
            node.seals = seal(node)
    if watchers:
        for watcher in list(watchers):
            watcher.forward(node, rule, args, captured, options)
    return node


def older(args: tuple[Any, ...]) -> int:
    """The age of a result without a gradient: one more than that of its oldest argument."""
    age = 0
    for argument in args:
        if isinstance(argument, Tensor) and argument.age > age:
            age = argument.age
    return age + 1


def call_composite(rule: Composite, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    known = {name: value for name, value in kwargs.items() if repr(value) != "<no value>"}
    try:
        inspect.signature(rule.expression).bind(*args, **known)
    except TypeError as error:
        raise TypeError(f"{rule.name}: {error}; on Tensors it takes {plain_signature(rule.expression)}") from None
    try:
        return rule.expression(*args, **known)
    except ConcretizationError as error:
        raise error if str(error).startswith(rule.name) else ConcretizationError(f"{rule.name}: {error}") from None


def outsider(argument: Any, rule: Rule, position: int) -> Any:
    """An argument that is no Tensor, as the graph may hold it: lists become arrays where they stand for one."""
    if rule.constant or not rule.differentiable(position):
        return snapshot(argument)
    if isinstance(argument, (list, tuple)):
        argument = np.asarray(argument)
    return checked_array(argument, rule.name, position) if isinstance(argument, np.ndarray) else argument


def seal(node: Tensor) -> list[Seal] | None:
    """Seal the plain arrays that a gradient formula of this node will read."""
    rule = cast(Rule, node.rule)
    reads = [rule.values_read(position) for position in node.needs]
    seals = []
    for position, argument in enumerate(node.args):
        if isinstance(argument, (Tensor, float, int)) or not any(read is None or position in read for read in reads):
            continue
        # Read-only arrays too: they may be views of an array that is written to.
        seals += [Seal(array) for array in ((argument,) if type(argument) is np.ndarray else arrays_in(argument))]
    if node.options:
        seals += [Seal(array) for array in arrays_in(node.options)]
    return seals or None


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: make `function(*arrays, **options)` one node of the graph. Give it a gradient with `mg.rule`.

    Its body sees plain arrays only. On plain arrays it is called as it stands.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for argument in args:
            if isinstance(argument, Tensor):
                return apply(call, *args, **kwargs)
        if any(isinstance(argument, Tensor) for argument in kwargs.values()):
            return apply(call, *args, **kwargs)
        return function(*args, **kwargs)

    call.primitive = True  # type: ignore[attr-defined]
    return call


Tensor.apply = staticmethod(apply)
