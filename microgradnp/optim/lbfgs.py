"""L-BFGS, by SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.habits import LBFGS_SETTINGS
from microgradnp.core.messages import lost_graph
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.flat import ravel
from microgradnp.derivatives.parameters import Parameters
from microgradnp.inspection.nans import first_nonfinite
from microgradnp.optim.optimizer import Groups, Optimizer


class LBFGS(Optimizer):
    """Limited-memory BFGS: D. C. Liu and J. Nocedal, "On the limited memory BFGS method for large scale optimization" (1989).

    `optimizer.step(loss)` takes up to `iterations` steps of `scipy.optimize.minimize(method="L-BFGS-B")`. `loss` is a function
    without arguments that returns the loss of all data; it is called several times. `memory` is the number of steps remembered.
    The line search finds the length of each step, so there is no learning rate.

    Parameters may have any shape. Raises TypeError for groups with an lr or a weight_decay. `step` raises TypeError without a
    loss, FloatingPointError for a loss or a gradient that is NaN, and ModuleNotFoundError without SciPy.

    >>> import microgradnp as mg
    >>> mg.optim.LBFGS(mg.nn.Linear(2, 3), iterations=50).iterations
    50
    """

    habits = LBFGS_SETTINGS

    def __init__(
        self,
        parameters: Parameters | Groups | None = None,
        *,
        iterations: int = 100,
        memory: int = 10,
        tolerance: float = 1e-8,
        **unknown: Any,
    ) -> None:
        self.iterations, self.memory, self.tolerance = iterations, memory, tolerance
        self.refuse(unknown)
        super().__init__(parameters, lr=1.0)

    def bind(self, parameters: Parameters | Groups) -> None:
        """Set the parameters to optimize. Raises TypeError for groups with settings of their own."""
        super().bind(parameters)
        self.refuse_settings()

    def refuse_settings(self) -> None:
        """Raises TypeError for a learning rate or a weight decay, which would have no effect."""
        rates = {self.lr, *map(self.rate, self.factors)} - {1.0}
        decays = {self.weight_decay, *self.decays.values()} - {0.0}
        if rates or decays:
            raise TypeError(
                f"LBFGS: {'lr' if rates else 'weight_decay'}={(rates or decays).pop()} would have no effect: its line search "
                "finds the length of a step for all parameters together. Leave lr out, and add a decay to the loss: "
                "loss + 0.5 * weight_decay * np.sum(W**2)"
            )

    def step(self, loss: Callable[[], Tensor] | None = None) -> Any:
        """Minimize the loss. Returns SciPy's result, with the loss as `fun`. An error leaves the parameters as they were.

        Raises TypeError without a loss or for complex parameters, FloatingPointError for NaN, and ModuleNotFoundError without
        SciPy.
        """
        self.refuse_settings()
        if loss is None:
            raise TypeError(
                "LBFGS.step needs the loss as a function, because it is called several times: "
                "mg.optim.LBFGS(model).step(lambda: loss(x, y)). fit takes one gradient a step and cannot use it"
            )
        try:
            from scipy.optimize import minimize
        except ModuleNotFoundError:
            raise ModuleNotFoundError('LBFGS needs SciPy: pip install "microgradnp[scipy]"') from None
        start = {name: p.numpy() for name, p in self.parameters.items()}
        flat, back = ravel(start)
        if flat.dtype.kind == "c":
            raise TypeError("LBFGS: parameters must be real")

        def value_and_slope(vector: Any) -> tuple[float, Any]:
            self.set(back(vector))
            self.zero_grad()
            value = loss()
            if not isinstance(value, Tensor):
                raise TypeError(f"LBFGS: {lost_graph(value)}")
            if all(p.grad is None for p in self.parameters.values()):  # PyTorch's closures call backward themselves
                value.backward()
            grads = [np.zeros(p.shape) if p.grad is None else p.grad for p in self.parameters.values()]
            slope = np.concatenate([np.ravel(g) for g in grads]).astype(float)
            if np.isnan(value.item()) or np.any(np.isnan(slope)):  # an infinite loss makes the line search go back
                why = first_nonfinite(value) or "the gradient has NaN, and every value of the graph is finite"
                raise FloatingPointError(
                    f"LBFGS: the loss or its gradient is NaN: {why}. The parameters are those before this step"
                )
            return float(value.item()), slope

        options = {"maxiter": self.iterations, "maxcor": self.memory, "gtol": self.tolerance, "ftol": 0.0}
        try:
            found = minimize(value_and_slope, flat.astype(float), jac=True, method="L-BFGS-B", options=options)
        except BaseException:
            self.set(start)
            raise
        self.set(back(found.x))
        return found

    def set(self, values: dict[str, Any]) -> None:
        """Give the parameters new values."""
        for name, value in values.items():
            self.parameters[name].data = value
