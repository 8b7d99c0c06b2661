"""Models: objects that hold Tensors."""

from microgradnp.core.habits import LAYERS
from microgradnp.nn.attention import MultiHeadAttention, TransformerBlock
from microgradnp.nn.conv import AvgPool, Conv1d, Conv2d, MaxPool
from microgradnp.nn.layers import Dropout, Embedding, Sequential
from microgradnp.nn.linear import Linear
from microgradnp.nn.mlp import MLP
from microgradnp.nn.module import Module
from microgradnp.nn.norm import BatchNorm, LayerNorm
from microgradnp.nn.recurrent import GRU, LSTM, RNN

__all__ = [
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "AvgPool",
    "BatchNorm",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "Embedding",
    "LayerNorm",
    "Linear",
    "MaxPool",
    "Module",
    "MultiHeadAttention",
    "Sequential",
    "TransformerBlock",
]


def __getattr__(name: str) -> object:
    """Answer a name of another library with what to write here."""
    raise AttributeError(f"microgradnp.nn has no {name}" + (f": {LAYERS[name]}" if name in LAYERS else ""))
