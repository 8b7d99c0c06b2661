"""The page's own program: the JavaScript of the graph, and the exact numbers of its leaves, so that the page computes."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from microgradnp.viewer.batches import batched
from microgradnp.viewer.contents import Contents, Json

MOST_NODES, MOST_NUMBERS = 3_000, 2_000_000  # of a page that computes
ENDS_A_SCRIPT = ("</script", "<script", "<!--")


def program_of(contents: Contents) -> tuple[str | None, Json]:
    """The JavaScript of the graph, and what the page needs to run it. None and the reason where there is no such program."""
    from microgradnp.emitter.javascript import NotJavaScript, live_program

    values = contents.outline.values
    size = sum(value.size for value in values if not getattr(value, "rule", None))
    if len(values) > MOST_NODES or size > MOST_NUMBERS:
        return None, not_live(
            f"The graph has {len(values):,} nodes and {size:,} numbers in its leaves; "
            f"a page computes up to {MOST_NODES:,} nodes and {MOST_NUMBERS:,} numbers."
        )
    try:
        found = live_program(values[-1])
    except NotJavaScript as error:
        return None, not_live(f"{str(error).removeprefix('live: ')}.")
    if any(end in found.text.lower() for end in ENDS_A_SCRIPT):
        return None, not_live("A name in the graph would end the page's script.")
    place = [contents.index.get(id(node), -1) for node in found.nodes]
    leaves = [[place[k], packed_exactly(found.nodes[k])] for k in found.leaves]
    live: Json = {"nodes": place, "leaves": leaves, "program": 0}
    general = batched(found.nodes, found.leaves)
    if general is not None:
        live["batch"] = {"rows": general.rows, "leaves": general.leaves}
    known = [{place[k] for k, there in enumerate(sides) if there} for sides in ([True] * len(place), found.has_gradient)]
    sides = zip(("values", "grads"), known, strict=True)
    maps = {side: [without_cells(m) if k in there else m for k, m in enumerate(contents.data[side])] for side, there in sides}
    return (general or found).text, {"live": live, **maps}


def without_cells(found: Json | None) -> Json | None:
    """A map without what the page computes itself: its cells, and the numbers of a small array."""
    if found is None or len(found.get("x", ())) == 1 or "q" not in found:
        return found
    return {key: part for key, part in found.items() if key != "x"} | {"q": "live"}


def not_live(reason: str) -> Json:
    return {"notLive": f"Nothing can be changed in this page. {reason}"}


def packed_exactly(value: Any) -> str:
    """All numbers of an array, as base64 of doubles."""
    array = np.asarray(getattr(value, "_array", value), "<f8")
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
