"""Functions of functions: `grad` and its relatives. Each calls the function once on Tensors and sweeps its graph."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.context import recording
from microgradnp.core.signatures import name_of, parameter_names
from microgradnp.core.sweep import sweep
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import children, is_differentiable, leaves, leaves_with_paths, outline, tree_map

Argnums = int | str | tuple[int | str, ...]


def gradients(output: Tensor, inputs: list[Tensor], seed: Any = None, *, record: bool = False, free: bool = True) -> list[Any]:
    """Gradients of `output` with respect to `inputs`, in their order; zeros where there is no path.

    With `record` the gradients are Tensors, and the graph of the backward pass hangs on them: differentiate them again, draw
    them, print them. `.grad` of the leaves is not touched.
    """
    if not output.requires_grad:
        return [zeros_for(x, record) for x in inputs]
    start: Any = output.seed(seed)
    if record:
        start = Tensor(start) if not isinstance(seed, Tensor) else seed.conj() if seed.dtype.kind == "c" else seed
    wanted = {id(x) for x in inputs}
    found: dict[int, Any] = {}
    for node, g, private in sweep(output, start, free=free and not record, record=record):
        if id(node) in wanted:
            g = g.conj() if g.dtype.kind == "c" else g
            found[id(node)] = g if record else np.asarray(g) if private and node.rule is None else np.array(g)
    return [found[id(x)] if id(x) in found else zeros_for(x, record) for x in inputs]


def zeros_for(x: Tensor, record: bool) -> Any:
    """The gradient where there is no path."""
    zeros = np.zeros_like(x.numpy())
    return Tensor(zeros) if record else zeros


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., tuple[Any, Any]]:
    """The function that returns (f(...), gradient): `f` must return a real scalar.

    Parameters
    ----------
    f : callable
        Written with NumPy functions; it is called with Tensors in place of the arguments `argnums`.
    argnums : int, str, or a tuple of them
        Arguments to differentiate with respect to, by position or name. A tuple gives a tuple of gradients. An argument may be
        a tree: dicts, lists, tuples and dataclasses of arrays, nested. Its gradient is such a tree too, with None in place of
        what is no floating-point number (integers, strings, flags), which `f` gets as it is.
    has_aux : bool
        `f` returns (value, more), and the result is ((value, more), gradient). Tensors in `more` become arrays.

    Returns
    -------
    callable
        Value and gradients are ndarrays of the arguments' shapes; Tensors, to be differentiated again, when the value also
        depends on another Tensor that requires a gradient (as it does when `grad` is nested).

    Raises
    ------
    TypeError
        If `f` does not return a Tensor (its gradient was lost on the way), or an argument holds no floating-point number.
    ValueError
        If `f` does not return a real scalar, or `argnums` names no argument of the call.

    >>> import numpy as np, microgradnp as mg
    >>> value, slope = mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 3.0]))
    >>> float(value), slope
    (10.0, array([2., 6.]))
    >>> mg.grad(lambda p: np.sum(p["w"] ** p["power"]))({"w": np.array([1.0, 2.0]), "power": 3})
    {'w': array([ 3., 12.]), 'power': None}
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call_args, call_kwargs, chosen = with_variables(f, args, kwargs, argnums)
        inputs = variables_in(chosen)
        with recorded():
            result = f(*call_args, **call_kwargs)
            value, more = split_aux(f, result) if has_aux else (result, None)
            check_result(f, value)
            nested = depends_on_others([value], inputs)
            found = gradients(value, inputs, record=nested)
            settle(inputs)
        trees = in_place_of(inputs, found, chosen)
        shown = released(value, nested)
        return ((shown, released(more, nested)) if has_aux else shown), (trees if isinstance(argnums, tuple) else trees[0])

    return wrapped


@contextlib.contextmanager
def recorded() -> Iterator[None]:
    """Record inside, also where `no_grad` holds outside: who asks for a gradient means it."""
    token = recording.set(True)
    try:
        yield
    finally:
        recording.reset(token)


