"""What a check says: each gradient with its line, what to mend first, and as many hints as were asked for."""

from __future__ import annotations

import json

from microgradnp.practice.hints import hints_for
from microgradnp.practice.judge import Judgement

MOST_HINTS = 3


def told(found: Judgement, hints: int) -> list[str]:
    """What to mend first, and the hints for it. In an easy exercise the line itself is the first hint."""
    if found.solved or found.first is None:
        return [found.message]
    easy = found.exercise.level == "easy" and found.first.verdict == "wrong"
    if easy and hints == 0:
        wrong = [name for name, verdict in found.returned.items() if verdict != "right"]
        return [f"The gradient of {', '.join(wrong)} is not right yet." if wrong else "It is not right yet."]
    return [found.message, *hints_for(found.exercise, found.first, hints - easy)]


def text(found: Judgement, file: str, hints: int) -> str:
    """The report. An easy exercise hides which lines are right until a hint is asked for."""
    lines = [f"{file}: {found.exercise.title}"]
    shown = found.checks if found.exercise.level != "easy" or hints or found.solved else []
    width = max((len(check.variable) for check in shown), default=0)
    lines += [f"  {check.verdict:<11}  {check.variable:<{width}}  line {check.line}" for check in shown]
    lines += told(found, hints)
    most = MOST_HINTS if found.exercise.level == "easy" else MOST_HINTS - 1
    if found.first is not None and not found.solved and hints < most:
        lines.append(f"For {'a' if not hints else 'one more'} hint: {' '.join(['--hint'] * (hints + 1))}")
    return "\n".join(lines)


def to_json(found: Judgement, file: str, hints: int) -> str:
    """The facts of the text."""
    exercise = found.exercise
    content = {
        "file": file,
        "exercise": exercise.kind,
        "seed": exercise.seed,
        "level": exercise.level,
        "solved": found.solved,
        "status": found.status,
        "message": found.message,
        "first_wrong": None if found.first is None or found.solved else found.first.variable,
        "line": None if found.first is None or found.solved else found.first.line,
        "lines": [{"variable": c.variable, "line": c.line, "verdict": c.verdict, "how": c.how} for c in found.checks],
        "returned": found.returned,
        "hints": told(found, hints)[1:],
    }
    return json.dumps(content, indent=2)
