"""Attention: A. Vaswani et al., "Attention is all you need" (2017)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.nn.activations import Activation, activation_of
from microgradnp.nn.initial import Init
from microgradnp.nn.layers import Dropout
from microgradnp.nn.linear import Linear
from microgradnp.nn.module import Module
from microgradnp.nn.norm import LayerNorm
from microgradnp.rules.functional import softmax


def scaled_dot_product_attention(q: Any, k: Any, v: Any, mask: Any = None, *, causal: bool = False) -> Any:
    """softmax(q k' / sqrt(units)) v: q (..., queries, units), k (..., keys, units), v (..., keys, any) -> (..., queries, any).

    A query sees the keys where `mask` (..., queries, keys) is True. With `causal` query t sees the keys 0 ... t only. Raises
    ValueError when a query sees no key.

    >>> import numpy as np, microgradnp as mg
    >>> q = np.zeros((1, 2))
    >>> mg.scaled_dot_product_attention(q, np.ones((3, 2)), np.array([[1.0], [2.0], [6.0]])).round(6)
    array([[3.]])
    """
    scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(np.shape(q)[-1])
    if causal:
        past = np.tri(*np.shape(scores)[-2:]) > 0
        mask = past if mask is None else past & np.asarray(mask)
    if mask is not None:
        mask = np.asarray(mask)
        if mask.dtype != bool or not mask.any(axis=-1).all():
            raise ValueError("scaled_dot_product_attention: mask must be boolean, and every query must see at least one key")
        scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ v


class MultiHeadAttention(Module):
    """Attention of several heads of units / heads columns each: x (samples, time, units) -> (samples, time, units).

    Raises ValueError when `units` is no multiple of `heads`.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.MultiHeadAttention(8, 2, causal=True, rng=0)(np.zeros((2, 5, 8))).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        units: int,
        heads: int,
        *,
        causal: bool = False,
        init: Init = "glorot",
        dtype: Any = float,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        if heads < 1 or units % heads:
            raise ValueError(f"MultiHeadAttention: units={units} must be a multiple of heads={heads}")
        options: Any = {"init": init, "dtype": dtype, "rng": np.random.default_rng(rng)}
        self.heads, self.causal = heads, causal
        self.query, self.key, self.value, self.output = (Linear(units, units, **options) for _ in range(4))

    def forward(self, x: Any, memory: Any = None, mask: Any = None) -> Any:
        """Attention of each entry of `x` to those of `memory`, by default of `x`. The shape (samples, time, units) stays."""
        memory = x if memory is None else memory
        q, k, v = (self.split(layer(a)) for layer, a in ((self.query, x), (self.key, memory), (self.value, memory)))
        mixed = scaled_dot_product_attention(q, k, v, mask, causal=self.causal)  # (samples, heads, time, units / heads)
        return self.output(np.reshape(np.swapaxes(mixed, 1, 2), np.shape(x)))

    def split(self, a: Any) -> Any:
        """(samples, time, units) -> (samples, heads, time, units / heads)."""
        samples, time, units = np.shape(a)
        return np.swapaxes(np.reshape(a, (samples, time, self.heads, units // self.heads)), 1, 2)


class TransformerBlock(Module):
    """x <- x + attention(norm(x)), then x <- x + output(activation(hidden(norm(x)))), for x (samples, time, units).

    The norms come first: R. Xiong et al., "On layer normalization in the transformer architecture" (2020).

    Raises ValueError when `units` is no multiple of `heads`.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.TransformerBlock(8, 2, rng=0)(np.zeros((2, 5, 8))).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        units: int,
        heads: int,
        hidden: int | None = None,
        *,
        causal: bool = False,
        dropout: float = 0.0,
        activation: Activation = "gelu",
        init: Init = "glorot",
        dtype: Any = float,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        random = np.random.default_rng(rng)
        options: Any = {"init": init, "dtype": dtype, "rng": random}
        hidden = hidden or 4 * units
        self.attention = MultiHeadAttention(units, heads, causal=causal, **options)
        self.norm1, self.norm2 = LayerNorm(units, dtype=dtype), LayerNorm(units, dtype=dtype)
        self.hidden, self.output = Linear(units, hidden, **options), Linear(hidden, units, **options)
        self.activation, self.dropout = activation_of(activation, "TransformerBlock"), Dropout(dropout, rng=random)

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Maps x (samples, time, units) to the same shape. `mask` says which entries attend to which."""
        x = x + self.dropout(self.attention(self.norm1(x), None, mask))
        return x + self.dropout(self.output(self.activation(self.hidden(self.norm2(x)))))
