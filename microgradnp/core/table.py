"""The closed table: which NumPy function has a gradient, and what it is.

Every function that a Tensor meets is looked up here and is one of

* a **rule**: one formula for each array argument, in the order of the arguments,
* a **composite**: written in terms of functions that have rules,
* a **constant**: its derivative is zero wherever it exists (comparisons, rounding, `zeros_like`),

or it is refused by name. The modules of `microgradnp.rules` fill the table, one area of NumPy each; this module knows no rule.
"Closed" means that whatever a rule calls is in the table too. So a backward pass can itself be recorded and differentiated
again.

Short names, used in every rule:

    g        gradient of the loss with respect to the result (the cotangent)
    y        the result itself
    a, b, c  the array arguments

A rule returns the gradient with respect to its argument *before* the sum over broadcast axes: the sweep sums, once.
For complex arrays `g` is not conjugated, so the rule of an analytic function is `g * f'(a)` as in the real case. The sweep
conjugates at the leaves, which then hold the direction of steepest ascent, as in PyTorch.
"""

from __future__ import annotations

import importlib
import operator
import sys
from collections.abc import Callable, Iterable, Mapping
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
)

FLOATS = {float, np.float64}
SCALARS = {*FLOATS, int, bool}
ON_SCALARS: dict[Any, Callable[..., Any]] = {  # what a ufunc does to two scalars, without the cost of a ufunc
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
}


class Rule:
    """How one function is called on plain arrays, and the gradient of each of its array arguments.

    `vjps[i]` is the formula for argument `i`, or None where no derivative exists (a condition, an index). A *variadic*
    rule has one formula for any number of arrays, which takes the argument's position first.
    """

    __slots__ = (
        "_keywords",
        "aliases",
        "arity",
        "arrays",
        "constant",
        "function",
        "gaps",
        "is_simple",
        "name",
        "on_scalars",
        "plain",
        "sequence",
        "trusted",
        "unread",
        "variadic",
        "vjps",
    )

    def __init__(
        self, function: Callable[..., Any], vjps: tuple[Vjp | None, ...], *, variadic: bool = False, sequence: bool = False
    ) -> None:
        self.function = function
        self.plain = getattr(function, "__wrapped__", function) if getattr(function, "primitive", False) else function
        self.name = name_of(function)
        self.vjps: tuple[Any, ...] = vjps
        self.variadic = variadic  # vjps[0](position, g, y, *arrays, **options)
        self.constant = not vjps
        self.sequence = sequence  # called as function([a, b, ...]) although recorded as arguments a, b, ...
        self.arrays = len(vjps)
        self.gaps = frozenset(position for position, vjp in enumerate(vjps) if vjp is None)  # arguments without a derivative
        # Our own code keeps no array that it returns, and writes to none that it is given. Of other code nobody knows.
        self.trusted = is_ours(function) and all(is_ours(vjp) for vjp in vjps if vjp is not None)
        self.is_simple = self.trusted and not variadic and not self.constant
        self.arity = len(vjps) if self.is_simple and not self.gaps else -1  # a call of so many arguments may take the short way
        self.on_scalars = ON_SCALARS.get(function)
        self.aliases: dict[str, str] = {}  # keyword -> the array parameter that it means, as `min` means `a_min` in np.clip
        self._keywords: Keywords | None = None
        self.unread: dict[tuple[int, ...], frozenset[int]] = {}  # of `values_unread`

    @property
    def keywords(self) -> Keywords:
        """The signatures of the function and of its formulas, read when the first call needs them."""
        if self._keywords is None:
            options = [option_names(vjp, self.arrays, self.variadic) for vjp in self.vjps if vjp is not None]
            defaults = parameter_defaults(self.function)
            self._keywords = Keywords(parameter_names(self.function), defaults, frozenset().union(*options))
        return self._keywords

    def forward(self, values: Iterable[Any], options: Mapping[str, Any]) -> Any:
        """The function's value on plain arrays."""
        return self.plain(list(values), **options) if self.sequence else self.plain(*values, **options)

    def values_unread(self, needs: tuple[int, ...]) -> frozenset[int]:
        """Work out the positions of the arguments whose values no formula of `needs` reads, and keep them in `unread`."""
        read: set[int] = set()
        for position in needs:
            told = None if self.variadic else positions_read(self.vjps[position])
            read.update(range(self.arrays) if told is None else told)
        self.unread[needs] = frozenset(range(self.arrays)) - read
        return self.unread[needs]

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        """Split a NumPy call into array arguments, all positional, and options, all keywords.

        Raises TypeError for a keyword that the rule does not know: a keyword ignored in the backward pass would give a
        wrong gradient.
        """
        parameters, defaults, known = self._keywords or self.keywords
        if self.sequence and len(args) == 1 and known.issuperset(kwargs):  # the usual call
            return tuple(args[0]), kwargs
        options = dict(kwargs)
        rest: tuple[Any, ...] = ()
        names: tuple[str, ...] = ()
        if self.sequence:
            args, rest, names = tuple(args[0] if args else options.pop(parameters[0])), args[1:], parameters[1:]
        elif not self.variadic:
            args, rest, names = args[: self.arrays], args[self.arrays :], parameters[self.arrays :]
            if len(args) < self.arrays:
                args += self.arrays_by_keyword(parameters[len(args) : self.arrays], options, defaults)
        if rest:
            if len(rest) > len(names):
                raise TypeError(
                    f"{self.name}: takes at most {len(args) + len(names)} positional arguments, got {len(args) + len(rest)}"
                )
            options = {**dict(zip(names, rest, strict=False)), **options}
        if not known.issuperset(options):
            for name in [name for name in options if name not in known]:
                if options[name] is not None and options[name] is not np._NoValue:
                    raise TypeError(self.refusal(name))
                del options[name]
        return args, options

    def arrays_by_keyword(self, parameters: tuple[str, ...], given: dict[str, Any], defaults: dict[str, Any]) -> tuple[Any, ...]:
        """Take the array arguments named `parameters` out of `given`, with the defaults of those left out before the last."""
        for name in self.aliases.keys() & given.keys():
            if self.aliases[name] in given:
                raise TypeError(f"{self.name}: {name}= and {self.aliases[name]}= mean the same argument; give one of them")
            given[self.aliases[name]] = given.pop(name)
        found: list[Any] = []
        for k, parameter in enumerate(parameters):
            if parameter not in given and (parameter not in defaults or not given.keys() & set(parameters[k:])):
                break
            found.append(given.pop(parameter, defaults.get(parameter)))
        return tuple(found)

    def refusal(self, option: str) -> str:
        """The message of the TypeError for a keyword without a rule."""
        known = ", ".join(sorted(self.keywords.options)) or "no keyword"
        return (
            f"{self.name}: the keyword {option}= has no gradient rule, and ignoring it would make the gradient wrong; "
            f"known here: {known}. Apply it in a step of its own, or give {self.name} a rule with mg.rule"
        )


