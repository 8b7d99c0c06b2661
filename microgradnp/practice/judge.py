"""The check of what a learner wrote: each gradient of the backward pass beside the right one, at two inputs."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microgradnp.checking.compare import judge
from microgradnp.core.origin import one_line
from microgradnp.practice.exercise import FUNCTION, LEVELS, Exercise, Truth
from microgradnp.practice.frames import Seen, variables_after
from microgradnp.practice.models import KINDS

INPUTS = (1, 2)  # seeds of the arguments


class PracticeError(ValueError):
    """The file cannot be checked: it does not run, or it is no exercise."""


@dataclass(frozen=True)
class Check:
    """One gradient of the learner's: its variable, its line, its verdict, and how it differs.

    The verdict is "right", "wrong", "empty" for a `...`, or "not reached".
    """

    variable: str
    line: int
    verdict: str
    how: str = ""

    @property
    def of(self) -> str:
        """The variable whose gradient this is."""
        return self.variable.removeprefix("d_")


@dataclass
class Judgement:
    """What was found: every gradient in the order of its lines, whether the exercise is solved, and what to mend first."""

    exercise: Exercise
    checks: list[Check]
    returned: dict[str, str]  # the verdict on the gradient of each parameter
    solved: bool = False
    first: Check | None = None
    message: str = ""
    status: int = 1  # 0 solved, 1 not yet, 2 could not run


class Attempt:
    """A learner's file: its text, its syntax tree and its function. Raises PracticeError where there is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
            self.tree = ast.parse(text, str(path))
        except FileNotFoundError:
            raise PracticeError(f"{path} does not exist") from None
        except (OSError, UnicodeDecodeError) as error:
            raise PracticeError(f"cannot read {path}: {one_line(error)}") from None
        except SyntaxError as error:
            raise PracticeError(f"{path}, line {error.lineno}: {error.msg}") from None
        self.exercise = exercise_of(self.tree, path)
        self.function = self.loaded(text)
        code = self.function.__code__
        definitions = [n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef) and n.lineno == code.co_firstlineno]
        self.body: list[ast.stmt] = definitions[0].body if definitions else []

    def loaded(self, text: str) -> Callable[..., Any]:
        """The function that the learner writes."""
        namespace: dict[str, Any] = {"__name__": "practice", "__file__": str(self.path)}
        try:
            exec(compile(text, str(self.path), "exec"), namespace)
        except (Exception, SystemExit) as error:
            raise PracticeError(f"{self.path} failed when it was imported: {one_line(error)}") from None
        function = namespace.get(FUNCTION)
        if not hasattr(function, "__code__"):
            raise PracticeError(f"{self.path} has no function {FUNCTION}; write the exercise anew to get it back")
        return function  # type: ignore[return-value]

    def gradient_lines(self, names: set[str]) -> dict[str, int]:
        """Line of each gradient that is assigned once, in the order of the lines."""
        lines: dict[str, list[int]] = {}
        for statement in self.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in names:
                    lines.setdefault(node.id, []).append(node.lineno)
        return {name: found[0] for name, found in sorted(lines.items(), key=lambda pair: pair[1]) if len(found) == 1}


def exercise_of(tree: ast.Module, path: Path) -> Exercise:
    """The exercise that a file is about. Raises PracticeError when it does not say so."""
    for node in tree.body:
        named = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "EXERCISE"
        if named and isinstance(node.value, ast.Constant):  # type: ignore[attr-defined]
            parts = str(node.value.value).split()  # type: ignore[attr-defined]
            if len(parts) == 3 and parts[0] in KINDS and parts[1].isdigit() and parts[2] in LEVELS:
                return Exercise(parts[0], int(parts[1]), parts[2])
    raise PracticeError(f'{path} is no exercise: it lacks the line EXERCISE = "mlp 0 normal" that practice writes')


def judged(attempt: Attempt) -> Judgement:
    """Run the learner's function at two inputs, and compare every gradient with the right one."""
    exercise = attempt.exercise
    truths = [exercise.truth(seed) for seed in INPUTS]
    seen = [called(attempt.function, truth) for truth in truths]
    lines = attempt.gradient_lines({f"d_{name}" for name in truths[0].gradients})
    checks = [checked(name, line, seen, truths) for name, line in lines.items()]
    found = Judgement(exercise, checks, {})
    problem = problem_of_result(exercise, seen[0])
    if not problem:
        for k, name in enumerate(exercise.model.parameters):
            pairs = [(run.result[1][k], truth.gradients[name]) for run, truth in zip(seen, truths, strict=True)]
            found.returned[name] = verdict_on(name, pairs)[0]
    found.solved = bool(found.returned) and set(found.returned.values()) == {"right"}
    conclude(found, attempt, seen, truths, problem)
    return found


