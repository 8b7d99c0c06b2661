"""Compiled training steps against hand-written NumPy and other libraries, as ratios in one run: the table of the guide.

    pip install ".[test,fast,jax,peers]"
    OMP_NUM_THREADS=1 python tests/benchmarks/test_compiled_step.py              # --markdown for the guide's table

Every step is forward, backward and update in double precision, and all take the same step, which is checked first. The rounds of
all libraries are interleaved on one core, and the medians are compared. "Loop" is the time of a step inside of a whole training
that is one compiled function: `mg.fit(..., backend="numba")`, stopping rule and history included, and JAX's `fori_loop`.
Compile times are those of a fresh interpreter, without the import of the library. A library that is not installed is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_eager_step import LR, MAKERS, SIZES, medians, problem

import microgradnp as mg

Step = Callable[[], object]


def loss(x: Any, t: Any, V: Any, W: Any) -> Any:
    h = mg.append_bias_unit(mg.sigmoid(x @ V))
    return 0.5 * mg.sse(h @ W, t)


def compiled(backend: str) -> Callable[..., Step]:
    def make(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
        weights = [V.copy(), W.copy()]
        value_and_grad = mg.compile(loss, backend, wrt=("V", "W"), reuse=True)
        value_and_grad(x, t, *weights)

        def step() -> list[np.ndarray]:
            _, (d_V, d_W) = value_and_grad(x, t, *weights)
            weights[0] -= LR * d_V
            weights[1] -= LR * d_W
            return weights

        return step

    return make


def by_jax(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray) -> Step:
    import jax

    step_of = jax_step(x, t)
    weights = [jax.numpy.asarray(V), jax.numpy.asarray(W)]

    def step() -> list[np.ndarray]:
        weights[:] = step_of(*weights)
        return [np.asarray(w) for w in weights]

    return step


def jax_step(x: np.ndarray, t: np.ndarray) -> Any:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    ones = jnp.full((len(x), 1), -1.0)

    def jax_loss(V: Any, W: Any) -> Any:
        h = jnp.concatenate([jax.nn.sigmoid(x @ V), ones], axis=1)
        return 0.5 * jnp.sum((h @ W - t) ** 2)

    def step(V: Any, W: Any) -> tuple[Any, Any]:
        d_V, d_W = jax.grad(jax_loss, (0, 1))(V, W)
        return V - LR * d_V, W - LR * d_W

    return jax.jit(step)


EVERY = {
    **MAKERS,
    "numpy backend": compiled("numpy"),
    "numba backend": compiled("numba"),
    "jax backend": compiled("jax"),
    "JAX": by_jax,
}


def loop_of_numba(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray, steps: int) -> Step:
    p = {"V": mg.Tensor(V, requires_grad=True), "W": mg.Tensor(W, requires_grad=True)}
    optimizer = mg.optim.SGD(lr=LR)

    def train() -> object:
        f = lambda x, t: loss(x, t, p["V"], p["W"])  # noqa: E731
        stop = mg.GradientNorm(1e-30)
        return mg.fit(f, p, (x, t), optimizer=optimizer, iterations=steps, stop=stop, progress=False, backend="numba")

    train()
    return train


def loop_of_jax(x: np.ndarray, t: np.ndarray, V: np.ndarray, W: np.ndarray, steps: int) -> Step:
    import jax

    step = jax_step(x, t)
    train = jax.jit(lambda weights: jax.lax.fori_loop(0, steps, lambda _, w: step(*w), weights))
    weights = (jax.numpy.asarray(V), jax.numpy.asarray(W))
    train(weights)[0].block_until_ready()
    return lambda: train(weights)[0].block_until_ready()


def loops(size: str, steps: int) -> dict[str, float]:
    """Seconds of one step inside of a compiled training."""
    makers = {"numba loop": loop_of_numba, "JAX loop": loop_of_jax}
    made: dict[str, Step] = {}
    for name, make in makers.items():
        with contextlib.suppress(ImportError):
            made[name] = make(*problem(*SIZES[size]), steps)
    return {name: seconds / steps for name, seconds in medians(made, rounds=5).items()}


COMPILE = """
import time, numpy as np, sys
sys.path.insert(0, {folder!r})
import microgradnp as mg
import test_compiled_step as b
args = b.problem(*b.SIZES["20x7-3-2"])
{imports}
start = time.perf_counter()
mg.compile(b.loss, {backend!r}, wrt=("V", "W"))(*args)
print(time.perf_counter() - start)
"""


def compile_times() -> dict[str, float]:
    """Seconds until the first result, in fresh interpreters."""
    found = {}
    with tempfile.TemporaryDirectory() as cache:
        for name, backend, imports in (
            ("numpy", "numpy", ""),
            ("numba, cold", "numba", "import numba"),
            ("numba, from its cache", "numba", "import numba"),
            ("jax", "jax", "import jax; jax.numpy.ones(1)"),
        ):
            code = COMPILE.format(folder=os.path.dirname(__file__), backend=backend, imports=imports)
            env = {**os.environ, "MICROGRADNP_CACHE": cache}
            run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
            if run.returncode == 0:
                found[name] = float(run.stdout)
    return found


def memory_of_layers(layers: int = 1000, batch: int = 64, units: int = 64) -> float:
    """Peak memory of one compiled step of a deep network, as a multiple of the activations that its backward pass needs."""

    def deep(x: Any, W: Any) -> Any:
        for _ in range(layers):
            x = np.tanh(x @ W)
        return np.sum(x)

    rng = np.random.default_rng(0)
    args = rng.normal(size=(batch, units)), rng.normal(size=(units, units)) / 8
    step = mg.compile(deep, wrt=1)
    step(*args)
    tracemalloc.start()
    step(*args)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (step.bytes + peak) / (layers * batch * units * 8)


@pytest.mark.filterwarnings("ignore::ImportWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", ["numpy backend", "numba backend", "jax backend", "JAX"])
def test_every_backend_takes_the_same_step(name):
    numbers = problem(*SIZES["20x7-3-2"])
    try:
        found = EVERY[name](*numbers)()
    except ImportError:
        pytest.skip(f"{name} is not installed")
    for ours, right in zip(found, MAKERS["hand"](*numbers)(), strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-9, atol=1e-12)


def test_memory_of_a_deep_network():
    assert memory_of_layers(100, 16, 16) < 1.3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--markdown", action="store_true", help="print the table of the guide")
    markdown = parser.parse_args().markdown
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows: dict[str, list[str]] = {}
    for column, (size, numbers) in enumerate(SIZES.items()):
        steps: dict[str, Step] = {}
        for name, make in EVERY.items():
            with contextlib.suppress(ImportError):
                steps[name] = make(*problem(*numbers))
        expected = [w.copy() for w in make_hand(numbers)()]
        for name, make in EVERY.items():
            if name in steps:
                for found, right in zip(make(*problem(*numbers))(), expected, strict=True):  # type: ignore[call-overload]
                    np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12, err_msg=f"{name} takes another step")
        found = medians(steps)
        found |= loops(size, {0: 200_000, 1: 1_000, 2: 50}[column])
        hand = found.pop("hand")
        rows.setdefault("hand-written NumPy", []).append(f"{hand * 1e6:,.1f} us")
        for name, seconds in found.items():
            rows.setdefault(name, []).append(f"{seconds / hand:.3f}")
    if markdown:
        print(f"| one training step | {' | '.join(SIZES)} |\n|---|{'---:|' * len(SIZES)}")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |" if markdown else f"{name:20s} {'  '.join(f'{cell:>12s}' for cell in cells)}")
    print()
    for name, seconds in compile_times().items():
        print(f"compile time of {name}: {seconds * 1e3:,.0f} ms")
    print(f"memory of 1,000 layers: {memory_of_layers():.2f} of the activations")


def make_hand(numbers: tuple[int, ...]) -> Any:
    return MAKERS["hand"](*problem(*numbers))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(__file__))
    start = time.perf_counter()
    main()
    print(f"took {time.perf_counter() - start:.0f} s")
