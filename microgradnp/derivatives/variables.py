"""The arguments of a function as variables: Tensors that require a gradient, in place of the numbers to differentiate.

`with_variables` prepares a call, the function runs once and records its graph, and `in_place_of` puts the gradients where the
variables were. The results become plain arrays, unless an outer derivative needs them as Tensors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.context import current, mode, switch
from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.leaves import VARIABLES, is_variable
from microgradnp.core.signatures import name_of, parameter_names
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import children, is_differentiable, leaves, leaves_with_paths, outline, tree_map

Argnums = int | str | tuple[int | str, ...] | list[int | str]


@contextlib.contextmanager
def recorded() -> Iterator[None]:
    """Record inside, even under `no_grad`: a derivative needs the graph."""
    token = switch(recording=True)
    try:
        yield
    finally:
        mode.reset(token)


# --------------------------------------------------------------------------------------------- arguments


def with_variables(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Argnums
) -> tuple[list[Any], dict[str, Any], tuple[Any, ...]]:
    """The arguments of a call with variables in the chosen ones: positional, by keyword, and the chosen ones alone."""
    call_args, call_kwargs, chosen = list(args), dict(kwargs), []
    for argnum in argnums if isinstance(argnums, (tuple, list)) else (argnums,):
        where = place_of(argnum, f, args, kwargs)
        holder: Any = call_args if isinstance(where, int) else call_kwargs
        chosen.append(variables(holder[where], where))
        holder[where] = same_leaves(chosen[-1])
    return call_args, call_kwargs, tuple(chosen)


def place_of(argnum: int | str, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | str:
    """The position or the keyword of an argument in a call, given its number or name. Raises ValueError."""
    if isinstance(argnum, int):
        if -len(args) <= argnum < len(args):
            return argnum % len(args)
        raise ValueError(f"argnums={argnum}, but {name_of(f)} was called with {len(args)} positional arguments")
    if argnum in kwargs:
        return argnum
    names = parameter_names(f)
    if argnum in names[: len(args)]:
        return names.index(argnum)
    raise ValueError(f"argnums={argnum!r}, but {name_of(f)} was called without that argument; its parameters: {', '.join(names)}")


def variables(tree: Any, where: int | str) -> Any:
    """A tree with a variable in place of each floating-point or complex leaf. Raises TypeError when there is none."""
    if children(tree) is None or looks_like_array(tree):
        return variable(tree, f"argument {where}")
    if not any(is_differentiable(leaf) for leaf in leaves(tree)):
        found = ", ".join(f"{path} is {kind(leaf)}" for path, leaf in list(leaves_with_paths(tree))[:3])
        raise TypeError(f"argument {where} holds no floating-point or complex number to differentiate: {found or 'it is empty'}")
    return tree_map(lambda leaf: variable(leaf, f"argument {where}") if is_differentiable(leaf) else leaf, tree)


def same_leaves(tree: Any) -> Any:
    """A container of its own for a function, which may write into it; the leaves are the same."""
    return tree_map(lambda leaf: leaf, tree)


def looks_like_array(tree: Any) -> bool:
    """Whether a tree is a list of plain numbers, however deep. It stands for an array."""
    return type(tree) is list and bool(tree) and all(isinstance(leaf, (int, float, complex)) for leaf in leaves(tree))


def kind(leaf: Any) -> str:
    """The dtype of an array, the type of anything else."""
    return str(getattr(leaf, "dtype", type(leaf).__name__))


def variable(value: Any, where: str) -> Tensor:
    """A Tensor to differentiate with respect to. A recorded Tensor stays connected to the graph that it comes from."""
    x: Any
    if isinstance(value, Tensor) and value.requires_grad and current().recording:
        x = np.positive(value)
    else:
        if isinstance(value, Tensor) and value.requires_grad:  # under `no_grad`: nothing outside needs the connection
            value = value.detach()
        try:
            x = Tensor(value, requires_grad=True, dtype=float if isinstance(value, (int, float)) else None)
        except TypeError as error:
            raise TypeError(f"{where}: {error}") from None
    VARIABLES[id(x)] = x
    return x


def variables_in(tree: Any) -> list[Tensor]:
    """The leaves of a tree that are variables."""
    return [leaf for leaf in leaves(tree) if isinstance(leaf, Tensor) and leaf.requires_grad]


def takes_part(x: Any) -> bool:
    """Whether a value is part of a graph that is being recorded: a result, a variable, or a traced value."""
    return isinstance(x, Tensor) and x.requires_grad and (not x.is_leaf or x.traced or is_variable(x))


def make_constant(inputs: list[Tensor]) -> None:
    """Turn variables into constants, once their derivative has been taken: an outer derivative must not see them."""
    for x in inputs:
        if x.is_leaf:
            x.requires_grad = False


# ----------------------------------------------------------------------------------------------- results


def in_place_of(inputs: list[Tensor], found: list[Any], tree: Any) -> Any:
    """The tree with each variable's gradient in its place, and None in place of every other leaf."""
    gradient_of = {id(x): g for x, g in zip(inputs, found, strict=True)}
    return tree_map(lambda leaf: gradient_of.get(id(leaf)), tree)


def depends_on_others(values: list[Tensor], inputs: list[Tensor]) -> bool:
    """Whether an outer derivative or a trace needs these values, too.

    It does when a value is traced, or depends on a leaf that requires a gradient and is none of the inputs.
    """
    if any(value.traced for value in values):
        return True
    own = {id(x) for x in inputs}
    return any(node.is_leaf and node.requires_grad and id(node) not in own for value in values for node in graph.walk(value))


def released(tree: Any, nested: bool) -> Any:
    """The tree with arrays in place of Tensors; unchanged when it is `nested` in an outer derivative."""
    return tree if nested else tree_map(lambda leaf: value_of(leaf) if isinstance(leaf, Tensor) else leaf, tree)


def value_of(x: Tensor) -> Any:
    """The array of a result: an ndarray, or the array of another library, which may not be computed yet."""
    return x._array if is_foreign(x._array) else x.numpy()


def split_aux(f: Callable[..., Any], result: Any) -> tuple[Any, Any]:
    """The pair (value, more) that `f` returns with `has_aux`. Raises TypeError for anything else."""
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"{name_of(f)} must return (value, more) with has_aux=True, and returned {outline(result)}")
    return result


def tensors_in(f: Callable[..., Any], result: Any) -> list[Tensor]:
    """The Tensors in a result, which may be a tree. Raises TypeError when there is none."""
    found = [leaf for leaf in leaves(result) if isinstance(leaf, Tensor)]
    if not found:
        check_result(f, result)
    return found


def check_result(f: Callable[..., Any], value: Any) -> None:
    """Raise TypeError when a function returned no Tensor, and name the usual causes."""
    if not isinstance(value, Tensor):
        hint = ". With has_aux=True it may return (value, more)" if isinstance(value, tuple) else ""
        raise TypeError(
            f"{name_of(f)} returned a {type(value).__name__}, not a Tensor, so its gradient is lost. Look for float(), .item(), "
            f".numpy(), .detach() or the math module on the way, and make sure that the argument is used{hint}"
        )
