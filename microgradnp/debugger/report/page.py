"""The report as one offline HTML page, and as a shorter table for notebooks. The page reads well without its script too."""

from __future__ import annotations

import os
from typing import Any

from microgradnp.debugger.report.annotate import annotate
from microgradnp.debugger.report.cards import CERTAINTIES, change_of
from microgradnp.debugger.report.facts import Facts, mending
from microgradnp.debugger.report.heat import figure
from microgradnp.debugger.report.listing import MARKS, listing
from microgradnp.debugger.report.text import FORWARD, heading, summary
from microgradnp.viewer.document import document, filled

KINDS = {"RIGHT": "right", "WRONG": "wrong"}
MOST_SUSPECTS = 20


def page(report: Facts) -> str:
    """The whole report as one HTML document."""
    verdict, suspects = heading(report), report.suspects
    return document(
        "report.html",
        ["report.js"],
        __package__,
        **shared(report),
        **listing(report, annotate(report)),
        title=f"{verdict}: {report.program.name}",
        kind=KINDS.get(report.word, "unknown"),
        said=summary(report),
        file=os.path.basename(report.program.file),
        facts=[f"step {report.number}", f"{report.seconds:.2g} s", *([f"edits tried: {report.tried}"] if report.tried else [])],
        changes=[change_of(finding) for finding in report.findings],
        figures=[shown for name in report.verdict.wrong if (shown := figure(report.gradients[name], report))],
        suspects=suspects[:MOST_SUSPECTS],
        more=max(0, len(suspects) - MOST_SUSPECTS),
    )


def table(report: Facts) -> str:
    """The report for a notebook: verdict, gradients, findings and notes, in the notebook's own colours."""
    return filled("table.html", __package__, **shared(report), anchors={})


def shared(report: Facts) -> dict[str, Any]:
    """What both templates are filled in with."""
    return {
        "report": report,
        "name": report.program.name,
        "verdict": heading(report),
        "notes": all_notes(report),
        "marks": MARKS,
        "certainties": CERTAINTIES,
        "forward": FORWARD,
        "mending": mending,
    }


def all_notes(report: Facts) -> list[str]:
    notes = [*report.reasons, *report.verdict.conventions, *report.notes]
    notes += [f"Cannot judge {argument}: {why}" for argument, why in report.verdict.unjudged.items()]
    notes += [f"Not checked: {argument}: {why}" for argument, why in report.verdict.unchecked.items()]
    if report.proposal:
        notes.append(f"To have it judged, say what the code works on: bind={report.proposal!r}")
    return [f"{note}." for note in notes]
