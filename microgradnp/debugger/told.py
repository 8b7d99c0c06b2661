"""From an examined case to its report: what was found, what limits it, and the right gradient in the names of the model."""

from __future__ import annotations

from dataclasses import replace

from microgradnp.debugger.case import Case
from microgradnp.debugger.explain import Explanation, explain
from microgradnp.debugger.judge.verdict import Verdict
from microgradnp.debugger.report.equation import equation
from microgradnp.debugger.report.facts import Finding
from microgradnp.debugger.report.meant import node_meant, node_shared
from microgradnp.debugger.report.report import Report
from microgradnp.debugger.report.stopped import stopped

UNREPEATABLE = (
    "two runs of the code differ, though its random numbers were seeded: no fix can be proved. "
    "Seed what it draws from, or pass the numbers in"
)

ANOTHER_MODEL = "your forward pass is not the model's: bind= says what the model's arguments are in your code"
ASLEEP = (
    "on other inputs the gradient of {} is wrong, with the fix as well as without it: another mistake is asleep on yours. "
    "Ask again with other inputs"
)


def report_on(case: Case) -> Report:
    """The report on one case, with what is wrong in it explained."""
    wrong = bool(case.verdict.entries) and not case.verdict.ok
    explained = explain(case) if wrong else None
    if explained is not None and not explained.forward_ok and not any(finding.fix for finding in explained.findings):
        return report(replace(case, verdict=doubted(case.verdict)))
    return report(case, explained)


def doubted(verdict: Verdict) -> Verdict:
    """The verdict on a program that computes something else than the model: what was called wrong cannot be judged."""
    right = {argument: entry for argument, entry in verdict.entries.items() if entry.ok}
    return replace(verdict, entries=right, unjudged={**dict.fromkeys(verdict.wrong, ANOTHER_MODEL), **verdict.unjudged})


def report(case: Case, explained: Explanation | None = None) -> Report:
    """What was found in one case, ready to be shown."""
    found = Report(case.question.program, case.trace, case.matches, case.verdict, case.run.number)
    found.notes = [*case.notes, *warnings_about(case)]
    found.hurried = case.hurried or case.trace.tracer.out_of_time
    if explained is not None:
        found.notes += [] if explained.repeats else [UNREPEATABLE]
        found.notes += [explained.failed] if explained.failed else []
        found.notes += [ASLEEP.format(", ".join(explained.asleep))] if explained.asleep else []
        found.notes += [f"{allowed(case)} ended before all edits were tried"] if explained.out_of_time else []
        found.hurried = found.hurried or explained.out_of_time
        found.blame, found.findings = explained.blamed, explained.findings
        found.matches = explained.blamed.matches if explained.blamed is not None else case.matches
        found.forward_ok, found.tried = explained.forward_ok, explained.tried
    return found


def equation_of(found: Report, finding: Finding) -> str:
    """The right gradient of the value of a finding in the names of the model. Empty where it is not known, or long."""
    if finding.certainty == "suspected":
        return ""
    node = node_meant(found, finding)
    node = node if node is not None else node_shared(found, finding)
    return equation(found.matches.evaluation, node) if node is not None else ""


def allowed(case: Case) -> str:
    """The budget, as the user may change it."""
    return f"the budget of {case.question.budget.seconds:g} s of processor time (budget=, --budget)"


def warnings_about(case: Case) -> list[str]:
    """What limits the answer."""
    trace, wrong = case.trace, bool(case.verdict.entries) and not case.verdict.ok
    found = []
    if trace.single:
        found.append("the code works in single precision: three digits count as equal")
    if trace.error is not None:
        found.append(f"the code stopped with {stopped(trace.error)}; only what it did before that was judged")
    if trace.kept_back:
        found.append(f"the code ran several times on copies, and this was left out: {', '.join(trace.kept_back)}")
    if trace.tracer.out_of_time:
        found.append(f"{allowed(case)} was used up before the step was over: give fewer samples or a larger budget")
    if wrong and case.question.program.source is None:
        found.append("the source of the code cannot be read, so no line can be named; put it into a file")
    return found
