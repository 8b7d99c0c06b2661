"""Every rule against PyTorch, an independent implementation: equal values and gradients for the arguments of the records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from operators import OPERATORS, Operator, Sample, cases

import microgradnp as mg

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is the second opinion on every rule")

TOLERANCE = {np.float32: 3e-5, np.float64: 1e-12}
WITH_COUNTERPART = [case for case in cases() if case.values[0].torch and case.values[1].exact]


def to_torch(value: Any, live: bool) -> Any:
    """An argument for PyTorch: arrays become tensors, also inside an index."""
    if isinstance(value, tuple):
        return tuple(to_torch(part, False) for part in value)
    if isinstance(value, list) and all(isinstance(part, int) for part in value):
        return value
    if isinstance(value, np.ndarray):
        return torch.tensor(value, requires_grad=live)
    return value


def call_torch(record: Operator, args: list[Any], options: dict[str, Any]) -> Any:
    result = counterpart(record, args, options)
    return torch.cat([part.ravel() for part in result]) if isinstance(result, (tuple, list)) else result


def counterpart(record: Operator, args: list[Any], options: dict[str, Any]) -> Any:
    if callable(record.torch):
        return record.torch(torch, *args, **options)
    name = record.torch
    function = getattr(torch, name)
    if name in ("fmod", "remainder"):
        args = [torch.as_tensor(a) for a in args]
    return function(*args, **options)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("record", "sample"), WITH_COUNTERPART)
def test_value_and_gradients_are_pytorchs(record: Operator, sample: Sample, dtype: Any):
    live = [isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in sample.args]
    args = [a.astype(dtype) if moves else a for a, moves in zip(sample.args, live, strict=True)]
    theirs = [to_torch(a, moves) for a, moves in zip(args, live, strict=True)]
    ours = [mg.Tensor(a, requires_grad=True) if moves else a for a, moves in zip(args, live, strict=True)]
    expected = call_torch(record, theirs, sample.options)
    result = record.call(*ours, **sample.options)
    assert result.shape == tuple(expected.shape)
    close(result.numpy(), expected.detach().numpy(), dtype)
    weights = np.random.default_rng(5).uniform(-1, 1, result.shape)
    result.backward(weights)
    expected.backward(torch.tensor(weights).to(expected.dtype))
    for mine, other, moves in zip(ours, theirs, live, strict=True):
        if moves:
            close(mine.grad, np.zeros(mine.shape) if other.grad is None else other.grad.numpy(force=True), dtype)


def close(ours: np.ndarray, theirs: np.ndarray, dtype: Any) -> None:
    size = float(np.max(np.abs(theirs), initial=0.0))
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * size)


def test_most_rules_have_a_counterpart():
    """The others are our own helpers, or PyTorch lacks the function or its derivative."""
    numpys = [
        record for record in OPERATORS if not isinstance(record.function, np.ufunc) or hasattr(np, record.function.__name__)
    ]
    without = sorted(record.name for record in numpys if not record.torch and not hasattr(record.function, "primitive"))
    assert without == sorted(WITHOUT)


WITHOUT = [
    "astype",
    "heaviside",
    "partition",
    "nancumprod",
    "nancumsum",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "nanstd",
    "nanvar",
    "nan_to_num",
    "polydiv",
    "eig",
    "eigvals",
    "setdiff1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "unwrap",
]


# --------------------------------------------------------------------------------------- the same conventions

KINKS = {
    "abs": (np.abs, torch.abs, [[-1.0, 0.0, 1.0]]),
    "abs of complex": (np.abs, torch.abs, [[0j, 3 - 4j]]),
    "sign of complex": (lambda z: np.real(np.sign(z)), lambda z: torch.real(torch.sgn(z)), [[0j, 3 - 4j]]),
    "relu": (mg.relu, torch.relu, [[-1.0, 0.0, 1.0]]),
    "max": (np.max, torch.amax, [[1.0, 3.0, 3.0]]),
    "min": (np.min, torch.amin, [[1.0, 3.0, 1.0]]),
    "maximum": (np.maximum, torch.maximum, [[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]]),
    "minimum": (np.minimum, torch.minimum, [[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]]),
    "fmax": (np.fmax, torch.fmax, [[1.0, 2.0, np.nan], [2.0, 2.0, 2.0]]),
    "fmin": (np.fmin, torch.fmin, [[1.0, 2.0, 3.0], [2.0, 2.0, np.nan]]),
    "clip": (np.clip, torch.clamp, [[-2.0, -1.0, 0.0, 1.0, 2.0], [-1.0] * 5, [1.0] * 5]),
    "clip, crossed": (np.clip, torch.clamp, [[-2.0, -1.0, 0.0, 1.0, 2.0], [1.0] * 5, [-1.0] * 5]),
    "clip, equal bounds": (np.clip, torch.clamp, [[-2.0, 0.0, 2.0], [0.0] * 3, [0.0] * 3]),
    "hypot": (np.hypot, torch.hypot, [[0.0, 3.0], [1.0, 4.0]]),
    "copysign": (np.copysign, torch.copysign, [[-2.0, 0.0, 2.0], [1.0, -1.0, -0.0]]),
    "power at 0": (np.power, torch.pow, [[0.0, 0.0, 0.0, 2.0], [0.0, 1.0, 2.0, 0.0]]),
    "logaddexp of nothing": (np.logaddexp, torch.logaddexp, [[-np.inf, 1.0], [2.0, -np.inf]]),
    "sigmoid far out": (mg.sigmoid, torch.sigmoid, [[-1000.0, 0.0, 1000.0]]),
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks_and_ties_are_pytorchs(name: str):
    ours, theirs, args = KINKS[name]
    mine = [mg.Tensor(a, requires_grad=True) for a in args]
    other = [torch.tensor(a, requires_grad=True, dtype=torch.complex128 if np.iscomplexobj(a) else torch.float64) for a in args]
    np.sum(ours(*mine)).backward()
    torch.sum(theirs(*other)).backward()
    for a, b in zip(mine, other, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(force=True), atol=1e-300)


COMPLEX = ["multiply", "divide", "matmul", "sum", "exp", "log", "sqrt", "sin", "tanh", "arccosh", "arcsinh", "arctanh"]
COMPLEX += ["abs", "sgn", "conj", "real", "imag"]


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_gradients_follow_pytorchs_convention(name: str):
    """x.grad points along the steepest ascent of the real loss."""
    random = np.random.default_rng(11)
    count = 2 if name in ("multiply", "divide", "matmul") else 1
    args = [random.normal(size=(3, 3)) + 1j * random.normal(size=(3, 3)) for _ in range(count)]
    mine = [mg.Tensor(a, requires_grad=True) for a in args]
    other = [torch.tensor(a, requires_grad=True) for a in args]
    y = getattr(np, {"sgn": "sign"}.get(name, name))(*mine)
    z = getattr(torch, name)(*other)
    weights = random.normal(size=y.shape) + 1j * random.normal(size=y.shape)
    np.sum(np.real(y * weights)).backward()
    torch.sum(torch.real(z * torch.tensor(weights))).backward()
    for a, b in zip(mine, other, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(force=True), rtol=1e-11)
