"""The text of a folded box: its title, its formula, its sizes and its parameters."""

from __future__ import annotations

import collections
import re
from collections.abc import Collection, Iterator
from typing import Any

from microgradnp.drawing.outline import Outline
from microgradnp.drawing.text import cells, shorten
from microgradnp.viewer.formulas import Formulas, fitted, size_text
from microgradnp.viewer.layers import Folds, Part

CELL, SIDE = 7.9, 10.0  # pixels: a character of 13 px in a monospaced font, and the margin beside the text
NARROWEST, WIDEST = 22, 30  # cells
BAND, LINE, MAPS = 25.0, 18.0, 62.0  # pixels: the header, a line of text, the two heat maps with their captions
STEPPER = 16  # cells that the buttons of a run take
SHORT_NAME = re.compile(r"[^\W\d][\w.\[\]'\"]{0,15}( #\d+)?")

Json = dict[str, Any]


class Boxes:
    """The rows of all groups: what the page writes on a folded one."""

    def __init__(
        self, outline: Outline, folds: Folds, codes: list[str], index: dict[int, int], given: Collection[int] = ()
    ) -> None:
        self.outline, self.folds, self.given = outline, folds, given
        self.names = [shown_name(name, code) for name, code in zip(outline.names, codes, strict=True)]
        self.formulas = Formulas(outline.values, self.names, index)
        self.inputs: list[list[int]] = [[] for _ in outline.values]
        for source, target, _ in outline.edges:
            self.inputs[target].append(source)

    def rows(self) -> list[Json]:
        """For each group {kind, end, title, tag, lines, size}, and for a run its rounds as [group, end]."""
        place = {id(part): group for group, part in enumerate(self.folds.parts)}
        rows = []
        texts = self.numbered([self.text(group) for group in range(len(self.folds.parts))])
        for part, (title, tag, lines) in zip(self.folds.parts, texts, strict=True):
            title = shorten(title, WIDEST - 4 - cells(tag))
            lines = [shorten(line, WIDEST) for line in lines]
            buttons = STEPPER if part.kind == "run" else 0
            width = max(NARROWEST, cells(title) + cells(tag) + 4, *map(cells, lines), cells(lines[1]) + buttons)
            row: Json = {"kind": part.kind, "end": part.end, "title": title, "tag": tag, "lines": lines}
            row["size"] = [round(2 * SIDE + CELL * width), round(BAND + LINE * len(lines) + MAPS)]
            rows.append(row)
            if part.kind == "run":
                row["rounds"] = [[place[id(inner)], inner.end] for inner in part.parts]
        for row in rows:
            for k, (group, _) in enumerate(row.get("rounds", ())):
                rows[group]["title"] = self.folds.parts[group].label or f"t = {k}"
        return rows

    def numbered(self, texts: list[tuple[str, str, list[str]]]) -> list[tuple[str, str, list[str]]]:
        """The texts; two boxes with one title, such as two layers of a model, are `linear #1` and `linear #2`.

        Inside a loop only boxes side by side are told apart: its rounds have the same boxes.
        """
        parts = self.folds.parts
        loops = [next((g for g in self.around(k) if parts[g].kind == "iteration"), None) for k in range(len(parts))]
        keys = list(zip(loops, (title for title, _, _ in texts), strict=True))
        total = collections.Counter(key for part, key in zip(parts, keys, strict=True) if part.kind in ("layer", "module"))
        seen, found = collections.Counter[tuple[int | None, str]](), []
        for part, key, (title, tag, lines) in zip(parts, keys, texts, strict=True):
            if part.kind in ("layer", "module") and total[key] > 1:
                seen[key] += 1
                found.append((f"{title} #{seen[key]}", tag, lines))
            else:
                found.append((title, tag, lines))
        return found

    def text(self, group: int) -> tuple[str, str, list[str]]:
        """Title, tag and lines of a group."""
        part, end = self.folds.parts[group], self.names[self.folds.parts[group].end]
        lines = [f"{self.flow(part)} → {size_text(self.outline.values[part.end].shape)}", *self.parameters(group)]
        if part.kind == "layer":
            title, tag = (part.label, end) if part.label and self.is_unnamed(part.end) else (end, part.label)
            return title, shorten(tag, 16), [self.formula(part), *lines]
        if part.kind == "run":
            first, last = part.parts[0].label or "t = 0", part.parts[-1].label or str(len(part.parts) - 1)
            return f"{first} .. {last}", f"{len(part.parts)} rounds", [f"{end} = {self.formula(last_layer(part))}", *lines]
        count = f"{sum(1 for _ in boxes_of(part))} boxes, {len(part.nodes)} steps"
        if part.kind == "section":
            return f"{self.title(part.parts[0])} … {self.title(part.parts[-1])}", "", [count, *lines]
        return part.label, end, [count, *lines]

    def is_unnamed(self, k: int) -> bool:
        return re.fullmatch(r"v\d+", self.names[k]) is not None

    def title(self, part: Part) -> str:
        """The name of a box in the title of a section."""
        if part.kind in ("section", "run", "iteration"):
            return self.title(part.parts[-1])
        return part.label if part.label and self.is_unnamed(part.end) else self.names[part.end]

    def formula(self, part: Part) -> str:
        """The formula of a layer. One that does not fit is the name of its module, called with what flows in."""
        text = "; ".join(self.formulas.lines(part.end, part.nodes if part.kind == "layer" else ()))
        if cells(text) <= WIDEST or not part.label:
            return text
        sources = sorted({k for node in part.nodes for k in self.inputs[node]} - set(part.nodes))
        return f"{part.label}({', '.join(self.names[k] for k in sources)})"

    def flow(self, part: Part) -> str:
        """The shapes of what flows in, without parameters."""
        inside = set(part.nodes)
        sources = sorted({k for node in part.nodes for k in self.inputs[node]} - inside)
        shapes = [size_text(self.outline.values[k].shape) for k in sources if not self.is_parameter(k)]
        return fitted(list(dict.fromkeys(shapes)), f"{len(shapes)} inputs", 18)

    def parameters(self, group: int) -> list[str]:
        """One line with the parameters that stand in the box, or none."""
        sources = sorted({k for node in self.folds.parts[group].nodes for k in self.inputs[node]})
        held = [k for k in sources if self.is_parameter(k) and self.is_within(self.folds.member[k], group)]
        if not held:
            return []
        texts = [f"{self.names[k]} {size_text(self.outline.values[k].shape)}" for k in held]
        return [fitted(texts, f"{sum(self.outline.values[k].size for k in held):,} parameters", WIDEST)]

    def is_parameter(self, k: int) -> bool:
        value = self.outline.values[k]
        requires = bool(getattr(value, "requires_grad", False)) and id(value) not in self.given
        return getattr(value, "rule", None) is None and requires

    def around(self, group: int | None) -> Iterator[int]:
        """A group, and the groups around it."""
        while group is not None:
            yield group
            group = self.folds.parents[group]

    def is_within(self, group: int | None, outer: int) -> bool:
        """Whether a group is another one, or inside it."""
        while group is not None and group > outer:
            group = self.folds.parents[group]
        return group == outer


def last_layer(part: Part) -> Part:
    """The last box without boxes inside it."""
    while part.parts:
        part = part.parts[-1]
    return part


def boxes_of(part: Part) -> Iterator[Part]:
    """The boxes in a group, those of the sections in it included."""
    for inner in part.parts:
        if inner.kind == "section":
            yield from boxes_of(inner)
        else:
            yield inner


def shown_name(name: str, code: str) -> str:
    """The name of a value in a formula: `W` of `layer1.W`, `h` of `h #3` in a loop; else its name in the page's lines of NumPy.

    >>> shown_name("layer1.W", "layer1_W"), shown_name("h #3", "h_3"), shown_name("np.exp(x)", "v4")
    ('W', 'h', 'v4')
    """
    if not SHORT_NAME.fullmatch(name):
        return code
    return re.split(r"\.(?=[^\W\d]\w*$)", re.sub(r" #\d+$", "", name))[-1]
