"""One eager training step against hand-written NumPy, PyTorch eager, HIPS autograd and MyGrad, as ratios in one run.

    pip install ".[test,peers]"
    OMP_NUM_THREADS=1 python tests/benchmarks/test_eager_step.py
    OMP_NUM_THREADS=1 pytest tests/benchmarks/test_eager_step.py --benchmark-enable     # the same by pytest-benchmark

Each step is forward, backward and update, as a user of that library writes it; all take the same step, which is checked first.
The rounds of all libraries are interleaved on one core, and the medians are compared, so that a busy machine slows them alike.
Goals: at most 3 times the hand-written step on the story's network, 2 times faster than PyTorch, 5 times faster than HIPS
autograd and MyGrad. A library that is not installed is left out.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest

import microgradnp as mg

LR = 1e-6  # so small that the largest network does not run away in thousands of steps
SIZES = {"20x7-3-2": (20, 7, 3, 2), "1000x64-32-8": (1000, 64, 32, 8), "512x784-512-10": (512, 784, 512, 10)}
Step = Callable[[], object]


def problem(samples: int, inputs: int, hidden: int, outputs: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    scale = 1 / np.sqrt(inputs)
    return (
        rng.uniform(size=(samples, inputs)),
        rng.uniform(size=(samples, outputs)),
        scale * rng.normal(size=(inputs + 1, hidden)),
        0.1 * rng.normal(size=(hidden + 1, outputs)),
    )


def by_hand(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    """Vectorised NumPy as a careful person writes it."""
    weights = [V.copy(), W.copy()]

    def step() -> list[np.ndarray]:
        V, W = weights
        x1 = np.concatenate([x, np.full((len(x), 1), -1.0)], axis=1)
        h = np.concatenate([1 / (1 + np.exp(-(x1 @ V))), np.full((len(x), 1), -1.0)], axis=1)
        d_y = h @ W - t
        0.5 * np.sum(d_y * d_y)
        d_W = h.T @ d_y
        d_z = (d_y @ W[:-1].T) * h[:, :-1] * (1 - h[:, :-1])
        V -= LR * (x1.T @ d_z)
        W -= LR * d_W
        return weights

    return step


def by_microgradnp(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    x, t = mg.Tensor(x), mg.Tensor(t)  # type: ignore[assignment]
    weights = [mg.Tensor(V, requires_grad=True), mg.Tensor(W, requires_grad=True)]

    def step() -> list[np.ndarray]:
        V, W = weights
        h = mg.append_bias_unit(mg.sigmoid(mg.append_bias_unit(x) @ V))
        loss = 0.5 * mg.sse(h @ W, t)
        loss.backward()
        for w in weights:
            w.data -= LR * w.grad
            w.zero_grad()
        return [w.numpy() for w in weights]

    return step


def by_torch(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    import torch

    torch.set_num_threads(1)
    xs, ts, ones = torch.tensor(x), torch.tensor(t), -torch.ones(len(x), 1, dtype=torch.float64)
    weights = [torch.tensor(V, requires_grad=True), torch.tensor(W, requires_grad=True)]

    def step() -> list[np.ndarray]:
        V, W = weights
        h = torch.cat([torch.sigmoid(torch.cat([xs, ones], 1) @ V), ones], 1)
        loss = 0.5 * ((h @ W - ts) ** 2).sum()
        loss.backward()
        with torch.no_grad():
            for w in weights:
                w -= LR * w.grad
                w.grad = None
        return [w.detach().numpy() for w in weights]

    return step


def by_autograd(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    import autograd
    import autograd.numpy as anp

    ones = -np.ones((len(x), 1))

    def loss(V: np.ndarray, W: np.ndarray) -> np.ndarray:
        h = anp.concatenate([1 / (1 + anp.exp(-(anp.concatenate([x, ones], axis=1) @ V))), ones], axis=1)
        return 0.5 * anp.sum((h @ W - t) ** 2)

    gradient = autograd.grad(loss, (0, 1))
    weights = [V.copy(), W.copy()]

    def step() -> list[np.ndarray]:
        for w, d_w in zip(weights, gradient(*weights), strict=True):
            w -= LR * d_w
        return weights

    return step


def by_mygrad(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    import mygrad
    from mygrad.nnet import sigmoid

    ones = -np.ones((len(x), 1))
    weights = [mygrad.tensor(V), mygrad.tensor(W)]

    def step() -> list[np.ndarray]:
        V, W = weights
        h = mygrad.concatenate([sigmoid(mygrad.concatenate([x, ones], axis=1) @ V), ones], axis=1)
        loss = 0.5 * mygrad.sum((h @ W - t) ** 2)
        loss.backward()
        for w in weights:
            w.data -= LR * w.grad
            w.null_grad()
        return [w.data for w in weights]

    return step


def medians(steps: dict[str, Step], rounds: int = 40, seconds: float = 0.02) -> dict[str, float]:
    """Median seconds of one step for each library, over interleaved rounds of about `seconds` each."""
    counts, times = {}, {name: [] for name in steps}
    for name, step in steps.items():
        start = time.perf_counter()
        step()
        counts[name] = max(1, int(seconds / (time.perf_counter() - start)))
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(counts[name]):
                step()
            times[name].append((time.perf_counter() - start) / counts[name])
    return {name: statistics.median(found) for name, found in times.items()}


MAKERS = {"hand": by_hand, "microgradnp": by_microgradnp, "PyTorch": by_torch, "autograd": by_autograd, "MyGrad": by_mygrad}


@pytest.mark.filterwarnings("ignore::ImportWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", MAKERS)
def test_every_library_takes_the_same_step(benchmark, size, name):
    """A smoke test where benchmarks are off; with --benchmark-enable, a table for each size."""
    try:
        step = MAKERS[name](*problem(*SIZES[size]))
    except ImportError:
        pytest.skip(f"{name} is not installed")
    expected = by_hand(*problem(*SIZES[size]))()
    for found, right in zip(step(), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12)
    benchmark.group = size
    benchmark(step)


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for size, numbers in SIZES.items():
        steps: dict[str, Step] = {}
        for name, make in MAKERS.items():
            with contextlib.suppress(ImportError):
                steps[name] = make(*problem(*numbers))
        expected = [w.copy() for w in steps["hand"]()]  # type: ignore[attr-defined]
        for name, step in list(steps.items())[1:]:
            for found, right in zip(step(), expected, strict=True):  # type: ignore[call-overload]
                np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12, err_msg=f"{name} takes another step")
        found = medians(steps)
        shown = ", ".join(f"{name} {seconds / found['hand']:.2f}" for name, seconds in found.items())
        print(f"{size:16s} hand {found['hand'] * 1e6:8.1f} us; in units of it: {shown}")


if __name__ == "__main__":
    main()
