"""One offline HTML page, and the shorter table for notebooks. The page needs no network and no script to be read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from html import escape
from importlib import resources

from microgradnp.debugger.evidence import Entry
from microgradnp.debugger.report import heat
from microgradnp.debugger.report.annotate import annotate
from microgradnp.debugger.report.cards import FORWARD, between, brief, findings_section
from microgradnp.debugger.report.facts import Facts
from microgradnp.debugger.report.listing import MARKS, Links, source_section
from microgradnp.debugger.report.text import headline
from microgradnp.drawing.svg import DARK, DARK_KINDS, LIGHT, LIGHT_KINDS
from microgradnp.inspection import heatmap

VERDICTS = {"BACKPROP RIGHT": "right", "BACKPROP RIGHT where it was checked": "right", "BACKPROP WRONG": "wrong"}
MOST_SUSPECTS = 20
NONE = "\u2013"
DOT = " \u00b7 "


def page(report: Facts) -> str:
    """The whole report as one HTML document."""
    blocks = annotate(report)
    anchors = {file: f"f{k}" for k, file in enumerate(dict.fromkeys(b.file for b in blocks), 1)}
    links = Links({(b.file, line.number): f"{anchors[b.file]}-L{line.number}" for b in blocks for line in b.lines})
    body = [
        header(report, links),
        gradients_section(report, links),
        findings_section(report, links),
        maps_section(report),
        source_section(blocks, links, report),
        notes_section(report),
        bound_section(report),
        suspects_section(report, links),
    ]
    title = f"{headline(report).capitalize()}: {name_of(report)}"
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            f'<title>{escape(title)}</title>\n<link rel="icon" href="data:,">\n<style>\n{style()}</style>\n</head>\n<body>',
            '<a class="skip" href="#source">Skip to the source</a>\n<main>',
            *filter(None, body),
            f"</main>\n<footer>{footer(report)}</footer>\n<script>\n{packaged('page.js')}</script>\n</body>\n</html>\n",
        ]
    )


def table(report: Facts) -> str:
    """The report for a notebook: verdict, gradients, findings and notes, in the notebook's own colours."""
    says = [f"<p><b>{'First wrong' if k == 1 else 'Then'}</b>: {brief(f)}</p>" for k, f in enumerate(report.findings, 1)]
    says += [f"<p>{FORWARD}</p>"] if report.findings and not report.forward_ok else []
    notes = "".join(f"<p>{escape(note)}</p>" for note in all_notes(report))
    verdict = f"{headline(report).capitalize()}: {name_of(report)}, step {report.number}"
    bound = ", ".join(f"{a} = {where}" for a, where in report.bound.items())
    return (
        f"<div><p><b>{escape(verdict)}</b></p>{gradient_table(report, Links({}))}{''.join(says)}{notes}"
        f"<p><small>Bound: {escape(bound)}</small></p></div>"
    )


# -------------------------------------------------------------------------------------------- sections


def header(report: Facts, links: Links) -> str:
    verdict = headline(report)
    kind = VERDICTS.get(verdict, "unknown")
    glyph = {"right": MARKS["right"][0], "wrong": MARKS["wrong"][0]}.get(kind, NONE)
    facts = [f"step {report.number}", f"{report.seconds:.2g} s"]
    facts += [f"{report.tried} edits tried"] if report.tried else []
    return (
        f'<header class="verdict {kind}"><span class="badge" aria-hidden="true">{glyph}</span><div>'
        f'<h1>{escape(verdict.capitalize())}</h1><p class="lead">{summary_of(report, links)}</p>'
        f'<p class="facts"><code>{escape(name_of(report))}</code> in {escape(os.path.basename(report.program.file))} '
        f"<span>\u00b7 {DOT.join(facts)}</span></p></div></header>"
    )


def summary_of(report: Facts, links: Links) -> str:
    count = len(report.gradients)
    if not count:
        return "No gradient was found that could be checked."
    if report.verdict.ok and report.step.error is not None:
        return "The code stopped with an error; the gradients that it had formed before are right."
    if report.ok:
        return "The gradient is right." if count == 1 else f"All {count} gradients are right."
    wrong = len(report.verdict.wrong)
    said = "The gradient is wrong." if count == 1 else f"{wrong} of {count} gradients {'is' if wrong == 1 else 'are'} wrong."
    first = report.first_wrong
    if first is None:
        return f"{said} The place was not found."
    if first.certainty == "suspected":
        return f"{said} The fault is {between(first, links)}."
    return f"{said} First wrong: {links(first.file, first.line)} in <code>{escape(first.function)}</code>."


