"""Random graphs of operators, compiled by each backend, against the graph's own value and gradient.

    pip install ".[test,fast,jax]"
    OMP_NUM_THREADS=1 python tests/benchmarks/compiled_graphs.py --graphs 500 --backend numpy
    OMP_NUM_THREADS=1 python tests/benchmarks/compiled_graphs.py --graphs 150 --backend jax --largest 8
    OMP_NUM_THREADS=1 python tests/benchmarks/compiled_graphs.py --graphs 100 --backend numba --largest 5

Prints how many agree, how many fall back to NumPy, and each that is wrong. Exit status 1 when one is wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from random_graphs import random_graph

import microgradnp as mg


def check(seed: int, backend: str, largest: int) -> str:
    """`right`, `left to NumPy`, or what is wrong."""
    graph = random_graph(seed, analytic=bool(seed % 2), largest=largest)
    every = tuple(range(len(graph.inputs)))

    def f(*inputs: Any) -> Any:
        return graph(*inputs) + 0 * sum(np.sum(a) for a in inputs)

    step = mg.compile(f, backend, wrt=every)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        step(*graph.inputs)
    if any("NumPy backend" in str(warning.message) for warning in said):
        return "left to NumPy"
    for inputs in (graph.inputs, [a + 0.25 for a in graph.inputs]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found, expected = step(*inputs), mg.value_and_grad(f, every)(*inputs)
        for a, b in zip([found[0], *found[1]], [expected[0], *expected[1]], strict=True):
            if not np.allclose(a, b, rtol=1e-9, atol=1e-11, equal_nan=True):
                return f"seed {seed}: {a} where the graph has {b}\n{graph}"
    return "right"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--largest", type=int, default=30, help="operators of a graph, at most")
    parser.add_argument("--backend", default="numpy")
    given = parser.parse_args()
    started, found = time.perf_counter(), Counter()
    for seed in range(given.first, given.first + given.graphs):
        verdict = check(seed, given.backend, given.largest)
        if verdict.startswith("seed"):
            print(verdict)
        found["WRONG" if verdict.startswith("seed") else verdict] += 1
    print(f"{given.backend}: {dict(found)} in {time.perf_counter() - started:.0f} s")
    return int("WRONG" in found)


if __name__ == "__main__":
    sys.exit(main())
