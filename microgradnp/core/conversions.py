"""Conversion of a Tensor to an ndarray, a sequence, a number or a string.

A conversion that would silently lose the gradient raises an error. The error names the method that detaches on purpose.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from microgradnp.core.memory import read_only
from microgradnp.core.messages import describe, refuse_to_plot, stored_message
from microgradnp.core.operators import Operators
from microgradnp.core.origin import number_request, running_name, scipy_functions, stored_in
from microgradnp.core.typing import Array

INSTEAD = {  # Python functions of scipy.special, which do not ask NumPy's protocols -> what to write instead
    "comb": "scipy.special.binom",
    "log_softmax": "mg.log_softmax",
    "logsumexp": "mg.logsumexp",
    "multigammaln": "a sum of scipy.special.gammaln",
    "perm": "scipy.special.poch(n - k + 1, k)",
    "polygamma": "scipy.special.psi for n = 0, (-1)**(n + 1) * factorial(n) * scipy.special.zeta(n + 1, x) above",
    "softmax": "mg.softmax",
    "softplus": "np.logaddexp(0, x)",
}

CURES = {  # functions of NumPy that take arrays only -> what to write instead
    "arange": "Write step * np.arange(n)",
    "array": "Leave np.array out, or write x.copy()",
    "ascontiguousarray": "Leave np.ascontiguousarray out",
    "as_strided": "Write np.lib.stride_tricks.sliding_window_view(x, size, axis)",
    "asarray": "Leave np.asarray out",
    "c_": "Write np.column_stack",
    "choice": "Write x[rng.choice(len(x), size)]",
    "fill_diagonal": "Write a = mg.set_at(a, np.diag_indices(n), value)",
    "float32": "Write x.astype(np.float32)",
    "float64": "Leave np.float64 out, or write x.astype(np.float64)",
    "full": "Write value * np.ones(shape)",
    "masked_array": "Write np.where(mask, 0, x)",
    "ndenumerate": "Write for index in np.ndindex(x.shape), and x[index]",
    "normal": "Write mean + deviation * rng.normal(size=shape)",
    "permutation": "Write x[rng.permutation(len(x))]",
    "r_": "Write np.concatenate",
    "uniform": "Write low + (high - low) * rng.uniform(size=shape)",
    "vectorize": "Call the function with the whole array",
}


class Conversions(Operators):
    """Mixin: the methods by which Python and NumPy convert an object."""

    __slots__ = ()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.needs_grad:
            refuse_to_plot()
            if (target := stored_in()) is not None:
                raise TypeError(stored_message(self, target))
            of_scipy = [*scipy_functions()]
            if name := next((name for name in of_scipy if name in INSTEAD), None):
                cure = f"Instead of scipy.special.{name} write {INSTEAD[name]}. "
            else:
                cure = "" if of_scipy or (called := running_name()) not in CURES else f"{CURES[called]}. "
            raise TypeError(
                f"cannot turn {describe(self)} into an ndarray: it requires a gradient, and a silent detach is a silent "
                f"wrong gradient. {cure}To join Tensors use np.stack. .numpy() stops the gradient here"
            )
        array = self._array if dtype is None else self._array.astype(dtype)
        return np.array(array, copy=True) if copy else read_only(array)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            f"cannot assign to items of {describe(self)}: a Tensor never changes, or its gradient would be wrong. "
            "Use new = mg.set_at(x, index, value), or write to .data of a leaf"
        )

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Self]:
        if self.ndim == 0:
            raise TypeError("cannot iterate over a 0-d Tensor")
        return (self[i] for i in range(len(self._array)))

    def __contains__(self, item: Any) -> bool:
        return bool(np.any(np.equal(self._array, item._array if isinstance(item, Conversions) else item)))

    def __bool__(self) -> bool:
        return bool(self._array)

    def __float__(self) -> float:
        return float(self.number())

    def __int__(self) -> int:
        return int(self.number())

    def __index__(self) -> int:
        return operator.index(self._array)

    def __complex__(self) -> complex:
        return complex(self.number())

    def number(self) -> Array:
        """The value, for a conversion that stands in the source: `float(loss)`, `"%.3f" % loss`, `map(float, losses)`.

        Raises TypeError for every other one, as in `array[i] = tensor`, `array.fill(tensor)` or `math.exp(tensor)`: the gradient
        would be lost. Python shows the running expression only. What the value becomes after a conversion to a number or a text
        remains unseen.
        """
        if not self.needs_grad:
            return self._array
        refuse_to_plot()
        if (target := stored_in()) is not None:
            raise TypeError(stored_message(self, target))
        if name := next(scipy_functions(), None):
            raise TypeError(
                f"scipy: {name} makes a number of {describe(self)}, which requires a gradient and loses it; say .item()"
            )
        is_asked_for, name = number_request()
        if not is_asked_for:
            of_math = name is not None and name.rpartition(".")[0] in ("math", "cmath")
            cure = f"Use np.{str(name).rpartition('.')[2]}" if of_math else "Use functions of NumPy, such as np.stack"
            who = name or "a conversion"
            raise TypeError(f"{who}: {describe(self)} requires a gradient, which a number would lose. {cure}, or say .item()")
        return self._array

    def __format__(self, spec: str) -> str:
        return format(self._array.item() if self.ndim == 0 else self._array, spec) if spec else str(self)

    def __repr__(self) -> str:
        value = np.array2string(np.asarray(self._array), separator=", ", prefix="Tensor(")
        notes = [f"name={self.name!r}"] if self.name else []
        notes += [f"dtype={self.dtype}"] if self.dtype not in (np.float64, np.bool_, np.int64) else []
        notes += ["requires_grad=True"] if self.needs_grad and self.is_leaf else []
        notes += [f"made by {self.rule.name}"] if self.rule is not None else []
        return f"Tensor({', '.join([value, *notes])})"
