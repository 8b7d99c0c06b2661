"""Models: objects that hold Tensors."""

from microgradnp.core.habits import LAYERS
from microgradnp.nn.linear import Linear
from microgradnp.nn.mlp import MLP
from microgradnp.nn.module import Module

__all__ = ["MLP", "Linear", "Module"]


def __getattr__(name: str) -> object:
    """Answer a name of another library with what to write here."""
    raise AttributeError(f"microgradnp.nn has no {name}" + (f": {LAYERS[name]}" if name in LAYERS else ""))
