"""An edit of a suspected statement, with what it is worth, and what is left of it once it is proved: a change."""

from __future__ import annotations

import ast
import dataclasses
from types import CodeType
from typing import Any

from microgradnp.debugger.derive.locate import Blame, Suspect
from microgradnp.debugger.derive.meanings import Meaning
from microgradnp.debugger.derive.scene import Scene
from microgradnp.debugger.derive.statements import value_behind
from microgradnp.debugger.derive.values import compiled
from microgradnp.debugger.repair.changes import Change
from microgradnp.debugger.repair.edits import Edit


@dataclasses.dataclass(eq=False)
class Candidate:
    """An edit of one statement, with what it is worth."""

    cost: float
    edit: Edit
    suspect: Suspect
    root: Any  # the expression that is evaluated, or the statement `a += b`
    code: CodeType | None = None  # of that expression with the edit
    means: Meaning | None = None  # what the new value is
    right: set[str] | None = None  # what becomes right, by the record
    new: bool = False  # whether the old value meant nothing
    odd: bool = False  # whether the new value has a factor that right gradients do not have


class Found(list[Candidate]):
    """The edits of a statement whose values mean something; beside them those that can only be run."""

    def __init__(self) -> None:
        super().__init__()
        self.unscreened: list[Candidate] = []
        self.nameless: list[Candidate] = []  # of `=`, `+=` and `-=`: a running sum need not mean anything
        self.too_early: list[Candidate] = []  # that would be right if a parameter had not moved yet
        self.has_more = False  # whether other statements come first, because this one takes long


@dataclasses.dataclass(eq=False)
class Mended:
    """One change, and what it makes right; `old` and `new` are the expressions. `cause` is named where these do not tell."""

    change: Change
    candidate: Candidate
    scene: Scene  # the program before it
    blame: Blame  # what was wrong then
    right: set[str]
    old: str = ""
    new: str = ""
    cause: str = ""
    asleep: frozenset[str] = frozenset()  # the gradients that are wrong on other inputs, with the change and without it
    then: Mended | None = None  # another change, without which this one makes nothing right

    @property
    def whole(self) -> list[Mended]:
        """The change, and the one that belongs to it."""
        return [self] if self.then is None else [self, self.then]


def penalty(suspect: Suspect) -> float:
    """What the edits of a statement cost more because other statements are more likely to be wrong."""
    ends = 0.3 * (suspect.updates or suspect.returns)
    return 0.25 * min(suspect.near, 2) + 0.1 * max(0.0, min(suspect.near, 6) - 2) + ends


def code_of(candidate: Candidate) -> CodeType | None:
    """The code of the expression with the edit. Of a statement it is that of the value which its target holds afterwards."""
    edit, root = candidate.edit, candidate.root
    if isinstance(edit.node, ast.stmt):
        return compiled(value_behind(edit.replacement))
    if edit.node is root:
        return compiled(edit.replacement)
    edit.apply()
    try:
        return compiled(root)
    finally:
        edit.undo()
