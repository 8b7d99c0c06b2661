"""One eager training step in units of the tight hand-written one, beside PyTorch eager, HIPS autograd and MyGrad.

    pip install ".[test,peers]"
    OMP_NUM_THREADS=1 python tests/benchmarks/test_eager_step.py                # --markdown for the guide's table
    OMP_NUM_THREADS=1 pytest tests/benchmarks/test_eager_step.py --benchmark-enable     # the same by pytest-benchmark

The steps are in training_steps.py. All take the same step, which is checked first. Processor time is measured, on one core. The
rounds of all libraries are interleaved, and the medians compared, so that a busy machine slows all alike. A library that is not
installed is left out. Goals on the network of the story, 20x7-3-2: at least 2 times faster than PyTorch, 4 times faster than HIPS
autograd, 2.5 times faster than MyGrad. step_instructions.py counts instructions, which no other process disturbs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from training_steps import LR, MAKERS, SIZES, Step, problem

__all__ = ["LR", "MAKERS", "SIZES", "medians", "problem"]  # test_compiled_step.py has the same steps


def medians(steps: Mapping[str, Callable[[], object]], rounds: int = 40, seconds: float = 0.02) -> dict[str, float]:
    """Median processor time of one step for each library, over interleaved rounds of about `seconds` each."""
    counts: dict[str, int] = {}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for name, step in steps.items():
        step()
        start = time.process_time()
        step()
        counts[name] = max(1, int(seconds / max(time.process_time() - start, 1e-6)))
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.process_time()
            for _ in range(counts[name]):
                step()
            times[name].append((time.process_time() - start) / counts[name])
    return {name: statistics.median(found) for name, found in times.items()}


@pytest.mark.filterwarnings("ignore::ImportWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", MAKERS)
def test_every_library_takes_the_same_step(benchmark, size, name):
    """A smoke test where benchmarks are off; with --benchmark-enable, a table for each size."""
    try:
        step = MAKERS[name](*problem(*SIZES[size]))
    except ImportError:
        pytest.skip(f"{name} is not installed")
    expected = MAKERS["hand"](*problem(*SIZES[size]))()
    for found, right in zip(step(), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12)
    benchmark.group = size
    benchmark(step)


def steps_of(size: str) -> dict[str, Step]:
    """A step of each library that is installed, after it was compared with the hand-written one."""
    steps: dict[str, Step] = {}
    expected = MAKERS["hand"](*problem(*SIZES[size]))()
    for name, make in MAKERS.items():
        with contextlib.suppress(ImportError):
            steps[name] = make(*problem(*SIZES[size]))
            for found, right in zip(steps[name](), expected, strict=True):
                np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12, err_msg=f"{name} takes another step")
    return steps


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--markdown", action="store_true", help="print the table of the guide")
    markdown = parser.parse_args().markdown
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows: dict[str, list[str]] = {}
    for size in SIZES:
        found = medians(steps_of(size))
        hand = found.pop("hand")
        rows.setdefault("hand-written NumPy", []).append(f"{hand * 1e6:,.1f} us")
        for name, seconds in found.items():
            rows.setdefault(name, []).append(f"{seconds / hand:.2f}")
    if markdown:
        print(f"| one training step | {' | '.join(SIZES)} |\n|---|{'---:|' * len(SIZES)}")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |" if markdown else f"{name:22s} {'  '.join(f'{cell:>14s}' for cell in cells)}")


if __name__ == "__main__":
    main()
