"""A training loop compiled as one function: batch, step, gradient norm, update, and again.

`CompiledLoop` writes the source of the function, holds the arrays that it works on, and runs it for any number of iterations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from microgradnp.compiler.kernel import names_of, program_for
from microgradnp.compiler.namespace import Namespace, needs, within
from microgradnp.compiler.numba_modules import module_of
from microgradnp.compiler.simpler import in_simpler_steps
from microgradnp.compiler.with_numba import DECORATOR, NumbaKernel
from microgradnp.core.tensor import Tensor
from microgradnp.loops.names import BackendError
from microgradnp.optim import Optimizer
from microgradnp.program.arguments import Arguments
from microgradnp.program.expansions import FOR_MACHINES
from microgradnp.training.updates import update_of

OWN = ("rows_", "iterations_", "done_", "losses_", "norms_")  # arguments of the loop itself

State = tuple[list[np.ndarray[Any, Any]], int]  # weights and optimizer's arrays, and the number of steps taken


class CompiledLoop:
    """The compiled loop for a loss, the parameters of an optimizer, and batches of one shape.

    Raises BackendError when the loss has a step without a loop, or the optimizer is not `SGD` or `Adam`.
    """

    def __init__(self, loss: Callable[..., Any], optimizer: Optimizer, data: tuple[Tensor, ...], batch_size: int | None) -> None:
        needs("numba", "fast")
        self.update = update_of(optimizer)
        self.optimizer, self.parameters, self.data, self.batch_size = optimizer, optimizer.parameters, data, batch_size
        batch = tuple(array._array if batch_size is None else array._array[:batch_size] for array in data)
        arguments = Arguments(loss, batch, {}, None)
        program = in_simpler_steps(program_for(arguments, self.parameters, FOR_MACHINES, unguarded=False))
        space = Namespace()
        names = names_of(program, arguments.leaves, self.parameters, space)
        values = program.inputs[len(arguments.leaves) :]
        inputs, weights = ([names[id(v)] for v in some] for some in (program.inputs, values))
        kernel = NumbaKernel(program, names, space, {id(v) for v in (values if batch_size is None else program.inputs)})
        slopes = [kernel.loops.arrays.get(id(v), "") for v in program.outputs[1:]]
        if len({*slopes} & {*kernel.outputs}) < len(slopes) or any(v.shape == () for v in values):
            raise BackendError("a gradient that is not computed by a loop of its own")
        self.text = kernel.apart() + self.source(kernel, weights, slopes, inputs[: len(data)], [v.size for v in values])
        self.train = module_of(self.text).train_
        self.weights = [np.array(p._array, order="C") for p in self.parameters.values()]
        objects = {
            **space.objects,
            **{name: np.empty(v.shape, v.dtype) for name, v in kernel.loops.buffers.items()},
            **{name: np.array(array, order="C") for name, array in zip(inputs, batch, strict=False)},
            **{names[id(v)]: v.data._array for v in program.captured if isinstance(v.data, Tensor)},
        }
        given = dict(zip(weights, self.weights, strict=True))  # not copied: the loop updates these very arrays
        self.arrays = [given[name] if name in given else np.ascontiguousarray(objects[name]) for name in kernel.variables]
        for name, n in kernel.loops.bounded:
            held = inputs[: len(data)]
            array = data[held.index(name)]._array if name in held else self.arrays[kernel.variables.index(name)]
            within(array, n)
        self.memory: list[np.ndarray[Any, Any]] = []
        self.done = 0
        for name, weight in zip(self.parameters, self.weights, strict=True):
            self.done, kept = self.update.memory(name)
            self.memory += [(np.zeros_like(weight) + array).reshape(-1) for array in kept]

    def source(self, kernel: NumbaKernel, weights: list[str], slopes: list[str], inputs: list[str], sizes: list[int]) -> str:
        """The source of `train_`: for each iteration a batch, a step, the norm of its gradient, and the update of the weights."""
        arguments = ", ".join(kernel.variables)
        memory = [f"{kind}_{k}_" for k in range(len(weights)) for kind in self.update.kinds]
        whole = [f"{name}_all_" for name in inputs]
        lines = ["", "", DECORATOR, f"def train_({', '.join([arguments, *memory, *whole, *OWN, *self.update.rates])}):"]
        for name, size in (*zip(weights, sizes, strict=True), *zip(slopes, sizes, strict=True)):
            lines += [f"    {name}_row_ = {name}.reshape({size})"]
        if self.batch_size is None:
            lines += [f"    prepare_({arguments})"]
        lines += ["    for n_ in range(iterations_):"]
        if self.batch_size is not None:
            lines += [f"        for r_ in range({self.batch_size}):"]
            lines += [f"            {name}[r_] = {name}_all_[rows_[n_, r_]]" for name in inputs]
            lines += [f"        prepare_({arguments})"]
        lines += [f"        losses_[n_] = step_({arguments})[0]", "        squared_ = 0.0"]
        for slope, size in zip(slopes, sizes, strict=True):
            lines += indented(for_each(size, [f"squared_ += {slope}_row_[q_] * {slope}_row_[q_]"]), 2)
        lines += ["        norms_[n_] = np.sqrt(squared_)"]
        lines += ["        if not (np.isfinite(losses_[n_]) and np.isfinite(squared_)):", "            return n_"]
        lines += indented(self.update.before, 2)
        for k, (weight, slope, size) in enumerate(zip(weights, slopes, sizes, strict=True)):
            lines += indented(for_each(size, self.update.entry(k, f"{weight}_row_[q_]", f"{slope}_row_[q_]")), 2)
        return "\n".join([*lines, "    return iterations_", ""])

    def run(self, iterations: int, rows: np.ndarray[Any, Any]) -> tuple[int, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Take steps until all are done or one is not finite: the number of steps taken, losses and gradient norms."""
        losses, norms = np.zeros(iterations), np.zeros(iterations)
        whole = [np.ascontiguousarray(array._array) for array in self.data]
        numbers = self.update.numbers()
        taken = self.train(*self.arrays, *self.memory, *whole, rows, iterations, self.done, losses, norms, *numbers)
        self.done += taken
        return taken, losses, norms

    def state(self) -> State:
        """A copy of the weights and of the optimizer's memory."""
        return [array.copy() for array in (*self.weights, *self.memory)], self.done

    def restore(self, state: State) -> None:
        """Go back to an earlier state."""
        arrays, self.done = state
        for array, old in zip((*self.weights, *self.memory), arrays, strict=True):
            array[...] = old

    def hand_back(self) -> None:
        """Give the parameters and the optimizer their new values."""
        kinds = len(self.update.kinds)
        for k, (name, parameter) in enumerate(self.parameters.items()):
            parameter.data = self.weights[k]
            kept = self.memory[k * kinds : (k + 1) * kinds]
            self.update.remember(name, self.done, [array.reshape(parameter.shape).copy() for array in kept])


def for_each(size: int, lines: list[str]) -> list[str]:
    """A loop around some lines over all entries, numbered `q_`."""
    return [f"for q_ in range({size}):", *indented(lines, 1)]


def indented(lines: Iterable[str], depth: int) -> list[str]:
    """Lines that stand `depth` levels deeper."""
    return [f"{'    ' * depth}{line}" for line in lines]
