"""`python -m microgradnp view`: load a loss and its arguments, write the page of its graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from microgradnp.cli.loading import UnusableError, arguments, load
from microgradnp.core import graph
from microgradnp.core.origin import one_line
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import is_differentiable, leaves, tree_map
from microgradnp.viewer.view import view


def viewed(model: str, data: Path | None, wrt: Sequence[str] | None, out: Path, direction: str) -> None:
    """Write the page for `file.py:loss`. Raises UnusableError.

    Without `wrt`, gradients are taken with respect to the Tensors that the loss reads and that require one; where it reads none,
    with respect to all arguments of floating-point numbers.
    """
    loss = load(model)
    given = arguments(loss, data, model)
    if unknown := [name for name in wrt or () if name not in given]:
        raise UnusableError(f"{model} has no argument {', '.join(unknown)}; it has {', '.join(given) or 'none'}")
    try:
        result = called(loss, given, wrt or ())
        if wrt is None and graph.is_node(result) and not result.requires_grad:
            result = called(loss, given, [name for name, value in given.items() if any(map(is_differentiable, leaves(value)))])
        page = view(result, direction=direction)
    except Exception as error:
        raise UnusableError(f"{model}: {one_line(error)}") from None
    try:
        page.save(out)
    except OSError as error:
        raise UnusableError(f"cannot write {out}: {error.strerror or str(error).removeprefix('view: ')}") from None


def called(loss: Any, given: dict[str, Any], wanted: Sequence[str]) -> Any:
    """The loss of these arguments; arrays become Tensors, which have names on the page."""

    def tensor(value: Any, name: str) -> Any:
        def made(leaf: Any) -> Any:
            return Tensor(leaf, requires_grad=name in wanted, name=name) if is_differentiable(leaf) else leaf

        return tree_map(made, value)

    return loss(**{name: tensor(value, name) for name, value in given.items()})
