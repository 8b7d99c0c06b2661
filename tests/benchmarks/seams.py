"""How often are gradients wrong on the seams? Counts programs of every pair of features, with differences as the judge.

    python tests/benchmarks/seams.py [seeds]        # 324 programs for each seed; prints one line, and each program that is wrong

"Refused" are programs that raise an error instead of a gradient; they are listed with the error. Exit status 1 if one is wrong.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from seam_programs import PAIRS, error_of, made

TOLERANCE = 1e-7


def main() -> int:
    warnings.simplefilter("ignore")
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    right = wrong = refused = 0
    for seed in range(seeds):
        for outer, inner in PAIRS:
            f, x = made(outer, inner, seed)
            try:
                error = error_of(f, x, np.random.default_rng(seed))
            except Exception as problem:  # whatever is raised is a refusal, to be read
                refused += 1
                print(f"refused: {outer} of {inner}, seed {seed}: {type(problem).__name__}: {str(problem)[:150]}")
                continue
            if error <= TOLERANCE:
                right += 1
            else:
                wrong += 1
                print(f"WRONG: {outer} of {inner}, seed {seed}: relative error {error:.1e}")
    print(f"{right + wrong + refused} programs: {right} right, {wrong} wrong, {refused} refused")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
