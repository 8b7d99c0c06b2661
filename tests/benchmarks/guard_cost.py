"""The cost of the guard against changed arrays: a forward and a backward pass with the seals, and without them.

    python tests/benchmarks/guard_cost.py

The step is sum(tanh(x * w)) with `x` the user's own array, which is sealed; both alternate in one run, one thread, medians.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
import time

import numpy as np

import microgradnp as mg
from microgradnp.core import record


def step(w: mg.Tensor, x: np.ndarray) -> float:
    started = time.process_time()
    np.sum(np.tanh(w * x)).backward()
    elapsed = time.process_time() - started
    w.zero_grad()
    return elapsed


def main() -> None:
    sealed = record.seals_of
    print(f"{'entries':>10} {'guarded':>12} {'unguarded':>12} {'cost':>7}")
    for size in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
        x, w = np.random.default_rng(0).normal(size=size), mg.Tensor(np.ones(size), requires_grad=True)
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(max(9, min(2000, 20_000_000 // size))):
            for guarded in (True, False):
                record.seals_of = sealed if guarded else lambda node: None
                times[guarded].append(step(w, x))
        record.seals_of = sealed
        on, off = (statistics.median(times[guarded]) for guarded in (True, False))
        print(f"{size:10,} {1e3 * on:9.3f} ms {1e3 * off:9.3f} ms {100 * (on / off - 1):5.1f} %")


if __name__ == "__main__":
    main()
