"""The trainings of the tour: the network of the story by hand and through the graph, iteration by iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import microgradnp as mg
from microgradnp.cli import story

TOLERANCES = (100.0, 10.0, 1.0, 0.1, 0.01)
WITH_THE_BUG, DONE_RIGHT, GRAPH = "with the bug", "done right", "by the graph"


@dataclass
class Run:
    """One training: the sum of squared gradient entries and the SSE of each iteration, and the errors at each tolerance."""

    label: str
    squared: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    crossings: dict[float, tuple[int, float, float]] = field(default_factory=dict)  # tolerance -> iterations, MAE, SSE

    def watch(self, steps: Iterator[tuple[float, Any]], targets: story.Matrix, moved: Callable[[], object] = int) -> Run:
        """Train to the end. Calls `moved` after every 100 iterations."""
        for squared, y in steps:
            error = np.asarray(y) - targets
            self.squared.append(squared)
            self.errors.append(float(np.sum(error**2)))
            for tolerance in TOLERANCES:
                if squared < tolerance and tolerance not in self.crossings:
                    self.crossings[tolerance] = len(self.squared), float(np.mean(np.abs(error))), self.errors[-1]
            if len(self.squared) % 100 == 0:
                moved()
        return self


def loss_of(x: Any, targets: Any, W_input: Any, W_output: Any) -> tuple[Any, Any]:
    """The network of the story in plain NumPy: x (n, inputs) -> outputs (n, outputs) and loss 1/2 * SSE."""
    h = mg.sigmoid(mg.append_bias_unit(x) @ W_input)  # (n, hidden)
    y = mg.identity(mg.append_bias_unit(h) @ W_output)
    return y, 0.5 * mg.sse(y, targets)


def train_through_the_graph(
    samples: story.Matrix, targets: story.Matrix, W_input: Any, W_output: Any, tolerance: float, max_iterations: int
) -> Iterator[tuple[float, Any]]:
    """The same training as `story.train`, with the gradients from the graph."""
    x, t = mg.Tensor(samples, dtype=float), mg.Tensor(targets, dtype=float)
    weights = [mg.Tensor(W_input, requires_grad=True), mg.Tensor(W_output, requires_grad=True)]
    optimizer = mg.optim.SGD(weights, lr=story.LEARNING_RATE)
    for _ in range(max_iterations):
        y, loss = loss_of(x, t, *weights)
        optimizer.zero_grad()
        loss.backward()
        squared = sum(float(np.sum(W.grad**2)) for W in weights)
        optimizer.step()
        yield squared, y.numpy()
        if squared < tolerance:
            return


def run_compiled(samples: story.Matrix, targets: story.Matrix, seed: int, tolerance: float, max_iterations: int) -> Run:
    """The same training once more, with a compiled step: several times as fast."""
    x, t = np.array(samples, float), np.array(targets, float)
    weights = [np.array(W) for W in story.initial_weights(samples, targets, seed)]
    step = mg.compile(lambda W_input, W_output: loss_of(x, t, W_input, W_output)[1], wrt=(0, 1))
    run = Run(DONE_RIGHT)
    for _ in range(max_iterations):
        value, slopes = step(*weights)
        for W, slope in zip(weights, slopes, strict=True):
            W -= story.LEARNING_RATE * slope
        run.errors.append(2 * float(value))
        run.squared.append(sum(float(np.vdot(slope, slope)) for slope in slopes))
        if run.squared[-1] < tolerance:
            break
    return run