def called(function: Callable[..., Any], truth: Truth) -> Seen:
    """The learner's function at copies of these arguments."""
    with np.errstate(all="ignore"):
        return variables_after(function, [np.array(value) for value in truth.arguments.values()])


def checked(name: str, line: int, seen: list[Seen], truths: list[Truth]) -> Check:
    """One gradient at all inputs."""
    if not all(name in run.variables for run in seen):
        return Check(name, line, "not reached")
    pairs = [(run.variables[name], truth.gradients[name.removeprefix("d_")]) for run, truth in zip(seen, truths, strict=True)]
    return Check(name, line, *verdict_on(name, pairs))


def verdict_on(name: str, pairs: list[tuple[Any, Any]]) -> tuple[str, str]:
    """(verdict, how it differs) of what was written beside what is right, at all inputs."""
    for written, right in pairs:
        if written is ...:
            return "empty", ""
        with contextlib.suppress(TypeError, ValueError):
            written = np.asarray(written)
        if not isinstance(written, np.ndarray) or written.dtype.kind not in "fiub":
            return "wrong", f"it is a {type(written).__name__}, not an array of numbers"
        entry = judge(name, written.astype(float), right, None)
        if not entry.ok:
            return "wrong", entry.verdict.replace("DIFFERS", "it differs")
    return "right", ""


def problem_of_result(exercise: Exercise, seen: Seen) -> str:
    """Why the gradients that the function returns cannot be looked at; empty if they can."""
    if seen.error is not None:
        return "it ended with an exception"
    result, count = seen.result, len(exercise.model.parameters)
    if not isinstance(result, tuple) or len(result) != 2 or not isinstance(result[1], (tuple, list)) or len(result[1]) != count:
        return f"{FUNCTION} must return {exercise.result}"
    return ""


def conclude(found: Judgement, attempt: Attempt, seen: list[Seen], truths: list[Truth], problem: str) -> None:
    """Say what to mend first."""
    if found.solved:
        found.status, found.message = 0, "Solved: every gradient is right, at two inputs."
        return
    error = next((run.error for run in seen if run.error is not None), None)
    spoilt = next((name for run, truth in zip(seen, truths, strict=True) for name in changed_forward(run, truth)), None)
    found.first = next((check for check in found.checks if check.verdict != "right"), None)
    if spoilt is not None:
        found.first, found.message = None, f"The forward pass was right, and {spoilt} has another value now. Write it as it was."
    elif found.first is not None and found.first.verdict in ("empty", "wrong"):
        what = "is still empty" if found.first.verdict == "empty" else "is the first wrong gradient"
        found.message = f"{found.first.variable} {what} (line {found.first.line})."
    elif isinstance(error, NameError) and str(error.name).startswith("d_"):
        found.first, found.message = None, f"{error.name} is still to be written."
    elif error is not None:
        from microgradnp.debugger.report.stopped import stopped

        line = next(run.line for run in seen if run.error is not None)
        found.first, found.status = None, 2
        found.message = f"Line {line} cannot be run: {stopped(error)}" if line else f"It cannot be called: {one_line(error)}"
    elif problem:
        found.message = f"{problem}."
    else:
        wrong = [name for name, verdict in found.returned.items() if verdict != "right"]
        found.message = f"The gradient of {', '.join(wrong)} that is returned is wrong{line_of(attempt, truths[0])}."


def changed_forward(seen: Seen, truth: Truth) -> list[str]:
    """The variables of the forward pass that have another value than the exercise gives them."""
    found = []
    for name, right in truth.forward.items():
        value = seen.variables.get(name, right)
        if np.shape(value) != np.shape(right) or not np.allclose(np.asarray(value, float), right):
            found.append(name)
    return found


def line_of(attempt: Attempt, truth: Truth) -> str:
    """Where `mg.check` sees the first wrong line of a function whose gradients have other names, for a message."""
    from microgradnp.debugger.pairs.check import check

    wanted = (None, *attempt.exercise.model.parameters)
    try:
        report = check(attempt.function, *truth.arguments.values(), gradients=wanted, budget=2.0)
    except (TypeError, ValueError):
        return ""
    return f"; the first wrong line is {report.first_wrong.line}" if report.first_wrong is not None else ""
