"""`python -m microgradnp debug`: load two files, run `debug`, print the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from microgradnp.cli.loading import UNUSABLE, UnusableError, arguments, load
from microgradnp.core.origin import one_line
from microgradnp.debugger.capture.bind import BindingError
from microgradnp.debugger.investigation import debug
from microgradnp.debugger.match.references import ModelError
from microgradnp.debugger.report.report import Report

RIGHT, WRONG = 0, 1


def check(code: str, model: str, data: Path | None, bind: Mapping[str, str], step: int, budget: float) -> Report:
    """Load `file.py:name` twice and the arguments, and debug. Raises UnusableError."""
    train = load(code)
    loss = load(model)
    args = arguments(train, data, code)
    try:
        return debug(train, loss, kwargs=args, bind=bind, step=step, budget=budget)
    except (BindingError, ModelError) as error:
        raise UnusableError(str(error)) from None
    except Exception as error:
        raise UnusableError(f"{code} failed: {one_line(error)}") from None


def exit_code(report: Report) -> int:
    """0 for right code, 1 for wrong, 2 when there was nothing to check or the code failed before anything was wrong."""
    if not report.verdict.ok:
        return WRONG
    return RIGHT if report.ok else UNUSABLE
