"""The step of an optimizer for the compiled loop: source lines that update one entry, and the optimizer's memory as arrays."""

from __future__ import annotations

from typing import Any, ClassVar

from microgradnp.loops.names import BackendError
from microgradnp.optim import SGD, Adam, Optimizer


class SgdUpdate:
    """The lines of `SGD.change`."""

    rates: ClassVar = ("lr_", "momentum_")  # numbers that each call of the loop gets
    before: ClassVar[tuple[str, ...]] = ()  # lines at the start of each update

    def __init__(self, optimizer: SGD) -> None:
        self.optimizer = optimizer
        self.kinds = ("velocity",) if optimizer.momentum else ()  # arrays that the optimizer keeps for each parameter

    def numbers(self) -> list[float]:
        """The values of `rates`."""
        return [float(self.optimizer.lr), float(self.optimizer.momentum)]

    def entry(self, k: int, weight: str, slope: str) -> list[str]:
        """Update entry `q_` of parameter `k`."""
        if not self.kinds:
            return [f"{weight} -= lr_ * {slope}"]
        velocity = f"velocity_{k}_[q_]"
        return [f"{velocity} = momentum_ * {velocity} + {slope}", f"{weight} -= lr_ * {velocity}"]

    def memory(self, name: str) -> tuple[int, list[Any]]:
        """The number of steps taken so far, and the arrays kept for a parameter, or 0 at first."""
        return 0, [self.optimizer.velocity.get(name, 0)] if self.kinds else []

    def remember(self, name: str, _done: int, arrays: list[Any]) -> None:
        """Give the optimizer its new memory of a parameter."""
        if self.kinds:
            (self.optimizer.velocity[name],) = arrays


class AdamUpdate:
    """The lines of `Adam.change`."""

    rates: ClassVar = ("lr_", "beta1_", "beta2_", "eps_")
    before: ClassVar = ("t_ = done_ + n_ + 1", "first_, second_ = 1 - beta1_**t_, 1 - beta2_**t_")
    kinds: ClassVar = ("m", "v")

    def __init__(self, optimizer: Adam) -> None:
        self.optimizer = optimizer

    def numbers(self) -> list[float]:
        """The settings that the compiled loop reads: rate, both betas, eps."""
        return [float(self.optimizer.lr), *map(float, self.optimizer.betas), self.optimizer.eps]

    def entry(self, k: int, weight: str, slope: str) -> list[str]:
        """The statements that change one entry of parameter `k`."""
        m, v = f"m_{k}_[q_]", f"v_{k}_[q_]"
        return [
            f"{m} = beta1_ * {m} + (1 - beta1_) * {slope}",
            f"{v} = beta2_ * {v} + (1 - beta2_) * {slope} ** 2",
            f"{weight} -= lr_ * ({m} / first_) / (np.sqrt({v} / second_) + eps_)",
        ]

    def memory(self, name: str) -> tuple[int, list[Any]]:
        """The number of steps of a parameter, and its two running means."""
        done, *arrays = self.optimizer.moments.get(name, (0, 0.0, 0.0))
        return done, arrays

    def remember(self, name: str, done: int, arrays: list[Any]) -> None:
        """Give the optimizer the number of steps and the running means of a parameter back."""
        m, v = arrays
        self.optimizer.moments[name] = done, m, v


def update_of(optimizer: Optimizer) -> SgdUpdate | AdamUpdate:
    """The update of an optimizer of ours. Raises BackendError for any other."""
    if optimizer.weight_decay or optimizer.factors:
        raise BackendError("weight decay or groups of parameters")
    if type(optimizer) is SGD and not optimizer.nesterov:
        return SgdUpdate(optimizer)
    if type(optimizer) is Adam:
        return AdamUpdate(optimizer)
    raise BackendError(f"the optimizer {type(optimizer).__name__}")
