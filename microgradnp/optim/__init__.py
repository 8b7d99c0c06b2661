"""Optimizers, limits for gradients, and schedules of the learning rate."""

from microgradnp.optim.adaptive import Adagrad, Adam, AdamW, RMSProp
from microgradnp.optim.clipping import clip_norm, clip_value
from microgradnp.optim.optimizer import Optimizer
from microgradnp.optim.schedules import constant, cosine, exponential, one_cycle, step_decay, warm_up
from microgradnp.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSProp",
    "clip_norm",
    "clip_value",
    "constant",
    "cosine",
    "exponential",
    "one_cycle",
    "step_decay",
    "warm_up",
]
