"""The arguments of a call. Their arrays become variables of the program, also those in trees; everything else is part of it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.core.signatures import name_of
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import is_differentiable, leaves, leaves_with_paths, structure, tree_map
from microgradnp.derivatives.variables import Argnums, kind, looks_like_array, place_of
from microgradnp.program.calls import Variables
from microgradnp.program.tracer import Trace

Where = int | str
TOLD_BY_REPR = (bool, int, float, complex, str, bytes, type(None), slice, range, np.dtype, np.generic, np.ndarray)


@dataclass
class Leaf:
    """An array among the arguments."""

    path: str  # `x`, `parameters['W']`
    array: Any
    wanted: bool  # whether its gradient is asked for


class Arguments:
    """The arguments of one call of a function.

    `wrt` names the arguments to differentiate with respect to, as `argnums` of `mg.grad` does; None for none of them. A leaf that
    is no array and is not asked for stays a Python value.

    Raises TypeError for an argument in `wrt` without a floating-point number, ValueError for one that the call does not have.
    """

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], wrt: Argnums | None) -> None:
        self.f, self.args, self.kwargs = f, args, dict(kwargs)
        chosen = () if wrt is None else (wrt,) if isinstance(wrt, (int, str)) else tuple(wrt)
        self.wrt: list[Where] = [place_of(argnum, f, args, self.kwargs) for argnum in chosen]
        self.single = isinstance(wrt, (int, str))
        self.names: dict[Where, str] = names_of_arguments(f, args, self.kwargs)
        self.leaves: list[Leaf] = []
        for where, name in self.names.items():
            found = [leaf for leaf in self.leaves_of(where, name) if leaf is not None]
            if where in self.wrt and not any(leaf.wanted for leaf in found):
                raise TypeError(
                    f"wrt={where!r}: {name} is {kind(self.value(where))}, and holds no floating-point or complex number to "
                    f"differentiate {name_of(f)} with respect to"
                )
            self.leaves += found
        for leaf in self.leaves:
            refuse_strange_keys(leaf.path)

    @property
    def key(self) -> Any:
        """Everything that a program depends on: shapes, dtypes and Python values, with their places."""
        arrays = tuple((leaf.path, leaf.array.shape, leaf.array.dtype.str) for leaf in self.leaves)
        rest = []
        for where, name in self.names.items():
            asked = where in self.wrt
            for path, leaf in leaves_with_paths(self.value(where), name):
                if not is_variable(leaf, asked):
                    rest.append((path, type(leaf), repr(leaf) if isinstance(leaf, TOLD_BY_REPR) else id(leaf)))
        kinds = tuple(structure(self.value(where)) for where in self.names)
        return arrays, tuple(rest), tuple(self.wrt), kinds

    def objects(self) -> list[Any]:
        """The arguments that are told from others by their identity."""
        found = [leaf for where in self.names for leaf in leaves(self.value(where))]
        return [leaf for leaf in found if not isinstance(leaf, (*TOLD_BY_REPR, Tensor))]

    def value(self, where: Where) -> Any:
        value = self.args[where] if isinstance(where, int) else self.kwargs[where]
        return np.asarray(value) if where in self.wrt and looks_like_array(value) else value

    def leaves_of(self, where: Where, name: str) -> list[Leaf | None]:
        """The leaves of one argument: a Leaf for an array, None for a Python value."""
        asked = where in self.wrt
        found = leaves_with_paths(self.value(where), name)
        return [Leaf(path, array_of(a), asked and is_differentiable(a)) if is_variable(a, asked) else None for path, a in found]

    def rebuilt(self, replacements: list[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with a replacement for each leaf, in order."""
        rest = iter(replacements)

        def change(where: Where) -> Any:
            asked = where in self.wrt
            return tree_map(lambda leaf: next(rest) if is_variable(leaf, asked) else leaf, self.value(where))

        changed = {where: change(where) for where in self.names}
        return tuple(changed[k] for k in range(len(self.args))), {key: changed[key] for key in self.kwargs}

    def variables(self, tracer: Trace) -> Variables:
        """The arguments with a variable of the program in place of each leaf."""
        made = [tracer.variable(leaf.array, requires_grad=leaf.wanted, name=leaf.path) for leaf in self.leaves]
        args, kwargs = self.rebuilt(made)
        return Variables(args, kwargs, made, [node for node, leaf in zip(made, self.leaves, strict=True) if leaf.wanted])

    def gradients(self, found: list[Any]) -> Any:
        """The gradients of the wanted leaves, given in order, in the structure of their arguments."""
        rest = iter(found)

        def change(where: Where) -> Any:
            return tree_map(lambda leaf: next(rest) if is_differentiable(leaf) else None, self.value(where))

        trees = {where: change(where) for where in sorted(self.wrt, key=list(self.names).index)}
        ordered = tuple(trees[where] for where in self.wrt)
        return ordered[0] if self.single else ordered


def refuse_strange_keys(path: str) -> None:
    """Raises TypeError unless a path is made of names, strings and numbers: it becomes part of a text that runs."""
    parts = (ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.UnaryOp, ast.USub, ast.Load)
    try:
        tree = ast.parse(path, mode="eval")
    except (SyntaxError, ValueError):
        tree = None
    if tree is None or not all(isinstance(node, parts) for node in ast.walk(tree)):
        raise TypeError(f"{path}: the keys of a dict of arrays must be strings or numbers here")


def asked_for(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Argnums | None:
    """The arguments that hold a Tensor with requires_grad; None when no argument does."""
    places: list[Where] = [*range(len(args)), *kwargs]
    values = [*args, *kwargs.values()]
    found = [w for w, v in zip(places, values, strict=True) if any(getattr(leaf, "requires_grad", False) for leaf in leaves(v))]
    return found[0] if len(found) == 1 else tuple(found) if found else None


def names_of_arguments(f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[Where, str]:
    """Position or keyword of each argument -> the name of its parameter."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "argument")
    names = [positional[k] if k < len(positional) else f"{rest}_{k - len(positional)}" for k in range(len(args))]
    return {**dict(enumerate(names)), **{key: key for key in kwargs}}


def is_variable(leaf: Any, asked: bool) -> bool:
    """Whether a leaf becomes a variable of the program. `asked`: its argument is to be differentiated."""
    if asked and is_differentiable(leaf):
        return True
    if isinstance(leaf, (np.ndarray, np.generic)) and leaf.shape == () and leaf.dtype.kind in "iub":
        return False  # an axis, a shift, a flag: formulas compute with it
    return isinstance(leaf, (Tensor, np.ndarray, np.generic)) and leaf.dtype.kind in "fciub"


def array_of(leaf: Any) -> Any:
    return leaf._array if isinstance(leaf, Tensor) else np.asarray(leaf)
