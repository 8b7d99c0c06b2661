"""What a function is called with, and which of it becomes a variable of the program: the arrays, in trees too."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.core.signatures import name_of
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import is_differentiable, leaves, leaves_with_paths, tree_map
from microgradnp.derivatives.variables import Argnums, kind, looks_like_array, place_of
from microgradnp.program.traced import Trace

Where = int | str
WRITTEN = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(None),
    slice,
    range,
    np.dtype,
)  # told by their repr


@dataclass
class Leaf:
    """An array among the arguments."""

    path: str  # `x`, `parameters['W']`
    array: Any
    wanted: bool  # is its gradient asked for?


class Arguments:
    """One call of a function, taken apart.

    `wrt` are arguments to differentiate with respect to, by position or name, as `argnums` of `mg.grad`; None for none of them.
    What is neither an array nor asked for stays a Python value, and is part of the program.

    Raises TypeError for an argument without a floating-point number to differentiate, ValueError for one that there is not.
    """

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], wrt: Argnums | None) -> None:
        self.f, self.args, self.kwargs = f, args, dict(kwargs)
        chosen = () if wrt is None else wrt if isinstance(wrt, tuple) else (wrt,)
        self.wrt: list[Where] = [place_of(argnum, f, args, self.kwargs) for argnum in chosen]
        self.single = wrt is not None and not isinstance(wrt, tuple)
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
        """What a program is made for: shapes, dtypes, Python values, and where they stand."""
        arrays = tuple((leaf.path, leaf.array.shape, leaf.array.dtype.str) for leaf in self.leaves)
        rest = []
        for where, name in self.names.items():
            asked = where in self.wrt
            for path, leaf in leaves_with_paths(self.value(where), name):
                if not is_variable(leaf, asked):
                    rest.append((path, type(leaf), repr(leaf) if isinstance(leaf, WRITTEN) else id(leaf)))
        return arrays, tuple(rest), tuple(self.wrt)

    def value(self, where: Where) -> Any:
        value = self.args[where] if isinstance(where, int) else self.kwargs[where]
        return np.asarray(value) if where in self.wrt and looks_like_array(value) else value

    def leaves_of(self, where: Where, name: str) -> list[Leaf | None]:
        """A Leaf for each array in one argument, None for what stays a Python value."""
        asked = where in self.wrt
        found = leaves_with_paths(self.value(where), name)
        return [Leaf(path, array_of(a), asked and is_differentiable(a)) if is_variable(a, asked) else None for path, a in found]

    def rebuilt(self, replacements: list[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with something else in place of each leaf, in order."""
        rest = iter(replacements)

        def change(where: Where) -> Any:
            asked = where in self.wrt
            return tree_map(lambda leaf: next(rest) if is_variable(leaf, asked) else leaf, self.value(where))

        changed = {where: change(where) for where in self.names}
        return tuple(changed[k] for k in range(len(self.args))), {key: changed[key] for key in self.kwargs}

    def variables(self, tracer: Trace) -> tuple[tuple[Any, ...], dict[str, Any], list[Tensor], list[Tensor]]:
        """The arguments with a variable of the program in place of each leaf, all variables, those to differentiate."""
        made = [tracer.variable(leaf.array, requires_grad=leaf.wanted, name=leaf.path) for leaf in self.leaves]
        args, kwargs = self.rebuilt(made)
        return args, kwargs, made, [node for node, leaf in zip(made, self.leaves, strict=True) if leaf.wanted]

    def gradients(self, found: list[Any]) -> Any:
        """Gradients of the wanted leaves, in order, in the structure of the arguments that they belong to."""
        rest = iter(found)

        def change(where: Where) -> Any:
            return tree_map(lambda leaf: next(rest) if is_differentiable(leaf) else None, self.value(where))

        trees = {where: change(where) for where in sorted(self.wrt, key=list(self.names).index)}
        ordered = tuple(trees[where] for where in self.wrt)
        return ordered[0] if self.single else ordered


def refuse_strange_keys(path: str) -> None:
    """Raises TypeError unless a path, which becomes part of a text that runs, is made of names, strings and numbers."""
    parts = (ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.UnaryOp, ast.USub, ast.Load)
    try:
        tree = ast.parse(path, mode="eval")
    except (SyntaxError, ValueError):
        tree = None
    if tree is None or not all(isinstance(node, parts) for node in ast.walk(tree)):
        raise TypeError(f"{path}: the keys of a dict of arrays must be strings or numbers here")


def asked_for(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Argnums | None:
    """The arguments that hold Tensors which require a gradient; None when there is none."""
    places: list[Where] = [*range(len(args)), *kwargs]
    values = [*args, *kwargs.values()]
    found = [w for w, v in zip(places, values, strict=True) if any(getattr(leaf, "requires_grad", False) for leaf in leaves(v))]
    return found[0] if len(found) == 1 else tuple(found) if found else None


def names_of_arguments(f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[Where, str]:
    """Position or keyword -> what the function calls it."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "argument")
    names = [positional[k] if k < len(positional) else f"{rest}_{k - len(positional)}" for k in range(len(args))]
    return {**dict(enumerate(names)), **{key: key for key in kwargs}}


def is_variable(leaf: Any, asked: bool) -> bool:
    if asked and is_differentiable(leaf):
        return True
    return isinstance(leaf, (Tensor, np.ndarray, np.generic)) and leaf.dtype.kind in "fciub"


def array_of(leaf: Any) -> Any:
    return leaf._array if isinstance(leaf, Tensor) else np.asarray(leaf)
