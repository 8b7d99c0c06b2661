"""The statements of one recorded run: their syntax, their variables, and what expressions are among those."""

from __future__ import annotations

import ast
import dis
import functools
import types
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.source import Source, collect
from microgradnp.debugger.derive.guard import begin_of
from microgradnp.debugger.derive.scene import Instance, Place, Scene, Snapshot
from microgradnp.debugger.derive.shelter import Shelter
from microgradnp.debugger.derive.values import (
    NotEvaluatedError,
    Overlay,
    apart,
    atoms_of,
    compiled,
    evaluated,
    held_by,
    variables,
)
from microgradnp.debugger.record.calls import is_user_file
from microgradnp.debugger.record.nodes import Call, Group, Node
from microgradnp.debugger.record.sites import Site, Statement
from microgradnp.debugger.record.structure import parts_in
from microgradnp.debugger.record.world import names_in
from microgradnp.debugger.repair.edits import Editor
from microgradnp.debugger.repair.formulas import formulas_in

NEAR = 1e-9  # what equal numbers may differ by, as a share
Pair = tuple[Any, Any]
Span = tuple[int, int, int, int]

CHANGING = frozenset(  # methods of containers that change them
    {"add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop", "popitem", "popleft"}
    | {"remove", "reverse", "rotate", "setdefault", "sort", "update"}
)
STORES = frozenset(["STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE", "STORE_GLOBAL", "STORE_ATTR"])
UNCHANGED = frozenset(["asarray", "asanyarray", "ascontiguousarray", "atleast_1d", "atleast_2d"])  # hand an array on as it is
METHODS = (types.FunctionType, staticmethod, classmethod, property)


class Stage:
    """The statements of one scene, with their variables and their recorded values."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.shelter = scene, Shelter(scene.question.world)
        self.step, self.point = scene.verdict.step, scene.point
        self.record = self.step.record
        self.end = self.step.last.number
        begin = self.begin = begin_of(self.step) if scene.verdict.number else 0
        self.nodes: dict[tuple[str, Span, bool], list[Node]] = {}  # by file, place, and whether that is a statement
        for node in self.record.nodes[begin : self.end + 1]:
            site = node.site
            if site is not None and node.kind in ("operation", "draw"):
                self.nodes.setdefault((site.file, span_of(site), site.kind.startswith("augmented")), []).append(node)
        self.results = results_of(self.record.nodes[begin : self.end + 1])
        self.editors: dict[str, Editor] = {}
        self.trees: dict[str, dict[Place, ast.stmt]] = {}
        self.at_rest: dict[int, Overlay] = {}
        self.environments: dict[tuple[int, int], dict[str, Any]] = {}
        self.atoms: dict[tuple[int, str], Any] = {}  # by snapshot and text
        self.changes: dict[int, set[str]] = {}  # by snapshot

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
        seen: dict[str, set[str]] = {}
        ends = [s for (name, _), held in self.scene.snapshots.items() if name == file for s in (held[0], held[-1])]
        for snapshot in sorted(ends, key=lambda s: -s.time):
            function = snapshot.call.function.rpartition(".")[2] if snapshot.call is not None else "<module>"
            variables, known = found.setdefault(function, {}), seen.setdefault(function, set())
            if snapshot.names.keys() <= known:
                continue
            known |= snapshot.names.keys()
            nodes: set[Node] = set()
            for text, node in sorted(atoms_of(snapshot.names), key=lambda atom: (atom[0].count("["), atom[0].count("."))):
                if node in nodes and text.count(".") > 1:
                    continue  # one object may lead to another and back
                nodes.add(node)
                value = None if text in variables or node in self.step.values.failed else self.step.values[node]
                if isinstance(value, (np.ndarray, float, np.floating)):
                    variables[text] = np.shape(value)
                    variables.setdefault(text.partition("[")[0], None)  # what holds it
        return found

    def snapshot(self, statement: Statement, node: Node) -> Snapshot | None:
        """The variables at the execution of a statement that made a node."""
        seen = self.scene.snapshots.get((statement.file, (statement.line, statement.column)), [])
        calls = set(map(id, node.call.chain)) if node.call is not None else set()
        earlier = [s for s in seen if s.time <= node.number]
        own = [s for s in earlier if s.call is None or id(s.call) in calls]
        return own[-1] if own else earlier[-1] if earlier else None

    def named(self, statement: Statement, name: ast.expr) -> list[tuple[Node, Snapshot]]:
        """What a variable holds each time that a statement runs in this step."""
        seen = self.scene.snapshots.get((statement.file, (statement.line, statement.column)), [])
        own = [s for s in seen if self.begin <= s.time <= self.end]
        return [(node, s) for s in own if type(node := held_by(name, s.names)) is Node]

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
        if self.changing(snapshot).isdisjoint(names_in(code)):
            first, second = (self.environment(snapshot, which) for which in (0, 1))
            return evaluated(code, first), evaluated(code, second)
        taken = [name for name in names_in(code) if type(snapshot.names.get(name)) in (Instance, Group)]

        def own(which: int) -> dict[str, Any]:
            names = self.environment(snapshot, which)
            memo: dict[int, Any] = {}
            return {**names, **{name: apart(names[name], memo) for name in taken if name in names}}

        first, second = self.shelter.evaluated(code, lambda: own(0), lambda: own(1))
        return first, second

    def changing(self, snapshot: Snapshot) -> set[str]:
        """The names by which an expression may change what it reads: then it gets copies."""
        if id(snapshot) not in self.changes:
            self.changes[id(snapshot)] = changing_names(snapshot)
        return self.changes[id(snapshot)]

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
        runs = [self.unmoved(which) for which in (0, 1)]
        first, second = self.shelter.evaluated(code, *(functools.partial(variables, snapshot, run, code) for run in runs))
        return first, second

    def is_at_rest(self, expression: Any, weights: Any, snapshot: Snapshot) -> bool:
        """Whether an expression is what other weights were before they moved."""
        code, own = compiled(expression), compiled(weights)
        if code is None or own is None:
            return False
        try:
            value, moved, unmoved = (
                self.evaluate(code, snapshot),
                self.evaluate(own, snapshot),
                self.evaluate_unmoved(own, snapshot),
            )
        except NotEvaluatedError:
            return False
        return all(map(is_near, value, unmoved)) and not all(map(is_near, value, moved))

    def is_scalar(self, text: str, snapshot: Snapshot) -> bool:
        """Whether an expression is a single number other than 1 and -1."""
        code = compiled(ast.parse(text, mode="eval").body)
        try:
            pair = self.evaluate(code, snapshot) if code is not None else ()
        except NotEvaluatedError:
            return False
        return bool(pair) and all(isinstance(value, (int, float, np.number)) and abs(value) != 1 for value in pair)

    def pair(self, node: Node) -> Pair | None:
        """The value of a node at both inputs. None where one run does not have it."""
        try:
            return self.step.values[node], self.point.values[node]
        except KeyError:
            return None

    # ------------------------------------------------------------------------------------------------ executions

    def executions(self, file: str, expression: Any) -> list[Node]:
        """The recorded values of an expression in this step; of `a += b` those of `a` behind it."""
        span = (expression.lineno, expression.col_offset, expression.end_lineno, expression.end_col_offset)
        own = self.nodes.get((file, span, isinstance(expression, ast.stmt)), [])
        if own or not isinstance(expression, ast.Call):
            return own
        found = self.results.get((file, span), [])
        hands_on = not found and len(expression.args) == 1 and called(expression) in UNCHANGED
        return self.executions(file, expression.args[0]) if hands_on else found

    def stores(self, statement: Statement, expression: Any) -> list[Node]:
        """The writes of a number in the source, the right side of `a[k] = 0.1`: it has no value of its own in the record."""
        tree = self.tree(statement)
        if not isinstance(expression, ast.Constant) or not isinstance(tree, ast.Assign) or tree.value is not expression:
            return []
        nodes = self.record.nodes[self.begin : self.end + 1]
        return [n for n in nodes if n.kind == "write" and n.site is not None and n.site.statement is statement]


def called(call: ast.Call) -> str:
    """The last word of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def changing_names(snapshot: Snapshot) -> set[str]:
    """The names by which an expression may change an object or container that it reads: of methods, and of what is called.

    Functions that only compute are none of them.
    """
    scopes = [snapshot.globals, snapshot.names]
    scopes += [vars(value) for scope in scopes[:2] for value in scope.values() if is_module_of_user(value)]
    methods: list[tuple[str, Any]] = []
    for instance in instances_in(snapshot.names.values()):
        scopes.append(instance.names)
        for kind in instance.kind.__mro__[:-1]:
            methods += [(name, value) for name, value in vars(kind).items() if isinstance(value, METHODS)]
    values = [item for scope in scopes for item in scope.items()]
    functions = [(name, value.__code__) for name, value in (*methods, *values) if isinstance(value, types.FunctionType)]
    found = {name for name, value in methods if not isinstance(value, types.FunctionType)}
    found |= {name for name, value in values if is_called(value)}
    found |= CHANGING.union(name for name, code in functions if not only_computes(code))
    while more := {name for name, code in functions if name not in found and not found.isdisjoint(names_in(code))}:
        found |= more
    return found


