"""A hand-written rule in one place of a program: `with mg.override(np.exp, my_rule): ...`."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from microgradnp.core.errors import GradientMismatch
from microgradnp.core.signatures import Vjp, check_formula, name_of
from microgradnp.core.table import TABLE, Composite, Overridden, Rule, load_library_rules, overrides
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import pulled_back, recorded

lock = threading.Lock()


class override(ContextDecorator):
    """Context manager and decorator under which `function` has the gradient formulas that are given here.

    What is recorded inside keeps them, also when it is swept outside. Other threads and tasks see nothing of it.

    Parameters
    ----------
    function : callable
        A NumPy function or a primitive, with or without a rule of its own.
    vjps : callable or None
        One formula `vjp(g, y, *arrays, **options)` for each array argument, as in `mg.rule`.
    check : bool
        Compare each gradient with that of the function's own rule, and raise when they differ by more than a part in 1e6
        (1e-3 in single precision) of the largest entry.

    Raises
    ------
    TypeError
        If a formula cannot be called, or `check` has nothing to compare with.
    GradientMismatch
        From the sweep, with `check`: names the argument, the worst entry and both values.

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
        self.tokens: list[Any] = []

    def _recreate_cm(self) -> override:  # contextlib's hook: each call of a decorated function has its own, also in threads
        fresh = object.__new__(override)
        fresh.function, fresh.rule, fresh.tokens = self.function, self.rule, []
        return fresh

    def __enter__(self) -> None:
        with lock:
            entry: Any = TABLE.get(self.function)
            if not isinstance(entry, Overridden):
                entry = Overridden(entry)
                TABLE[self.function] = cast(Any, entry)
            entry.users += 1
        self.tokens.append(overrides.set(MappingProxyType({**overrides.get(), self.function: self.rule})))

    def __exit__(self, *exception: object) -> None:
        overrides.reset(self.tokens.pop())
        with lock:
            entry: Any = TABLE[self.function]
            entry.users -= 1
            if not entry.users:
                if entry.original is None:
                    del TABLE[self.function]
                else:
                    TABLE[self.function] = entry.original


def checked(vjp: Vjp, position: int, original: Any) -> Vjp:
    """The formula, and a comparison of what it returns with the gradient of the original rule."""

    def both(g: Any, y: Any, *arrays: Any, **options: Any) -> Any:
        mine = vjp(g, y, *arrays, **options)
        plain = [a.numpy() if isinstance(a, Tensor) else a for a in (g, *arrays)]
        found = np.asarray(mine.numpy() if isinstance(mine, Tensor) else mine)
        compare(original.name, position, found, own(original, position, *plain, options=options))
        return mine

    both.__signature__ = inspect.signature(vjp)  # type: ignore[attr-defined]
    return both


def own(original: Rule | Composite, position: int, g: Any, *arrays: Any, options: dict[str, Any]) -> np.ndarray:
    """The gradient that the function's own rule gives, before the sum over broadcast axes was taken: summed here."""
    tensors = [Tensor(a, requires_grad=True) if k == position else a for k, a in enumerate(arrays)]
    with recorded():
        token = overrides.set(MappingProxyType({}))
        try:
            y = original.function(*tensors, **options)
        finally:
            overrides.reset(token)
        return pulled_back([y], [cast(Tensor, tensors[position])], [np.conj(g)], record=False)[0]


def compare(name: str, position: int, mine: np.ndarray, expected: np.ndarray) -> None:
    mine = np.conj(mine)
    extra = tuple(range(mine.ndim - expected.ndim))
    summed = np.sum(mine, axis=extra)
    stretched = tuple(k for k, n in enumerate(expected.shape) if n == 1 and summed.shape[k] != 1)
    summed = np.broadcast_to(np.sum(summed, axis=stretched, keepdims=True), expected.shape)
    tolerance = (1e-6 if np.finfo(expected.dtype).eps < 1e-10 else 1e-3) * np.max(np.abs(expected), initial=0)
    wrong = ~(np.abs(summed - expected) <= tolerance)
    if np.any(wrong):
        size = np.where(wrong, np.abs(summed - expected), -1)
        worst = np.unravel_index(int(np.argmax(np.where(np.isnan(size), np.inf, size))), expected.shape)
        raise GradientMismatch(
            f"{name}: the rule of mg.override gives argument {position} the gradient {summed[worst]:.8g} at "
            f"{tuple(int(k) for k in worst)}, and the function's own rule {expected[worst]:.8g}; {np.sum(wrong)} of "
            f"{wrong.size} entries differ"
        )
