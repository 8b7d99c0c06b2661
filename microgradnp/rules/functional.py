"""Functions that NumPy lacks: activations, losses, and two ways to add a bias. Each call is one node of the graph."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.core.elsewhere import as_array, is_foreign
from microgradnp.core.entries import constant
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.guards import masked, nonzero
from microgradnp.rules.indexing import set_at
from microgradnp.rules.kinks import kink

__all__ = [
    "add_bias",
    "append_bias_unit",
    "cross_entropy",
    "identity",
    "log_softmax",
    "logsumexp",
    "mse",
    "relu",
    "set_at",
    "sigmoid",
    "softmax",
    "sse",
    "tanh",
]

tanh = np.tanh

# For each dtype the largest x for which exp(x) is finite, rounded down. With it, sigmoid never overflows and needs no branch.
LARGEST_EXPONENT = {"e": 11.0, "f": 88.0, "d": 709.0, "g": 709.0}
# It and 1 as arrays, which a ufunc takes faster than Python numbers.
LIMITS = {char: (np.array(x, char), np.array(1, char)) for char, x in LARGEST_EXPONENT.items()}


@primitive
def add_bias(x: Any, b: Any) -> Any:
    """`x + b`: adds a bias vector `b` of shape (units,) to every row of `x`, of shape (..., units).

    Raises ValueError when `b` is not a vector with one entry for each column. Broadcasting anything else is a bug in most models.

    >>> import numpy as np, microgradnp as mg
    >>> mg.add_bias(np.ones((2, 3)), np.array([1.0, 2.0, 3.0]))
    array([[2., 3., 4.],
           [2., 3., 4.]])
    """
    if np.ndim(b) != 1 or np.shape(x)[-1:] != np.shape(b):
        raise ValueError(f"x has shape {np.shape(x)} and b {np.shape(b)}; b needs one entry for each column of x")
    return x + b


@primitive
def append_bias_unit(h: Any, value: float = -1.0) -> Any:
    """Append a column of constant `value` to `h`: (..., units) -> (..., units + 1). Its weight in the next layer is the bias.

    Raises ValueError for a scalar.

    >>> import numpy as np, microgradnp as mg
    >>> mg.append_bias_unit(np.array([[1.0, 2.0]]))
    array([[ 1.,  2., -1.]])
    """
    h = as_array(h)
    if not h.shape:
        raise ValueError("h is a scalar; it needs at least one axis")
    *rows, units = h.shape
    if is_foreign(h):  # it may not be written to
        return np.concatenate([h, np.full((*rows, 1), value, h.dtype)], axis=-1)
    extended = np.empty((*rows, units + 1), h.dtype if h.dtype.kind in "fc" else float)
    extended.fill(value)
    extended[..., :-1] = h
    return extended


@primitive
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), elementwise, without overflow for any x. Raises TypeError for complex x.

    >>> import numpy as np, microgradnp as mg
    >>> mg.sigmoid(np.array([0.0, 1000.0]))
    array([0.5, 1. ])
    """
    x = as_array(x)
    limits = LIMITS.get(x.dtype.char)
    if limits is None:  # integers, or complex numbers
        real(x, "sigmoid")
        limits = LIMITS["d"]
    largest, one = limits
    e = np.exp(np.minimum(-x, largest))
    e += one
    return np.reciprocal(e)


@primitive
def identity(x: Any) -> Any:
    """`x` as a node of its own: the activation of a linear output layer.

    Works entry by entry, on an array of any shape.

    >>> import numpy as np, microgradnp as mg
    >>> mg.identity(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    return as_array(x)


@primitive
def relu(x: Any) -> Any:
    """max(x, 0), elementwise. The gradient at 0 is 0 (PyTorch's convention). Raises TypeError for complex x.

    >>> import numpy as np, microgradnp as mg
    >>> mg.relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.maximum(real(as_array(x), "relu"), 0)


def real(x: Any, function: str) -> Any:
    """`x`, refused when complex: NumPy would compare complex numbers by their real parts."""
    if x.dtype.kind == "c":
        raise TypeError(f"{function} of complex numbers is not defined; take np.real or np.abs first")
    return x


@primitive
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along `axis`, shifted by the maximum so that nothing overflows.

    Raises AxisError, a ValueError, for an axis that x does not have. The shape stays.

    >>> import numpy as np, microgradnp as mg
    >>> mg.softmax(np.array([0.0, np.log(3.0)])).round(3)
    array([0.25, 0.75])
    """
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


@primitive
def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x)) along `axis`. It never takes the logarithm of a rounded zero.

    Raises AxisError, a ValueError, for an axis that x does not have. The shape stays.

    >>> import numpy as np, microgradnp as mg
    >>> mg.log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


@primitive
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over `axis` (an int, a tuple, None for all), shifted by the maximum so that nothing overflows.

    The shape of the result is that of `np.sum`. For an empty array, or one that is -inf everywhere, it is -inf with the gradient
    0. Raises TypeError for complex x.

    >>> import numpy as np, microgradnp as mg
    >>> float(mg.logsumexp(np.array([1000.0, 1000.0]))), float(np.log(2))
    (1000.6931471805599, 0.6931471805599453)
    """
    x = real(as_array(x), "logsumexp")
    x = x if x.dtype.kind == "f" else x.astype(float)
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0).astype(largest.dtype)
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(np.exp(x - largest), axis=axis, keepdims=keepdims))
    return total + (largest if keepdims else np.reshape(largest, np.shape(total)))


