"""The closed table: which NumPy functions have a gradient, and the formulas.

Every function that is called on a Tensor is looked up here. It is one of

* a **rule**: one formula for each array argument, in the order of the arguments,
* a **composite**: written in terms of functions that have rules,
* a **constant**: its derivative is zero wherever it exists (comparisons, rounding, `zeros_like`),

or it is refused by name. The modules of `microgradnp.rules` fill the table, one area of NumPy each. This module knows no rule.
"Closed" means that the functions that a rule calls are in the table, too. So a backward pass can be recorded and differentiated
again.

Short names, used in every rule:

    g        gradient of the loss with respect to the result (the cotangent)
    y        the result
    a, b, c  the array arguments

A formula returns the gradient with respect to its argument *before* the sum over broadcast axes. The sweep sums.
For complex arrays `g` is not conjugated, so the formula of an analytic function is `g * f'(a)` as in the real case. The
conjugate is taken at the leaves: their `.grad` is the direction of steepest ascent, as in PyTorch.
"""

from __future__ import annotations

import importlib
import inspect
import operator
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import FunctionType, MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.signatures import (
    Vjp,
    check_formula,
    is_ours,
    name_of,
    option_names,
    parameter_defaults,
    parameter_names,
    positions_read,
    says_nothing,
)

FLOATS = {float, np.float64}
SCALARS = {*FLOATS, int, bool}
ON_FLOATS: dict[Any, Callable[..., Any]] = {  # what a ufunc does to two floats, without the cost of a ufunc
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
}


class Keywords(NamedTuple):
    """What the keywords of a call may be, from the signatures of a function and of its formulas."""

    parameters: tuple[str, ...]  # of the function, in their order
    defaults: dict[str, Any]
    options: frozenset[str]  # keywords that the formulas know


class Rule:
    """How one function is called on plain arrays, and the gradient of each of its array arguments.

    `vjps[i]` is the formula for argument `i`, or None where no derivative exists (a condition, an index). A *variadic*
    rule has one formula for any number of arrays. It takes the argument's position first.
    """

    __slots__ = (
        "aliases",
        "arity",
        "arrays",
        "constant",
        "function",
        "gaps",
        "is_simple",
        "keywords",
        "name",
        "on_floats",
        "plain",
        "read",
        "sequence",
        "trusted",
        "variadic",
        "vjps",
    )

    def __init__(
        self, function: Callable[..., Any], vjps: tuple[Vjp | None, ...], *, variadic: bool = False, sequence: bool = False
    ) -> None:
        self.function = function
        self.plain = getattr(function, "__wrapped__", function) if getattr(function, "primitive", False) else function
        self.on_floats = ON_FLOATS.get(function)
        self.name = name_of(function)
        self.vjps: tuple[Any, ...] = vjps
        self.variadic = variadic  # vjps[0](position, g, y, *arrays, **options)
        self.sequence = sequence  # called as function([a, b, ...]) although recorded as arguments a, b, ...
        self.constant = not vjps
        self.arrays = len(vjps)
        self.gaps = frozenset(position for position, vjp in enumerate(vjps) if vjp is None)  # arguments without a derivative
        # Our own code keeps no array that it returns, and writes to no array that it is given. Other code might.
        self.trusted = is_ours(function) and all(is_ours(vjp) for vjp in vjps if vjp is not None)
        self.is_simple = self.trusted and not variadic and not self.constant  # vjps[i](g, y, *arrays) when there are no options
        self.arity = self.arrays if self.is_simple and not self.gaps else -1  # number of arguments of the short way in `apply`
        self.aliases: dict[str, str] = {}  # keyword -> the array parameter that it means, as `min` means `a_min` in np.clip
        self.keywords: Keywords | None = None  # read when the first call needs them
        self.read: dict[tuple[int, ...], tuple[int, ...]] = {}  # filled by `read_formulas`

    def read_keywords(self) -> Keywords:
        """Fill `keywords` from the signatures."""
        options = [option_names(vjp, self.arrays, self.variadic) for vjp in self.vjps if vjp is not None]
        parameters, defaults = parameter_names(self.function), parameter_defaults(self.function)
        self.keywords = Keywords(parameters, defaults, frozenset().union(*options))
        return self.keywords

    def read_formulas(self, needs: tuple[int, ...]) -> tuple[int, ...]:
        """Fill `read[needs]`: positions of the arguments whose values the formulas of `needs` read, as far as can be told."""
        read: set[int] = set()
        for position in needs:
            positions = positions_read(self.vjps[position])
            read.update(range(self.arrays) if positions is None else positions)
        self.read[needs] = tuple(sorted(read))
        return self.read[needs]


