"""A diagnosis as one offline HTML page, and as a shorter table for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microgradnp.doctor.report.picture import picture
from microgradnp.viewer.document import document, filled

if TYPE_CHECKING:
    from microgradnp.doctor.facts import Facts

KINDS = {"healthy": "right", "at its floor": "right", "sick": "wrong"}


def page(found: Facts) -> str:
    """The whole diagnosis as one HTML document, with its picture."""
    from markupsafe import Markup

    drawn = picture(found).decode()
    return document("diagnosis.html", [], __package__, picture=Markup(drawn[drawn.index("<svg") :]), **shared(found))


def table(found: Facts) -> str:
    """The diagnosis for a notebook, in the notebook's own colours."""
    return filled("diagnosis_table.html", __package__, **shared(found))


def shared(found: Facts) -> dict[str, Any]:
    """What both templates are filled in with."""
    return {
        "title": f"{found.verdict}: {found.name}",
        "found": found,
        "kind": KINDS.get(found.verdict, "unknown"),
        "levels": [(name, f"{value:.4g}") for name, value in found.levels.items()],
        "trials": [
            (name, f"{run['steps']}", f"{run['loss']:.4g}", f"{run['quality']:.2f}" if run["quality"] > -99 else "-")
            for name, run in found.trials.items()
        ],
    }
