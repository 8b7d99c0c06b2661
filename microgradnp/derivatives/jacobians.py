"""Products with the Jacobian, the Jacobian itself, and second derivatives. Arguments and results may be trees."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import grad, gradients, pulled_back
from microgradnp.derivatives.trees import children, is_differentiable, pairs_in, tree_map
from microgradnp.derivatives.variables import (
    Argnums,
    depends_on_others,
    in_place_of,
    make_constant,
    recorded,
    released,
    same_leaves,
    tensors_in,
    variables,
    variables_in,
    with_variables,
)


def jvp(f: Callable[..., Any], args: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """The pair (f(*args), J v): the derivative of `f` in the direction v = `tangents`.

    There is one tangent for each argument, of its shape. Arguments, tangents and result may be trees. A tangent is None where
    its argument has no derivative. For complex arguments it is the derivative of f(z + t v) at t = 0, for a real t.

    Takes two backward passes and no forward mode: u' J is linear in u, so its derivative with respect to u is J, and applied
    to v it is J v (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).

    Raises ValueError for another number of tangents, or one of another shape.

    >>> import numpy as np, microgradnp as mg
    >>> value, slope = mg.jvp(np.sin, (0.0,), (2.0,))
    >>> float(slope)
    2.0
    """
    if len(args) != len(tangents):
        raise ValueError(f"jvp: {len(args)} arguments, but {len(tangents)} tangents")
    chosen = tuple(variables(a, k) for k, a in enumerate(args))
    inputs = variables_in(chosen)
    directions = [directions_of(k, x, v) for k, (x, v) in enumerate(zip(chosen, tangents, strict=True))]
    vectors = [v for part in directions for v in part]
    with recorded():
        value = f(*map(same_leaves, chosen))
        outputs = tensors_in(f, value)
        dual = [Tensor(np.zeros_like(y._array), requires_grad=True) for y in outputs]
        pulled = pulled_back(outputs, inputs, list(dual), record=True)
        product = sum((real_inner(g, v) for g, v in zip(pulled, vectors, strict=True)), start=Tensor(0.0))
        nested = depends_on_others(outputs, inputs)
        slopes = gradients(product, dual, record=nested)
        make_constant([*inputs, *dual])
        return released(value, nested), in_place_of(outputs, slopes, value)


def directions_of(position: int, argument: Any, tangent: Any) -> list[Any]:
    """The tangents of an argument's variables. Raises ValueError for a tangent of another shape."""
    found = []
    for x, v in pairs_in(argument, tangent):
        if isinstance(x, Tensor) and x.requires_grad:
            if v is None or np.shape(v) != x.shape:
                raise ValueError(f"jvp: argument {position} has shape {x.shape}, but its tangent {np.shape(v)}")
            if x.dtype.kind != "c" and np.iscomplexobj(v):
                raise TypeError(f"jvp: argument {position} is real, but its tangent is complex; take both parts one by one")
            found.append(v)
    return found


def real_inner(g: Any, v: Any) -> Any:
    """Re <g, v>: how fast a loss with the gradient `g` rises in the direction `v`."""
    return np.sum(np.real(np.conjugate(g) * v)) if g.dtype.kind == "c" else np.sum(g * v)


def jacobian(f: Callable[..., Any], argnum: Argnums = 0) -> Callable[..., Any]:
    """The function that returns df/dx, of shape (*result, *argument). Takes one backward pass for each entry of the result.

    With trees the result is a tree like the result of `f`, whose leaves are trees like the argument. A tuple of arguments gives
    a tuple.

    A complex result of a real argument has a complex derivative. A complex result of a complex argument has df/dz, if `f` is
    analytic. A real result of a complex argument has the direction of steepest ascent, as `grad` gives it.

    Raises
    ------
    TypeError
        For a complex function of complex arguments that is not analytic: df/dz does not exist.

    >>> import numpy as np, microgradnp as mg
    >>> mg.jacobian(np.square)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call_args, call_kwargs, chosen = with_variables(f, args, kwargs, argnum)
        inputs = variables_in(chosen)
        with recorded():
            result = f(*call_args, **call_kwargs)
            outputs = tensors_in(f, result)
            nested = depends_on_others(outputs, inputs)
            blocks = {id(y): in_place_of(inputs, rows_of(y, inputs, nested), chosen) for y in outputs}
            make_constant(inputs)
        single = isinstance(argnum, (int, str))
        return tree_map(lambda y: (blocks[id(y)][0] if single else blocks[id(y)]) if id(y) in blocks else None, result)

    return wrapped


def rows_of(y: Tensor, inputs: list[Tensor], nested: bool) -> list[Any]:
    """dy/dx, of shape (*y, *x), for each input."""
    if y.size == 0:
        return [np.zeros((*y.shape, *x.shape), np.result_type(x.dtype, y.dtype)) for x in inputs]
    units = np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)

    def slopes(factor: Any) -> list[Any]:
        seeds = [Tensor(factor * e) if nested else factor * e for e in units]
        rows = [gradients(y, inputs, seed, record=nested, free=False) for seed in seeds]
        return [np.reshape(np.stack([row[k] for row in rows]), (*y.shape, *x.shape)) for k, x in enumerate(inputs)]

    if y.dtype.kind != "c":
        return slopes(y.dtype.type(1))
    both = zip(inputs, slopes(y.dtype.type(1)), slopes(y.dtype.type(1j)), strict=True)  # of the real and the imaginary part
    return [analytic(of_real, of_imag) if x.dtype.kind == "c" else of_real + 1j * of_imag for x, of_real, of_imag in both]


def analytic(of_real: Any, of_imag: Any) -> Any:
    """df/dz, from the directions of steepest ascent of both parts. Raises TypeError unless the two fit (Cauchy, Riemann)."""
    a, b = (x.numpy() if isinstance(x, Tensor) else x for x in (of_real, of_imag))
    size = np.max(np.abs(a), initial=0) + np.max(np.abs(b), initial=0)
    if np.any(np.abs(b - 1j * a) > np.sqrt(np.finfo(a.dtype).eps) * size):
        raise TypeError(
            "jacobian: a complex function of complex arguments that is not analytic has no df/dz. Take np.real and np.imag "
            "of the result, or make the real and imaginary parts arguments of their own"
        )
    return np.conjugate(of_real)


def hessian(f: Callable[..., Any], argnum: Argnums = 0) -> Callable[..., Any]:
    """The function that returns the second derivatives of a real scalar function, of shape (*argument, *argument).

    An argument that is a tree gives a tree of trees, as `jacobian` of `grad` does.

    Raises what `jacobian` raises.

    >>> import numpy as np, microgradnp as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnum), argnum)


def hvp(f: Callable[..., Any], args: tuple[Any, ...], v: Any, argnum: int = 0) -> Any:
    """Hessian times vector, H v, without forming H: the gradient of <grad f, v>. `v` has the structure and shape of the argument.

    For complex arguments it is the derivative of grad f at z + t v, for a real t.

    Raises ValueError for a `v` of another shape.

    >>> import numpy as np, microgradnp as mg
    >>> mg.hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    for x, part in pairs_in(args[argnum], v):
        if (is_differentiable(x) or children(args[argnum]) is None) and np.shape(part) != np.shape(x):
            raise ValueError(f"hvp: argument {argnum} has shape {np.shape(x)}, but v has {np.shape(part)}")

    def slope_along(*a: Any) -> Any:
        slopes = grad(f, argnum)(*a)
        return sum((real_inner(g, part) for g, part in pairs_in(slopes, v) if g is not None), start=Tensor(0.0))

    return grad(slope_along, argnum)(*args)
