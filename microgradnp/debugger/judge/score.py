"""Which gradients of a quick run are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.debugger.judge.evidence import EXACT, SINGLE, STEP, Entry, fit_step
from microgradnp.debugger.judge.probe import Observation, Plan
from microgradnp.debugger.match.references import ModelError, evaluate
from microgradnp.debugger.record.outside import aside
from microgradnp.derivatives.agreement import fit


class Scorer:
    """Judges quick runs; the model's gradients at each point are computed once."""

    def __init__(self, model: Callable[..., Any], plan: Plan, entries: dict[str, Entry]) -> None:
        self.model = model
        self.plan = plan
        self.entries = entries
        self.cache: dict[bytes, dict[str, np.ndarray] | None] = {}
        self.expected = {self.group(a): e.scale for a, e in entries.items() if e.ok}

    def group(self, argument: str) -> str:
        """Whether the evidence of an argument is its movement or a gradient."""
        leaf = self.plan.leaves.get(argument)
        stepped = leaf is not None and leaf.stepped
        return "update" if argument in self.plan.moving or stepped else "gradient"

    def gradients_at(self, seen: Observation) -> dict[str, np.ndarray] | None:
        """The model's gradients at what a run worked on; None where the model fails."""
        key = seen.key
        if key not in self.cache:
            try:
                with aside(), np.errstate(all="ignore"):  # edited code may come to any values
                    self.cache[key] = evaluate(self.model, seen.before).gradients
            except ModelError:
                self.cache[key] = None
        return self.cache[key]

    def scales(self, seen: Observation) -> dict[str, float] | None:
        """Argument -> factor, for those whose evidence is a multiple of the gradient."""
        truth = self.gradients_at(seen)
        if truth is None:
            return None
        found: dict[str, float] = {}
        for argument in self.entries:
            gradient = truth.get(argument)
            if gradient is None or not np.any(gradient):
                continue
            stepped = argument in self.plan.moving
            if stepped:
                if argument not in seen.after:
                    continue
                before, after = np.asarray(seen.before[argument]), np.asarray(seen.after[argument])
                if before.shape != after.shape:
                    continue
                c, error, _ = fit_step(before, after, gradient)
            else:
                if argument not in seen.gradients:
                    continue
                c, error, _ = fit(seen.gradients[argument], gradient)
            if error < (SINGLE if self.plan.single else STEP if self.group(argument) == "update" else EXACT) and c:
                found[argument] = c
        return found

    def resting(self, seen: Observation) -> set[str]:
        """Arguments whose gradient is zero, in the model and in the code."""
        truth = self.gradients_at(seen) or {}
        still = [a for a in self.entries if not np.any(truth.get(a, 1))]
        return {a for a in still if a in seen.gradients and not np.any(seen.gradients[a])} | {
            a for a in still if a in seen.after and np.array_equal(seen.after[a], seen.before[a])
        }

    def right(self, seen: Observation) -> dict[str, float]:
        """The right gradients and their factors, judged by the factor that right ones had before, or the commonest one."""
        scales = self.scales(seen) or {}
        right: dict[str, float] = {}
        for group in ("update", "gradient"):
            members = {a: c for a, c in scales.items() if self.group(a) == group and (group == "gradient" or c < 0)}
            if not members:
                continue
            expected = self.expected.get(group)
            if expected is None:
                expected = max(members.values(), key=lambda c: (sum(self.same(c, d) for d in members.values()), -abs(c - 1)))
            right.update({a: c for a, c in members.items() if self.same(c, expected)})
        return right

    def same(self, a: float, b: float) -> bool:
        """Whether two factors are the same but for rounding."""
        return abs(a - b) <= (SINGLE if self.plan.single else 1e-5) * abs(b)
