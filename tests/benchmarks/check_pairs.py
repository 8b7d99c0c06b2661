"""How often `mg.check` accuses right pairs, finds mistakes, and names their line.

    python tests/benchmarks/check_pairs.py [--seeds 20] [--budget 5]

Pairs and mistakes are those of `tests/pairs/`.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from test_check import MISTAKES, MODULES, broken

import microgradnp as mg


def right_pairs(seeds: int) -> None:
    """Every right pair with each seed."""
    verdicts: dict[str, int] = {}
    seconds = []
    for module in MODULES.values():
        for name, case in module.CASES.items():
            for seed in range(seeds):
                began = time.process_time()
                report = mg.check(*case(np.random.default_rng(seed)), **module.OPTIONS.get(name, {}), seed=seed)
                seconds.append(time.process_time() - began)
                verdicts[report.verdict] = verdicts.get(report.verdict, 0) + 1
                if report.verdict != "RIGHT":
                    print(f"{name}, seed {seed}:\n{report}")
    pairs = sum(len(module.CASES) for module in MODULES.values())
    print(f"{pairs} right pairs x {seeds} seeds: {verdicts}; median {np.median(seconds):.2f} s, slowest {max(seconds):.1f} s")


def wrong_pairs(budget: float, shown: bool) -> None:
    """Every mistake once."""
    found = lines = causes = fixes = other = 0
    seconds = []
    for file, name, right, wrong in MISTAKES:
        with tempfile.TemporaryDirectory() as folder:
            module, where = broken(file, right, wrong, Path(folder))
            began = time.process_time()
            report = mg.check(*module.CASES[name](np.random.default_rng(0)), **module.OPTIONS.get(name, {}), budget=budget)
            seconds.append(time.process_time() - began)
        first = report.first_wrong
        found += report.verdict == "WRONG"
        named = first is not None and first.line in where
        lines += named
        causes += bool(named and first.cause)
        fixes += bool(first is not None and first.fix)
        other += bool(first is not None and not named and (first.fix or first.cause))
        if shown and not named:
            print(f"{name}: {wrong}\n{report}\n")
    count = len(MISTAKES)
    print(f"{count} mistakes: found {found}, line {lines}, cause {causes}, fix {fixes}, firm on another line {other}")
    print(f"median {np.median(seconds):.1f} s, slowest {max(seconds):.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--budget", type=float, default=5.0)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    if options.seeds:
        right_pairs(options.seeds)
    if options.budget:
        wrong_pairs(options.budget, options.show)
