"""The tables of `tour --verbose`: three trainings side by side, their gradients, and what lies beyond the stopping rule."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

import microgradnp as mg
from microgradnp.cli import story
from microgradnp.cli.trainings import DONE_RIGHT, GRAPH, TOLERANCES, WITH_THE_BUG, Run, loss_of, train_through_the_graph

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from microgradnp.checking.compare import Comparison

LIMIT = 100_000  # iterations; with the default seed every run stops earlier
BEYOND = 50_000  # iterations for which the right network is trained on after its stopping rule


def show_tables(console: Console, data: dict[str, tuple[story.Matrix, story.Matrix]], seed: int, limit: int | None) -> None:
    """Print the errors of three trainings, how far the hand-written gradients are right, and what a longer run gives."""
    from rich.progress import Progress

    runs: dict[str, list[Run]] = {}
    with Progress(console=type(console)(stderr=True), transient=True) as bar:
        for name, (samples, targets) in data.items():
            runs[name] = three_runs(samples, targets, seed, limit or LIMIT, bar, name)
    for name, (samples, targets) in data.items():
        console.print()
        console.print(table_of(name, f"{len(samples)} samples", runs[name]))
        difference = agreement(runs[name][2], runs[name][1])
        console.print(
            f"The graph and the right hand-written code differ by at most {difference:.1e} of the SSE in any iteration.\n"
        )
        for label, step in ((WITH_THE_BUG, story.step_with_the_bug), (DONE_RIGHT, story.step_done_right)):
            console.print(f"Hand-written gradients {label}, at the initial weights of data {name}:")
            console.print(str(compared(step, samples, targets, seed)) + "\n", highlight=False)
    if limit is None:
        console.print(beyond_the_stop(*data["B"], seed, runs["B"][2]), highlight=False)


def three_runs(samples: story.Matrix, targets: story.Matrix, seed: int, limit: int, bar: Progress, name: str) -> list[Run]:
    """Train three times from the same initial weights."""
    trainings: dict[str, Callable[..., Iterator[tuple[float, Any]]]] = {
        WITH_THE_BUG: lambda *args: story.train(story.step_with_the_bug, *args),
        DONE_RIGHT: lambda *args: story.train(story.step_done_right, *args),
        GRAPH: train_through_the_graph,
    }
    runs = []
    for label, training in trainings.items():
        task = bar.add_task(f"data {name}, {label}", total=None)
        W_input, W_output = story.initial_weights(samples, targets, seed)
        steps = training(samples, targets, W_input, W_output, TOLERANCES[-1], limit)
        runs.append(Run(label).watch(steps, targets, lambda task=task: bar.advance(task, 100)))  # type: ignore[misc]
        bar.update(task, total=len(runs[-1].squared), completed=len(runs[-1].squared))
    return runs


def table_of(name: str, description: str, runs: list[Run]) -> Table:
    """Iterations, mean absolute error (MAE) and SSE of each run at each tolerance."""
    from rich import box
    from rich.table import Table

    table = Table(title=f"Data {name}: {description}", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("\ntolerance", justify="right", no_wrap=True)
    for run in runs:
        for title in (f"{run.label}\niterations", "\nMAE", "\nSSE"):
            table.add_column(title, justify="right", no_wrap=True)
    for tolerance in TOLERANCES:
        cells = [f"{tolerance:g}"]
        for run in runs:
            crossing = run.crossings.get(tolerance)
            cells += [f"{crossing[0]}", f"{crossing[1]:.3f}", f"{crossing[2]:.3f}"] if crossing else ["never", "-", "-"]
        table.add_row(*cells)
    return table


def agreement(first: Run, second: Run) -> float:
    """Largest relative difference of the SSE in any iteration. Infinite if the numbers of iterations differ."""
    if len(first.errors) != len(second.errors):
        return float("inf")
    a, b = np.array(first.errors), np.array(second.errors)
    return float(np.max(np.abs(a - b) / np.abs(b)))


def compared(step: story.Step, samples: story.Matrix, targets: story.Matrix, seed: int) -> Comparison:
    """The gradients of one hand-written step against the graph's, at the initial weights."""
    W_input, W_output = story.initial_weights(samples, targets, seed)
    nodes = mg.Tensor(W_input, requires_grad=True), mg.Tensor(W_output, requires_grad=True)
    _, loss = loss_of(mg.Tensor(samples, dtype=float), mg.Tensor(targets, dtype=float), *nodes)
    E_hidden, E_output, _ = step(samples, targets, W_input, W_output, story.LEARNING_RATE)
    return mg.compare(loss, {"E_hidden": (nodes[0], E_hidden), "E_output": (nodes[1], E_output)})


def beyond_the_stop(samples: story.Matrix, targets: story.Matrix, seed: int, graph_run: Run) -> str:
    """Train the right network on past its stop, and say how much of the stall is due to the stopping rule."""
    start = story.initial_weights(samples, targets, seed)
    iterations = len(graph_run.errors) + BEYOND
    *_, (_, y) = collections.deque(train_through_the_graph(samples, targets, *start, 0.0, iterations), maxlen=1)
    last = float(np.sum((y - np.asarray(targets)) ** 2))
    return (
        f"But the bug is only part of the stall. The right network, trained {BEYOND:,} iterations past its stop, "
        f"comes from SSE {graph_run.errors[-1]:.3f} down to {last:.3f}. The rule 'squared gradients sum to less than "
        f"{TOLERANCES[-1]:g}' fires on a plateau. A small gradient means flat, not done."
    )
