"""The report as text."""

from __future__ import annotations

from microgradnp.debugger.judge.verdict import FORGOTTEN
from microgradnp.debugger.report.facts import Facts

MOST_NAMED = 4
UNLIKE = "Your forward pass seems to differ from the model's, so no gradient was compared: {}. Make them alike, and ask again."
FORWARD = "The forward pass differs from the model, so nothing is said about the backward pass."


def text(report: Facts) -> str:
    """Verdict first, then the gradients, then the findings, then what was bound to what."""
    name = report.program.name
    lines = [f"{heading(report)}: {name}, step {report.number}. {report.instead}{summary(report)}"]
    names = [*report.gradients, *report.verdict.unjudged, *report.verdict.unchecked]
    width = max((len(a) for a in names), default=0)
    for argument, entry in report.gradients.items():
        mark = "WRONG" if entry.status == "wrong" else entry.status
        digits = f", {entry.digits:.0f} digits" if entry.ok else ""
        where = f" (line {entry.line})" if entry.line else ""
        lines.append(f"  {mark}  {argument:<{width}}  {entry.variable}{where}: {entry.relation}{digits}")
    for mark, why in (("cannot judge", report.verdict.unjudged), ("not checked", report.verdict.unchecked)):
        lines += [f"  {mark}  {argument:<{width}}  {reason}" for argument, reason in why.items()]
    if report.proposal:
        lines.append(f"To have it judged, say what the code works on: bind={report.proposal!r}")
    if not report.forward_ok:
        lines.append(FORWARD)
    for number, finding in enumerate(report.findings, 1):
        first = "Suspected: " if finding.certainty == "suspected" else "First wrong: "
        lead = "Wrong rule: " if report.rule_is_wrong else first if number == 1 else f"Then ({number}): "
        lines.append(lead + str(finding))
    lines += [f"Note: {reason}." for reason in report.reasons]
    lines += [f"Note: {note}." for note in (*report.verdict.conventions, *report.notes)]
    lines.append("Bound: " + ", ".join(f"{argument} = {where}" for argument, where in report.bound.items()))
    return "\n".join(lines)


def summary(report: Facts) -> str:
    """The verdict in a sentence."""
    count, verdict = len(report.gradients), report.verdict
    if not count and not verdict.unjudged:
        return "No gradient was found that could be checked."
    if report.parting and not verdict.entries:
        return UNLIKE.format(report.parting)
    if report.rule_is_wrong:
        return "The step does something else with the gradients than any known optimizer."
    if report.trace.error is not None and verdict.ok:
        return "The code stopped with an error; the gradients that it had formed before are right."
    if report.ok:
        return "The gradient is right." if count == 1 else f"All {count} gradients are right."
    if verdict.ok:
        open_ = [*verdict.unjudged, *verdict.unchecked]
        forgotten = [why for why in verdict.unchecked.values() if why.endswith(FORGOTTEN)]
        if len(forgotten) == len(open_) > 0:
            return f"{'; '.join(forgotten)}. Everything else is right."
        return f"Nothing wrong was found. It is open for {', '.join(open_)}." if open_ else "The gradients agree to some digits."
    wrong = verdict.wrong
    named = f"The gradient{'s' if len(wrong) > 1 else ''} of {', '.join(wrong[:MOST_NAMED])}"
    more = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
    said = f"{named}{more} {'are' if len(wrong) > 1 else 'is'} wrong."
    return said if report.findings else f"{said} The place was not found."


def heading(report: Facts) -> str:
    """The verdict in a word, and what was not judged: "WRONG; NOT CHECKED (b)"."""
    said = ["the gradients are RIGHT, the optimizer's rule is WRONG" if report.rule_is_wrong else report.word]
    if report.rule_is_open and report.ok:
        said = ["the gradients are RIGHT, the optimizer's rule is NOT CHECKED"]
    for word, names in (("CANNOT JUDGE", report.verdict.unjudged), ("NOT CHECKED", report.verdict.unchecked)):
        if names:
            said = [w for w in said if w != word] + [f"{word} ({', '.join(names)})"]
    return "; ".join(said)
