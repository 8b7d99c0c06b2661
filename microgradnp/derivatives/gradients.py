"""Gradients of functions: `grad`, `value_and_grad` and `vjp`.

Each calls the function once on Tensors and sweeps the graph that this recorded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.core.memory import owned
from microgradnp.core.sweep import sweep
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import pairs_in, tree_map
from microgradnp.derivatives.variables import (
    Argnums,
    check_result,
    depends_on_others,
    in_place_of,
    make_constant,
    recorded,
    released,
    same_leaves,
    split_aux,
    tensors_in,
    variables,
    variables_in,
    with_variables,
)


def gradients(output: Tensor, inputs: list[Tensor], seed: Any = None, *, record: bool = False, free: bool = True) -> list[Any]:
    """Gradients of `output` with respect to `inputs`, in their order; zeros where there is no path.

    With `record` the gradients are Tensors with the graph of the backward pass, to be differentiated again, drawn or printed.
    No `.grad` is changed.
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
            found[id(node)] = g if record or (private and node.rule is None) else owned(g)
    return [found[id(x)] if id(x) in found else zeros_for(x, record) for x in inputs]


def sweep_and_keep(loss: Tensor) -> Iterator[tuple[Tensor, Any, bool]]:
    """Sweep the graph of a loss, or of the sum of an array, and keep it: another backward pass may follow."""
    return sweep(loss, loss.seed(np.ones(loss.shape, loss.dtype) if loss.shape else None), free=False)


def zeros_for(x: Tensor, record: bool) -> Any:
    """The gradient of `x` when no path leads to it."""
    zeros = np.zeros_like(x._array)
    return Tensor(zeros) if record else zeros


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., tuple[Any, Any]]:
    """The function that returns (f(...), gradient). `f` must return a real scalar.

    Parameters
    ----------
    f : callable
        A function of arrays, written with NumPy. It is called with Tensors for the arguments `argnums`.
    argnums : int, str, or a tuple or list of them
        Arguments to differentiate with respect to, by position or name. Several give a tuple of gradients. An argument may be
        a tree: dicts, lists, tuples and dataclasses of arrays, nested. Its gradient is a tree of the same structure. Integers,
        strings and flags in it are passed to `f` unchanged; their gradient is None.
    has_aux : bool
        `f` returns (value, more), and the result is ((value, more), gradient). Tensors in `more` become arrays.

    Returns
    -------
    callable
        Value and gradients are ndarrays. In a nested derivative they are Tensors, because the outer derivative needs them: that
        is so when the value also depends on another Tensor that requires a gradient.

    Raises
    ------
    TypeError
        If `f` does not return a Tensor, so that its gradient was lost, or an argument holds no floating-point number.
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
            make_constant(inputs)
        trees = in_place_of(inputs, found, chosen)
        shown = released(value, nested)
        found = trees if isinstance(argnums, (tuple, list)) else trees[0]
        return ((shown, released(more, nested)) if has_aux else shown), found

    return wrapped


def grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient function of `f`, which must return a real scalar. Nests to any order.

    The parameters are those of `value_and_grad`. With `has_aux`, `f` returns (value, more), and the result is (gradient, more).

    The gradient has the shape of its argument. Raises what `value_and_grad` raises.

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
    """The same values without a gradient of any order: for targets, baselines and straight-through estimators.

    `x` may be a tree. Arrays are returned unchanged.

    >>> import numpy as np, microgradnp as mg
    >>> float(mg.grad(lambda x: x * mg.stop_gradient(x))(3.0))
    3.0
    """
    return tree_map(lambda leaf: leaf.detach() if isinstance(leaf, Tensor) else leaf, x)


def vjp(f: Callable[..., Any], *args: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The pair (f(*args), pullback). pullback(v) is the tuple of v' J, one for each argument; `v` has the result's shape.

    Arguments and result may be trees; then `v` is a tree like the result. The pullback may be called many times. In a nested
    derivative the results are Tensors, as with `value_and_grad`. With `has_aux`, `f` returns (result, more), and `more` comes
    third.

    Raises TypeError when `f` returns no Tensor, and ValueError for a `v` of another shape.

    >>> import numpy as np, microgradnp as mg
    >>> value, pullback = mg.vjp(np.multiply, 2.0, 3.0)
    >>> [float(g) for g in pullback(10.0)]
    [30.0, 20.0]
    """
    chosen = tuple(variables(a, k) for k, a in enumerate(args))
    inputs = variables_in(chosen)
    with recorded():
        result = f(*map(same_leaves, chosen))
    value, more = split_aux(f, result) if has_aux else (result, None)
    outputs = tensors_in(f, value)
    nested = depends_on_others(outputs, inputs)
    own = [x for x in inputs if x.is_leaf]
    make_constant(own)

    def pullback(v: Any) -> tuple[Any, ...]:
        seeds = [v] if isinstance(value, Tensor) else [s for y, s in pairs_in(value, v) if isinstance(y, Tensor)]
        record = nested or any(isinstance(s, Tensor) and s.requires_grad for s in seeds)
        for x in own:  # variables again while this sweep runs
            x.requires_grad = True
        try:
            with recorded():
                return in_place_of(inputs, pulled_back(outputs, inputs, seeds, record=record), chosen)
        finally:
            make_constant(own)

    return (released(value, nested), pullback, released(more, nested)) if has_aux else (released(value, nested), pullback)


def pulled_back(outputs: list[Tensor], inputs: list[Tensor], seeds: list[Any], *, record: bool) -> list[Any]:
    """Vector-Jacobian product seed' J for each input, summed over the outputs. A seed of None counts as zeros."""
    total: list[Any] | None = None
    for y, seed in zip(outputs, seeds, strict=True):
        if seed is not None:
            seed = Tensor(seed, dtype=y.dtype) if record and not isinstance(seed, Tensor) else seed
            share = gradients(y, inputs, seed, record=record, free=False)
            total = share if total is None else [a + b for a, b in zip(total, share, strict=True)]
    return [zeros_for(x, record) for x in inputs] if total is None else total