@functools.lru_cache(maxsize=1024)
def only_computes(code: CodeType) -> bool:
    """Whether a function is a formula that puts nothing into a container that it is given."""
    stores = any(instruction.opname in STORES for instruction in dis.get_instructions(code))
    return not stores and code.co_qualname in formulas_in(code.co_filename)


def is_module_of_user(value: Any) -> bool:
    file = getattr(value, "__file__", None) if isinstance(value, types.ModuleType) else None
    return file is not None and is_user_file(file)


def is_called(value: Any) -> bool:
    """Whether an operand is an object of the user that can be called as a function."""
    return type(value) is Instance and any("__call__" in vars(kind) for kind in value.kind.__mro__[:-1])


def instances_in(values: Iterable[Any]) -> Iterator[Instance]:
    """The objects of the user among some operands, and inside of them, each once."""
    todo, seen = list(values), set()
    while todo:
        value = todo.pop()
        if type(value) not in (Instance, Group) or id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is Instance:
            yield value
        todo += value.names.values() if type(value) is Instance else value.items


def span_of(site: Site) -> Span:
    return site.line, site.column, site.end_line, site.end_column


def results_of(nodes: list[Node]) -> dict[tuple[str, Span], list[Node]]:
    """By the place of a call of a function of the user: the last value that each of its executions made."""
    last: dict[int, tuple[Call, Node]] = {}
    for node in nodes:
        if node.kind == "operation" and node.call is not None:
            last.update((id(call), (call, node)) for call in node.call.chain)
    found: dict[tuple[str, Span], list[Node]] = {}
    for call, node in last.values():
        if call.site is not None:
            found.setdefault((call.site.file, span_of(call.site)), []).append(node)
    return found


def is_near(a: Any, b: Any) -> bool:
    """Whether two values are the same numbers, but for rounding. What is no number or array of numbers is near to nothing."""
    if not all(isinstance(value, (np.ndarray, np.generic, float, int)) for value in (a, b)) or np.shape(a) != np.shape(b):
        return False
    kinds = {np.asarray(value).dtype.kind for value in (a, b)}
    return kinds <= set("fiub") and bool(np.allclose(a, b, rtol=NEAR, atol=0))
