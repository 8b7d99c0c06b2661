"""A hand-written gradient rule for one part of a program: `with mg.override(np.exp, my_rule): ...`."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from microgradnp.core.entries import Composite, Overridden, load_library_rules, overrides
from microgradnp.core.errors import GradientMismatch
from microgradnp.core.signatures import Vjp, check_formula, name_of
from microgradnp.core.sweep import fit_to
from microgradnp.core.table import TABLE, Rule
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.agreement import relation, relative_error, tolerance_of, worst_entry
from microgradnp.derivatives.gradients import pulled_back
from microgradnp.derivatives.variables import recorded

lock = threading.Lock()
blocks: ContextVar[tuple[tuple[Any, Rule], ...]] = ContextVar("blocks", default=())  # function and rule of each that is open


class override(ContextDecorator):
    """Context manager and decorator: inside, `function` has these gradient formulas.

    A graph recorded inside keeps them, also when its backward pass runs outside. Other threads and tasks are not affected. While
    a generator is suspended inside of the block, whoever runs meanwhile has these formulas, too.

    Parameters
    ----------
    function : callable
        A NumPy function or a primitive. It need not have a rule.
    vjps : callable or None
        One formula `vjp(g, y, *arrays, **options)` for each array argument, as in `mg.rule`.
    check : bool
        In the backward pass, compare each gradient with that of the function's own rule, with the tolerance of `mg.compare`.

    Raises
    ------
    TypeError
        If a formula cannot be called, or `check` has no rule to compare with.
    GradientMismatch
        In the backward pass, with `check`. Names the argument, the worst entry and both values.

    >>> import numpy as np, microgradnp as mg
    >>> x = mg.Tensor([0.3, 0.7], requires_grad=True)
    >>> with mg.override(np.round, lambda g, y, a: g):  # straight through
    ...     y = np.round(x)
    >>> np.sum(y).backward()
    >>> x.grad
    array([1., 1.])
    """

    def __init__(self, function: Callable[..., Any], *vjps: Vjp | None, check: bool = False) -> None:
        if not vjps:
            raise TypeError(f"mg.override: {name_of(function)} was given no gradient formula; write one for each array argument")
        for position, vjp in enumerate(vjps):
            if vjp is not None:
                check_formula(vjp, len(vjps), name_of(function), position)
        original: Any = TABLE.get(function) or load_library_rules(function)
        if isinstance(original, Overridden):
            original = original.original
        if check and (original is None or (isinstance(original, Rule) and original.constant)):
            raise TypeError(f"mg.override: {name_of(function)} has no gradient of its own to check against")
        self.function = function
        self.rule = Rule(function, tuple(checked(vjp, k, original) if check and vjp else vjp for k, vjp in enumerate(vjps)))
        self.entered: list[Any] = []

    def _recreate_cm(self) -> override:  # called by contextlib: each call of a decorated function has its own, also in threads
        fresh = object.__new__(override)
        fresh.function, fresh.rule, fresh.entered = self.function, self.rule, []
        return fresh

    def __enter__(self) -> None:
        announce(self.function)
        rules, outer, own = overrides.get(), blocks.get(), (self.function, self.rule)
        self.entered.append((own, rules, outer))
        overrides.set(MappingProxyType({**rules, self.function: self.rule}))
        blocks.set((*outer, own))

    def __exit__(self, *exception: object) -> None:
        own, rules, outer = self.entered.pop()
        rest = tuple(block for block in blocks.get() if block is not own)
        if rest != outer:  # two generators left their blocks in the order in which they entered them
            rules = MappingProxyType(dict(rest))
        overrides.set(rules)
        blocks.set(rest)
        withdraw(self.function)


def announce(function: Callable[..., Any]) -> None:
    """Note in the table that a function has an overriding rule somewhere."""
    with lock:
        entry: Any = TABLE.get(function)
        if not isinstance(entry, Overridden):
            entry = Overridden(entry)
            TABLE[function] = cast(Any, entry)
        entry.users += 1


def withdraw(function: Callable[..., Any]) -> None:
    """Take back `announce`."""
    with lock:
        entry: Any = TABLE[function]
        entry.users -= 1
        if not entry.users:
            if entry.original is None:
                del TABLE[function]
            else:
                TABLE[function] = entry.original


@contextmanager
def under(rules: Mapping[Callable[..., Any], Rule]) -> Iterator[None]:
    """These rules hold inside, and no other override: those of the time when a call was recorded."""
    for function in rules:
        announce(function)
    token = overrides.set(rules)
    try:
        yield
    finally:
        overrides.reset(token)
        for function in rules:
            withdraw(function)


def checked(vjp: Vjp, position: int, original: Rule | Composite) -> Vjp:
    """The formula `vjp`, which now also compares its gradient with that of the function's own rule."""

    def formula(g: Any, y: Any, *arrays: Any, **options: Any) -> Any:
        share = vjp(g, y, *arrays, **options)
        seed, found, *values = (a.numpy() if isinstance(a, Tensor) else a for a in (g, share, *arrays))
        x = values[position] = Tensor(values[position], requires_grad=True)
        with recorded():
            result = without_overrides(original.function, *values, **options)
            (own,) = pulled_back([result], [x], [np.conj(seed)], record=False)
        hand = fit_to(np.conj(found), x, result, position)  # the sum over broadcast axes, as in the sweep
        tolerance = tolerance_of(hand, own)
        if not relative_error(hand, own) <= tolerance:
            at = worst_entry(np.abs(hand - own))
            raise GradientMismatch(
                f"{original.name}: the rule of mg.override gives argument {position} the gradient {hand[at]:.8g} at {at}. "
                f"The function's own rule gives {own[at]:.8g}. The two differ{relation(hand, own, tolerance)}"
            )
        return share

    formula.__signature__ = inspect.signature(vjp)  # type: ignore[attr-defined]
    return formula


def without_overrides(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call a function while the rules of the table hold."""
    with under({}):
        return function(*args, **options)
