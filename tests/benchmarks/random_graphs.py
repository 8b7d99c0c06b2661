"""Gradients of random graphs against complex step and differences, of first and second order.

    python tests/benchmarks/random_graphs.py --graphs 100000 --seed 0 --processes 2

Half of the graphs are analytic and judged by the complex step, to 1e-9 of the gradient's size; the others by central
differences of fourth order, to the distance of two such estimates. A tenth is checked at second order. Prints every wrong
graph with its seed.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from random_graphs import Graph, random_graph

import microgradnp as mg

STEP = 1e-30
UNDECIDED = "undecided: the differences do not agree with each other"


def check(graph: Graph, analytic: bool, second: bool) -> str | None:
    """What is wrong with the gradient of a graph; None when nothing is."""
    places = tuple(range(len(graph.inputs)))
    value, found = mg.value_and_grad(graph, places)(*graph.inputs)
    if not abs(float(value) - float(graph(*graph.inputs))) <= 1e-13 * (1 + abs(float(value))):  # pow of a scalar rounds otherwise
        return f"value {float(value)} on Tensors, {float(graph(*graph.inputs))} on arrays"
    r = np.random.default_rng(graph.seed + 1)
    direction = [r.uniform(0.5, 1, x.shape) * r.choice([-1.0, 1.0], x.shape) for x in graph.inputs]
    slope = sum(float(np.sum(g * v)) for g, v in zip(found, direction, strict=True))
    if analytic:
        moved = [x + 1j * STEP * v for x, v in zip(graph.inputs, direction, strict=True)]
        expected = float(np.imag(graph(*moved))) / STEP
        size = sum(float(np.sum(np.abs(g))) for g in found) + abs(expected)
        if not abs(slope - expected) <= 1e-9 * size + 1e-12:
            return f"slope {slope:.15g}, complex step {expected:.15g}"
    else:
        expected, error = numerical(lambda t: float(graph(*(x + t * v for x, v in zip(graph.inputs, direction, strict=True)))))
        size = sum(float(np.sum(np.abs(g))) for g in found) + abs(expected)
        if error > 1e-4 * size:
            return UNDECIDED
        if not abs(slope - expected) <= 1e-7 * size + 10 * error + 1e-9:
            return f"slope {slope:.12g}, differences {expected:.12g} +- {error:.2g}"
    if second:

        def gradient(x: list[np.ndarray]) -> list[np.ndarray]:
            return [np.asarray(g) for g in mg.grad(graph, places)(*x)]

        def along(*x: mg.Tensor) -> mg.Tensor:
            return sum((np.sum(g * v) for g, v in zip(mg.grad(graph, places)(*x), direction, strict=True)), start=mg.Tensor(0.0))

        curvature = mg.grad(along, places)(*graph.inputs)
        expected, error = numerical(lambda t: slope_at(gradient, graph, direction, t))
        got = sum(float(np.sum(h * v)) for h, v in zip(curvature, direction, strict=True))
        size = sum(float(np.sum(np.abs(h))) for h in curvature) + abs(expected)
        if error > 1e-4 * size:
            return UNDECIDED
        if not abs(got - expected) <= 1e-6 * size + 10 * error + 1e-8:
            return f"second order: {got:.12g}, differences of gradients {expected:.12g}"
    return None


def slope_at(gradient: Callable[..., list[np.ndarray]], graph: Graph, direction: list[np.ndarray], t: float) -> float:
    moved = gradient([x + t * v for x, v in zip(graph.inputs, direction, strict=True)])
    return sum(float(np.sum(g * v)) for g, v in zip(moved, direction, strict=True))


def numerical(f: Callable[[float], float]) -> tuple[float, float]:
    """Central differences of fourth order at pairs of steps: of the pair that agrees best, one and the distance of both."""
    found = []
    for step in (1e-3, 1e-4, 1e-5, 1e-6):  # a steep graph needs a small one
        wide, narrow = ((8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h) for h in (step, step / 2))
        found.append((abs(wide - narrow), narrow))
        if found[-1][0] <= 1e-9 * abs(narrow):
            break
    error, best = min(found)
    return best, error


def one(seed: int) -> tuple[int, str | None, list[str]]:
    analytic = seed % 2 == 0
    graph = random_graph(seed, analytic=analytic)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            message = check(graph, analytic, second=seed % 10 == 0)
        except Exception as error:  # counted as wrong, and printed
            message = f"{type(error).__name__}: {error}"
    if message == UNDECIDED or (message and not analytic and near_a_kink(graph)):
        return seed, UNDECIDED, [kind.name for kind, _ in graph.steps]
    return seed, message and f"{message}\n    {graph}", [kind.name for kind, _ in graph.steps]


def near_a_kink(graph: Graph) -> bool:
    """Whether a kink lies within the reach of the differences: the slopes on both sides are then no derivative of anything."""
    r = np.random.default_rng(graph.seed + 1)
    direction = [r.uniform(0.5, 1, x.shape) * r.choice([-1.0, 1.0], x.shape) for x in graph.inputs]

    def slope(t: float) -> float:
        moved = [x + t * v for x, v in zip(graph.inputs, direction, strict=True)]
        found = mg.grad(graph, tuple(range(len(moved))))(*moved)
        return sum(float(np.sum(g * v)) for g, v in zip(found, direction, strict=True))

    slopes = [slope(t) for t in np.linspace(-4e-3, 4e-3, 81)]  # twice as far as the differences reach
    jumps = np.abs(np.diff(slopes))
    return bool(np.max(jumps) > 20 * (np.median(jumps) + 1e-12))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    started, used, wrong, undecided = time.perf_counter(), collections.Counter(), 0, 0
    with multiprocessing.Pool(options.processes) as pool:
        seeds = range(options.seed, options.seed + options.graphs)
        for seed, message, names in pool.imap_unordered(one, seeds, chunksize=100):
            used.update(names)
            if message == UNDECIDED:
                undecided += 1
            elif message:
                wrong += 1
                print(f"  seed {seed}: {message}", flush=True)
    seconds = time.perf_counter() - started
    rarest = ", ".join(f"{name} {count}" for name, count in used.most_common()[-3:])
    print(f"{options.graphs} graphs, {sum(used.values())} operators of {len(used)} kinds (rarest: {rarest})")
    print(f"wrong: {wrong}; not judged, since too near to a kink or too steep for differences: {undecided}")
    print(f"{seconds:.0f} s, {options.graphs / seconds:.0f} graphs a second")
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
