"""Questions about functions: name, owner, parameters, and the arguments that a gradient formula reads.

The answers come from signatures and from byte code. `table` builds its rules from them.
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

Vjp = Callable[..., Any]  # a gradient formula: vjp(g, y, *arrays, **options)
PACKAGE = __name__.partition(".")[0]
UFUNCS = ("numpy", "scipy.special", "scipy.special._ufuncs")  # their ufuncs keep no array that they return


def name_of(function: Callable[..., Any]) -> str:
    """The function's name, as `exp` or `getitem`; of an object that is called its class."""
    return str(getattr(function, "__name__", type(function).__name__))


def is_ours(function: Callable[..., Any]) -> bool:
    """Whether a function belongs to this package or NumPy, or is a ufunc of SciPy.

    Classes, partials and instances with `__call__` count as foreign.
    """
    if isinstance(function, np.ufunc):
        return any(function is getattr(sys.modules.get(module), function.__name__, None) for module in UFUNCS)
    return str(getattr(function, "__module__", None)).partition(".")[0] in (PACKAGE, "numpy", "_operator") and hasattr(
        function, "__name__"
    )


def parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the parameters that may be passed by position, in order; empty where Python cannot tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # ufuncs of older NumPy releases and some builtins
        return ()
    return tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))


def parameter_defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """Parameter -> default; None stands for NumPy's "no value given"."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: None if p.default is np._NoValue else p.default for p in parameters if p.default is not p.empty}


def says_nothing(name: str, value: Any, defaults: dict[str, Any]) -> bool:
    """Whether a keyword has its default value, so that the call means the same without it."""
    if value is None or value is np._NoValue or (name, value) == ("casting", "same_kind"):  # older NumPy tells no defaults
        return True
    return type(value) in (bool, int, float, str) and name in defaults and value == defaults[name]


def option_names(vjp: Vjp, arrays: int, variadic: bool) -> tuple[str, ...]:
    """Keywords that a formula accepts: its parameters after `g`, `y` and the arrays."""
    parameters = [p for p in inspect.signature(vjp).parameters.values() if p.kind is not p.VAR_POSITIONAL]
    skipped = 3 if variadic else 2 + arrays
    return tuple(p.name for p in parameters[skipped:])


def plain_signature(function: Callable[..., Any]) -> str:
    """The arguments of a function with their defaults, without annotations."""
    signature = inspect.signature(function)
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


def check_formula(vjp: Vjp, arrays: int, name: str, position: int) -> None:
    """Raise TypeError unless a formula takes `g`, `y` and one value for each array argument."""
    if not callable(vjp):
        raise TypeError(f"mg.rule: the formula of argument {position} of {name} is {vjp!r}, which is not a function")
    if isinstance(vjp, FunctionType) and vjp.__code__.co_argcount >= 2 + arrays:
        return  # the usual case, decided without a signature: importing the rules checks some 400 formulas
    signature = inspect.signature(vjp)
    try:
        signature.bind_partial(*range(2 + arrays))  # options may follow
    except TypeError:
        raise TypeError(
            f"mg.rule: the formula of argument {position} of {name} takes {signature}, but is called with g, y and {arrays} array"
            f"{'s' * (arrays > 1)}, one for each formula"
        ) from None


def positions_read(vjp: Vjp | None) -> tuple[int, ...] | None:
    """Positions of the array arguments whose values a formula reads, from its byte code; None where that is unknown.

    An array that no formula reads may change before the backward pass without harm: the formula of `x + mask` does not
    look at `mask`.
    """
    code = getattr(vjp, "__code__", None)
    if code is None or code.co_flags & inspect.CO_VARARGS or not {"locals", "vars", "eval", "exec"}.isdisjoint(code.co_names):
        return None
    names = code.co_varnames[2 : code.co_argcount]
    loaded = {name for name in names if name in loaded_names(code)}
    return tuple(position for position, name in enumerate(names) if name in loaded)


def loaded_names(code: Any) -> set[str]:
    """Names of the local variables that byte code reads."""
    found: set[str] = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_CLOSURE", "STORE_FAST_LOAD_FAST")):
            argument = instruction.argval
            found.update(argument if isinstance(argument, tuple) else (argument,))
    return found
