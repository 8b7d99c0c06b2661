"""The other entries of the table, and what else is known of its functions.

An entry may be a composite, a constant, a rule for any number of arrays, or a rule that `mg.override` replaces. Kinks and refused
functions have tables of their own. The rules of other libraries are loaded when they are first needed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, NamedTuple

from microgradnp.core.signatures import Vjp, name_of
from microgradnp.core.table import TABLE, Rule


class Composite:
    """A function written in terms of functions of the table."""

    arity = -1  # never the short way

    def __init__(self, function: Callable[..., Any], expression: Callable[..., Any]) -> None:
        self.function = function
        self.expression = expression
        self.name = name_of(function)
        self.keywords: Any = None  # filled by `binding.given`


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


# ------------------------------------------------------------------------------------- kinks and refused functions


class Kink(NamedTuple):
    """Where a function has no derivative, and the value that its rule gives there."""

    convention: str  # "0 at 0"
    at: Callable[..., Any]  # at(y, *arrays, **options): a mask of the entries at the kink


KINKS: dict[Callable[..., Any], Kink] = {}
REFUSED: dict[Callable[..., Any], str] = {}  # function -> why it has no rule, and what to write instead


def refused(reason: str, *functions: Callable[..., Any]) -> None:
    """Register functions that have no rule, with the reason."""
    REFUSED.update(dict.fromkeys(functions, reason))


# ------------------------------------------------------------------------------------------------ overridden rules


class Overridden:
    """Entry of a function while `mg.override` has replaced its rule in some thread or task."""

    arity = -1  # never the short way

    def __init__(self, original: Rule | Composite | None) -> None:
        self.original = original
        self.users = 0

    def chosen(self, function: Callable[..., Any]) -> Rule | Composite | None:
        """The rule that holds in this thread or task."""
        return overrides.get().get(function, self.original)


overrides: ContextVar[Mapping[Callable[..., Any], Rule]] = ContextVar("overrides", default=MappingProxyType({}))


# ----------------------------------------------------------------------------------------- rules that are loaded late

LIBRARY_RULES = {"scipy.special": "microgradnp.rules.special"}  # imported when a Tensor first meets an unknown function


def load_library_rules(function: Callable[..., Any]) -> Rule | Composite | None:
    """Load the rules of all libraries in use, and look the function up again."""
    for library, rules in LIBRARY_RULES.items():
        if library in sys.modules:
            importlib.import_module(rules)
    return TABLE.get(function)
