"""Parameters by name, taken from a module, a dictionary, one Tensor or several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from microgradnp.core.origin import locate
from microgradnp.core.tensor import Tensor


class HasParameters(Protocol):
    """An object with named parameters, such as a module."""

    def parameters(self) -> dict[str, Tensor]: ...


Parameters = HasParameters | Tensor | Mapping[str, Tensor] | Iterable[Tensor]


def named(parameters: Parameters) -> dict[str, Tensor]:
    """Parameters by name. Raises TypeError or ValueError for anything that is not a parameter, and when there is none."""
    if hasattr(parameters, "parameters"):
        found = parameters.parameters()
    elif isinstance(parameters, Mapping):
        found = dict(parameters)
    elif callable(parameters):
        called = getattr(parameters, "__name__", type(parameters).__name__)
        raise TypeError(f"parameters is the function {called}; pass the model, or call it: model.parameters()")
    elif not isinstance(parameters, (Tensor, Iterable)):
        raise TypeError(f"parameters must be a model, Tensors or a dict of Tensors, got {type(parameters).__name__}")
    else:
        several = [parameters] if isinstance(parameters, Tensor) else list(parameters)
        found = {getattr(p, "name", None) or f"parameter {k}": p for k, p in enumerate(several)}
        if len(found) < len(several):
            found = {f"parameter {k}": p for k, p in enumerate(several)}
    for name, parameter in found.items():
        if not isinstance(parameter, Tensor):
            raise TypeError(
                f"{name} is a {type(parameter).__name__}; parameters must be Tensors: mg.Tensor(data, requires_grad=True)"
            )
        if parameter.is_leaf and not parameter.requires_grad:
            made = locate(parameter.place)
            called = made.name if made is not None and made.name else name
            raise ValueError(
                f"{called} is not a parameter: requires_grad=True is missing. Write mg.Tensor(data, requires_grad=True)"
            )
        if not parameter.is_leaf:
            raise ValueError(f"{name} is not a parameter: it must be a leaf with requires_grad=True, not a result")
    if not found:
        raise ValueError("there are no parameters to optimize: no Tensor with requires_grad=True was found")
    return found


def parameters_of(wrt: Any) -> tuple[dict[str, Tensor], Any]:
    """What `wrt` stands for: (parameters by name, None), or ({}, argument numbers or names)."""
    if wrt is None or isinstance(wrt, (int, str)):
        return {}, wrt
    if isinstance(wrt, (tuple, list)) and all(isinstance(part, (int, str)) for part in wrt):
        return {}, wrt
    return named(wrt), None