class Composite:
    """A function written in terms of functions of the table."""

    __slots__ = ("expression", "function", "keywords", "name")
    arity = -1  # never the short way

    def __init__(self, function: Callable[..., Any], expression: Callable[..., Any]) -> None:
        self.function = function
        self.expression = expression
        self.name = name_of(function)
        self.keywords: tuple[dict[str, Any], frozenset[str]] | None = (
            None  # defaults of the function; parameters of the expression
        )

    def given(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The keywords of a call, without those at their default that the expression does not take."""
        if self.keywords is None:
            self.keywords = parameter_defaults(self.function), frozenset(inspect.signature(self.expression).parameters)
        defaults, taken = self.keywords
        return {
            name: value
            for name, value in kwargs.items()
            if value is not np._NoValue and (name in taken or not says_nothing(name, value, defaults))
        }


class Kink(NamedTuple):
    """Where a function has no derivative, and the value that its rule gives there."""

    convention: str  # "0 at 0"
    at: Callable[..., Any]  # at(y, *arrays, **options): a mask of the entries at the kink


class Overridden:
    """Entry of a function while `mg.override` has replaced its rule in some thread or task."""

    __slots__ = ("original", "users")
    arity = -1

    def __init__(self, original: Rule | Composite | None) -> None:
        self.original = original
        self.users = 0

    def chosen(self, function: Callable[..., Any]) -> Rule | Composite | None:
        """The rule that holds in this thread or task."""
        return overrides.get().get(function, self.original)


overrides: ContextVar[Mapping[Callable[..., Any], Rule]] = ContextVar("overrides", default=MappingProxyType({}))
TABLE: dict[Callable[..., Any], Rule | Composite] = {}
KINKS: dict[Callable[..., Any], Kink] = {}
REFUSED: dict[Callable[..., Any], str] = {}  # function -> why it has no rule, and what to write instead
LIBRARY_RULES = {"scipy.special": "microgradnp.rules.special"}  # imported when a Tensor first meets an unknown function


def rule(function: Callable[..., Any], *vjps: Vjp | None) -> None:
    """Register the gradient of `function`, one formula `vjp(g, y, *arrays, **options)` for each array argument.

    `g` is the gradient with respect to the result `y`, and has its shape. The formula returns the gradient with respect to the
    argument; the sum over broadcast axes is done for you. None marks an argument without a derivative. Write formulas with NumPy
    functions that have rules themselves: then they can be differentiated again.

    >>> import numpy as np, microgradnp as mg
    >>> @mg.primitive
    ... def cube(a):
    ...     return a * a * a
    >>> mg.rule(cube, lambda g, y, a: g * 3 * a**2)
    >>> float(mg.grad(cube)(2.0))
    12.0

    Raises
    ------
    TypeError
        If there is no formula, or if one cannot be called as `vjp(g, y, *arrays)`. Also if `function` is an ordinary Python
        function: its calls go unnoticed, unless it is decorated with `mg.primitive`.
    """
    name = name_of(function)
    if isinstance(function, FunctionType) and not hasattr(function, "primitive"):
        raise TypeError(
            f"mg.rule: {name} is an ordinary function, so its rule would never be used; decorate it with @mg.primitive"
        )
    if not vjps:
        raise TypeError(f"mg.rule: {name} was given no gradient formula; write one for each array argument: lambda g, y, a: ...")
    for position, vjp in enumerate(vjps):
        if vjp is not None:
            check_formula(vjp, len(vjps), name, position)
    TABLE[function] = Rule(function, vjps)


def variadic_rule(
    function: Callable[..., Any], vjp: Vjp, *, sequence: bool = False, plain: Callable[..., Any] | None = None
) -> None:
    """Register one formula `vjp(position, g, y, *arrays, **options)` for a function of any number of arrays.

    `sequence=True` is for functions that take one list of arrays, such as `np.concatenate`. `plain` computes the function's
    value on plain arrays, where there is a faster way than the function itself.
    """
    registered = TABLE[function] = Rule(function, (vjp,), variadic=True, sequence=sequence)
    registered.plain = plain or registered.plain


def alias(function: Callable[..., Any], **parameters: str) -> None:
    """Register keywords that stand for array parameters of another name: `alias(np.clip, min="a_min")`."""
    registered = TABLE[function]
    if isinstance(registered, Rule):
        registered.aliases.update(parameters)


def composite(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: on Tensors, `function` stands for this expression in terms of functions of the table."""

    def register(expression: Callable[..., Any]) -> Callable[..., Any]:
        TABLE[function] = Composite(function, expression)
        return expression

    return register


def constant(*functions: Callable[..., Any]) -> None:
    """Register functions whose derivative is zero wherever it exists."""
    for function in functions:
        TABLE[function] = Rule(function, ())


def load_library_rules(function: Callable[..., Any]) -> Rule | Composite | None:
    """Load the rules of all libraries in use, and look the function up again."""
    for library, rules in LIBRARY_RULES.items():
        if library in sys.modules:
            importlib.import_module(rules)
    return TABLE.get(function)


def refused(reason: str, *functions: Callable[..., Any]) -> None:
    """Register functions that have no rule, with the reason."""
    REFUSED.update(dict.fromkeys(functions, reason))
