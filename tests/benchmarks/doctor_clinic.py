"""How often does `mg.diagnose` name the cause? Sick and healthy trainings with their truth, and two threshold tools beside it.

python tests/benchmarks/doctor_clinic.py                          # the tuned networks, one seed
python tests/benchmarks/doctor_clinic.py --networks held-out --seeds 100 101
python tests/benchmarks/doctor_clinic.py --causes set-aside
python tests/benchmarks/doctor_clinic.py --pairs                  # two faults at once

What these commands printed for seed 0, before the doctor was mended on `clinic_styles`:

    networks, causes      sick   top-1    top-2    controls  alarms   median evaluations
    tuned                 241    98.3 %   98.3 %   24        0        236
    held-out              211    99.1 %   99.1 %   22        0        259
    tuned, set-aside      37     97.3 %   97.3 %                      222
    tuned, two faults     43     the first is one of them 95.3 %, both are told 86.0 %, 392 evaluations

AutoTrainer's thresholds: top-1 10.0 % and 8.1 % of the first two rows. SageMaker's: 15.4 % and 17.1 %, and 22 alarms on 22
held-out controls. After that mending the controls and the seven causes whose checks had changed were run again on both sets of
networks: as many were right as before, and 0 of 46 controls had an alarm. The doctor has been mended on all of these. What it
makes of trainings that it has never seen is told by `clinic_fresh` and `clinic_styles`.
"""

from __future__ import annotations

import argparse
import collections
import time
import traceback
import warnings

import numpy as np
from clinic_faults import FAULTS, NEW, ONLY, SET_ASIDE, SOFT, case
from clinic_networks import HELD_OUT, TUNED
from clinic_thresholds import autotrainer, sagemaker

import microgradnp as mg

PAIRS = (
    "inputs_unscaled+learning_rate_too_low", "learning_rate_too_low+dead_relu", "saturated_units+targets_unrelated",
    "softmax_twice+dead_relu", "inputs_unscaled+targets_unrelated", "learning_rate_too_low+evaluation_differs",
    "wrong_gradient+learning_rate_too_low", "targets_unscaled+inputs_unscaled", "symmetric_init+learning_rate_too_low",
    "optimizer_bug+dead_relu", "targets_out_of_range+learning_rate_too_low", "too_few_steps+inputs_unscaled",
)  # fmt: skip


def run(c):
    """The training of a case: its Fit, or the error that it raised."""
    optimizer = c.optimizer or mg.optim.SGD(lr=c.lr)
    chosen = {name: p for name, p in c.p.items() if name not in c.left_out}
    options = {"optimizer": optimizer, "iterations": c.iterations, "batch_size": c.batch_size, "stop": c.stop, "rng": c.seed}
    options |= {"clip_norm": c.clip, "schedule": c.schedule}
    try:
        with np.errstate(all="ignore"):
            return mg.fit(c.loss, chosen, tuple(c.data), progress=False, **options)
    except FloatingPointError as error:
        return error


def learned(c, data=None) -> bool:
    """Whether the training has learned its data, or other data, all the same."""
    x, t = c.data if data is None else data
    with np.errstate(all="ignore"):
        y = c.answers(x)
    if c.cause == "classes_out_of_balance":
        kinds, answers = (t.argmax(1), y.argmax(1)) if c.classes else (t.ravel() > 0.5, y.ravel() > 0)
        return np.mean(answers[kinds > 0] == kinds[kinds > 0]) > 0.2
    if c.classes:
        return np.mean(y.argmax(1) == t.argmax(1)) > 0.87
    if c.network == "binary":
        return np.mean((y > 0) == (t > 0.5)) > 0.92
    return 1 - np.sum((y - t) ** 2) / np.sum((t - t.mean(0)) ** 2) > 0.85


class Row:
    """One case and what was said of it."""

    def __init__(self, c, found, others, seconds):
        self.case, self.found, self.others, self.seconds = c, found, others, seconds
        self.names = [cause.name for cause in found.causes] if found is not None else ["crash"]
        self.truth = c.cause.split("+")


def score(cases, verbose=True):
    rows, left_out = [], collections.Counter()
    for c in cases:
        fitted = run(c)
        if (c.cause in SOFT and learned(c)) or (c.cause == "overfitting" and learned(c, c.validation)):
            left_out[c.cause] += 1
            continue
        began = time.process_time()
        try:
            found = mg.diagnose(fitted, predict=c.predict, validation=c.validation)
        except Exception:
            traceback.print_exc()
            found = None
        seconds = time.process_time() - began
        row = Row(c, found, {f.__name__: f(fitted, c.validation) for f in (autotrainer, sagemaker)}, seconds)
        rows.append(row)
        if verbose and (row.names[:1] != row.truth[:1] if c.cause != "healthy" else row.names):
            figures = {k: round(v, 3) for k, v in found.measured.items()} if found else {}
            trials = {k: round(t["quality"], 2) for k, t in found.trials.items()} if found else {}
            print(f"{c.cause:22} s{c.severity} {c.network} seed {c.seed}: {row.names[:4]} {figures} {trials}", flush=True)
    print(f"learned all the same, left out: {sum(left_out.values())} {dict(left_out)}")
    return rows


