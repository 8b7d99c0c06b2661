"""What a step on a cluster costs: seconds by chunks and workers, beside NumPy alone, and what a large cluster would give.

    python tests/benchmarks/cluster.py            # needs pip install ".[dask]"

One step is the loss and the gradients of a network 8-32-1 over 200,000 samples, which lie in the memory of the workers.

What a step costs on W workers. With N samples, s seconds for one sample, P parameters, b bytes a second into the client, and c
seconds of scheduling for each of K chunks:

    step = N s / W  +  K c  +  8 P min(W, 16) / b          (sums are formed in a tree on the workers, 16 at a time)

Scheduling and transfer do not shrink with W. The run below measures s and c. For W = 1,000 with one chunk for each worker and
b = 1 GB/s, it prints how many samples a step must have, so that half of the time is computing: N = 2 W (K c + transfer) / s.
"""

from __future__ import annotations

import time

import numpy as np

import microgradnp as mg

SAMPLES, PARAMETERS, RATE = 200_000, 8 * 32 + 32, 1e9  # bytes a second


def loss(W, V, x):
    return np.sum(np.tanh(x @ W) @ V)


def seconds(step, repeats=5):
    """The median time of a step, after one to warm up."""
    step()
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        step()
        found.append(time.perf_counter() - began)
    return float(np.median(found))


def main():
    import dask.array as da
    from dask import compute
    from distributed import Client, LocalCluster

    random = np.random.default_rng(0)
    W, V = random.normal(size=(8, 32)), random.normal(size=(32, 1))
    value_and_grad = mg.value_and_grad(loss, argnums=(0, 1))
    x = random.normal(size=(SAMPLES, 8))
    alone = seconds(lambda: value_and_grad(W, V, x))
    print(f"NumPy alone: {alone:.3f} s a step")
    costs = []
    for workers in (1, 2):
        options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        with LocalCluster(**options) as cluster, Client(cluster) as client:
            for chunks in (2, 8, 32):
                far = client.persist(da.random.default_rng(0).normal(size=(SAMPLES, 8), chunks=(SAMPLES // chunks, 8)))
                taken = seconds(lambda far=far: compute(value_and_grad(W, V, far)))
                costs.append((chunks, taken, workers))
                print(f"{workers} worker{'s' * (workers > 1)}, {chunks:2d} chunks: {taken:.3f} s a step")
    (few, fast, _), (many, slow, _) = costs[0], costs[2]
    for_chunk = max((slow - fast) / (many - few), 0.0)
    print(f"scheduling: {1e3 * for_chunk:.1f} ms for each chunk")
    transfer = 8 * PARAMETERS * 16 / RATE
    needed = 2 * 1000 * (1000 * for_chunk + transfer) / (alone / SAMPLES)
    print(f"1,000 workers with a chunk each compute half of the time from {needed:.0e} samples a step")


if __name__ == "__main__":
    main()