class Keywords(NamedTuple):
    """What a call with keywords is bound by."""

    parameters: tuple[str, ...]  # of the function, in their order
    defaults: dict[str, Any]
    options: frozenset[str]  # keywords that the formulas know


class Composite:
    """A function written in terms of functions of the table."""

    __slots__ = ("expression", "function", "name")
    arity = -1  # never the short way

    def __init__(self, function: Callable[..., Any], expression: Callable[..., Any]) -> None:
        self.function = function
        self.expression = expression
        self.name = name_of(function)


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

    `g` is the gradient with respect to the result `y` and has its shape; the formula returns an array that broadcasting
    made from the argument's shape (the sum over broadcast axes is done for you). None marks an argument without a
    derivative. Write formulas with NumPy functions that have rules themselves, and second derivatives come for free.

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
        If there is no formula, if one cannot be called as `vjp(g, y, *arrays)`, or if `function` is an ordinary Python
        function: nothing would tell us that it was called, so decorate it with `mg.primitive` first.
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
    """Let keywords of a registered function mean array parameters of another name: `alias(np.clip, min="a_min")`."""
    registered = TABLE[function]
    if isinstance(registered, Rule):
        registered.aliases.update(parameters)


def composite(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: on Tensors, `function` means this expression in terms of functions of the table."""

    def register(expression: Callable[..., Any]) -> Callable[..., Any]:
        TABLE[function] = Composite(function, expression)
        return expression

    return register


def constant(*functions: Callable[..., Any]) -> None:
    """Register functions whose derivative is zero wherever it exists."""
    for function in functions:
        TABLE[function] = Rule(function, ())


def load_library_rules(function: Callable[..., Any]) -> Rule | Composite | None:
    """The entry of a function that is not in the table, after the rules of all libraries in use have been loaded."""
    for library, rules in LIBRARY_RULES.items():
        if library in sys.modules:
            importlib.import_module(rules)
    return TABLE.get(function)


def refused(reason: str, *functions: Callable[..., Any]) -> None:
    """Register functions that have no rule, with the reason."""
    REFUSED.update(dict.fromkeys(functions, reason))
