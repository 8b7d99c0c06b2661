"""Models: objects that hold Tensors."""

from microgradnp.nn.modules import MLP, Linear, Module

__all__ = ["MLP", "Linear", "Module"]
