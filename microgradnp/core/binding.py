"""How a NumPy call is taken apart: array arguments, all positional, and options, all keywords.

A graph holds the two apart, because gradients flow to arrays only. A keyword that a rule does not know is refused: to ignore it
in the backward pass would give a wrong gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from microgradnp.core.signatures import says_nothing
from microgradnp.core.table import Keywords, Rule


def bind(rule: Rule, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """The array arguments and the options of a call. Raises TypeError for a keyword that the rule does not know."""
    keywords = rule.keywords or rule.read_keywords()
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