@primitive
def sse(pred: Any, target: Any) -> Any:
    """Sum of squared errors, a scalar: sum((pred - target)**2). Shapes must be equal; nothing is broadcast.

    Raises ValueError for other shapes.

    >>> import numpy as np, microgradnp as mg
    >>> float(mg.sse(np.array([1.0, 2.0]), np.array([0.0, 4.0])))
    5.0
    """
    error = difference(pred, target)
    return np.vdot(error, error).real


@primitive
def mse(pred: Any, target: Any) -> Any:
    """Mean of squared errors, a scalar: sse(pred, target) / pred.size.

    Raises ValueError unless both have one shape.

    >>> import numpy as np, microgradnp as mg
    >>> float(mg.mse(np.array([1.0, 2.0]), np.array([0.0, 4.0])))
    2.5
    """
    error = difference(pred, target)
    return np.vdot(error, error).real / error.size


def difference(pred: Any, target: Any) -> Any:
    """`pred - target`. Raises ValueError unless their shapes are equal."""
    pred, target = as_array(pred), as_array(target)
    if pred.shape != target.shape:
        raise ValueError(
            f"pred has shape {pred.shape} and target {target.shape}; they must be equal, since broadcasting would pair "
            "every prediction with every target"
        )
    return pred - target


@primitive
def cross_entropy(logits: Any, target: Any, reduction: str = "mean", weights: Any = None, smoothing: float = 0.0) -> Any:
    """Softmax cross-entropy in nats: the mean over samples of -sum(weights * p * log_softmax(logits)), p the smoothed target.

    Parameters
    ----------
    logits : array, shape (..., classes)
        Scores before the softmax.
    target : array, shape (...) of integers, or (..., classes)
        Class numbers, or probabilities, such as one-hot rows.
    reduction : "mean", "sum" or "none"
        How the losses of the samples are combined. With class numbers and weights, "mean" divides by the sum of the weights of
        the samples' classes, as in PyTorch.
    weights : array, shape (classes,), optional
        How much each class counts.
    smoothing : float
        p is (1 - smoothing) * target + smoothing / classes: C. Szegedy et al., "Rethinking the inception architecture" (2016).

    Raises
    ------
    ValueError
        For a class number outside 0 ... classes - 1, or shapes that do not fit.

    >>> import numpy as np, microgradnp as mg
    >>> round(float(mg.cross_entropy(np.zeros((2, 4)), np.array([0, 3]))), 6)  # log(4)
    1.386294
    """
    logits = as_array(logits)
    p = wanted(as_array(target), logits, weights, smoothing)
    losses = -np.sum(used_log(p, log_softmax(logits)), axis=-1)
    return losses if reduction == "none" else np.sum(losses) / divisor(logits, target, reduction, weights)


def wanted(target: Any, logits: Any, weights: Any, smoothing: float) -> Any:
    """The probabilities that the softmax is compared with: smoothed, and times the weights of the classes."""
    if weights is not None and np.shape(weights) != np.shape(logits)[-1:]:
        raise ValueError(f"weights have shape {np.shape(weights)} and logits {np.shape(logits)}; needed: one for each class")
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must lie in [0, 1), got {smoothing}")
    p = target if np.shape(target) == np.shape(logits) != () else as_probabilities(target, logits)  # a Tensor keeps its history
    if smoothing:
        p = (1 - smoothing) * p + smoothing / np.shape(logits)[-1]
    return p if weights is None else p * factors(weights, logits)


def factors(weights: Any, logits: Any) -> Any:
    """The weights in the dtype of the logits; 1 without weights."""
    return 1 if weights is None else np.asarray(weights, logits.dtype if logits.dtype.kind == "f" else float)


