"""Arguments of the model that nothing in the code is called like: found by their shapes, when only one way fits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

MOST_WAYS = 500


def by_shape(
    missing: list[str], present: dict[str, Any], bound: dict[str, Any], runs: Callable[[dict[str, Any]], bool]
) -> list[dict[str, str]]:
    """All ways to give the `missing` arguments distinct variables that were `present` at the start, for which the model runs.

    `present` is {expression: value}, `bound` what the other arguments hold. Returns [{argument: expression}]; nothing when
    there are too many ways to try.
    """
    ways = itertools.permutations(present, len(missing))
    tried = list(itertools.islice(ways, MOST_WAYS + 1))
    if len(tried) > MOST_WAYS:
        return []
    return [
        dict(zip(missing, way, strict=True))
        for way in tried
        if runs({**bound, **{argument: present[expression] for argument, expression in zip(missing, way, strict=True)}})
    ]
