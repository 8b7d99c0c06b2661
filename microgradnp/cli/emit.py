"""`python -m microgradnp emit`: load a loss and its arguments, print what `emit` returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from microgradnp.cli.loading import UnusableError, arguments, load
from microgradnp.core.origin import one_line
from microgradnp.derivatives.trees import is_differentiable, leaves
from microgradnp.emitter.emit import emit


def emitted(model: str, data: Path | None, wrt: Sequence[str] | None, name: str, check: bool) -> str:
    """The text for `file.py:loss`. Without `wrt` all arguments that hold floating-point numbers are asked for."""
    loss = load(model)
    given = arguments(loss, data, model)
    chosen = [key for key, value in given.items() if any(map(is_differentiable, leaves(value)))] if wrt is None else list(wrt)
    return attempted(loss, given, tuple(chosen) if len(chosen) != 1 else chosen[0], name, check, model)


def attempted(loss: Callable[..., Any], given: dict[str, Any], wrt: Any, name: str, check: bool, model: str) -> str:
    try:
        return emit(loss, **given, wrt=wrt or None, name=name, check=check)
    except Exception as error:
        raise UnusableError(f"{model}: {one_line(error)}") from None