def used_log(p: Any, log_p: Any) -> Any:
    """p * log_p, and 0 where p is 0: a class that cannot occur may have the logarithm -inf."""
    return np.where(p == 0, 0, p * np.where(p == 0, 0, log_p))


@primitive
def as_probabilities(target: Any, logits: Any) -> Any:
    """Class numbers (...) as one-hot rows (..., classes) of the logits' dtype. Probabilities are returned unchanged."""
    target, logits = as_array(target), as_array(logits)
    if logits.ndim and target.shape == logits.shape:
        return target
    if not logits.ndim or target.shape != logits.shape[:-1]:
        raise ValueError(
            f"logits have shape {logits.shape} and target {target.shape}; needed: logits (..., classes), and a target of "
            "class numbers (...) or probabilities (..., classes)"
        )
    if target.dtype.kind not in "iu":
        raise ValueError(f"class numbers must be integers, got {target.dtype}")
    classes = logits.shape[-1]
    if target.size and (target.min() < 0 or target.max() >= classes):
        raise ValueError(f"class numbers must lie in 0 ... {classes - 1}, got {target.min()} ... {target.max()}")
    return (target[..., None] == np.arange(classes)).astype(logits.dtype if logits.dtype.kind == "f" else float)


def divisor(logits: Any, target: Any, reduction: str, weights: Any) -> Any:
    """What the sum over the samples is divided by."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction must be "mean", "sum" or "none", got {reduction!r}')
    if reduction != "mean":
        return 1
    if weights is None or np.shape(target) == np.shape(logits):
        return math.prod(np.shape(logits)[:-1])
    return np.sum(as_probabilities(target, logits) * factors(weights, logits))


def cross_entropy_logits(
    g: Any, y: Any, logits: Any, target: Any, reduction: str = "mean", weights: Any = None, smoothing: float = 0.0
) -> Any:
    """softmax(logits) * sum(p) - p for each sample: the well-known `p - y`, where the factor a * (1 - a) has cancelled."""
    p = wanted(target, logits, weights, smoothing)
    g = np.expand_dims(g, -1) if reduction == "none" else g / (divisor(logits, target, reduction, weights) or 1)
    return g * (softmax(logits) * np.sum(p, axis=-1, keepdims=True) - p)


def cross_entropy_target(
    g: Any, y: Any, logits: Any, target: Any, reduction: str = "mean", weights: Any = None, smoothing: float = 0.0
) -> Any:
    g = np.expand_dims(g, -1) if reduction == "none" else g / (divisor(logits, target, reduction, weights) or 1)
    return -g * log_softmax(logits) * (1 - smoothing) * factors(weights, logits)


def softmax_input(g: Any, y: Any, x: Any, axis: int = -1) -> Any:
    """The Jacobian diag(y) - y y', applied without forming it."""
    return y * (g - np.sum(g * y, axis=axis, keepdims=True))


def logsumexp_input(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """softmax(x), after `g` and `y` got back the axes that were summed over. Dividing by the sum removes the rounding of `y`."""
    axes = tuple(range(np.ndim(x))) if axis is None else axis
    if not keepdims:
        g, y = np.expand_dims(g, axes), np.expand_dims(y, axes)
    infinite = x == np.inf  # such entries are the whole sum
    weights = np.where(infinite, 1, np.exp(np.where(infinite, 0, x) - np.where(y == -np.inf, 0, y)))
    return g * weights / nonzero(np.sum(weights, axis=axes, keepdims=True))


# fmt: off
rule(add_bias,         lambda g, y, x, b: g,
                       lambda g, y, x, b: g)
rule(append_bias_unit, lambda g, y, h, value=-1.0: g[..., :-1])
rule(sigmoid,          lambda g, y, x: g * y * (1.0 - y))
rule(identity,         lambda g, y, x: g)
rule(relu,             lambda g, y, x: masked(x > 0, g))
rule(softmax,          softmax_input)
rule(log_softmax,      lambda g, y, x, axis=-1: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True))
rule(logsumexp,        logsumexp_input)
rule(sse,              lambda g, y, pred, target: 2 * g * (pred - target).conj(),
                       lambda g, y, pred, target: 2 * g * (target - pred).conj())
rule(mse,              lambda g, y, pred, target: (2 / (pred.size or 1)) * g * (pred - target).conj(),
                       lambda g, y, pred, target: (2 / (pred.size or 1)) * g * (target - pred).conj())
rule(cross_entropy,    cross_entropy_logits,
                       cross_entropy_target)
# fmt: on
constant(as_probabilities)

kink("0 at 0", lambda y, x: x == 0, relu)
