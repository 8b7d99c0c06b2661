"""Losses in plain NumPy. `reduction` says how the losses of all entries are combined: "mean", "sum" or "none"."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.rules.functional import relu


def reduced(losses: Any, reduction: str) -> Any:
    """The mean or sum of all losses, or the losses themselves. Raises ValueError for another reduction."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction must be "mean", "sum" or "none", got {reduction!r}')
    if reduction == "none":
        return losses
    return np.mean(losses) if reduction == "mean" else np.sum(losses)


def same_shape(loss: str, pred: Any, target: Any) -> None:
    """Raise ValueError unless both have one shape."""
    if np.shape(pred) != np.shape(target):
        raise ValueError(f"{loss}: pred has shape {np.shape(pred)} and target {np.shape(target)}; they must be equal")


def bce(p: Any, target: Any, reduction: str = "mean") -> Any:
    """Binary cross-entropy of probabilities: -target * log(p) - (1 - target) * log(1 - p). Infinite for a wrong p of 0 or 1.

    For the output of a sigmoid `bce_with_logits` is more exact.

    A number, or an array of the inputs' shape with reduction="none". Raises ValueError for unequal shapes or another reduction.

    >>> import numpy as np, microgradnp as mg
    >>> round(float(mg.bce(np.array([0.5, 0.5]), np.array([0.0, 1.0]))), 6)  # log(2)
    0.693147
    """
    same_shape("bce", p, target)
    return reduced(-used_log(target, p) - used_log(1 - target, 1 - p), reduction)


def used_log(weight: Any, p: Any) -> Any:
    """weight * log(p), and 0 where both are 0. The gradient there is 0, too."""
    return weight * np.log(np.where((weight == 0) & (p == 0), 1.0, p))


def bce_with_logits(logits: Any, target: Any, reduction: str = "mean") -> Any:
    """Binary cross-entropy of sigmoid(logits): log(1 + exp(logits)) - target * logits. It never overflows.

    A number, or an array of the inputs' shape with reduction="none". Raises ValueError for unequal shapes or another reduction.

    >>> import numpy as np, microgradnp as mg
    >>> round(float(mg.bce_with_logits(np.array([0.0, 1000.0]), np.array([0.0, 1.0]), "sum")), 6)  # log(2)
    0.693147
    """
    same_shape("bce_with_logits", logits, target)
    return reduced(np.logaddexp(0.0, logits) - target * logits, reduction)


def huber(pred: Any, target: Any, delta: float = 1.0, reduction: str = "mean") -> Any:
    """e**2 / 2 for errors e = pred - target up to `delta`, and delta * (abs(e) - delta / 2) above: P. J. Huber (1964).

    A number, or an array of the inputs' shape with reduction="none". Raises ValueError for unequal shapes or another reduction.

    >>> import numpy as np, microgradnp as mg
    >>> mg.huber(np.array([0.5, 3.0]), np.zeros(2), reduction="none")
    array([0.125, 2.5  ])
    """
    same_shape("huber", pred, target)
    e = pred - target
    return reduced(np.where(np.abs(e) <= delta, e * e / 2, delta * (np.abs(e) - delta / 2)), reduction)


def hinge(scores: Any, target: Any, reduction: str = "mean") -> Any:
    """max(0, 1 - target * scores) for targets of -1 and 1. The gradient at a margin of exactly 1 is 0.

    A number, or an array of the inputs' shape with reduction="none". Raises ValueError for unequal shapes or another reduction.

    >>> import numpy as np, microgradnp as mg
    >>> mg.hinge(np.array([0.5, 2.0]), np.array([1.0, 1.0]), "none")
    array([0.5, 0. ])
    """
    same_shape("hinge", scores, target)
    return reduced(relu(1 - target * scores), reduction)


def kl_div(p: Any, q: Any, reduction: str = "mean") -> Any:
    """Kullback-Leibler divergence of q from p, sum(p * log(p / q)) over the last axis, of probabilities (..., classes).

    A number, or an array (...) with reduction="none". Raises ValueError for unequal shapes or another reduction.

    >>> import numpy as np, microgradnp as mg
    >>> round(float(mg.kl_div(np.array([1.0, 0.0]), np.array([0.5, 0.5]))), 6)  # log(2)
    0.693147
    """
    same_shape("kl_div", p, q)
    return reduced(np.sum(used_log(p, p) - used_log(p, q), axis=-1), reduction)


def accuracy(scores: Any, classes: Any) -> float:
    """Share of the samples whose largest score is that of their class: scores (..., classes), class numbers (...).

    Raises ValueError for shapes that do not fit.

    >>> import numpy as np, microgradnp as mg
    >>> mg.accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    best = np.argmax(scores.numpy() if hasattr(scores, "numpy") else scores, axis=-1)
    same_shape("accuracy", best, classes)
    return float(np.mean(best == np.asarray(classes)))
