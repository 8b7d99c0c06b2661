"""Edits tried without running the program: evaluated among the variables of a statement, and carried on through the record."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import warnings
from collections.abc import Mapping
from types import CodeType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.source import Source, collect
from microgradnp.debugger.derive.scene import Instance, Place, Scene, Snapshot, resolved
from microgradnp.debugger.record.judge import settle
from microgradnp.debugger.record.judged import Judged, fit, is_zero, tolerance
from microgradnp.debugger.record.movements import judge_update
from microgradnp.debugger.record.nodes import Group, Node
from microgradnp.debugger.record.points import Point
from microgradnp.debugger.record.replay import Replay
from microgradnp.debugger.record.returned import judge_returned
from microgradnp.debugger.record.sites import Statement
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import parts_in, read
from microgradnp.debugger.record.values import attributes, is_instance
from microgradnp.debugger.record.world import names_in
from microgradnp.debugger.repair.edits import Editor

Pair = tuple[Any, Any]
Span = tuple[int, int, int, int]


class NotEvaluatedError(Exception):
    """An expression cannot be evaluated where its statement stands."""


class Overlay(Replay):
    """A replay of a replay: what was not changed again is as it was there."""

    def __init__(self, base: Replay) -> None:
        super().__init__(base.record, {})
        self.base = base

    def __getitem__(self, node: Node) -> Any:
        if node in self.failed:
            raise KeyError(node)
        if node.number in self.values:
            return self.values[node.number]
        return self.base[node]


class Stage:
    """The statements of one scene, with their variables and their recorded values."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.step, self.point = scene.verdict.step, scene.point
        self.record = self.step.record
        self.end = self.step.last.number
        before = [part.node.number for a in self.step.after for part in parts_in(self.step.before[a])]
        begin = max(before, default=0) if scene.verdict.number else 0
        self.nodes: dict[tuple[str, Span], list[Node]] = {}
        for node in self.record.nodes[begin : self.end + 1]:
            site = node.site
            if site is not None and node.kind in ("operation", "draw") and site.kind not in ("augmented", "augmented_place"):
                self.nodes.setdefault((site.file, (site.line, site.column, site.end_line, site.end_column)), []).append(node)
        self.editors: dict[str, Editor] = {}
        self.trees: dict[str, dict[Place, ast.stmt]] = {}
        self.at_rest: dict[int, Overlay] = {}
        self.environments: dict[tuple[int, int], dict[str, Any]] = {}

    # ------------------------------------------------------------------------------------------------ statements

    def editor(self, file: str) -> Editor:
        """Makes the edits of a file, in a tree of its own."""
        if file not in self.editors:
            text = self.scene.text(file)
            source = Source(file, text, ast.parse(text))
            collect(source, source.tree.body, "<module>", ())
            self.editors[file] = Editor(source, self.shapes(file))
            statements = [node for node in ast.walk(source.tree) if isinstance(node, ast.stmt)]
            self.trees[file] = {(node.lineno, node.col_offset): node for node in statements}
        return self.editors[file]

    def tree(self, statement: Statement) -> ast.stmt | None:
        """The syntax of a recorded statement."""
        self.editor(statement.file)
        return self.trees[statement.file].get((statement.line, statement.column))

    def shapes(self, file: str) -> dict[str, dict[str, tuple[int, ...] | None]]:
        """The shapes of what each function of a file holds."""
        found: dict[str, dict[str, tuple[int, ...] | None]] = {}
        for (name, _), snapshots in self.scene.snapshots.items():
            if name != file:
                continue
            for snapshot in (snapshots[0], snapshots[-1]):
                function = snapshot.call.function.rpartition(".")[2] if snapshot.call is not None else "<module>"
                variables = found.setdefault(function, {})
                for text, node in sorted(atoms_of(snapshot.names), key=lambda atom: atom[0].count("[")):
                    with contextlib.suppress(KeyError):
                        value = self.step.values[node]
                        if isinstance(value, (np.ndarray, float, np.floating)):
                            variables[text] = np.shape(value)
        return found

    def snapshot(self, statement: Statement, node: Node) -> Snapshot | None:
        """The variables at the execution of a statement that made a node."""
        seen = self.scene.snapshots.get((statement.file, (statement.line, statement.column)), [])
        calls = set(map(id, node.call.chain)) if node.call is not None else set()
        earlier = [s for s in seen if s.time <= node.number]
        own = [s for s in earlier if s.call is None or id(s.call) in calls]
        return own[-1] if own else earlier[-1] if earlier else None

    # ------------------------------------------------------------------------------------------------ values

    def environment(self, snapshot: Snapshot, which: int) -> dict[str, Any]:
        """The variables of a snapshot, at one of the two inputs."""
        key = (id(snapshot), which)
        if key not in self.environments:
            values = (self.step.values, self.point.values)[which]
            self.environments[key] = variables(snapshot, values)
        return self.environments[key]

    def evaluate(self, code: CodeType, snapshot: Snapshot) -> Pair:
        """What an expression is among the variables of a snapshot, at both inputs. Raises NotEvaluatedError."""
        taken = [name for name in names_in(code) if type(snapshot.names.get(name)) in (Instance, Group)]
        found = []
        for which in (0, 1):
            names = dict(self.environment(snapshot, which))
            memo: dict[int, Any] = {}
            names.update({name: apart(names[name], memo) for name in taken if name in names})  # a method may change its owner
            found.append(evaluated(code, names))
        return found[0], found[1]

    def unmoved(self, which: int) -> Overlay:
        """A run in which the parameters that have moved are as they were before the step."""
        if which not in self.at_rest:
            values = (self.step.values, self.point.values)[which]
            made = self.at_rest[which] = Overlay(values)
            for argument, after in self.step.after.items():
                parts = list(zip(parts_in(self.step.before[argument]), parts_in(after), strict=True))
                for before, moved in parts:
                    if before.array is None and moved.array is None and moved.node is not before.node:
                        made.values[moved.node.number] = before.value(values)
        return self.at_rest[which]

    def has_moved(self, snapshot: Snapshot) -> bool:
        """Whether a variable of a snapshot holds a parameter that has moved."""
        return any(node.number in self.unmoved(0).values for _, node in atoms_of(snapshot.names))

    def evaluate_unmoved(self, code: CodeType, snapshot: Snapshot) -> Pair:
        """What an expression would be if no parameter had moved yet. Raises NotEvaluatedError."""
        first, second = (variables(snapshot, self.unmoved(which), code) for which in (0, 1))
        return evaluated(code, first), evaluated(code, second)

    # ------------------------------------------------------------------------------------------------ carried on

    def executions(self, file: str, expression: Any) -> list[Node]:
        """The recorded values of an expression in this step, after the forward pass began to be read."""
        span = (expression.lineno, expression.col_offset, expression.end_lineno, expression.end_col_offset)
        return self.nodes.get((file, span), [])

    def carried(self, edits: Mapping[Node, tuple[CodeType, Snapshot]], which: int) -> Overlay | None:
        """The record with other expressions, at one input. None where its operations do not work with the new values."""
        base = (self.step.values, self.point.values)[which]
        again = Overlay(base)
        values = again.values
        first = min(node.number for node in edits)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for node in self.record.nodes[first : self.end + 1]:
                if node in edits:
                    code, snapshot = edits[node]
                    try:
                        values[node.number] = like(evaluated(code, variables(snapshot, again, code)), node)
                    except (NotEvaluatedError, KeyError):
                        return None
                    continue
                if not any(parent.number in values for parent in self.record.parents(node)):
                    continue
                try:
                    value = again.evaluate(node)
                except Exception:  # other values may be of no use to an operation
                    return None
                if node.kind == "decision":
                    if not np.array_equal(value, node.held) and base[node] is node.held:
                        return None
                else:
                    values[node.number] = value
        return again

    def right_after(self, edits: Mapping[Node, tuple[CodeType, Snapshot]]) -> set[str] | None:
        """The gradients that are right with other expressions."""
        first = self.carried(edits, 0)
        second = self.carried(edits, 1) if first is not None else None
        if first is None or second is None:
            return None
        step = dataclasses.replace(self.step, values=first)
        return right_at(step, Point(second, self.point.evaluation, self.point.amount), self.scene.verdict.entries)


