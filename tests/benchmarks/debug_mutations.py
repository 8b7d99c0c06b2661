"""How good `mg.debug` is: right code accused, wrong gradients, lines, causes and fixes of mutants, by style and kind.

python tests/benchmarks/debug_mutations.py [--split both|all|dev|hidden|wide|unseen|...] [--per-program 12] [--seed 0]
    [--right 5] [--show]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "debugger"))
import programs
from mutants import SLUGS, changed_lines, mutants, normal_text

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.fresh import Inputs
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.trace import capture
from microgradnp.debugger.debug import debug
from microgradnp.debugger.judge.probe import observe, plan_of
from microgradnp.debugger.judge.verdict import judge
from microgradnp.debugger.match.matches import match
from microgradnp.debugger.match.references import ModelError, evaluate, model_arguments
from microgradnp.derivatives.agreement import fit

SPLITS = ["dev", "hidden", "wide", "unseen", "right_only", "held_out"]


class Baseline:
    """The right program: where its evidence lies, the factor of each gradient, and its forward lines."""

    def __init__(self, module: Any, seed: int) -> None:
        args, kwargs = module.make(np.random.default_rng(seed))
        program = Program(module.train, args, kwargs)
        trace = capture(program, Wanted(*model_arguments(module.loss), getattr(module, "BIND", {})))
        self.plan = plan_of(trace, judge(trace, match(trace, module.loss)).entries)
        self.model = module.loss
        seen = self.observe(module, seed)
        self.factors = {a: fit(evidence(seen, a), g)[0] for a, g in self.gradients(seen).items()}
        lines = {n for v in trace.versions for n in v.lines}
        behind = {n for v in trace.versions if id(v) in trace.tainted for n in v.lines}
        self.forward = lines - behind

    def observe(self, module: Any, seed: int) -> Any:
        args, kwargs = module.make(np.random.default_rng(seed))
        return observe(Program(module.train, args, kwargs), self.plan, Inputs(), time.perf_counter() + 2, {"train", "backprop"})

    def gradients(self, seen: Any) -> dict[str, np.ndarray]:
        gradients = evaluate(self.model, seen.before).gradients
        return {a: gradients[a] for a in (*self.plan.moving, *self.plan.leaves, *self.plan.variables)}

    def wrong(self, module: Any, seed: int) -> set[str] | None:
        """Arguments whose step or gradient is not the model's with the usual factor; None when all are right, or it fails."""
        seen = self.observe(module, seed)
        if seen is None:
            return None
        found, factors = set(), set()
        for argument, gradient in self.gradients(seen).items():
            shown = evidence(seen, argument)
            if shown is None or not np.all(np.isfinite(shown)):
                return None
            c, error, _ = fit(shown, gradient)
            factors.add(round(c / self.factors[argument], 5))
            if error > 1e-6 or abs(c / self.factors[argument] - 1) > 1e-5:
                found.add(argument)
                factors |= {0.0} if error > 1e-6 else set()
        common = factors.pop() if len(factors) == 1 else 0.0
        convention = common > 0 or (common < 0 and not self.plan.moving)  # a sign of what is only returned is one, too
        return None if convention or not found else found


def evidence(seen: Any, argument: str) -> Any:
    """The gradient that was returned or kept, else how the parameter moved; its new value where it changed its shape."""
    if argument in seen.gradients:
        return np.asarray(seen.gradients[argument], float)
    if argument not in seen.after:
        return None
    before, after = np.asarray(seen.before[argument], float), np.asarray(seen.after[argument], float)
    return after - before if before.shape == after.shape else after


