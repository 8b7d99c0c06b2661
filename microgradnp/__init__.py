"""Define a model in plain NumPy, see its computation graph, and check hand-written backprop.

    W = mg.Tensor(weights, requires_grad=True)
    loss = mg.sse(mg.sigmoid(x @ W), targets)
    loss.backward()                                 # W.grad

The README has a tour and a map of the modules.
"""

from microgradnp import nn, optim, rules
from microgradnp.checking.check_grads import check_grads
from microgradnp.checking.compare import compare
from microgradnp.compiler.compile import compile  # noqa: A004
from microgradnp.core.context import no_grad
from microgradnp.core.errors import GradientMismatch
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.core.tensor import Tensor
from microgradnp.debugger.investigation import debug
from microgradnp.debugger.watch import watch
from microgradnp.derivatives.checkpoint import checkpoint
from microgradnp.derivatives.gradients import grad, stop_gradient, value_and_grad, vjp
from microgradnp.derivatives.jacobians import hessian, hvp, jacobian, jvp
from microgradnp.derivatives.override import override
from microgradnp.drawing.draw import GraphvizMissing, draw, engines, render
from microgradnp.emitter.emit import emit
from microgradnp.inspection.explain import explain_zero
from microgradnp.inspection.kinks import kinks
from microgradnp.inspection.nans import debug_nans
from microgradnp.rules.coverage import coverage
from microgradnp.rules.functional import (
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
from microgradnp.training.fit import GradientNorm, LossPlateau, fit
from microgradnp.viewer.view import view

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
