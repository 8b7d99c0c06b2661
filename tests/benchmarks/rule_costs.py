"""The time and memory of one operator's backward pass at large sizes, as multiples of NumPy's forward call.

    python tests/benchmarks/rule_costs.py [name ...]

Runs on one thread and takes the best of several runs, forward and backward side by side. The backward pass is a sweep over the
graph of one operator, with a gradient of ones. Memory is the peak that the sweep allocates, divided by the size of result and
argument. Forward calls that return a view cost nothing, so they are timed as copies.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import microgradnp as mg
from microgradnp.derivatives.gradients import gradients

R = np.random.default_rng(0)
N = 1000
X = R.uniform(0.5, 1.5, (N, N))
V = X.ravel()
PERMUTED, REPEATED = R.permutation(N * N), R.integers(0, N * N, N * N)
ROWS = R.integers(0, N, 2 * N)
S = R.uniform(-1, 1, (300, 300)) + 20 * np.eye(300)
STACK = R.uniform(-1, 1, (20_000, 3, 3)) + 4 * np.eye(3)
ZEROS = np.where(X < 0.501, 0, X)
LIMIT = 6

CASES: dict[str, tuple[Callable[..., Any], np.ndarray]] = {
    **{f.__name__: (f, X) for f in (np.exp, np.log, np.sqrt, np.sin, np.tanh, np.absolute, np.square, np.reciprocal, np.sinc)},
    "add": (lambda x: x + 1.0, X),
    "multiply": (lambda x: x * 2.0, X),
    "divide by it": (lambda x: 1.0 / x, X),
    "power": (lambda x: x**2.5, X),
    "maximum": (lambda x: np.maximum(x, 1.0), X),
    "clip": (lambda x: np.clip(x, 0.7, 1.2), X),
    "relu": (lambda x: mg.relu(x - 1), X),
    "sigmoid": (mg.sigmoid, X),
    "softmax": (mg.softmax, X),
    "sum": (np.sum, X),
    "sum of columns": (lambda x: np.sum(x, axis=0), X),
    "mean": (lambda x: np.mean(x, axis=1), X),
    "max": (lambda x: np.max(x, axis=1), X),
    "prod": (lambda x: np.prod(x, axis=1), X),
    "prod with zeros": (lambda x: np.prod(x, axis=1), ZEROS),
    "var": (np.var, X),
    "std": (lambda x: np.std(x, axis=0), X),
    "nansum": (np.nansum, X),
    "nanmean": (np.nanmean, X),
    "cumsum": (np.cumsum, V),
    "cumprod": (lambda x: np.cumprod(x, axis=1), X),
    "cumprod with zeros": (lambda x: np.cumprod(x, axis=1), ZEROS),
    "sort": (np.sort, V),
    "sort of rows": (lambda x: np.sort(x, axis=1), X),
    "median": (np.median, V),
    "median of rows": (lambda x: np.median(x, axis=1), X),
    "quantile": (lambda x: np.quantile(x, [0.1, 0.5]), V),
    "partition": (lambda x: np.partition(x, 500), V),
    "diff": (np.diff, V),
    "x[permutation]": (lambda x: x[PERMUTED], V),
    "x[repeated]": (lambda x: x[REPEATED], V),
    "x[rows]": (lambda x: x[ROWS], X),
    "x[mask]": (lambda x: x[X > 1], X),
    "x[::2]": (lambda x: np.copy(x[::2]), V),
    "take": (lambda x: np.take(x, REPEATED), V),
    "take_along_axis": (lambda x: np.take_along_axis(x, REPEATED.reshape(N, N) % N, 1), X),
    "repeat": (lambda x: np.repeat(x, 2), V),
    "tile": (lambda x: np.tile(x, 2), V),
    "roll": (lambda x: np.roll(x, 7), V),
    "flip": (lambda x: np.copy(np.flip(x)), X),
    "pad": (lambda x: np.pad(x, 5), X),
    "pad with edges": (lambda x: np.pad(x, 5, mode="edge"), X),
    "concatenate": (lambda x: np.concatenate([x, x]), X),
    "stack": (lambda x: np.stack([x, x]), X),
    "transpose": (lambda x: np.copy(np.transpose(x)), X),
    "tril": (np.tril, X),
    "where": (lambda x: np.where(X > 1, x, 0.0), X),
    "convolve": (lambda x: np.convolve(x, [1.0, 2.0, 3.0] * 30), V[:100_000]),
    "gradient": (np.gradient, V),
    "interp": (lambda x: np.interp(x, [0.0, 1.0, 2.0], [1.0, 3.0, 2.0]), V),
    "cov": (np.cov, X[:300]),
    "matmul": (lambda x: x @ x, S),
    "einsum": (lambda x: np.einsum("ij,jk->ik", x, x), S),
    "norm": (np.linalg.norm, X),
    "inv": (np.linalg.inv, S),
    "det": (np.linalg.det, S),
    "slogdet": (lambda x: np.linalg.slogdet(x)[1], S),
    "solve": (lambda x: np.linalg.solve(x, x), S),
    "cholesky": (np.linalg.cholesky, S @ S.T),
    "qr": (lambda x: np.linalg.qr(x)[0], S),
    "eigh": (lambda x: np.linalg.eigh(x)[1], S + S.T),
    "svd": (lambda x: np.linalg.svd(x)[0], S),
    "pinv": (np.linalg.pinv, S),
    "inv of a stack": (np.linalg.inv, STACK),
    "det of a stack": (np.linalg.det, STACK),
    "eigh of a stack": (lambda x: np.linalg.eigh(x)[0], STACK + np.swapaxes(STACK, -1, -2)),
    "fft": (np.fft.fft, V),
    "rfft": (np.fft.rfft, V),
    "irfft": (lambda x: np.fft.irfft(x), V),
}


def best(f: Callable[[], Any], runs: int = 7) -> float:
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        f()
        times.append(time.perf_counter() - started)
    return min(times)


def peak(f: Callable[[], Any]) -> int:
    tracemalloc.start()
    f()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def costs(f: Callable[..., Any], x: np.ndarray) -> tuple[float, float, float]:
    """(forward ms, backward / forward, peak memory / size of result and argument)."""
    forward = best(lambda: f(x))
    leaf = mg.Tensor(x, requires_grad=True)
    y = f(leaf)
    g = np.ones(y.shape, y.dtype)

    def sweep() -> None:
        gradients(y, [leaf], g, free=False)

    return 1e3 * forward, best(sweep) / forward, peak(sweep) / (y.numpy().nbytes + x.nbytes)


def main(chosen: list[str]) -> None:
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, (f, x) in CASES.items():
            if not chosen or name in chosen:
                rows.append((*costs(f, x)[::-1], name))
    print(f"{'operator':22} {'forward':>10} {'backward':>10} {'memory':>8}")
    for memory, ratio, forward, name in sorted(rows, key=lambda row: -row[1]):
        print(f"{name:22} {forward:7.2f} ms {ratio:9.1f}x {memory:7.1f}x{'   above the goal' if ratio > LIMIT else ''}")
    above = sum(row[1] > LIMIT for row in rows)
    print(f"{len(rows)} operators, {above} above {LIMIT} times their forward call")


if __name__ == "__main__":
    main(sys.argv[1:])
