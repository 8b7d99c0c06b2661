"""Records of `microgradnp/rules/functional.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import microgradnp as mg
from operators.record import COMPLEX, Operator, Random, Sample, draw, over, unary


def biased(random: Random) -> Iterator[Sample]:
    for shape in ((4, 3), (3,), (2, 4, 3), (0, 3), (2, 1)):
        yield Sample((draw(random, shape, -2, 2), draw(random, shape[-1:], -2, 2)))


def appended(random: Random) -> Iterator[Sample]:
    for shape in ((4, 3), (3,), (2, 4, 3), (0, 3), (2, 0)):
        yield Sample((draw(random, shape, -2, 2),))
    yield Sample((draw(random, (4, 3), -2, 2),), {"value": 0.5})
    yield Sample((draw(random, (4, 3), -2, 2), 2))


def along_axis(random: Random) -> Iterator[Sample]:
    for shape in ((4, 3), (3,), (2, 4, 3), (0, 3), (2, 1)):
        yield Sample((draw(random, shape, -2, 2),))
    for axis in (0, -2, 1):
        yield Sample((draw(random, (4, 3), -2, 2),), {"axis": axis})


def with_target(random: Random) -> Iterator[Sample]:
    for shape in ((4, 3), (3,), (), (2, 4, 3), (1, 1)):
        yield Sample((draw(random, shape, -2, 2), draw(random, shape, -2, 2)))


def maybe_empty_target(random: Random) -> Iterator[Sample]:
    yield from with_target(random)
    yield Sample((np.ones((0, 3)), np.ones((0, 3))))


def classified(random: Random) -> Iterator[Sample]:
    logits = draw(random, (4, 3), -2, 2)
    probabilities = random.dirichlet([1, 1, 1], 4)
    for options in ({}, {"reduction": "sum"}, {"reduction": "mean"}):
        yield Sample((logits, np.array([0, 2, 1, 1])), options)
        yield Sample((logits, probabilities), options)
    yield Sample((logits, np.eye(3, dtype=int)[[0, 2, 1, 1]]), exact=False)
    yield Sample((logits[:1, :1], np.array([0])))
    yield Sample((logits[:0], np.array([], int), "sum"))
    yield Sample((logits[0], np.array(2)))
    for options in ({"reduction": "none"}, {"smoothing": 0.1}, {"smoothing": 0.2, "reduction": "sum"}):
        yield Sample((draw(random, (2, 3, 4), -2, 2), random.integers(0, 4, (2, 3))), options)
        yield Sample((draw(random, (2, 3, 4), -2, 2), random.dirichlet([1, 1, 1, 1], (2, 3))), options)
    for options in ({}, {"reduction": "sum"}, {"reduction": "none", "smoothing": 0.1}):
        weighted = {"weights": np.array([0.5, 2.0, 1.0])} | options
        yield Sample((logits, np.array([0, 2, 1, 1])), weighted)
        yield Sample((logits, probabilities), weighted)


def cross_entropy_torch(
    torch: Any, logits: Any, target: Any, reduction: str = "mean", weights: Any = None, smoothing: float = 0.0
) -> Any:
    logits = torch.moveaxis(logits, -1, 1) if logits.ndim > 1 else logits  # PyTorch wants the classes second
    target = torch.moveaxis(target, -1, 1) if target.ndim == logits.ndim > 1 else target
    weight = None if weights is None else torch.as_tensor(weights, dtype=logits.dtype)
    return torch.nn.functional.cross_entropy(logits, target, weight, reduction=reduction, label_smoothing=smoothing)


def summed(random: Random) -> Iterator[Sample]:
    for axis in (None, 0, -1, (0, 2), (-1, 0, 1)):
        yield Sample((draw(random, (2, 3, 2), -2, 2),), {"axis": axis})
        yield Sample((draw(random, (2, 3, 2), -2, 2),), {"axis": axis, "keepdims": True})
    yield Sample((draw(random, (4,), -2, 2),))
    yield Sample((draw(random, (), -2, 2),))
    yield Sample((np.ones((0, 3)),), {"axis": 1})


def logsumexp_torch(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.logsumexp(x, over(x, axis), keepdims)


OPERATORS = [
    Operator(mg.add_bias, biased, torch="add", complex=True),
    Operator(
        mg.append_bias_unit,
        appended,
        torch=lambda torch, h, value=-1.0: torch.cat([h, torch.full((*h.shape[:-1], 1), value, dtype=h.dtype)], dim=-1),
        complex=True,
    ),
    unary(mg.sigmoid, torch="sigmoid"),
    unary(mg.identity, torch="clone", **COMPLEX),
    unary(mg.relu, away=0.2, torch="relu"),
    Operator(mg.softmax, along_axis, torch=lambda torch, x, axis=-1: torch.softmax(x, axis)),
    Operator(mg.log_softmax, along_axis, torch=lambda torch, x, axis=-1: torch.log_softmax(x, axis)),
    Operator(mg.logsumexp, summed, torch=logsumexp_torch),
    Operator(
        mg.sse,
        maybe_empty_target,
        torch=lambda torch, p, t: torch.nn.functional.mse_loss(p, t, reduction="sum"),
        complex=True,
    ),
    Operator(mg.mse, with_target, torch=lambda torch, p, t: torch.nn.functional.mse_loss(p, t), complex=True),
    Operator(mg.cross_entropy, classified, torch=cross_entropy_torch),
]
