"""Models: objects that hold Tensors."""

from microgradnp.nn.linear import Linear
from microgradnp.nn.mlp import MLP
from microgradnp.nn.module import Module

__all__ = ["MLP", "Linear", "Module"]
