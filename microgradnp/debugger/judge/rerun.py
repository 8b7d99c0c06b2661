"""Quick runs of a traced program, each judged: which gradients are right with these inputs, or with these values written in?"""

from __future__ import annotations

import ast
import time as clock
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from microgradnp.debugger.capture.bind import mark_of
from microgradnp.debugger.capture.fresh import Inputs
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.source import Source
from microgradnp.debugger.capture.trace import Run, Trace
from microgradnp.debugger.capture.writes import Writes
from microgradnp.debugger.judge.probe import Observation, observe, plan_of
from microgradnp.debugger.judge.score import Scorer
from microgradnp.debugger.judge.verdict import Verdict


class Rerun:
    """Repeats one traced run of a program as quickly as its verdict allows."""

    def __init__(self, program: Program, model: Callable[..., Any], run: Run, trace: Trace, verdict: Verdict) -> None:
        self.program = program
        self.run = run
        self.plan = plan_of(trace, verdict.entries)
        self.scorer = Scorer(model, self.plan, verdict.entries)
        self.looping = looping_functions(program.source)
        self.seconds = 1.0  # that one quick run may take
        started = clock.thread_time()
        self.first = self.observe()
        self.seconds = max(0.25, 20 * (clock.thread_time() - started))

    def observe(self, inputs: Inputs | None = None, writes: Writes | None = None, later: int = 0) -> Observation | None:
        """One quick run, from the same start or from other inputs; of a step that is `later` than the traced one."""
        plan = self.plan
        if plan.loop is not None and later:
            plan = replace(plan, loop=plan.loop._replace(iteration=plan.loop.iteration + later))
        patience = 4 if writes else 1 + max(0, later)
        deadline = clock.thread_time() + patience * self.seconds
        return observe(self.program, plan, inputs or self.run.inputs, deadline, self.looping, writes)

    def right_with(self, writes: Writes) -> set[str]:
        """The gradients that are right once these values are written in, beside those of the traced run."""
        seen = self.observe(writes={**self.run.writes, **writes})
        return set(self.scorer.right(seen)) if seen else set()

    def repeats(self) -> bool:
        """Whether two runs from the same start show the same numbers."""
        first, second = self.observe(), self.observe()
        if first is None or second is None:
            return True
        return all(
            mark_of(first_part[name]) == mark_of(second_part.get(name))
            for first_part, second_part in ((first.after, second.after), (first.gradients, second.gradients))
            for name in first_part
        )


def looping_functions(source: Source | None) -> set[str]:
    """Functions with a `while`, which an edit may keep from ending."""
    if source is None:
        return set()
    return {s.function for s in source.by_line.values() if isinstance(s.node, ast.While)}