def place_of(argnum: int | str, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | str:
    """Where an argument chosen by number or name stands in the call: a position, or a keyword."""
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


def with_variables(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Argnums
) -> tuple[list[Any], dict[str, Any], tuple[Any, ...]]:
    """The arguments of a call with variables in those to differentiate, and these once more."""
    call_args, call_kwargs, chosen = list(args), dict(kwargs), []
    for argnum in argnums if isinstance(argnums, tuple) else (argnums,):
        where = place_of(argnum, f, args, kwargs)
        holder: Any = call_args if isinstance(where, int) else call_kwargs
        holder[where] = variables(holder[where], where)
        chosen.append(holder[where])
    return call_args, call_kwargs, tuple(chosen)


def variables(tree: Any, where: int | str) -> Any:
    """A tree with a variable in place of each floating-point number or array. An argument that is no tree must be one."""
    if children(tree) is None or looks_like_array(tree):
        return variable(tree, f"argument {where}")
    if not any(is_differentiable(leaf) for leaf in leaves(tree)):
        found = ", ".join(f"{path} is {kind(leaf)}" for path, leaf in list(leaves_with_paths(tree))[:3])
        raise TypeError(f"argument {where} holds no floating-point or complex number to differentiate: {found or 'it is empty'}")
    return tree_map(lambda leaf: variable(leaf, f"argument {where}") if is_differentiable(leaf) else leaf, tree)


def looks_like_array(tree: Any) -> bool:
    """A list of plain numbers, however deep, is an array that somebody wrote down."""
    return type(tree) is list and bool(tree) and all(isinstance(leaf, (int, float, complex)) for leaf in leaves(tree))


def kind(leaf: Any) -> str:
    return str(getattr(leaf, "dtype", type(leaf).__name__))


def variables_in(tree: Any) -> list[Tensor]:
    return [leaf for leaf in leaves(tree) if isinstance(leaf, Tensor) and leaf.requires_grad]


def in_place_of(inputs: list[Tensor], found: list[Any], tree: Any) -> Any:
    """The tree with the gradient of each variable in its place, and None in place of what is none."""
    gradient_of = {id(x): g for x, g in zip(inputs, found, strict=True)}
    return tree_map(lambda leaf: gradient_of.get(id(leaf)), tree)


def split_aux(f: Callable[..., Any], result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"{name_of(f)} must return (value, more) with has_aux=True, and returned {outline(result)}")
    return result


def released(tree: Any, nested: bool) -> Any:
    """Tensors as plain arrays, unless somebody else differentiates them too."""
    return tree if nested else tree_map(lambda leaf: leaf.numpy() if isinstance(leaf, Tensor) else leaf, tree)


def check_result(f: Callable[..., Any], value: Any) -> None:
    if not isinstance(value, Tensor):
        hint = ". With has_aux=True it may return (value, more)" if isinstance(value, tuple) else ""
        raise TypeError(
            f"{name_of(f)} returned a {type(value).__name__}, not a Tensor, so its gradient is lost: look for float(), .item(), "
            f".numpy(), .detach() or the math module on the way, and that the argument is used at all{hint}"
        )


def tensors_in(f: Callable[..., Any], result: Any) -> list[Tensor]:
    """The Tensors in a result that may be a tree; at least one. Raises TypeError."""
    found = [leaf for leaf in leaves(result) if isinstance(leaf, Tensor)]
    if not found:
        check_result(f, result)
    return found


def depends_on_others(values: list[Tensor], inputs: list[Tensor]) -> bool:
    """Whether a value has another leaf that requires a gradient, or is traced: then somebody else differentiates too."""
    if any(value.traced for value in values):
        return True
    own = {id(x) for x in inputs}
    return any(node.is_leaf and node.requires_grad and id(node) not in own for value in values for node in graph.walk(value))


def settle(inputs: list[Tensor]) -> None:
    """Variables of a derivative that has been taken are plain numbers for whoever differentiates its result again."""
    for x in inputs:
        if x.is_leaf:
            x.requires_grad = False


def variable(value: Any, where: str) -> Tensor:
    """A Tensor to differentiate with respect to; a Tensor argument stays connected to the graph it comes from."""
    if isinstance(value, Tensor) and value.requires_grad:
        return np.positive(value)  # type: ignore[return-value]
    try:
        return Tensor(value, requires_grad=True, dtype=float if isinstance(value, (int, float)) else None)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


def grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient function of `f`, which must return a real scalar; see `value_and_grad`. Nests to any order.

    With `has_aux`, `f` returns (value, more), and the result is (gradient, more).

    >>> import numpy as np, microgradnp as mg
    >>> float(mg.grad(mg.grad(np.sin))(0.5)) == -float(np.sin(0.5))
    True
    """
    both = value_and_grad(f, argnums, has_aux=has_aux)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return wrapped


def stop_gradient(x: Any) -> Any:
    """The same values, through which no gradient flows, of any order: for targets, baselines, straight-through estimators.

    `x` may be a tree. Arrays are returned as they are.

    >>> import numpy as np, microgradnp as mg
    >>> float(mg.grad(lambda x: x * mg.stop_gradient(x))(3.0))
    3.0
    """
    return tree_map(lambda leaf: leaf.detach() if isinstance(leaf, Tensor) else leaf, x)


def vjp(f: Callable[..., Any], *args: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """(f(*args), pullback): pullback(v) is the tuple of v' J for each argument; `v` has the result's shape.

    Arguments and result may be trees, and `v` is a tree like the result. The pullback may be called again and again. As with
    `value_and_grad`, the results are Tensors where somebody else differentiates too. With `has_aux`, `f` returns
    (result, more), and `more` comes third.

    >>> import numpy as np, microgradnp as mg
    >>> value, pullback = mg.vjp(np.multiply, 2.0, 3.0)
    >>> [float(g) for g in pullback(10.0)]
    [30.0, 20.0]
    """
    chosen = tuple(variables(a, k) for k, a in enumerate(args))
    inputs = variables_in(chosen)
    with recorded():
        result = f(*chosen)
    value, more = split_aux(f, result) if has_aux else (result, None)
    outputs = tensors_in(f, value)
    nested = depends_on_others(outputs, inputs)
    own = [x for x in inputs if x.is_leaf]
    settle(own)

    def pullback(v: Any) -> tuple[Any, ...]:
        seeds = [v] if isinstance(value, Tensor) else [s for y, s in pairs_in(value, v) if isinstance(y, Tensor)]
        record = nested or any(isinstance(s, Tensor) and s.requires_grad for s in seeds)
        for x in own:  # variables again, for the length of this sweep
            x.requires_grad = True
        try:
            with recorded():
                return in_place_of(inputs, pulled_back(outputs, inputs, seeds, record=record), chosen)
        finally:
            settle(own)

    return (released(value, nested), pullback, released(more, nested)) if has_aux else (released(value, nested), pullback)


def pairs_in(tree: Any, other: Any) -> list[tuple[Any, Any]]:
    """The leaves at the same places of two trees."""
    found: list[tuple[Any, Any]] = []
    tree_map(lambda a, b: found.append((a, b)), tree, other)
    return found


def pulled_back(outputs: list[Tensor], inputs: list[Tensor], seeds: list[Any], *, record: bool) -> list[Any]:
    """Sum over the outputs of seed' J, for each input; None counts as a seed of zeros."""
    total: list[Any] | None = None
    for y, seed in zip(outputs, seeds, strict=True):
        if seed is not None:
            seed = Tensor(seed, dtype=y.dtype) if record and not isinstance(seed, Tensor) else seed
            share = gradients(y, inputs, seed, record=record, free=False)
            total = share if total is None else [a + b for a, b in zip(total, share, strict=True)]
    return [zeros_for(x, record) for x in inputs] if total is None else total
