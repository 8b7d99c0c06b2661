"""An edit that was found by running the program, told as one that was derived: what it changes has values in the record."""

from __future__ import annotations

import ast
import textwrap

from microgradnp.debugger.derive.candidate import Candidate, Mended
from microgradnp.debugger.derive.derivations import atom_of
from microgradnp.debugger.derive.locate import Blame, Suspect
from microgradnp.debugger.derive.meanings import Meaning
from microgradnp.debugger.derive.scene import Scene
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.sites import Statement
from microgradnp.debugger.repair.search import Fix


def mended_by(fix: Fix, scene: Scene, blame: Blame) -> Mended | None:
    """The change of an edit in the record of the program before it. None where the record has nothing of its statement."""
    statement = statement_at(fix, scene)
    node = first_node(statement, scene) if statement is not None else None
    if statement is None or node is None:
        return None
    known = next((suspect for suspect in blame.suspects if place_of(suspect.statement) == place_of(statement)), None)
    old, new = right_side(fix.old), right_side(fix.new)
    candidate = Candidate(0.0, fix.edit, known or Suspect(statement, 0.0, node), None)
    candidate.means = meaning(new, candidate.suspect, scene, blame)
    return Mended(fix.change, candidate, scene, blame, fix.right, old, new)


def statement_at(fix: Fix, scene: Scene) -> Statement | None:
    """The recorded statement that an edit changes: the last one that begins at its line, or before it."""
    starts = [held[0].statement for (file, place), held in scene.snapshots.items() if file == fix.file and place[0] <= fix.line]
    return max(starts, key=lambda statement: (statement.line, statement.column), default=None)


def first_node(statement: Statement, scene: Scene) -> Node | None:
    """The first value that a statement makes behind the forward pass of the step, or else at all."""
    step = scene.verdict.step
    own = [n for n in step.record.nodes if n.site is not None and place_of(n.site.statement) == place_of(statement)]
    made = [n for n in own if n.kind == "operation"]
    start = min((output.number for output in step.outputs), default=0)
    return next((n for n in made if n.number > start), made[0] if made else None)


def place_of(statement: Statement) -> tuple[str, int, int]:
    """Where a statement begins: two records of a program have statements of their own."""
    return statement.file, statement.line, statement.column


def right_side(text: str) -> str:
    """The expression that a statement assigns, adds or returns; "" where there is none, or where it takes more lines."""
    try:
        value = getattr(ast.parse(textwrap.dedent(text)).body[0], "value", None)
    except (SyntaxError, IndexError):
        return ""
    return ast.unparse(value) if isinstance(value, ast.expr) else ""


def meaning(text: str, suspect: Suspect, scene: Scene, blame: Blame) -> Meaning | None:
    """What an expression is in the model where its statement stands: a gradient rather than a value of the forward pass."""
    stage = Stage(scene)
    snapshot = stage.snapshot(suspect.statement, suspect.node)
    atom = atom_of(stage, snapshot, text) if snapshot is not None and text else None
    found = blame.meanings.of(atom.pair) if atom is not None else []
    return min(found, key=lambda m: not m.is_gradient, default=None)