def right_at(step: Step, point: Point, known: Mapping[str, Judged]) -> set[str]:
    """The arguments whose gradient is right in a step."""
    entries = {a: Judged(a, "not checked") for a in step.evaluation.gradients}
    by_rule = any(entry.evidence == "gradient" for entry in known.values())
    for argument in step.after:
        entries[argument] = judge_update(step, point, argument) if by_rule else judge_movement(step, point, argument)
    if not step.after:
        judge_returned(step, point, entries)
    for evidence in ("update", "returned"):
        settle(step, [entry for entry in entries.values() if entry.evidence == evidence])
    return {argument for argument, entry in entries.items() if entry.status in ("right", "agrees")}


def judge_movement(step: Step, point: Point, argument: str) -> Judged:
    """The movement of a parameter along its gradient, on both inputs."""
    fits = []
    for values, evaluation in ((step.values, step.evaluation), (point.values, point.evaluation)):
        before, after = (np.asarray(read(held[argument], values), float) for held in (step.before, step.after))
        if before.shape != after.shape or not np.isfinite(after).all() or is_zero(evaluation, argument):
            return Judged(argument, "wrong", "update")
        fits.append(fit(after - before, evaluation.gradients[argument], float(np.max(np.abs(before), initial=0))))
    error = max(fits[0][1], fits[1][1])
    steady = abs(fits[0][0] - fits[1][0]) <= max(1e-6, 10 * error) * abs(fits[0][0]) + 1e-12
    right = error <= 10 * tolerance(step) and steady and fits[0][0] != 0
    return Judged(argument, "right" if right else "wrong", "update", fits[0][0], error, spread=error)


