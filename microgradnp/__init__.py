"""Define a model in plain NumPy, see its computation graph, and check hand-written backprop."""

from microgradnp import rules  # fills the table
from microgradnp.errors import GradientMismatch
from microgradnp.functional import (
    add_bias,
    append_bias_unit,
    cross_entropy,
    identity,
    log_softmax,
    mse,
    relu,
    set_at,
    sigmoid,
    softmax,
    sse,
    tanh,
)
from microgradnp.table import rule
from microgradnp.tensor import Tensor, no_grad, primitive
from microgradnp.transforms import grad, value_and_grad, vjp

__version__ = "0.1.0"
