"""The look of curves: a white ground, a quiet grid, text that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def style_of(colors: Sequence[str]) -> Any:
    """The style of a Pygal chart whose curves have these colours, in their order."""
    from pygal.style import CleanStyle

    return CleanStyle(
        colors=tuple(colors),
        background="#ffffff",
        plot_background="#ffffff",
        guide_stroke_dasharray="0",
        major_guide_stroke_dasharray="0",
        guide_stroke_color="#eeeeee",
        major_guide_stroke_color="#dddddd",
        value_label_font_size=14,
        label_font_size=13,
        major_label_font_size=13,
        title_font_size=17,
    )


def powers_of_ten(longest: int) -> list[int]:
    """The labels of a logarithmic axis that ends at `longest`, and the next one behind it."""
    return [10**power for power in range(len(str(longest)) + 1) if 10 ** (power - 1) < longest]