def like(value: Any, node: Node) -> Any:
    """A value in the form that the node's was. Raises NotEvaluatedError where it has another shape."""
    old = node.value
    if np.shape(value) != np.shape(old):
        raise NotEvaluatedError
    if isinstance(old, np.ndarray):
        return np.array(value, dtype=old.dtype if old.dtype.kind == "f" else None)
    return type(old)(value) if isinstance(old, (float, np.floating)) else value


def variables(snapshot: Snapshot, values: Replay, code: CodeType | None = None) -> dict[str, Any]:
    """The variables of a snapshot in a run: those that the code names, or all."""
    wanted = snapshot.names if code is None else [name for name in names_in(code) if name in snapshot.names]
    memo: dict[int, Any] = {}
    found = dict(snapshot.globals)
    for name in wanted:
        try:
            found[name] = resolved(snapshot.names[name], values, memo)
        except Exception:  # a value that this run does not have, an object that cannot be made
            found.pop(name, None)
    return found


def apart(value: Any, memo: dict[int, Any]) -> Any:
    """A copy of the objects and containers inside of a value. The arrays are the same: nobody can write to them."""
    if not isinstance(value, (list, dict, tuple)) and not is_instance(value):
        return value
    if id(value) in memo:
        return memo[id(value)]
    made: Any
    if type(value) is dict:
        made = memo[id(value)] = {}
        made.update((key, apart(item, memo)) for key, item in value.items())
    elif type(value) in (list, tuple):
        made = memo[id(value)] = type(value)([apart(item, memo) for item in value])
    elif inside := attributes(value):
        made = memo[id(value)] = object.__new__(type(value))
        for name, item in inside.items():
            object.__setattr__(made, name, apart(item, memo))
    else:
        return value
    return made


def evaluated(code: CodeType, names: dict[str, Any]) -> Any:
    """The value of an expression. Raises NotEvaluatedError for every failure."""
    try:
        with np.errstate(all="ignore"):
            return eval(code, names)
    except Exception as error:
        raise NotEvaluatedError from error


def compiled(expression: Any) -> CodeType | None:
    """The code of an expression, or None where it is no program."""
    try:
        return compile(ast.Expression(expression), "<edit>", "eval")
    except (SyntaxError, ValueError, TypeError):
        return None


def atoms_of(names: Mapping[str, Any]) -> list[tuple[str, Node]]:
    """(expression, operand) of all arrays and numbers among some variables."""
    found: list[tuple[str, Node]] = []

    def walk(text: str, held: Any, depth: int) -> None:
        if type(held) is Node:
            found.append((text, held))
        elif type(held) is Instance and depth < 3:
            for name, item in held.names.items():
                walk(f"{text}.{name}", item, depth + 1)
        elif type(held) is Group and depth < 3 and len(held.items) <= 40:
            for key, item in zip(held.keys or range(len(held.items)), held.items, strict=False):
                walk(f"{text}[{key!r}]", item, depth + 1)

    for name, held in names.items():
        walk(name, held, 0)
    return found
