"""Instructions of one training step on the network of the story, in units of the tight hand-written one.

    python tests/benchmarks/step_instructions.py                  # needs valgrind; some minutes

Each variant runs under callgrind twice, with different numbers of steps; the difference is the cost of the steps, without the
start and the import. A processor's load changes nothing in it. Goals: at most 2.5 with Tensors, and at most 3.0 with plain arrays
and np.vstack, the dearest variant. The variants are in training_steps.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import training_steps

VARIANTS = {
    "hand-written, tight": training_steps.by_hand,
    "Tensors, append_bias_unit": training_steps.by_tensors,
    "Tensors, np.concatenate": training_steps.by_tensors_concatenated,
    "Tensors, np.vstack": training_steps.by_tensors_stacked,
    "ndarrays, append_bias_unit": training_steps.by_ndarrays,
    "ndarrays, np.concatenate": training_steps.by_ndarrays_concatenated,
    "ndarrays, np.vstack": training_steps.by_ndarrays_stacked,
}
FEW, MANY = 200, 400  # the first steps are dearer: CPython's interpreter specialises itself


def run(variant: str, steps: int) -> None:
    """Take steps; this is what callgrind looks at."""
    step = VARIANTS[variant](*training_steps.problem(*training_steps.SIZES["20x7-3-2"]))
    for _ in range(steps):
        step()


def instructions(variant: str, steps: int) -> int:
    """Instructions of a fresh interpreter that takes steps."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, __file__, variant, str(steps)]
    env = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=env).stderr
    return int(re.findall(r"Collected : (\d+)", told)[-1])


def main() -> None:
    counts = {name: (instructions(name, MANY) - instructions(name, FEW)) / (MANY - FEW) for name in VARIANTS}
    unit = counts["hand-written, tight"]
    for name, count in counts.items():
        print(f"{name:28s} {count:10,.0f} {count / unit:6.2f}", flush=True)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2])) if len(sys.argv) == 3 else main()
