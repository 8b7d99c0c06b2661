"""A whole training as one compiled function: step, watch, update, again; Python looks in between.

It runs in stretches of about a tenth of a second. After each the history is read, the stopping rules are asked about every
iteration of the stretch, and the progress is shown; Ctrl-C is heard. When a rule says stop in the middle of a stretch, the
parameters from before it are taken again, up to that iteration.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.compiler.kernel import names_of, program_for
from microgradnp.compiler.machine import module_of
from microgradnp.compiler.namespace import BackendError, Namespace, within
from microgradnp.compiler.with_numba import DECORATOR, NumbaKernel
from microgradnp.core.tensor import Tensor
from microgradnp.optim import SGD, Adam, Optimizer
from microgradnp.program.arguments import Arguments
from microgradnp.program.expansions import FOR_MACHINES

STRETCH = 0.1  # seconds between two looks
OWN = ("rows_", "iterations_", "done_", "losses_", "norms_")  # arguments of the loop itself
SHORT = 16  # iterations of the first stretch, whose time says how long the next may be


class Training:
    """The compiled loop for a loss, its parameters, an optimizer and batches of one shape.

    Raises BackendError when the loss has a step that has no loop, or the optimizer is none of ours.
    """

    def __init__(self, loss: Callable[..., Any], optimizer: Optimizer, data: tuple[Tensor, ...], batch_size: int | None) -> None:
        if type(optimizer) not in (SGD, Adam):
            raise BackendError(f"the optimizer {type(optimizer).__name__}")
        self.optimizer, self.parameters, self.data, self.batch_size = optimizer, optimizer.parameters, data, batch_size
        self.done = 0
        batch = tuple(array._array if batch_size is None else array._array[:batch_size] for array in data)
        arguments = Arguments(loss, batch, {}, None)
        program = program_for(arguments, self.parameters, FOR_MACHINES, unguarded=False)
        space = Namespace()
        names = names_of(program, arguments.leaves, self.parameters, space)
        inputs = program.inputs[len(arguments.leaves) :]
        varying = inputs if batch_size is None else program.inputs
        kernel = NumbaKernel(program, names, space, {id(v) for v in varying})
        slopes = [kernel.loops.arrays.get(id(v), "") for v in program.outputs[1:]]
        if len({*slopes} & {*kernel.outputs}) < len(slopes) or any(v.shape == () for v in inputs):
            raise BackendError("a gradient that is not computed by a loop of its own")
        self.text = kernel.apart() + self.loop(
            kernel, [names[id(v)] for v in inputs], slopes, [names[id(v)] for v in program.inputs], inputs
        )
        self.train = module_of(self.text).train_
        space.objects.update({name: np.empty(v.shape, v.dtype) for name, v in kernel.loops.buffers.items()})
        self.weights = [np.array(p._array, order="C") for p in self.parameters.values()]
        given = dict(zip([names[id(v)] for v in inputs], self.weights, strict=True))
        batches = dict(zip([names[id(v)] for v in program.inputs], (np.array(a, order="C") for a in batch), strict=False))
        objects = {**space.objects, **batches, **given}
        captured = {names[id(v)]: v.data._array for v in program.captured if isinstance(v.data, Tensor)}
        self.arrays = [np.ascontiguousarray({**objects, **captured}[name]) for name in kernel.variables]
        for k, name in enumerate(kernel.variables):
            if name in given:
                self.arrays[k] = given[name]
        for name, n in kernel.loops.bounded:
            position = kernel.variables.index(name)
            held = [names[id(v)] for v in program.inputs[: len(data)]]
            within(data[held.index(name)]._array if name in held else self.arrays[position], n)
        self.state = self.optimizer_state()

    # -------------------------------------------------------------------------------------------- the text

    def loop(self, kernel: NumbaKernel, weights: list[str], slopes: list[str], inputs: list[str], values: list[Any]) -> str:
        """The source of `train_`: for each iteration a batch, a step, the norm of its gradient, and the update of the weights."""
        arguments = ", ".join(kernel.variables)
        states = [f"{kind}_{k}_" for k in range(len(weights)) for kind in self.state_kinds()]
        whole = [f"{name}_all_" for name in inputs[: len(self.data)]]
        lines = [
            "",
            "",
            DECORATOR,
            f"def train_({', '.join([arguments, *states, *whole, *OWN, *self.rates()])}):",
        ]
        rows = {name: value.size for name, value in (*zip(weights, values, strict=True), *zip(slopes, values, strict=True))}
        lines += [f"    {name}_row_ = {name}.reshape({size})" for name, size in rows.items()]
        if self.batch_size is None:
            lines += [f"    prepare_({arguments})"]
        lines += ["    for n_ in range(iterations_):"]
        if self.batch_size is not None:
            lines += [f"        for r_ in range({self.batch_size}):"]
            lines += [f"            {name}[r_] = {name}_all_[rows_[n_, r_]]" for name in inputs[: len(self.data)]]
            lines += [f"        prepare_({arguments})"]
        lines += [f"        losses_[n_] = step_({arguments})[0]", "        squared_ = 0.0"]
        for slope, value in zip(slopes, values, strict=True):
            lines += indented(over(value.size, [f"squared_ += {slope}_row_[q_] * {slope}_row_[q_]"]), 2)
        lines += ["        norms_[n_] = np.sqrt(squared_)"]
        lines += ["        if not (np.isfinite(losses_[n_]) and np.isfinite(squared_)):", "            return n_"]
        lines += indented(self.before_update(), 2)
        for k, (weight, slope, value) in enumerate(zip(weights, slopes, values, strict=True)):
            lines += indented(over(value.size, self.update(k, f"{weight}_row_[q_]", f"{slope}_row_[q_]")), 2)
        return "\n".join([*lines, "    return iterations_", ""])

    def state_kinds(self) -> list[str]:
        if isinstance(self.optimizer, Adam):
            return ["m", "v"]
        return ["velocity"] if self.momentum() else []

    def momentum(self) -> float:
        return float(getattr(self.optimizer, "momentum", 0.0))

    def rates(self) -> list[str]:
        return ["lr_", "beta1_", "beta2_", "eps_"] if isinstance(self.optimizer, Adam) else ["lr_", "momentum_"]

    def before_update(self) -> list[str]:
        if isinstance(self.optimizer, Adam):
            return ["t_ = done_ + n_ + 1", "first_, second_ = 1 - beta1_**t_, 1 - beta2_**t_"]
        return []

    def update(self, k: int, weight: str, slope: str) -> list[str]:
        """One entry, as `Optimizer.change` does it."""
        if isinstance(self.optimizer, Adam):
            m, v = f"m_{k}_[q_]", f"v_{k}_[q_]"
            return [
                f"{m} = beta1_ * {m} + (1 - beta1_) * {slope}",
                f"{v} = beta2_ * {v} + (1 - beta2_) * {slope} ** 2",
                f"{weight} -= lr_ * ({m} / first_) / (np.sqrt({v} / second_) + eps_)",
            ]
        if self.momentum():
            velocity = f"velocity_{k}_[q_]"
            return [f"{velocity} = momentum_ * {velocity} + {slope}", f"{weight} -= lr_ * {velocity}"]
        return [f"{weight} -= lr_ * {slope}"]

    # ------------------------------------------------------------------------------------------- the state

    def optimizer_state(self) -> list[np.ndarray[Any, Any]]:
        """What the optimizer remembers, as arrays: from earlier trainings, or zeros."""
        found: list[np.ndarray[Any, Any]] = []
        for name, weight in zip(self.parameters, self.weights, strict=True):
            if isinstance(self.optimizer, Adam):
                self.done, m, v = self.optimizer.moments.get(name, (0, 0.0, 0.0))
                found += [(np.zeros_like(weight) + m).reshape(-1), (np.zeros_like(weight) + v).reshape(-1)]
            elif isinstance(self.optimizer, SGD) and self.momentum():
                found.append((np.zeros_like(weight) + self.optimizer.velocity.get(name, 0)).reshape(-1))
        return found

    def hand_back(self) -> None:
        """Give the parameters and the optimizer what they have become."""
        for parameter, weight in zip(self.parameters.values(), self.weights, strict=True):
            parameter.data = weight
        kinds = len(self.state_kinds())
        for k, name in enumerate(self.parameters):
            part = [array.reshape(self.weights[k].shape).copy() for array in self.state[k * kinds : (k + 1) * kinds]]
            if isinstance(self.optimizer, Adam):
                self.optimizer.moments[name] = (self.done, *part)  # type: ignore[assignment]
            elif isinstance(self.optimizer, SGD) and part:
                (self.optimizer.velocity[name],) = part

    def run(self, iterations: int, rows: np.ndarray[Any, Any]) -> tuple[int, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Take steps until all are done or one is not finite: how many were taken, losses and gradient norms."""
        losses, norms = np.zeros(iterations), np.zeros(iterations)
        rates = [float(self.optimizer.lr)]
        rates += (
            [*map(float, self.optimizer.betas), self.optimizer.eps] if isinstance(self.optimizer, Adam) else [self.momentum()]
        )
        whole = [np.ascontiguousarray(array._array) for array in self.data]
        taken = self.train(*self.arrays, *self.state, *whole, rows, iterations, self.done, losses, norms, *rates)
        self.done += taken
        return taken, losses, norms

    def stretches(
        self, iterations: int, rows: Callable[[int], np.ndarray[Any, Any]], first_stop: Callable[[Any, Any], int | None]
    ) -> Iterator[tuple[int, Any, Any, bool]]:
        """Yield (steps taken, losses, norms, over) of each stretch. `first_stop` says after which of these steps to stop, if any.

        `rows` draws the batches of so many steps. The losses are one more than the steps when the last was not finite.
        """
        count, left = min(SHORT, iterations), iterations
        while left:
            before = [array.copy() for array in [*self.weights, *self.state]], self.done
            chosen = rows(count)
            started = time.perf_counter()
            taken, losses, norms = self.run(count, chosen)
            seconds = time.perf_counter() - started
            stop = first_stop(losses[:taken], norms[:taken])
            if stop is not None and stop < taken:
                for array, old in zip([*self.weights, *self.state], before[0], strict=True):
                    array[...] = old
                self.done = before[1]
                taken, losses, norms = self.run(stop, chosen)
            left -= taken
            over = stop is not None or taken < count or not left
            yield taken, losses, norms, over
            if over:
                return
            count = max(1, min(left, int(count * min(20.0, STRETCH / max(seconds, 1e-9)))))


def over(size: int, lines: list[str]) -> list[str]:
    """A loop over all entries, number `q_`, around some lines."""
    return [f"for q_ in range({size}):", *indented(lines, 1)]


def indented(lines: list[str], depth: int) -> list[str]:
    return [f"{'    ' * depth}{line}" for line in lines]
