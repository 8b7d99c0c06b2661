"""Functions of functions: `grad` and its relatives. Each calls the function once on Tensors and sweeps its graph."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp import graph
from microgradnp.tensor import Tensor

Argnums = int | str | tuple[int | str, ...]


def gradients(output: Tensor, inputs: list[Tensor], seed: Any = None, *, record: bool = False, free: bool = True) -> list[Any]:
    """Gradients of `output` with respect to `inputs`, in their order; zeros where there is no path.

    With `record` the gradients are Tensors, and the graph of the backward pass hangs on them: differentiate them again, draw
    them, print them. `.grad` of the leaves is not touched.
    """
    if not output.requires_grad:
        return [zeros_for(x, record) for x in inputs]
    start: Any = output.seed(None if seed is None or isinstance(seed, Tensor) else seed)
    if record:
        start = seed if isinstance(seed, Tensor) else Tensor(start)
    wanted = {id(x) for x in inputs}
    found: dict[int, Any] = {}
    for node, g, _ in graph.sweep(output, start, free=free and not record, record=record):
        if id(node) in wanted:
            g = g.conj() if g.dtype.kind == "c" else g
            found[id(node)] = g if record else np.array(g)
    return [found.get(id(x), zeros_for(x, record)) for x in inputs]


def zeros_for(x: Tensor, record: bool) -> Any:
    """The gradient where there is no path."""
    zeros = np.zeros_like(x.numpy())
    return Tensor(zeros) if record else zeros


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., tuple[Any, Any]]:
    """The function that returns (f(...), gradient): `f` must return a real scalar.

    Parameters
    ----------
    f : callable
        Written with NumPy functions; it is called with Tensors in place of the arguments `argnums`.
    argnums : int, str, or a tuple of them
        Arguments to differentiate with respect to, by position or name. A tuple gives a tuple of gradients.

    Returns
    -------
    callable
        Value and gradients are ndarrays of the arguments' shapes; Tensors when an argument is a Tensor, so that the result
        can be differentiated again.

    >>> import numpy as np, microgradnp as mg
    >>> value, slope = mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 3.0]))
    >>> float(value), slope
    (10.0, array([2., 6.]))
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        bound = inspect.signature(f).bind(*args, **kwargs)
        chosen = [positional(bound, argnum) for argnum in (argnums if isinstance(argnums, tuple) else (argnums,))]
        record = any(isinstance(a, Tensor) for a in (*args, *kwargs.values()))
        call_args, call_kwargs = list(args), dict(kwargs)
        inputs: list[Tensor] = []
        for where in chosen:
            place: Any = call_args if isinstance(where, int) else call_kwargs
            place[where] = variable(place[where], where)
            inputs.append(place[where])
        value = f(*call_args, **call_kwargs)
        if not isinstance(value, Tensor):
            value = Tensor(value)
        found = gradients(value, inputs, record=record)
        return (value if record else value.numpy()), (tuple(found) if isinstance(argnums, tuple) else found[0])

    return wrapped


def positional(bound: inspect.BoundArguments, argnum: int | str) -> int | str:
    """Where an argument chosen by number or name stands in the call: a position, or a keyword."""
    if isinstance(argnum, int):
        if not -len(bound.args) <= argnum < len(bound.args):
            raise ValueError(f"argnums={argnum}, but the function was called with {len(bound.args)} positional arguments")
        return argnum % len(bound.args)
    parameters = list(bound.signature.parameters)
    if argnum in bound.kwargs:
        return argnum
    if argnum not in parameters:
        raise ValueError(f"argnums={argnum!r}, but the function's arguments are {', '.join(parameters)}")
    if parameters.index(argnum) >= len(bound.args):
        raise ValueError(f"argnums={argnum!r}, but the function was called without that argument")
    return parameters.index(argnum)


def variable(value: Any, where: int | str) -> Tensor:
    """A Tensor to differentiate with respect to; a Tensor argument stays connected to the graph it comes from."""
    if isinstance(value, Tensor) and value.requires_grad:
        return np.positive(value)  # type: ignore[return-value]
    try:
        return Tensor(value, requires_grad=True, dtype=float if isinstance(value, (int, float)) else None)
    except TypeError as error:
        raise TypeError(f"argument {where}: {error}") from None


def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The gradient function of `f`, which must return a real scalar; see `value_and_grad`. Nests to any order.

    >>> import numpy as np, microgradnp as mg
    >>> float(mg.grad(mg.grad(np.sin))(0.5)) == -float(np.sin(0.5))
    True
    """
    both = value_and_grad(f, argnums)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return wrapped


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """(f(*args), pullback): pullback(v) is the tuple of v' J for each argument; `v` has the result's shape.

    The pullback may be called again and again.
    """
    inputs = [variable(a, k) for k, a in enumerate(args)]
    value = f(*inputs)

    def pullback(v: Any) -> tuple[Any, ...]:
        return tuple(gradients(value, inputs, v, free=False))

    return value.numpy(), pullback
