"""The report as text."""

from __future__ import annotations

from microgradnp.debugger.report.facts import Facts

FORWARD = "The forward pass differs from the model, so nothing is said about the backward pass."


def text(report: Facts) -> str:
    """Verdict first, then the gradients, then the findings, then what was bound to what."""
    name = report.program.name
    lines = [f"{headline(report)}: {name}, step {report.number}"]
    width = max((len(a) for a in report.gradients), default=0)
    for argument, entry in report.gradients.items():
        mark = "right" if entry.ok else "WRONG"
        digits = f", {entry.digits:.0f} digits" if entry.ok else ""
        where = f" (line {entry.line})" if entry.line else ""
        lines.append(f"  {mark}  {argument:<{width}}  {entry.variable}{where}: {entry.relation}{digits}")
    if not report.forward_ok:
        lines.append(FORWARD)
    for number, finding in enumerate(report.findings, 1):
        lead = "First wrong: " if number == 1 else f"Then ({number}): "
        lines.append(lead + str(finding))
    lines += [f"Note: {reason}." for reason in report.reasons]
    lines += [f"Note: {note}." for note in (*report.verdict.conventions, *report.notes)]
    if report.verdict.unchecked:
        lines.append(f"Not checked, because no gradient of it was found: {', '.join(report.verdict.unchecked)}.")
    lines.append("Bound: " + ", ".join(f"{argument} = {where}" for argument, where in report.bound.items()))
    return "\n".join(lines)


def headline(report: Facts) -> str:
    if not report.gradients:
        return "NOTHING TO CHECK"
    if not report.verdict.ok:
        return "BACKPROP WRONG"
    if report.trace.error is not None:
        return "THE CODE FAILED"
    return "BACKPROP RIGHT" if not report.verdict.unchecked else "BACKPROP RIGHT where it was checked"
