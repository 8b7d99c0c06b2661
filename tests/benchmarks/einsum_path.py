"""How much faster is `np.einsum` on Tensors when it takes its path from the shapes? Forward, and forward with backward.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/einsum_path.py

Two ways run in turns, in one process, by processor time: NumPy's plain loop, and `contract` of microgradnp/rules/einsum.py.
The ratio is the median over the turns; above 1 the path wins. Small operands take the plain loop both times, so that their ratio
shows what the decision costs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import microgradnp as mg
from microgradnp.core.table import TABLE
from microgradnp.rules import einsum

TURNS, SECONDS = 9, 0.04
R = np.random.default_rng(0)
IMAGES = np.lib.stride_tricks.sliding_window_view(R.normal(size=(8, 3, 32, 32)), (3, 3), axis=(2, 3))

CASES: dict[str, tuple[str, tuple[np.ndarray, ...]]] = {
    "convolution, 16 filters 3 x 3": ("ncxyij,fcij->nfxy", (IMAGES, R.normal(size=(16, 3, 3, 3)))),
    "attention scores, 32 tokens": ("bhqd,bhkd->bhqk", (R.normal(size=(4, 4, 32, 16)), R.normal(size=(4, 4, 32, 16)))),
    "attention scores, 128 tokens": ("bhqd,bhkd->bhqk", (R.normal(size=(4, 4, 128, 16)), R.normal(size=(4, 4, 128, 16)))),
    "three matrices, 64 x 64": ("ij,jk,kl->il", tuple(R.normal(size=(3, 64, 64)))),
    "bilinear form, 400 x 400": ("i,ij,j->", (R.normal(size=400), R.normal(size=(400, 400)), R.normal(size=400))),
    "matmul, 100 x 100": ("ij,jk->ik", tuple(R.normal(size=(2, 100, 100)))),
    "matmul, 4 x 4": ("ij,jk->ik", tuple(R.normal(size=(2, 4, 4)))),
    "matmul, 30 x 30": ("ij,jk->ik", tuple(R.normal(size=(2, 30, 30)))),
    "row by row dot, 1000 x 1000": ("ij,ij->i", tuple(R.normal(size=(2, 1000, 1000)))),
}


@contextmanager
def plain_loop() -> Iterator[None]:
    """Compute every einsum as NumPy does by default."""
    entry: Any = TABLE[np.einsum]
    contract = einsum.contract
    entry.plain = einsum.contract = np.einsum  # type: ignore[assignment]
    try:
        yield
    finally:
        entry.plain = einsum.contract = contract


def seconds(f: Callable[[], Any], calls: int) -> float:
    started = time.process_time()
    for _ in range(calls):
        f()
    return (time.process_time() - started) / calls


def side_by_side(f: Callable[[], Any]) -> tuple[float, float, float]:
    """Seconds of the plain loop, seconds by the path, and the median ratio."""
    f()
    calls = max(1, int(SECONDS / max(seconds(f, 2), 1e-6)))
    loops, paths = [], []
    for _ in range(TURNS):
        with plain_loop():
            loops.append(seconds(f, calls))
        paths.append(seconds(f, calls))
    return min(loops), min(paths), statistics.median(loop / path for loop, path in zip(loops, paths, strict=True))


def main() -> None:
    print(f"{'':32}{'forward':>30}{'forward and backward':>30}")
    print(f"{'':32}{'loop':>11}{'path':>11}{'ratio':>8}{'loop':>11}{'path':>11}{'ratio':>8}")
    for name, (subscripts, arrays) in CASES.items():
        tensors = [mg.Tensor(a, requires_grad=True) for a in arrays]

        def forward(subscripts: str = subscripts, tensors: list[mg.Tensor] = tensors) -> Any:
            return np.einsum(subscripts, *tensors)

        def both(subscripts: str = subscripts, tensors: list[mg.Tensor] = tensors) -> None:
            y = np.einsum(subscripts, *tensors)
            y.backward(np.ones(y.shape))

        columns = [
            f"{1e3 * s:8.3f} ms" if k % 3 < 2 else f"{s:7.2f}x" for f in (forward, both) for k, s in enumerate(side_by_side(f))
        ]
        print(f"{name:32}{''.join(columns)}")


if __name__ == "__main__":
    main()
