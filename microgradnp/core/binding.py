"""How a NumPy call is taken apart: array arguments, all positional, and options, all keywords.

A graph holds the two apart, because gradients flow to arrays only. A keyword that a rule does not know is refused: to ignore it
in the backward pass would give a wrong gradient. The expression of a composite gets the keywords that it takes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.entries import Composite
from microgradnp.core.errors import ConcretizationError
from microgradnp.core.memory import Storage
from microgradnp.core.signatures import option_names, parameter_defaults, parameter_names, plain_signature, says_nothing
from microgradnp.core.table import Rule

STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.iscomplexobj, np.isrealobj}  # read no value


class Keywords(NamedTuple):
    """What the keywords of a call may be, from the signatures of a function and of its formulas."""

    parameters: tuple[str, ...]  # of the function, in their order
    defaults: dict[str, Any]
    options: frozenset[str]  # keywords that the formulas know


def keywords_of(rule: Rule) -> Keywords:
    """The keywords of a rule, read when they are first needed."""
    if rule.keywords is None:
        options = [option_names(vjp, rule.arrays, rule.variadic) for vjp in rule.vjps if vjp is not None]
        parameters, defaults = parameter_names(rule.function), parameter_defaults(rule.function)
        rule.keywords = Keywords(parameters, defaults, frozenset().union(*options))
    return rule.keywords


def bind(rule: Rule, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """The array arguments and the options of a call. Raises TypeError for a keyword that the rule does not know."""
    keywords: Keywords = rule.keywords or keywords_of(rule)
    if rule.sequence and len(args) == 1 and keywords.options.issuperset(kwargs):  # the usual call
        return tuple(args[0]), kwargs
    options = dict(kwargs)
    arrays: tuple[Any, ...] = args
    rest: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()
    if rule.sequence:
        arrays, rest, names = tuple(args[0] if args else options.pop(keywords.parameters[0])), args[1:], keywords.parameters[1:]
    elif not rule.variadic:
        arrays, rest, names = args[: rule.arrays], args[rule.arrays :], keywords.parameters[rule.arrays :]
        if len(arrays) < rule.arrays:
            arrays += arrays_by_keyword(rule, keywords, len(arrays), options)
    if len(rest) > len(names):
        raise TypeError(f"{rule.name}: takes at most {len(arrays) + len(names)} positional arguments, got {len(args)}")
    options = {**dict(zip(names, rest, strict=False)), **options}
    for name in [name for name in options if name not in keywords.options]:
        if not says_nothing(name, options[name], keywords.defaults):
            raise TypeError(refusal(rule, keywords, name))
        del options[name]
    return arrays, options


def arrays_by_keyword(rule: Rule, keywords: Keywords, first: int, given: dict[str, Any]) -> tuple[Any, ...]:
    """Take the array arguments from number `first` on out of `given`. One that was left out before the last has its default."""
    for name in rule.aliases.keys() & given.keys():
        if rule.aliases[name] in given:
            raise TypeError(f"{rule.name}: {name}= and {rule.aliases[name]}= mean the same argument; give one of them")
        given[rule.aliases[name]] = given.pop(name)
    parameters = keywords.parameters[first : rule.arrays]
    found: list[Any] = []
    for k, parameter in enumerate(parameters):
        if parameter not in given and (parameter not in keywords.defaults or not given.keys() & set(parameters[k:])):
            break
        found.append(given.pop(parameter, keywords.defaults.get(parameter)))
    return tuple(found)


def refusal(rule: Rule, keywords: Keywords, option: str) -> str:
    """Message for a keyword without a rule."""
    known = ", ".join(sorted(keywords.options)) or "no keyword"
    return (
        f"{rule.name}: the keyword {option}= has no gradient rule, and ignoring it would make the gradient wrong; "
        f"known here: {known}. Apply it in a step of its own, or give {rule.name} a rule with mg.rule"
    )


def without_tensors(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a function on the arrays of Tensors. Nothing is recorded."""
    plain = [argument._array if isinstance(argument, Storage) else argument for argument in (*args, *kwargs.values())]
    return function(*plain[: len(args)], **dict(zip(kwargs, plain[len(args) :], strict=True)))


# ------------------------------------------------------------------------------------------------------ composites


def given(rule: Composite, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of a call, without those at their default that the expression does not take."""
    if rule.keywords is None:
        rule.keywords = parameter_defaults(rule.function), frozenset(inspect.signature(rule.expression).parameters)
    defaults, taken = rule.keywords
    return {
        name: value
        for name, value in kwargs.items()
        if value is not np._NoValue and (name in taken or not says_nothing(name, value, defaults))
    }


def retell(error: TypeError, rule: Composite, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Raise an error of a composite in the name of the function that it stands for, if that tells more."""
    if isinstance(error, ConcretizationError):
        if not str(error).startswith(rule.name):
            raise ConcretizationError(f"{rule.name}: {error}") from None
        return
    try:
        inspect.signature(rule.expression).bind(*args, **kwargs)
    except TypeError as wrong_call:
        takes = plain_signature(rule.expression)
        raise TypeError(f"{rule.name}: {wrong_call}; on Tensors it takes {takes}") from None
