"""`python -m microgradnp tour`: the question that this project began with, and its answer.

A hand-written network learns one data set and stalls on another, while its gradients keep shrinking. The tour trains it, and
right ones beside it. `mg.diagnose` says which line is wrong, what else makes it stall, and what helps. Two pictures and a page
show the network and the trainings. `--verbose` adds the tables.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

import microgradnp as mg
from microgradnp.cli import options, story
from microgradnp.cli.errors import writing
from microgradnp.cli.trainings import WITH_THE_BUG, Run, loss_of, run_compiled

if TYPE_CHECKING:
    from rich.console import Console

    from microgradnp.doctor.diagnosis import Diagnosis

TOLERANCE = 0.01  # of the stopping rule: the sum of all squared gradient entries
LIMIT = 20_000  # iterations


def trained_with_the_bug(samples: story.Matrix, targets: story.Matrix, W_input: story.Matrix, W_output: story.Matrix) -> None:
    """The hand-written training, as its author runs it."""
    for _ in story.train(story.step_with_the_bug, samples, targets, W_input, W_output, TOLERANCE, LIMIT):
        pass


def model(samples: Any, targets: Any, W_input: Any, W_output: Any) -> Any:
    """The same network in plain NumPy, without backprop."""
    return loss_of(samples, targets, W_input, W_output)[1]


def two_runs(samples: story.Matrix, targets: story.Matrix, seed: int) -> list[Run]:
    """Train twice from the same weights: by hand with the bug, and right."""
    start = story.initial_weights(samples, targets, seed)
    wrong = story.train(story.step_with_the_bug, samples, targets, *start, TOLERANCE, LIMIT)
    return [Run(WITH_THE_BUG).watch(wrong, targets), run_compiled(samples, targets, seed, TOLERANCE, LIMIT)]


def question(runs: dict[str, list[Run]]) -> str:
    """What was asked."""
    a, b = runs["A"][0], runs["B"][0]
    return (
        "A network with one hidden layer is trained by gradient descent, with backprop written by hand.\n"
        f"On data A, two samples, its squared error falls from {a.errors[0]:.0f} to {a.errors[-1]:.1f} in {len(a.errors):,} "
        "steps.\n"
        f"On data B, twenty samples, it falls to {b.errors[-1]:.2f} and stays there. The gradients keep shrinking, and after "
        f"{len(b.errors)} steps the training stops.\n"
        f"Why does it stall, and what can be done?\n\nThe code is in {story.__file__}: step_with_the_bug, and step_done_right "
        "below it."
    )


def answer(samples: story.Matrix, targets: story.Matrix, seed: int) -> Diagnosis:
    """What `mg.diagnose` says about the training on data B."""
    start = story.initial_weights(samples, targets, seed)
    return mg.diagnose(
        trained_with_the_bug, model, (samples, targets, *start), budget=240.0
    )  # a slow machine tells the same story


def draw_graph(samples: story.Matrix, targets: story.Matrix, seed: int, path: Path) -> None:
    """The graph of the first step, with shapes, values and gradients."""
    W_input, W_output = parameters(samples, targets, seed)
    _, loss = loss_of(
        mg.Tensor(samples, dtype=float, name="x"), mg.Tensor(targets, dtype=float, name="targets"), W_input, W_output
    )
    loss.backward(retain_grads=True)
    mg.render(loss, path)


def parameters(samples: story.Matrix, targets: story.Matrix, seed: int) -> tuple[mg.Tensor, mg.Tensor]:
    """The initial weights as Tensors."""
    W_input, W_output = story.initial_weights(samples, targets, seed)
    return mg.Tensor(W_input, requires_grad=True, name="W_input"), mg.Tensor(W_output, requires_grad=True, name="W_output")


def write_page(data: dict[str, tuple[story.Matrix, story.Matrix]], seed: int, path: Path) -> None:
    """The page: graph and backward pass of the network on data A and B, with the wrong gradient marked.

    The page trains the network as well, right or with the wrong line.
    """
    from microgradnp.viewer.view import several

    losses, wrong = {}, {}
    for name in ("B", "A"):
        samples, targets = data[name]
        W_input, W_output = parameters(samples, targets, seed)
        x, t = mg.Tensor(samples, dtype=float, name="x"), mg.Tensor(targets, dtype=float, name="targets")
        label = f"{name}, {len(samples)} samples"
        y, loss = loss_of(x, t, W_input, W_output)
        y.name, loss.name = "y", "loss"
        losses[label] = loss
        start = story.initial_weights(samples, targets, seed)
        E_hidden, E_output, _ = story.step_with_the_bug(samples, targets, *start, story.LEARNING_RATE)
        wrong[label] = {"E_hidden": (W_input, np.array(E_hidden)), "E_output": (W_output, np.array(E_output))}
    by_hand = (Path(__file__).parent / "story.js").read_text()
    several(losses, wrong, rate=story.LEARNING_RATE, by_hand=by_hand).save(path)


def draw_curves(runs: dict[str, list[Run]], path: Path) -> None:
    """SSE against iterations, both on logarithmic axes. The colour tells the data, the style of the line the program."""
    import pygal

    from microgradnp.drawing.curves import powers_of_ten, style_of

    colors = {"A": "#0072b2", "B": "#d55e00"}
    longest = max(len(run.errors) for two in runs.values() for run in two)
    chart = pygal.XY(
        logarithmic=True,
        js=[],
        style=style_of([colors[name] for name, two in runs.items() for _ in two]),
        title="Squared error while training; the dot is where it ends",
        x_title="iterations",
        y_title="sum of squared errors",
        y_labels=[0.001, 0.01, 0.1, 1, 10, 100],
        x_labels=powers_of_ten(longest),
        x_value_formatter=lambda iterations: f"{iterations:,.0f}",
        value_formatter=lambda error: f"{error:.3g}",
        show_legend=False,
        print_labels=True,
        dots_size=0,
        width=960,
        margin_right=120,
        height=520,
    )
    for name, two in runs.items():
        for run, dashes in zip(two, ("", "7, 4"), strict=True):
            chosen = np.unique(np.geomspace(1, len(run.errors), 200).astype(int))
            points: list[Any] = [(int(i), run.errors[i - 1]) for i in chosen]
            points[-1] = {"value": points[-1], "node": {"r": 5}, "label": f"{name}, {run.label}"}
            chart.add(f"{name}, {run.label}", points, stroke_style={"width": 2.5, **({"dasharray": dashes} if dashes else {})})
    path.write_bytes(chart.render())


@click.command()
@click.option("--out", type=options.FOLDER, default=Path("tour"), show_default=True, help="The folder for the pictures.")
@click.option("--seed", type=click.IntRange(min=0), default=4, show_default=True, help="Seed of data set B and of the weights.")
@click.option("--verbose", is_flag=True, help="Show all trainings in tables: by hand, right, and through the graph.")
@click.option("--quick", is_flag=True, help="With --verbose: stop each training after 1,000 iterations.")
@options.opened
def tour(out: Path, seed: int, verbose: bool, quick: bool, opened: bool) -> None:
    """Tell the story of a hand-written network that stalls, and why.

    The folder gets two pictures, curves.svg and graph.svg, and a page, graph.html.
    """
    from rich.console import Console

    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    console = Console(width=None if Console().is_terminal else 120)
    data = {"A": story.two_samples(), "B": story.uniform_samples(seed)}
    runs = {name: two_runs(*pair, seed) for name, pair in data.items()}
    say(console, question(runs))
    say(console, "`mg.diagnose` runs the training with the bug, unchanged:\n")
    say(console, str(answer(*data["B"], seed)))
    if verbose:
        from microgradnp.cli.tour_tables import show_tables

        show_tables(console, data, seed, 1000 if quick else None)
    with warnings.catch_warnings(record=True) as notes:  # advice for a better picture, shown as a note
        warnings.simplefilter("always")
        with writing(out):
            draw_graph(*data["B"], seed, out / "graph.svg")
            draw_curves(runs, out / "curves.svg")
            write_page(data, seed, out / "graph.html")
    say(console, f"\nThe loss curves: {out / 'curves.svg'}")
    say(console, f"The network, its gradients, and which of them the hand-written code has wrong: {out / 'graph.html'}")
    say(console, "It trains in that page as well, with and without the wrong line.")
    if verbose:
        for note in notes:
            say(console, f"Note: {note.message}")
    if opened:
        options.show(out / "graph.html")


def say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
