"""Define a model in plain NumPy, see its computation graph, and check hand-written backprop.

    W = mg.Tensor(weights, requires_grad=True)
    loss = mg.sse(mg.sigmoid(x @ W), targets)
    loss.backward()                                 # W.grad

The README has a tour and a map of the modules.
"""

from microgradnp import nn, optim, rules
from microgradnp.checkpoint import checkpoint
from microgradnp.compare import compare
from microgradnp.compile import compile  # noqa: A004
from microgradnp.context import no_grad
from microgradnp.coverage import coverage
from microgradnp.debug import debug, watch
from microgradnp.draw import GraphvizMissing, draw, engines, render
from microgradnp.emit import emit
from microgradnp.errors import GradientMismatch
from microgradnp.explain import explain_zero
from microgradnp.fit import GradientNorm, LossPlateau, fit
from microgradnp.functional import (
    add_bias,
    append_bias_unit,
    cross_entropy,
    identity,
    log_softmax,
    logsumexp,
    mse,
    relu,
    set_at,
    sigmoid,
    softmax,
    sse,
    tanh,
)
from microgradnp.jacobians import hessian, hvp, jacobian, jvp
from microgradnp.kinks import kinks
from microgradnp.nans import debug_nans
from microgradnp.override import override
from microgradnp.table import rule
from microgradnp.tensor import Tensor, primitive
from microgradnp.testing import check_grads
from microgradnp.transforms import grad, stop_gradient, value_and_grad, vjp
from microgradnp.view import view

__version__ = "0.1.0"

__all__ = [
    "GradientMismatch",
    "GradientNorm",
    "GraphvizMissing",
    "LossPlateau",
    "Tensor",
    "add_bias",
    "append_bias_unit",
    "check_grads",
    "checkpoint",
    "compare",
    "compile",
    "coverage",
    "cross_entropy",
    "debug",
    "debug_nans",
    "draw",
    "emit",
    "engines",
    "explain_zero",
    "fit",
    "grad",
    "hessian",
    "hvp",
    "identity",
    "jacobian",
    "jvp",
    "kinks",
    "log_softmax",
    "logsumexp",
    "mse",
    "nn",
    "no_grad",
    "optim",
    "override",
    "primitive",
    "relu",
    "render",
    "rule",
    "rules",
    "set_at",
    "sigmoid",
    "softmax",
    "sse",
    "stop_gradient",
    "tanh",
    "value_and_grad",
    "view",
    "vjp",
    "watch",
]
