"""The closed table: which NumPy functions have a gradient, and the formulas.

Every function that is called on a Tensor is looked up here. It is one of

* a **rule**: one formula for each array argument, in the order of the arguments,
* a **composite**: written in terms of functions that have rules,
* a **constant**: its derivative is zero wherever it exists (comparisons, rounding, `zeros_like`),

or it is refused by name. The modules of `microgradnp.rules` fill the table, one area of NumPy each. This module knows no rule.
"Closed" means that the functions that a rule calls are in the table, too. So a backward pass can be recorded and differentiated
again. This module has the rules, `entries` has all other entries.

Short names, used in every rule:

    g        gradient of the loss with respect to the result (the cotangent)
    y        the result
    a, b, c  the array arguments

A formula returns the gradient with respect to its argument *before* the sum over broadcast axes. The sweep sums.
For complex arrays `g` is not conjugated, so the formula of an analytic function is `g * f'(a)` as in the real case. The
conjugate is taken at the leaves: their `.grad` is the direction of steepest ascent, as in PyTorch.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from microgradnp.core.signatures import Vjp, check_formula, is_ours, name_of

FLOATS = {float, np.float64}
SCALARS = {*FLOATS, int, bool}
ON_FLOATS: dict[Any, Callable[..., Any]] = {  # what a ufunc does to two floats, without the cost of a ufunc
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
}


class Rule:
    """How one function is called on plain arrays, and the gradient of each of its array arguments.

    `vjps[i]` is the formula for argument `i`, or None where no derivative exists (a condition, an index). A *variadic*
    rule has one formula for any number of arrays. It takes the argument's position first.
    """

    def __init__(
        self, function: Callable[..., Any], vjps: tuple[Vjp | None, ...], *, variadic: bool = False, sequence: bool = False
    ) -> None:
        self.function = function
        self.plain = getattr(function, "__wrapped__", function) if getattr(function, "primitive", False) else function
        self.on_floats = ON_FLOATS.get(function)
        self.name = name_of(function)
        self.vjps: tuple[Any, ...] = vjps
        self.variadic = variadic  # vjps[0](position, g, y, *arrays, **options)
        self.sequence = sequence  # called as function([a, b, ...]) although recorded as arguments a, b, ...
        self.constant = not vjps
        self.arrays = len(vjps)
        self.gaps = frozenset(position for position, vjp in enumerate(vjps) if vjp is None)  # arguments without a derivative
        # Our own code keeps no array that it returns, and writes to no array that it is given. Other code might.
        self.trusted = is_ours(function) and all(is_ours(vjp) for vjp in vjps if vjp is not None)
        self.is_simple = self.trusted and not variadic and not self.constant  # vjps[i](g, y, *arrays) when there are no options
        self.arity = self.arrays if self.is_simple and not self.gaps else -1  # number of arguments of the short way in `apply`
        self.aliases: dict[str, str] = {}  # keyword -> the array parameter that it means, as `min` means `a_min` in np.clip
        self.keywords: Any = None  # `binding.Keywords`, filled when the first call needs them
        self.read: dict[tuple[int, ...], tuple[int, ...]] = {}  # filled by `memory.positions_to_seal`


TABLE: dict[Callable[..., Any], Any] = {}  # function -> Rule, or an entry of `entries`
REPLACED: list[Callable[..., Any]] = []  # functions that were given another rule: programs traced before are out of date


def rule(function: Callable[..., Any], *vjps: Vjp | None) -> None:
    """Register the gradient of `function`, one formula `vjp(g, y, *arrays, **options)` for each array argument.

    `g` is the gradient with respect to the result `y`, and has its shape. The formula returns the gradient with respect to the
    argument; the sum over broadcast axes is done for you. None marks an argument without a derivative. Write formulas with NumPy
    functions that have rules themselves: then they can be differentiated again.

    >>> import numpy as np, microgradnp as mg
    >>> @mg.primitive
    ... def cube(a):
    ...     return a * a * a
    >>> mg.rule(cube, lambda g, y, a: g * 3 * a**2)
    >>> float(mg.grad(cube)(2.0))
    12.0

    Raises
    ------
    TypeError
        If there is no formula, or if one cannot be called as `vjp(g, y, *arrays)`. Also if `function` is an ordinary Python
        function: its calls go unnoticed, unless it is decorated with `mg.primitive`.
    """
    name = name_of(function)
    if isinstance(function, FunctionType) and not hasattr(function, "primitive"):
        raise TypeError(
            f"mg.rule: {name} is an ordinary function, so its rule would never be used; decorate it with @mg.primitive"
        )
    if not vjps:
        raise TypeError(f"mg.rule: {name} was given no gradient formula; write one for each array argument: lambda g, y, a: ...")
    for position, vjp in enumerate(vjps):
        if vjp is not None:
            check_formula(vjp, len(vjps), name, position)
    if function in TABLE:
        REPLACED.append(function)
    TABLE[function] = Rule(function, vjps)
