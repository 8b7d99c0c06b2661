"""Records of `microgradnp/rules/reductions.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from operators.record import Operator, extreme_torch, nonempty, reduced


def sum_torch(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else axis
    return x.clone() if axes == () else torch.sum(x, dim=axes, keepdim=keepdims)


def mean_torch(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else axis
    return x.clone() if axes == () else torch.mean(x, dim=axes, keepdim=keepdims)


OPERATORS = [
    Operator(np.sum, reduced, torch=sum_torch, complex=True),
    Operator(np.mean, nonempty, torch=mean_torch, complex=True),
    Operator(np.max, nonempty, torch=extreme_torch("amax")),
    Operator(np.min, nonempty, torch=extreme_torch("amin")),
]
