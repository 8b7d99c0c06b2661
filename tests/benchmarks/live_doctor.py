"""What does `fit(..., doctor=True)` cost, and does it cry wolf? The healthy trainings of the clinic, watched.

python tests/benchmarks/live_doctor.py [seeds ...]

It prints the share of the processor time that the looks took, and every line that was said of a healthy training. The share is
measured inside of the same run, so that a busy machine changes it little.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
from clinic_faults import case
from clinic_networks import NETWORKS

import microgradnp as mg
from microgradnp.doctor import live

STEPS = 200_000  # of the empty loop that measures what a step costs between two looks


def watched(c):
    """One training with its watcher: (the lines that were said, seconds of looks, seconds)."""
    kept = []

    class Watch(live.Watch):
        def __init__(self, *args):
            super().__init__(*args)
            kept.append(self)

    before, live.Watch = live.Watch, Watch
    optimizer = c.optimizer or mg.optim.SGD(lr=c.lr)
    options = {"optimizer": optimizer, "iterations": c.iterations, "batch_size": c.batch_size, "stop": c.stop, "rng": c.seed}
    try:
        result = mg.fit(c.loss, c.p, tuple(c.data), progress=False, doctor=True, **options)
    finally:
        live.Watch = before
    watch = kept[0]
    return result.doctor, watch.spent, time.process_time() - watch.began, result.iterations


def between_looks() -> float:
    """Seconds that a step costs where no look is due."""
    watch = live.Watch(lambda: None, mg.optim.SGD(lr=1), (None, None))
    after, result = watch.after(lambda result: None), type("Result", (), {"iterations": 0})

    def run(loss, step):
        began = time.process_time()
        for _ in range(STEPS):
            loss()
            step(result)
        return time.process_time() - began

    return min(run(watch.loss, after) - run(lambda: None, lambda result: None) for _ in range(3)) / STEPS


def main(seeds):
    warnings.filterwarnings("ignore")
    said, looks, total, steps, count, worst = [], 0.0, 0.0, 0, 0, 0.0
    each = between_looks()
    for network in NETWORKS:
        for severity in range(1, 8 if network in ("regression", "recurrent", "gated") else 6):
            for seed in seeds:
                lines, spent, seconds, iterations = watched(case("healthy", severity, network, seed))
                said += [(network, severity, seed, line) for line in lines]
                looks, total, steps, count = looks + spent, total + seconds, steps + iterations, count + 1
                worst = max(worst, (spent + each * iterations) / seconds)
    print(f"{count} healthy trainings, {steps} steps, {total:.1f} s: {len(said)} lines were said")
    print(f"looks {looks / total:.2%}, between looks {each * steps / total:.2%} ({each * 1e6:.2f} us a step), worst {worst:.2%}")
    for line in said:
        print(*line)


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        main([int(a) for a in sys.argv[1:]] or [0])