def gradients_section(report: Facts, links: Links) -> str:
    if not report.gradients:
        return ""
    return f'<section id="gradients"><h2>Gradients</h2>{gradient_table(report, links)}</section>'


def maps_section(report: Facts) -> str:
    figures = "".join(heat.figure(report.gradients[name], report) for name in report.verdict.wrong)
    note = "One scale for each gradient; the strength of a colour grows with the square root of the number."
    title = "Wrong gradients, found against expected"
    return f'<section id="maps"><h2>{title}</h2><p>{note}</p><div class="maps">{figures}</div></section>' if figures else ""


def gradient_table(report: Facts, links: Links) -> str:
    titles = ("", "Gradient of", "Found in", "Relation to the model's", "Digits", "Line")
    head = "".join(f'<th scope="col">{title or "Verdict"}</th>' for title in titles)
    rows = "".join(gradient_row(name, entry, links) for name, entry in report.gradients.items())
    return f'<div class="scroll"><table class="gradients"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def gradient_row(name: str, entry: Entry, links: Links) -> str:
    kind = "right" if entry.ok else "wrong"
    digits = f"{entry.digits:.0f}" if entry.ok else NONE
    return (
        f'<tr class="{kind}"><td class="says"><span aria-hidden="true">{MARKS[kind][0]}</span> {kind}</td>'
        f'<th scope="row"><code>{escape(name)}</code></th><td><code>{escape(entry.variable)}</code></td>'
        f'<td>{escape(entry.relation)}</td><td class="number">{digits}</td>'
        f"<td>{links(entry.file, entry.line) or NONE}</td></tr>"
    )


# ---------------------------------------------------------------------------------------------- notes


def all_notes(report: Facts) -> list[str]:
    notes = [*report.reasons, *report.verdict.conventions, *report.notes]
    if report.verdict.unchecked:
        notes.append(f"Not checked, because no gradient of it was found: {', '.join(report.verdict.unchecked)}")
    return [f"{note}." for note in notes]


def notes_section(report: Facts) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in all_notes(report))
    return f'<section id="notes"><h2>Notes</h2><ul>{notes}</ul></section>' if notes else ""


def bound_section(report: Facts) -> str:
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(argument)}</code></th>'
        f"<td><code>{escape(variable.expression)}</code> in <code>{escape(variable.function)}</code></td></tr>"
        for argument, variable in report.step.variables.items()
    )
    head = '<tr><th scope="col">Argument of the model</th><th scope="col">Bound to</th></tr>'
    return (
        f'<section id="bound"><h2>What was bound to what</h2><table><thead>{head}</thead><tbody>{rows}</tbody></table></section>'
    )


def suspects_section(report: Facts, links: Links) -> str:
    found = report.suspects[:MOST_SUSPECTS]
    if report.ok or not found:
        return ""
    items = "".join(f"<li>{links(s.file, s.line)} <code>{escape(s.source)}</code></li>" for s in found)
    more = len(report.suspects) - len(found)
    rest = f"<p>and {more} more lines</p>" if more else ""
    return f'<section id="suspects"><h2>Lines in order of suspicion</h2><ol>{items}</ol>{rest}</section>'


def footer(report: Facts) -> str:
    return f"Step {report.number} of <code>{escape(name_of(report))}</code>, looked at by <code>microgradnp.debug</code>."


def name_of(report: Facts) -> str:
    return report.program.name


# ---------------------------------------------------------------------------------------------- style


def style() -> str:
    """The packaged rules, on the colours of the graph's pictures."""
    light, dark = variables(LIGHT, LIGHT_KINDS), variables(DARK, DARK_KINDS)
    themes = (
        f":root{{{light}}}{heatmap.rules(heatmap.LIGHT)}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}{heatmap.rules(heatmap.DARK)}}}\n"
    )
    return themes + packaged("page.css")


def variables(theme: dict[str, str], kinds: dict[str, tuple[str, str]]) -> str:
    colors: Iterable[tuple[str, str]] = (
        *theme.items(),
        *((f"{kind}-fill", fill) for kind, (fill, _) in kinds.items()),
        *((f"{kind}-line", line) for kind, (_, line) in kinds.items()),
    )
    return "".join(f"--{name}:{color};" for name, color in colors)


def packaged(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
