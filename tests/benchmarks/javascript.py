"""How much of NumPy has JavaScript, and how fast it is in Node.

    python tests/benchmarks/javascript.py

The first lines count the calls of the operators' records for which `live_program` has a program, and those that differ from the
graph. The others are times of one forward and backward pass, processor time in milliseconds, after 300 passes.
"""

from __future__ import annotations

import collections
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from operators import OPERATORS
from test_javascript import NODE, graphs, leaf_arrays, near_graph, run, running, typed

import microgradnp as mg
from microgradnp.emitter.javascript import live_program

TIMES = """
for (let k = 0; k < 300; k++) run(leaves);
const start = process.cpuUsage();
for (let k = 0; k < 100; k++) run(leaves);
console.log(process.cpuUsage(start).user / 100000);
"""
rng = np.random.default_rng(0)


def network(samples: int, sizes: tuple[int, ...], labels: bool) -> mg.Tensor:
    """The loss of a fully connected network."""
    x, n = rng.uniform(size=(samples, sizes[0])), len(sizes) - 2
    for k, (rows, columns) in enumerate(itertools.pairwise(sizes)):
        W = mg.Tensor(rng.normal(size=(rows, columns)) / np.sqrt(rows), requires_grad=True)
        x = x @ W + mg.Tensor(np.zeros(columns), requires_grad=True)
        x = x if k == n else mg.sigmoid(x)
    return mg.cross_entropy(x, rng.integers(0, sizes[-1], samples)) if labels else mg.sse(x, rng.uniform(size=x.shape))


def coverage() -> None:
    """Print how many calls and functions are covered, and what differs."""
    found = list(graphs(OPERATORS))
    covered = [(name, live) for name, live in found if live is not None]
    for (name, live), result in zip(covered, run(*(running(live) for _, live in covered)), strict=True):
        try:
            near_graph(result, live)
        except Exception as error:
            print(f"differs: {name}: {str(error).strip().splitlines()[0]}")
    shares: dict[str, list[bool]] = collections.defaultdict(list)
    for name, live in found:
        shares[name].append(live is not None)
    print(f"calls covered: {len(covered)} of {len(found)}")
    print(f"functions covered: {sum(map(all, shares.values()))} of {len(shares)} wholly, {sum(map(any, shares.values()))} at all")


def times() -> None:
    """Print the time of a pass for two networks."""
    for title, loss in {
        "20 x 7-3-2": network(20, (7, 3, 2), labels=False),
        "64 x 784-128-10": network(64, (784, 128, 10), labels=True),
    }.items():
        live = live_program(loss)
        leaves = ", ".join(typed(a) for a in leaf_arrays(live))
        text = f'"use strict"; {live.text} const leaves = [{leaves}]; {TIMES}'
        found = subprocess.run([NODE, "-"], input=text, capture_output=True, text=True, check=True)
        print(f"{title}: {json.loads(found.stdout):.3f} ms")


if __name__ == "__main__":
    coverage()
    times()
