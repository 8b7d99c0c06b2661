"""`python -m microgradnp tour`: why one hand-written network trains on one data set and stalls on another.

Three trainings start from the same weights: by hand with the bug, by hand done right, and through the graph. Then the gradients
are compared, the debugger names the wrong line, and the graph is drawn. The bug is only part of the stall: the tour says so too.
"""

from __future__ import annotations

import collections
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

import microgradnp as mg
from microgradnp.cli import options, story
from microgradnp.cli.errors import writing

if TYPE_CHECKING:
    from rich.progress import Progress
    from rich.table import Table

    from microgradnp.checking.compare import Comparison
    from microgradnp.debugger.report.report import Report

TOLERANCES = (100.0, 10.0, 1.0, 0.1, 0.01)
LIMIT = 100_000  # iterations; with the default seed every run stops earlier
BEYOND = 50_000  # iterations for which the right network is trained on after its stopping rule
WITH_THE_BUG, DONE_RIGHT, GRAPH = "with the bug", "done right", "by the graph"


@dataclass
class Run:
    """One training: the sum of squared gradient entries and the SSE of each iteration, and the errors at each tolerance."""

    label: str
    squared: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    crossings: dict[float, tuple[int, float, float]] = field(default_factory=dict)  # tolerance -> iterations, MAE, SSE

    def watch(self, steps: Iterator[tuple[float, Any]], targets: story.Matrix, moved: Callable[[], object]) -> Run:
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


def named(samples: story.Matrix, targets: story.Matrix, seed: int) -> Report:
    """What the debugger says about the step with the bug."""
    start = story.initial_weights(samples, targets, seed)
    return mg.debug(
        story.step_with_the_bug,
        lambda samples, targets, W_input, W_output: loss_of(samples, targets, W_input, W_output)[1],
        (samples, targets, *start, story.LEARNING_RATE),
        budget=60.0,  # seconds. It takes about two, and a slow machine must tell the same story
    )


def draw_graph(samples: story.Matrix, targets: story.Matrix, seed: int, path: Path) -> None:
    """The graph of the first step, with shapes, values and gradients."""
    W_input, W_output = story.initial_weights(samples, targets, seed)
    weights = mg.Tensor(W_input, requires_grad=True, name="W_input"), mg.Tensor(W_output, requires_grad=True, name="W_output")
    _, loss = loss_of(mg.Tensor(samples, dtype=float, name="x"), mg.Tensor(targets, dtype=float, name="targets"), *weights)
    loss.backward(retain_grads=True)
    mg.render(loss, path)


def draw_curves(runs: dict[str, list[Run]], path: Path) -> None:
    """SSE against iterations, both on logarithmic axes. A dot marks where each run stops."""
    import pygal
    from pygal.style import CleanStyle

    colors = ("#d55e00", "#0072b2", "#000000")  # with the bug, done right, by the graph
    longest = max(len(run.errors) for three in runs.values() for run in three)
    chart = pygal.XY(
        logarithmic=True,
        js=[],
        style=CleanStyle(colors=colors * len(runs), background="#ffffff", plot_background="#ffffff"),
        title="Sum of squared errors while training; the dot is where the stopping rule fires",
        x_title="iterations",
        y_title="SSE",
        y_labels=[0.01, 0.1, 1, 10, 100],
        margin_right=40,
        x_labels=[10**power for power in range(len(str(longest)) + 1) if 10 ** (power - 1) < longest],
        x_value_formatter=lambda iterations: f"{iterations:,.0f}",
        value_formatter=lambda error: f"{error:.3g}",
        dots_size=0,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        width=900,
        height=520,
    )
    for name, three in runs.items():
        for run, dashes in zip(three, ("", "", "3, 7"), strict=True):  # dashed, since the graph's curve covers the right one
            chosen = np.unique(np.geomspace(1, len(run.errors), 80).astype(int))
            points: list[Any] = [(int(i), run.errors[i - 1]) for i in chosen]
            points[-1] = {"value": points[-1], "node": {"r": 5}}
            chart.add(f"{name}: {run.label}", points, stroke_style={"width": 2, "dasharray": dashes} if dashes else {"width": 2})
    path.write_bytes(chart.render())


