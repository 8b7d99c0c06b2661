"""Functions of functions: `grad` and its relatives. Each calls the function once on Tensors and sweeps its graph."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp import graph
from microgradnp.table import name_of, parameter_names
from microgradnp.tensor import Tensor, recording

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
        Value and gradients are ndarrays of the arguments' shapes; Tensors, to be differentiated again, when the value also
        depends on another Tensor that requires a gradient (as it does when `grad` is nested).

    Raises
    ------
    TypeError
        If `f` does not return a Tensor (its gradient was lost on the way), or an argument is not floating point.
    ValueError
        If `f` does not return a real scalar, or `argnums` names no argument of the call.

    >>> import numpy as np, microgradnp as mg
    >>> value, slope = mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 3.0]))
    >>> float(value), slope
    (10.0, array([2., 6.]))
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call_args, call_kwargs = list(args), dict(kwargs)
        inputs: list[Tensor] = []
        for argnum in argnums if isinstance(argnums, tuple) else (argnums,):
            where = place_of(argnum, f, args, kwargs)
            holder: Any = call_args if isinstance(where, int) else call_kwargs
            holder[where] = variable(holder[where], where)
            inputs.append(holder[where])
        with recorded():
            value = f(*call_args, **call_kwargs)
            check_result(f, value)
            nested = depends_on_others(value, inputs)
            found = gradients(value, inputs, record=nested)
        return (value if nested else value.numpy()), (tuple(found) if isinstance(argnums, tuple) else found[0])

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


def check_result(f: Callable[..., Any], value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name_of(f)} returned a {type(value).__name__}, not a Tensor, so its gradient is lost: look for float(), .item(), "
            ".numpy(), .detach() or the math module on the way, and that the argument is used at all"
        )


def depends_on_others(value: Tensor, inputs: list[Tensor]) -> bool:
    """Whether the value has another leaf that requires a gradient: then somebody else differentiates too."""
    own = {id(x) for x in inputs}
    return any(node.is_leaf and node.requires_grad and id(node) not in own for node in graph.walk(value))


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
    with recorded():
        value = f(*inputs)
    check_result(f, value)

    def pullback(v: Any) -> tuple[Any, ...]:
        return tuple(gradients(value, inputs, v, free=False))

    return value.numpy(), pullback