def names_for(truth, name):
    """Whether a name is the truth. A training that a rule stopped, and one whose steps were used up, ended too soon alike."""
    alike = {"too_few_steps": {"stopped_early"}, "stopped_early": {"too_few_steps", "stopped_on_a_plateau"}}
    return name == truth or name in alike.get(truth, ())


def summary(rows):
    sick = [r for r in rows if r.case.cause != "healthy" and "+" not in r.case.cause]
    well = [r for r in rows if r.case.cause == "healthy"]
    two = [r for r in rows if "+" in r.case.cause]

    def share(test, some):
        return f"{np.mean([bool(test(r)) for r in some]):.1%}"

    def top(k, names):
        return lambda r: any(names_for(r.truth[0], n) for n in names(r)[:k])

    own = lambda r: r.names  # noqa: E731
    for cause in dict.fromkeys(r.truth[0] for r in sick):
        some = [r for r in sick if r.truth[0] == cause]
        said = collections.Counter((r.names or ["none"])[0] for r in some).most_common(3)
        print(f"{cause:24} {len(some):3}  top-1 {share(top(1, own), some):>6}  top-2 {share(top(2, own), some):>6}  {said}")
    if sick:
        silent = share(lambda r: not r.names, sick)
        print(f"SICK {len(sick)}: top-1 {share(top(1, own), sick)}, top-2 {share(top(2, own), sick)}, silent {silent}")
        for s in (1, 2, 3):
            some = [r for r in sick if r.case.severity == s]
            print(f"  severity {s}: {len(some)}, top-1 {share(top(1, own), some)}, top-2 {share(top(2, own), some)}")
        for tool in ("autotrainer", "sagemaker"):
            said = lambda r, tool=tool: r.others[tool]  # noqa: E731
            print(f"  {tool}'s thresholds: top-1 {share(top(1, said), sick)}, top-2 {share(top(2, said), sick)}")
    if well:
        gap = lambda r: r.found.measured.get("quality", 0) - r.found.measured.get("quality_on_validation", 0) > 0.2  # noqa: E731
        alarms = [r for r in well if r.names and not (r.names == ["overfitting"] and gap(r))]
        true = [r for r in well if r.names == ["overfitting"] and gap(r)]
        print(
            f"WELL {len(well)}: alarms {len(alarms)} ({len(alarms) / len(well):.1%})", [(r.case.network, r.names) for r in alarms]
        )
        print(f"  {len(true)} more say overfitting, where the gap is larger than 0.2")
        for tool in ("autotrainer", "sagemaker"):
            print(f"  {tool}: {sum(bool(r.others[tool]) for r in well)} alarms")
    if two:
        both = lambda r: all(any(names_for(t, n) for n in r.names) for t in r.truth)  # noqa: E731
        one = lambda r: any(names_for(t, n) for t in r.truth for n in r.names[:1])  # noqa: E731
        print(f"TWO FAULTS {len(two)}: first is one of them {share(one, two)}, both told {share(both, two)}")
        for r in two:
            if not both(r):
                print(f"  {r.case.cause} s{r.case.severity} {r.case.network}: {r.names}")
    steps, seconds = [r.found.steps for r in rows if r.found], [r.seconds for r in rows]
    print(
        f"COST: median {np.median(steps):.0f} gradient evaluations (90 %: {np.quantile(steps, 0.9):.0f}), "
        f"{np.median(seconds):.2f} s (90 %: {np.quantile(seconds, 0.9):.2f}); crashes {sum(r.found is None for r in rows)}"
    )


def cases(networks, causes, seeds, controls=7):
    for cause in causes:
        for network in networks:
            if network not in ONLY.get(cause, (network,)):
                continue
            for severity in range(1, controls + 1) if cause == "healthy" else (1, 2, 3):
                for seed in seeds:
                    if severity > 5 and network not in ("regression", "recurrent", "gated"):
                        continue
                    yield case(cause, severity, network, seed)


def pairs(networks, seeds):
    for pair in PAIRS:
        for network in networks:
            if any(network not in ONLY.get(cause, (network,)) for cause in pair.split("+")):
                continue
            for seed in seeds:
                yield case(pair, 2, network, seed)


def main():
    warnings.filterwarnings("ignore")
    known = argparse.ArgumentParser(description=__doc__)
    known.add_argument("--networks", nargs="+", default=["tuned"])
    known.add_argument("--causes", nargs="+", default=["tuned"])
    known.add_argument("--seeds", nargs="+", type=int, default=[0])
    known.add_argument("--pairs", action="store_true")
    known.add_argument("--quiet", action="store_true")
    given = known.parse_args()
    networks = {"tuned": TUNED, "held-out": HELD_OUT}.get(given.networks[0], given.networks)
    tuned = ["healthy", *(name for name in FAULTS if name not in (*SET_ASIDE, *NEW))]
    sets = {"tuned": tuned, "set-aside": SET_ASIDE, "new": NEW, "all": [*tuned, *SET_ASIDE, *NEW]}
    causes = sets.get(given.causes[0], given.causes)
    some = pairs(networks, given.seeds) if given.pairs else cases(networks, causes, given.seeds)
    summary(score(some, not given.quiet))


if __name__ == "__main__":
    main()