@click.command()
@click.option("--out", type=options.FOLDER, default=Path("tour"), show_default=True, help="The folder for the two pictures.")
@click.option("--seed", type=click.IntRange(min=0), default=4, show_default=True, help="Seed of data set B and of the weights.")
@click.option("--quick", is_flag=True, help="Stop each training after 1,000 iterations.")
def tour(out: Path, seed: int, quick: bool) -> None:
    """Tell the story of a hand-written network that stalls.

    The network learns one data set and stalls on another. Three trainings are compared: by hand with a bug, by hand done right,
    and through the graph. The folder gets two pictures, graph.svg and curves.svg.
    """
    from rich.console import Console
    from rich.progress import Progress

    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    console = Console(width=None if Console().is_terminal else 120)
    data = {
        "A": ("two samples, where training succeeds", *story.two_samples()),
        "B": ("twenty uniform random samples, where it stalls", *story.uniform_samples(seed)),
    }
    limit = 1000 if quick else LIMIT
    runs: dict[str, list[Run]] = {}
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for name, (_, samples, targets) in data.items():
            runs[name] = three_runs(samples, targets, seed, limit, bar, name)
    for name, (description, samples, targets) in data.items():
        console.print(table_of(name, description, runs[name]))
        difference = agreement(runs[name][2], runs[name][1])
        console.print(
            f"The graph and the right hand-written code differ by at most {difference:.1e} of the SSE in any iteration.\n"
        )
        for label, step in ((WITH_THE_BUG, story.step_with_the_bug), (DONE_RIGHT, story.step_done_right)):
            console.print(f"Hand-written gradients {label}, at the initial weights of data {name}:")
            console.print(str(compared(step, samples, targets, seed)) + "\n", highlight=False)
    with_the_bug = compared(story.step_with_the_bug, *data["B"][1:], seed)
    console.print(verdict(runs["B"], with_the_bug, quick), highlight=False)
    console.print(
        f"\nWhich line is it? `mg.debug` runs the same code unchanged:\n{named(*data['B'][1:], seed)}\n",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    if not quick:
        console.print(beyond_the_stop(*data["B"][1:], seed, runs["B"][2]), highlight=False)
    with warnings.catch_warnings(record=True) as notes:  # advice for a better picture, shown as a note
        warnings.simplefilter("always")
        with writing(out):
            draw_graph(*data["B"][1:], seed, out / "graph.svg")
            draw_curves(runs, out / "curves.svg")
    pictures = (
        f"\nThe graph with shapes, values and gradients: {out / 'graph.svg'}\nThe loss curves of the runs: {out / 'curves.svg'}"
    )
    for text in (pictures, *(f"Note: {note.message}" for note in notes)):
        console.print(text, soft_wrap=True, highlight=False, markup=False)


def verdict(runs: list[Run], gradients: Comparison, quick: bool) -> str:
    """Say in words what the tables show about the stall."""
    wrong, right, _ = runs
    cut = " (cut short by --quick)" if quick else ""
    entry = gradients["E_hidden"]
    return (
        "Why does it stall? The hidden delta multiplies by W_delta_output, the update -lr * E_output. It should multiply by "
        f"W_output. So E_hidden has {entry.norm_ratio:.1e} of its true length and points elsewhere (cosine {entry.cosine:.2f}). "
        "The hidden layer hardly learns. Its gradients are small because they are wrong, not because training is done. "
        f"With the bug the run ends at SSE {wrong.errors[-1]:.3f} after {len(wrong.errors):,} iterations{cut}. "
        f"Done right it reaches {right.errors[-1]:.3f} after {len(right.errors):,}{cut}. "
        "There is a second, smaller mistake: W_output is updated before the hidden gradients are formed. Its effect is of the "
        "order of the learning rate."
    )


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
