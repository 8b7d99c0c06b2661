"""One card for each fault: where it is, why, what was expected, the edit that mends it, and how sure all this is."""

from __future__ import annotations

import difflib
import os
import re
from html import escape

from microgradnp.debugger.report.facts import Facts, Finding
from microgradnp.debugger.report.listing import Links

FORWARD = "The forward pass differs from the model, so nothing is said about the backward pass."
CERTAINTY = {
    "exact": "verified by re-running on fresh inputs",
    "consistent": "agrees with all that was seen, and no edit was found that proves it",
}


def findings_section(report: Facts, links: Links) -> str:
    if not report.findings:
        return ""
    warning = "" if report.forward_ok else f'<p class="warning">{FORWARD}</p>'
    cards = "".join(card(finding, number, report.verdict.wrong, links) for number, finding in enumerate(report.findings, 1))
    return f'<section id="findings"><h2>{"What is wrong" if len(report.findings) > 1 else "Why"}</h2>{warning}{cards}</section>'


def card(finding: Finding, number: int, wrong: list[str], links: Links) -> str:
    """One fault: where, why, what was expected, the edit that mends it, and how sure all this is."""
    lead = "Suspected" if finding.certainty == "suspected" else "First wrong"
    lead = lead if number == 1 else f"Then ({number})"
    place = f"{os.path.basename(finding.file)}:{finding.line}"
    rows: list[tuple[str, str]] = []
    if finding.certainty != "suspected":
        term = "Consistent with" if finding.certainty == "consistent" and finding.cause != "unknown" else "Cause"
        rows.append((term, f'{escape(finding.explanation)} <span class="slug">{escape(finding.cause)}</span>'))
    if finding.variable:
        rows.append(("First wrong value", f"<code>{escape(finding.variable)}</code>"))
    if finding.expected:
        rows.append(("Expected", f"<code>{escape(finding.expected)}</code>"))
    mended = [name for name in finding.mends if name in wrong]
    if mended:
        rows.append(("Makes right", ", ".join(f"<code>{escape(name)}</code>" for name in mended)))
    rows.append(("Certainty", certainty(finding, links)))
    facts = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in rows if text)
    return (
        f'<article class="card {escape(finding.certainty)}"><h3><span class="lead">{lead}</span> '
        f"{links(finding.file, finding.line, place)} in <code>{escape(finding.function)}</code></h3>"
        f'<pre class="culprit"><b>{finding.line}</b> {escape(finding.source)}</pre><dl>{facts}</dl>{fix_of(finding)}</article>'
    )


def certainty(finding: Finding, links: Links) -> str:
    if finding.certainty == "suspected":
        return f"<b>suspected</b>: cause not found; wrong {between(finding, links)}"
    said = f"<b>{escape(finding.certainty)}</b>: {CERTAINTY[finding.certainty]}"
    if finding.fix is None:
        value = f"<code>{escape(finding.variable)}</code>"
        said += f"; {value} is the first value that agrees with nothing in the model, and all that goes into it is right"
    return said


def between(finding: Finding, links: Links) -> str:
    lines = sorted(finding.region or [finding.line])
    if lines[0] == lines[-1]:
        return f"in {links(finding.file, lines[0])}"
    first, last = (links(finding.file, n, str(n)) for n in (lines[0], lines[-1]))
    return f"between lines {first} and {last}"


def brief(finding: Finding) -> str:
    """A finding on one line, for notebooks."""
    where = f"<code>{escape(finding.source)}</code> ({escape(os.path.basename(finding.file))}:{finding.line})"
    cause = "" if finding.certainty == "suspected" else f": {escape(finding.explanation)} ({escape(finding.cause)})"
    fix = f"; fix, line {finding.fix[0]}: <code>{escape(finding.fix[2])}</code>" if finding.fix else ""
    return f"{where}{cause}{fix}. {certainty(finding, Links({}))}"


# ------------------------------------------------------------------------------------------------ fix


def fix_of(finding: Finding) -> str:
    """The edit as a small diff; in words where a statement has to move."""
    if finding.fix is None:
        return ""
    line, old, new = finding.fix
    if re.fullmatch(r"move line \d+ (after|before) line \d+", new):
        return f'<div class="diff"><p>Fix: {new}</p><pre><b>{line}</b> {escape(old)}</pre></div>'
    if " -> " in new and " -> " not in old:  # within a statement of several lines, an expression for another
        old, new = new.split(" -> ", 1)
    removed, added = difference(old, new)
    return (
        f'<div class="diff"><p>Fix of line {line}</p><pre>'
        f'<del><b>{line} <span aria-label="old">\u2212</span></b> {removed}</del>\n'
        f'<ins><b>{line} <span aria-label="new">+</span></b> {added}</ins></pre></div>'
    )


def difference(old: str, new: str) -> tuple[str, str]:
    """Both lines, with the words that differ marked."""
    before, after = (re.findall(r"\w+|\s+|\*\*|[^\w\s]", text) for text in (old, new))
    parts: tuple[list[str], list[str]] = ([], [])
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for side, words in enumerate((before[i:j], after[k:m])):
            text = escape("".join(words))
            parts[side].append(text if tag == "equal" or not text else f"<mark>{text}</mark>")
    return "".join(parts[0]), "".join(parts[1])
