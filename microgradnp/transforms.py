"""Functions of functions: `grad` and its relatives. Each calls the function once on Tensors and sweeps its graph."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp import graph
from microgradnp.context import recording
from microgradnp.table import name_of, parameter_names
from microgradnp.tensor import Tensor

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
    for node, g, private in graph.sweep(output, start, free=free and not record, record=record):
        if id(node) in wanted:
            g = g.conj() if g.dtype.kind == "c" else g
            found[id(node)] = g if record else np.asarray(g) if private and node.rule is None else np.array(g)
    return [found[id(x)] if id(x) in found else zeros_for(x, record) for x in inputs]


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
            settle(inputs)
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


def settle(inputs: list[Tensor]) -> None:
    """Variables of a derivative that has been taken are plain numbers for whoever differentiates its result again."""
    for x in inputs:
        if x.is_leaf:
            x.requires_grad = False


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

    The pullback may be called again and again. As with `value_and_grad`, the results are Tensors where somebody else
    differentiates too.

    >>> import numpy as np, microgradnp as mg
    >>> value, pullback = mg.vjp(np.multiply, 2.0, 3.0)
    >>> [float(g) for g in pullback(10.0)]
    [30.0, 20.0]
    """
    inputs = [variable(a, k) for k, a in enumerate(args)]
    with recorded():
        value = f(*inputs)
    check_result(f, value)
    nested = depends_on_others(value, inputs)
    leaves = [x for x in inputs if x.is_leaf]
    settle(leaves)

    def pullback(v: Any) -> tuple[Any, ...]:
        record = nested or (isinstance(v, Tensor) and v.requires_grad)
        seed = Tensor(v) if record and not isinstance(v, Tensor) else v
        for x in leaves:  # variables again, for the length of this sweep
            x.requires_grad = True
        try:
            with recorded():
                return tuple(gradients(value, inputs, seed, record=record, free=False))
        finally:
            settle(leaves)

    return (value if nested else value.numpy()), pullback


def jvp(f: Callable[..., Any], args: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """(f(*args), J v): the derivative of `f` in the direction `tangents`, one tangent of its argument's shape for each argument.

    Two reverse sweeps and no forward mode: u' J is linear in u, and its derivative with respect to u, applied to v, is J v
    (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).

    >>> import numpy as np, microgradnp as mg
    >>> value, slope = mg.jvp(np.sin, (0.0,), (2.0,))
    >>> float(slope)
    2.0
    """
    if len(args) != len(tangents):
        raise ValueError(f"jvp: {len(args)} arguments, but {len(tangents)} tangents")
    inputs = [variable(a, k) for k, a in enumerate(args)]
    for k, (x, v) in enumerate(zip(inputs, tangents, strict=True)):
        if np.shape(v) != x.shape:
            raise ValueError(f"jvp: argument {k} has shape {x.shape}, but its tangent {np.shape(v)}")
    with recorded():
        value = f(*inputs)
        check_result(f, value)
        u = Tensor(np.zeros_like(value.numpy()), requires_grad=True)
        pulled = gradients(value, inputs, u, record=True)
        product = sum((np.sum(g * v) for g, v in zip(pulled, tangents, strict=True)), start=Tensor(0.0))
        nested = depends_on_others(value, inputs)
        slope = gradients(product, [u], record=nested)[0]
        settle([*inputs, u])
        return (value if nested else value.numpy()), slope


def jacobian(f: Callable[..., Any], argnum: int | str = 0) -> Callable[..., Any]:
    """The function that returns df/dx of shape (*result, *argument), one reverse sweep for each entry of the result.

    >>> import numpy as np, microgradnp as mg
    >>> mg.jacobian(np.square)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call_args, call_kwargs = list(args), dict(kwargs)
        where = place_of(argnum, f, args, kwargs)
        holder: Any = call_args if isinstance(where, int) else call_kwargs
        x = holder[where] = variable(holder[where], where)
        with recorded():
            value = f(*call_args, **call_kwargs)
            check_result(f, value)
            nested = depends_on_others(value, [x])
            units = np.eye(value.size, dtype=value.dtype).reshape(value.size, *value.shape)
            rows = [gradients(value, [x], Tensor(e) if nested else e, record=nested, free=False)[0] for e in units]
            settle([x])
            shape = (*value.shape, *x.shape)
            if not rows:
                return np.zeros(shape, x.dtype)
            return np.reshape(np.stack(rows), shape)

    return wrapped


def hessian(f: Callable[..., Any], argnum: int | str = 0) -> Callable[..., Any]:
    """The function that returns the second derivatives of a real scalar function, shape (*argument, *argument).

    >>> import numpy as np, microgradnp as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnum), argnum)


def hvp(f: Callable[..., Any], args: tuple[Any, ...], v: Any, argnum: int = 0) -> Any:
    """Hessian times vector, H v, without forming H: the gradient of <grad f, v>. `v` has the argument's shape.

    >>> import numpy as np, microgradnp as mg
    >>> mg.hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    if np.shape(v) != np.shape(args[argnum]):
        raise ValueError(f"hvp: argument {argnum} has shape {np.shape(args[argnum])}, but v has {np.shape(v)}")
    return grad(lambda *a: np.sum(grad(f, argnum)(*a) * v), argnum)(*args)
