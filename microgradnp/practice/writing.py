"""The text of an exercise: a file for the learner, and its solution."""

from __future__ import annotations

from collections.abc import Sequence

from microgradnp.practice.breaking import broken
from microgradnp.practice.exercise import FUNCTION, LEVELS, Exercise, Statement

HEAD = '''"""Practice: the backward pass of {title}.

{task}
The forward pass is right: leave it as it is. `d_{example}` is the gradient of the loss with respect to `{example}`.

Check it, as often as you like:   python -m microgradnp practice {file}
For a hint, and for more:         add --hint, then --hint --hint
For the answer:                   add --solution
"""

import numpy as np

EXERCISE = "{exercise}"  # which one this is, for the check
'''


def file_text(exercise: Exercise, file: str) -> str:
    """What the learner gets."""
    _, backward, definitions = exercise.statements
    if exercise.level == "easy":
        lines = layout(broken(exercise))
    elif exercise.level == "normal":
        shapes = {statement.name: statement.shape for statement in backward}
        lines = layout([Statement(f"d_{name}", "...", shapes[f"d_{name}"]) for name in exercise.gradients])
    else:
        lines = ["    # your lines"]
    title = f"{exercise.kind}, exercise {exercise.seed} ({exercise.level})"
    head = HEAD.format(
        title=title,
        task=LEVELS[exercise.level],
        example=exercise.gradients[0],
        file=file.replace('"', "'"),
        exercise=exercise.title,
    )
    return "\n\n".join([head, *(f"{text}\n" for text in definitions.values()), function_text(exercise, lines)])


def solution_of(exercise: Exercise) -> str:
    """The derived backward pass."""
    return "\n".join(layout(exercise.statements[1]))


def function_text(exercise: Exercise, backward: Sequence[str]) -> str:
    """The function that the learner writes, with these lines as its backward pass."""
    model = exercise.model
    forward = exercise.statements[0]
    return "\n".join(
        [
            f"def {FUNCTION}({', '.join(model.shapes)}):",
            "    # " + ", ".join(f"{name} {shape}" for name, shape in model.shapes.items()),
            "",
            "    # forward",
            *layout(forward),
            "",
            "    # backward",
            *backward,
            f"    return {exercise.result}",
            "",
        ]
    )


def layout(statements: Sequence[Statement]) -> list[str]:
    """The statements as lines, each with the shape of its value as a comment."""
    width = max(len(statement.text) for statement in statements)
    return [f"    {s.text:{width if s.shape else 0}}" + (f"  # {s.shape}" if s.shape else "") for s in statements]