def run(split: str, per_program: int, seed: int, right_seeds: int, only: list[str], show: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    accused = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in programs.names(split):
            if only and name not in only:
                continue
            module = programs.load(split, name)
            for k in range(right_seeds):
                args, kwargs = module.make(np.random.default_rng(500 + k))
                runs += 1
                try:
                    report = debug(module.train, module.loss, args, kwargs, getattr(module, "BIND", {}))
                except ModelError:  # refused, not accused
                    runs -= 1
                    continue
                if not report.ok:
                    accused += 1
                    print(f"ACCUSED {name} seed {500 + k}\n{report}")
            if per_program:
                rows += mutants_of(split, name, module, per_program, seed, Path(folder), show)
    print(f"right code accused: {accused} of {runs} runs ({split})")
    return rows


def mutants_of(split: str, name: str, module: Any, per_program: int, seed: int, folder: Path, show: bool) -> list[dict[str, Any]]:
    path = Path(str(module.__file__))
    text = normal_text(path)
    base_file = folder / f"{name}_base.py"
    base_file.write_text(text)
    base = programs.load(split, name, base_file)
    right = Baseline(base, seed)
    bind = getattr(module, "BIND", {})
    rows: list[dict[str, Any]] = []
    for k, mutant in enumerate(mutants(text, seed)):
        if len(rows) >= per_program:
            break
        file = folder / f"{name}_{seed}_{k}.py"
        file.write_text(mutant.text)
        try:
            changed = programs.load(split, f"{name}_{k}", file)
            wrong = right.wrong(changed, seed)
            if wrong is None or right.wrong(changed, seed + 1) is None:
                continue
        except Exception:
            continue
        args, kwargs = changed.make(np.random.default_rng(seed))
        lines = changed_lines(text, mutant.text)
        row: dict[str, Any] = {"style": name, "kind": mutant.kind, "true": sorted(lines), "detail": mutant.detail}
        started = time.perf_counter()
        try:
            report = debug(changed.train, changed.loss, args, kwargs, bind)
            found = report.first_wrong
            row.update(
                verdict={a for a, e in report.gradients.items() if not e.ok} == wrong,
                line=found is not None and found.line in lines,
                where=found.line if found else None,
                cause=found is not None
                and found.cause in SLUGS[mutant.kind] | ({"forward_differs"} if mutant.line in right.forward else set()),
                slug=found.cause if found else "",
                fix=bool(found and found.fix),
                certainty=found.certainty if found else "",
                text=found.fix[2] if found and found.fix else "",
                abstained=found is None or (found.certainty == "suspected"),
                wrong=sorted(wrong),
                said=sorted(a for a, e in report.gradients.items() if not e.ok),
            )
        except Exception as error:
            row.update(
                verdict=False, line=False, cause=False, fix=False, abstained=True, slug=f"{type(error).__name__}: {error}"[:160]
            )
        row["seconds"] = time.perf_counter() - started
        rows.append(row)
        if show and not (row["verdict"] and row["line"] and row["fix"] and row["cause"]):
            print(
                {
                    key: row.get(key)
                    for key in ("style", "kind", "detail", "true", "where", "slug", "certainty", "text", "wrong", "said")
                },
                f"{row['seconds']:.2f}",
            )
    return rows


def table(rows: list[dict[str, Any]], key: str) -> None:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    for name in (*sorted(groups), "all"):
        chosen = rows if name == "all" else groups[name]
        rates = [100 * np.mean([bool(r[c]) for r in chosen]) for c in ("verdict", "line", "cause", "fix")]
        misled = 100 * np.mean([not r["line"] and not r["abstained"] for r in chosen])
        print(f"{name:<26}{len(chosen):>5}" + "".join(f"{r:8.0f}%" for r in rates) + f"{misled:8.0f}%")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="both", choices=[*SPLITS, "both", "all"])
    parser.add_argument("--per-program", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--right", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    splits = {"both": ["dev", "hidden"], "all": SPLITS}.get(options.split, [options.split])
    for split in splits:
        rows = run(split, options.per_program, options.seed, options.right, options.only, options.show)
        if not rows:
            continue
        print(f"\n{split}: {'':<18}  n  verdict    line   cause     fix  misled")
        table(rows, "style")
        table(rows, "kind")
        times = [r["seconds"] for r in rows]
        print(f"seconds: median {np.median(times):.2f}, 95 % {np.quantile(times, 0.95):.2f}")


if __name__ == "__main__":
    main()
