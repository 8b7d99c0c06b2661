"""Training on data that no single machine holds: Dask computes each step on a cluster, and the parameters stay here.

Two worker processes on this machine stand for the cluster. The samples are made where they are used, in chunks, and never come
here: each step sends the parameters out and gets the loss and the gradients back. The code is the same for a real cluster:
give `Client` its address.

    pip install ".[dask]"
    python examples/cluster.py
"""

import time

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

import microgradnp as mg

SAMPLES, CHUNK = 200_000, 50_000


def samples():
    """Inputs and targets, both lazy. The targets are those of a network, with noise."""
    random = da.random.default_rng(0)
    x = random.normal(size=(SAMPLES, 8), chunks=(CHUNK, 8))
    true = np.random.default_rng(1).normal(size=(8, 1))
    return x, np.tanh(x @ true) + random.normal(scale=0.1, size=(SAMPLES, 1), chunks=(CHUNK, 1))


def train(x, targets, steps=30):
    start = np.random.default_rng(2)
    W = mg.Tensor(0.1 * start.normal(size=(8, 1)), requires_grad=True, name="W")

    def loss(x, targets):
        return mg.mse(np.tanh(x @ W), targets)

    return mg.fit(loss, W, (x, targets), optimizer=mg.optim.Adam(lr=0.2), iterations=steps, progress=False)


if __name__ == "__main__":
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        x, targets = client.persist(samples())  # kept in the memory of the workers
        began = time.perf_counter()
        result = train(x, targets)
        seconds = time.perf_counter() - began
    losses = result.history.loss
    print(f"{SAMPLES:,} samples, {x.nbytes / 1e6:.0f} MB, in {x.numblocks[0]} chunks on {options['n_workers']} workers")
    print(f"loss {losses[0]:.4f} -> {losses[-1]:.4f} in {len(losses)} steps, {seconds / len(losses):.2f} s a step")
    assert losses[-1] < 0.03  # the noise has variance 0.01
