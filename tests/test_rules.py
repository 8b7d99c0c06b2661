"""Every rule of the table, driven by the records in `operators/`: values against NumPy, derivatives against oracles."""

from __future__ import annotations

import functools
import math
import operator
from typing import Any

import numpy as np
import pytest
from operators import COVERED, OPERATORS, RECORDS, Operator, Sample, cases

import microgradnp as mg
from microgradnp.checking.check_grads import check_grads
from microgradnp.core.errors import GradientMismatch
from microgradnp.core.table import TABLE, Rule
from microgradnp.derivatives.checkpoint import replayed
from microgradnp.rules.indexing import scatter


def arrays_of(sample: Sample) -> list[int]:
    """Positions of the arguments that are differentiated."""
    return [k for k, a in enumerate(sample.args) if isinstance(a, np.ndarray) and a.dtype.kind in "fc"]


def cast(sample: Sample, dtype: Any, only: int | None = None) -> tuple[Any, ...]:
    chosen = arrays_of(sample) if only is None else [only]
    return tuple(a.astype(dtype) if k in chosen else a for k, a in enumerate(sample.args))


def gradient_of(f: Any, *args: Any) -> tuple[np.ndarray, ...]:
    """Gradients of the sum of f's result; of all arguments."""
    tensors = [mg.Tensor(a, requires_grad=True) for a in args]
    np.sum(f(*tensors)).backward()
    return tuple(t.grad for t in tensors)


def test_every_rule_has_a_record():
    missing = sorted(TABLE[f].name for f in COVERED - RECORDS.keys() - {replayed})  # tests/test_checkpoint.py
    assert not missing, f"rules without a record in tests/operators: {', '.join(missing)}"
    assert len(RECORDS) == len(OPERATORS)


@pytest.mark.parametrize(("record", "sample"), cases())
class TestEveryRule:
    def test_value_is_numpys_and_gradients_have_their_arguments_shape(self, record: Operator, sample: Sample):
        chosen = arrays_of(sample)
        expected = record.call(*sample.args, **sample.options)
        args = [mg.Tensor(a, requires_grad=True) if k in chosen else a for k, a in enumerate(sample.args)]
        result = record.call(*args, **sample.options)
        assert isinstance(result, mg.Tensor)
        assert result.shape == np.shape(expected)
        assert result.dtype == np.asarray(expected).dtype
        np.testing.assert_array_equal(result.numpy(), expected)
        result.backward(np.ones_like(expected))
        for k in chosen:
            assert args[k].grad.shape == args[k].shape
            assert args[k].grad.dtype == args[k].dtype
            assert np.all(np.isfinite(args[k].grad))

    def test_first_and_second_derivatives(self, record: Operator, sample: Sample):
        check_grads(lambda *args: record.call(*args, **sample.options), sample.args, 2, arrays_of(sample))

    def test_float32_stays_float32(self, record: Operator, sample: Sample):
        args = cast(sample, np.float32)
        if np.asarray(record.call(*args, **sample.options)).dtype not in (np.float32, np.complex64):
            assert not record.narrow or not all(
                isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in (*args, *sample.options.values())
            )
            return  # NumPy widens these arguments itself
        check_grads(lambda *args: record.call(*args, **sample.options), args, 2, arrays_of(sample))

    def test_complex(self, record: Operator, sample: Sample):
        if not record.complex:
            return
        chosen = arrays_of(sample)
        random = np.random.default_rng(7)
        turned = list(cast(sample, complex))
        for k in chosen:
            turned[k] = turned[k] + 1j * random.uniform(0.4, 1.0, np.shape(turned[k]))
        check_grads(lambda *args: record.call(*args, **sample.options), turned, 2, chosen)
        if len(chosen) > 1:  # a real argument beside a complex one has a real gradient
            mixed = [sample.args[k] if k == chosen[0] else a for k, a in enumerate(turned)]
            check_grads(lambda *args: record.call(*args, **sample.options), mixed, 2, chosen)


@pytest.mark.parametrize("record", OPERATORS, ids=lambda record: record.name)
def test_a_constant_argument_gets_no_gradient(record: Operator):
    sample = next(iter(record.samples(np.random.default_rng(1))))
    chosen = arrays_of(sample)
    if len(chosen) < 2:
        return
    for live in chosen:
        args = [mg.Tensor(a, requires_grad=k == live) if k in chosen else a for k, a in enumerate(sample.args)]
        record.call(*args, **sample.options).backward(np.ones_like(record.call(*sample.args, **sample.options)))
        assert [k for k in chosen if args[k].grad is not None] == [live]


ROUGH = {"hyp2f1"}  # SciPy computes it to twelve digits, and the oracle asks for fourteen


@pytest.mark.parametrize("record", [r for r in OPERATORS if r.name not in ROUGH], ids=lambda record: record.name)
def test_second_derivatives_through_a_function_that_is_not_linear(record: Operator):
    """Squared, because a formula that takes `g` for a constant is right for a linear operator alone."""
    sample = next(iter(record.samples(np.random.default_rng(1))))
    check_grads(lambda *args: np.square(record.call(*args, **sample.options)), sample.args, 2, arrays_of(sample))


ZERO_SLOPES = {(np.sign, 0), (np.copysign, 1), (np.heaviside, 0), (np.heaviside, 1), (np.imag, 0), (scatter, 1)}


@pytest.mark.parametrize(
    ("record", "position"),
    [
        pytest.param(record, position, id=f"{record.name}-{position}")
        for record in OPERATORS
        if isinstance(rule := TABLE.get(record.function), Rule)
        for position, vjp in enumerate(rule.vjps)
        if vjp and (record.function, position) not in ZERO_SLOPES
    ],
)
def test_a_formula_wrong_by_a_thousandth_would_be_caught(record: Operator, position: int, monkeypatch: pytest.MonkeyPatch):
    rule = TABLE[record.function]
    right = rule.vjps[position]

    @functools.wraps(right)  # the keywords of a rule are read from its formulas, and remembered
    def wrong(*args: Any, **options: Any) -> Any:
        return 1.001 * right(*args, **options)

    monkeypatch.setattr(rule, "vjps", (*rule.vjps[:position], wrong, *rule.vjps[position + 1 :]))
    sample = next(s for s in record.samples(np.random.default_rng(2)) if rule.variadic or position in arrays_of(s))
    with pytest.raises(GradientMismatch, match="order 1"):
        check_grads(lambda *args: record.call(*args, **sample.options), sample.args, 1, arrays_of(sample))


def test_constants_need_no_gradient():
    x = mg.Tensor([1.5, -0.5], requires_grad=True)
    for f in (
        np.floor,
        np.round,
        np.isnan,
        np.argmax,
        np.zeros_like,
        lambda x: x > 0,
        lambda x: x // 2,
        lambda x: np.sign(x) == 1,
    ):
        assert not f(x).requires_grad
    assert np.shape(x) == (2,)
    assert np.ndim(x) == 1
    assert np.size(x) == 2


# --------------------------------------------------------------------------------------- kinks and ties, by value


@pytest.mark.parametrize(
    ("f", "args", "expected"),
    [
        (mg.relu, [[-1.0, 0.0, 1.0]], [[0, 0, 1]]),
        (np.abs, [[-2.0, 0.0, 2.0]], [[-1, 0, 1]]),
        (np.abs, [[0j, 3 + 4j]], [[0, 0.6 + 0.8j]]),
        (np.fabs, [[-2.0, 0.0, -0.0]], [[-1, 0, 0]]),
        (np.sign, [[-2.0, 0.0]], [[0, 0]]),
        (lambda x: np.real(np.sign(x)), [[0j]], [[0]]),
        (np.max, [[1.0, 3.0, 3.0]], [[0, 0.5, 0.5]]),
        (np.min, [[1.0, 3.0, 1.0]], [[0.5, 0, 0.5]]),
        (lambda x: np.max(x, axis=(0, 1)), [[[2.0, 2.0], [2.0, 1.0]]], [[[1 / 3, 1 / 3], [1 / 3, 0]]]),
        (np.maximum, [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], [[0, 0.5, 1], [1, 0.5, 0]]),
        (np.minimum, [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], [[1, 0.5, 0], [0, 0.5, 1]]),
        (np.fmax, [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], [[0, 1, 1], [1, 0, 0]]),
        (np.fmin, [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], [[1, 1, 0], [0, 0, 1]]),
        (np.fmax, [[np.nan, 1.0], [2.0, np.nan]], [[0, 1], [1, 0]]),
        (np.fmin, [[np.nan, 1.0], [2.0, np.nan]], [[0, 1], [1, 0]]),
        (lambda x: np.clip(x, -1.0, 1.0), [[-2.0, -1.0, 0.0, 1.0, 2.0]], [[0, 1, 1, 1, 0]]),
        (np.clip, [[-2.0, -1.0, 2.0], [-1.0] * 3, [1.0] * 3], [[0, 1, 0], [1, 0, 0], [0, 0, 1]]),
        (np.hypot, [[0.0], [0.0]], [[0], [0]]),
        (np.copysign, [[-2.0, 0.0], [1.0, 1.0]], [[-1, 0], [0, 0]]),
        (np.heaviside, [[-1.0, 0.0, 1.0], [0.5, 0.5, 0.5]], [[0, 0, 0], [0, 1, 0]]),
        (lambda x: np.reshape(np.stack([x, x])[[0, 0, 1]], -1), [[1.0]], [[3]]),
    ],
)
def test_kinks_and_ties(f: Any, args: Any, expected: Any):
    for got, wanted in zip(gradient_of(f, *args), expected, strict=True):
        np.testing.assert_allclose(got, wanted)


# --------------------------------------------------------------------- no NaN where the true gradient is finite

BAD_BRANCHES = {
    "sqrt": (lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 0)), 0), [4.0, 0.0], [0.25, 0]),
    "sqrt of negatives": (lambda x: np.where(x > 0, np.sqrt(x), 0), [4.0, -1.0, 0.0], [0.25, 0, 0]),
    "log": (lambda x: np.where(x > 0, np.log(x), 0), [4.0, 0.0, -1.0], [0.25, 0, 0]),
    "log2": (lambda x: np.where(x > 0, np.log2(x) * math.log(2), 0), [4.0, 0.0], [0.25, 0]),
    "log10": (lambda x: np.where(x > 0, np.log10(x) * math.log(10), 0), [4.0, 0.0], [0.25, 0]),
    "log1p": (lambda x: np.where(x > -1, np.log1p(x), 0), [3.0, -1.0], [0.25, 0]),
    "x log x": (lambda x: np.where(x > 0, x * np.log(x), 0), [1.0, 0.0], [1, 0]),
    "divide": (lambda x: np.where(x != 0, 1 / x, 0), [2.0, 0.0], [-0.25, 0]),
    "0 / 0": (lambda x: np.where(x != 0, np.sin(x) / x, 1), [1.0, 0.0], [math.cos(1) - math.sin(1), 0]),
    "reciprocal": (lambda x: np.where(x != 0, np.reciprocal(x), 0), [2.0, 0.0], [-0.25, 0]),
    "cbrt": (lambda x: np.where(x != 0, np.cbrt(x), 0), [8.0, 0.0], [1 / 12, 0]),
    "power": (lambda x: np.where(x > 0, x**0.5, 0), [4.0, 0.0, -1.0], [0.25, 0, 0]),
    "power -1": (lambda x: np.where(x > 0, x**-1, 0), [2.0, 0.0], [-0.25, 0]),
    "power array": (lambda x: np.where(x > 0, x ** np.array([0.5, 0.5, -1]), 0), [4.0, -1.0, 0.0], [0.25, 0, 0]),
    "exponent": (lambda x: np.where(x > 0, np.array([1.0, -2.0, 0.0]) ** x, 0), [0.5, -0.5, -1.0], [0, 0, 0]),
    "arcsin": (lambda x: np.where(np.abs(x) < 1, np.arcsin(x), 0), [0.6, 1.0, 2.0], [1.25, 0, 0]),
    "arccos": (lambda x: np.where(np.abs(x) < 1, np.arccos(x), 0), [0.6, 1.0, 2.0], [-1.25, 0, 0]),
    "arccosh": (lambda x: np.where(x > 1, np.arccosh(x), 0), [1.25, 1.0, -2.0], [1 / 0.75, 0, 0]),
    "arctanh": (lambda x: np.where(np.abs(x) < 1, np.arctanh(x), 0), [0.5, 1.0, 2.0], [1 / 0.75, 0, 0]),
    "arctan2": (lambda x: np.where(x != 0, np.arctan2(x, x), 0), [2.0, 0.0], [0, 0]),
    "remainder": (lambda x: np.where(x != 0, np.remainder(7.0, x), 0), [2.0, 0.0], [-3, 0]),
    "fmod": (lambda x: np.where(x != 0, np.fmod(-7.0, x), 0), [2.0, 0.0], [3, 0]),
    "exp": (lambda x: np.where(x < 700, np.exp(x), 0), [0.0, 1e4], [1, 0]),
    "softplus": (lambda x: np.where(x < 30, np.log1p(np.exp(x)), x), [0.0, 1e4], [0.5, 1]),
    "cosh": (lambda x: np.where(x < 700, np.cosh(x), 0), [0.0, 1e4], [0, 0]),
    "square": (lambda x: np.where(x != 0, np.square(1 / x), 0), [1.0, 0.0], [-2, 0]),
    "times infinity": (lambda x: np.where(x != 0, x * (1 / x), 0), [2.0, 0.0], [0, 0]),
}


@pytest.mark.parametrize("name", BAD_BRANCHES)
@pytest.mark.parametrize("each", [False, True], ids=["array", "scalars"])
def test_a_branch_that_was_not_taken_does_no_harm(name: str, each: bool):
    f, x, expected = BAD_BRANCHES[name]
    with np.errstate(all="ignore"):
        if each and "array" not in name and name != "exponent":
            got = [gradient_of(f, np.array(entry))[0] for entry in x]
        else:
            (got,) = gradient_of(f, x)
    np.testing.assert_allclose(got, expected, atol=1e-15)


@pytest.mark.parametrize("name", sorted(BAD_BRANCHES.keys() - {"exponent", "power array"}))
def test_nor_to_second_derivatives(name: str):
    f, x, _ = BAD_BRANCHES[name]
    good, bad = np.array(x[:1]), np.array(x)
    with np.errstate(all="ignore"):
        alone = mg.grad(lambda x: np.sum(mg.grad(lambda x: np.sum(f(x)))(x)))(good)
        together = mg.grad(lambda x: np.sum(mg.grad(lambda x: np.sum(f(x)))(x)))(bad)
    np.testing.assert_allclose(together, [*alone, *[0] * (len(x) - 1)], atol=1e-15)


def test_a_guard_leaves_second_derivatives_where_the_gradient_is_zero():
    """(sqrt(x) - 2)**2 has slope 0 at 4 and curvature 1/8: a guard that looked at the slope alone would lose it."""
    cases = [
        (lambda x: (np.sqrt(x) - 2) ** 2, 4.0, 1 / 8),
        (lambda x: (1 / x - 0.5) ** 2, 2.0, 1 / 8),
        (lambda x: (x / np.array(3.0)) ** 2, 0.0, 2 / 9),
        (lambda x: (np.log(x) - np.log(3.0)) ** 2, 3.0, 2 / 9),
        (lambda x: (x**-1 + 1) ** 2, -1.0, 2.0),
        (lambda x: (x**0.5 - 2) ** 2, 4.0, 1 / 8),
        (lambda x: (np.arcsin(x) - np.arcsin(0.6)) ** 2, 0.6, 2 / 0.64),
        (lambda x: (np.arccosh(x) - np.arccosh(3.0)) ** 2, 3.0, 2 / 8),
        (lambda x: (np.exp(x) - 1) ** 2, 0.0, 2.0),
        (lambda x: (np.arctan2(x, 2.0)) ** 2, 0.0, 2 / 4),
        (lambda x: (np.reciprocal(x) - 0.5) ** 2, 2.0, 1 / 8),
        (lambda x: (np.cbrt(x) - 2) ** 2, 8.0, 2 / 144),
    ]
    for f, x, expected in cases:
        assert math.isclose(float(mg.grad(mg.grad(f))(x)), expected, rel_tol=1e-12)


def test_mixed_derivative_of_a_power_at_exponent_zero():
    """d2(a**b)/da db = a**(b-1) (1 + b log a), which is 1/a at b = 0."""
    slope = mg.grad(mg.grad(lambda a, b: np.sum(a**b), 0), 1)
    np.testing.assert_allclose(slope(np.array(4.0), np.array(0.0)), 0.25)


@pytest.mark.parametrize("x", [-1000.0, 1000.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_far_out(x: float, dtype: Any):
    t = mg.Tensor(np.array([x], dtype), requires_grad=True)
    y = mg.sigmoid(t)
    np.sum(y).backward()
    assert y.dtype == t.grad.dtype == dtype
    np.testing.assert_allclose(y.numpy(), [float(x > 0)], atol=1e-30)
    np.testing.assert_allclose(t.grad, [0.0], atol=1e-30)


def test_powers_at_zero():
    np.testing.assert_array_equal(gradient_of(lambda x: x**0, [0.0, 2.0])[0], [0, 0])
    np.testing.assert_array_equal(gradient_of(lambda x: x**0.0, [0.0, 2.0])[0], [0, 0])
    np.testing.assert_array_equal(gradient_of(lambda x: x**1, [0.0, 2.0])[0], [1, 1])
    np.testing.assert_array_equal(gradient_of(lambda x: x**2, [0.0, 2.0])[0], [0, 4])
    np.testing.assert_array_equal(gradient_of(lambda x: x ** np.array([0, 1, 2, 3]), np.zeros(4))[0], [0, 1, 0, 0])
    np.testing.assert_array_equal(gradient_of(lambda x: x ** np.array([0.0, 1.0, 2.0, 3.0]), np.zeros(4))[0], [0, 1, 0, 0])
    np.testing.assert_array_equal(gradient_of(lambda b: 0.0**b, [0.0, 1.0, 2.5])[0], [0, 0, 0])
    np.testing.assert_array_equal(gradient_of(lambda b: np.zeros(3) ** b, [0.0, 1.0, 2.5])[0], [0, 0, 0])


def test_a_power_of_a_negative_base_has_no_derivative_in_its_exponent():
    with np.errstate(invalid="ignore"):
        assert np.isnan(gradient_of(lambda b: np.array([-2.0]) ** b, [3.0])[0])


def test_remainders_count_whole_multiples_as_numpy_does():
    """1.0 / 0.1 rounds to 10, but np.remainder(1.0, 0.1) is 0.0999...: 9 multiples were taken away."""
    for f in (np.remainder, np.fmod):
        assert f(1.0, 0.1) > 0.09
        np.testing.assert_array_equal(gradient_of(lambda b, f=f: f(1.0, b), 0.1)[0], -9)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_squares_in_rules_neither_vanish_nor_overflow(scale: float):
    b = np.array([2 * scale])
    np.testing.assert_allclose(gradient_of(lambda b: scale / b, b)[0] * scale, [-0.25])
    np.testing.assert_allclose(gradient_of(lambda b: np.arctan2(2 * scale, b), b)[0] * scale, [-0.25])
    np.testing.assert_allclose(gradient_of(lambda b: np.hypot(2 * scale, b), b)[0], [math.sqrt(0.5)])
    np.testing.assert_allclose(gradient_of(np.arcsinh, np.array([1e200]))[0], [1e-200])


# ----------------------------------------------------------------------------------------------- keywords

X = np.arange(1.0, 7.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("call", "keyword"),
    [
        (lambda x: np.sum(x, out=np.zeros(())), "out"),
        (lambda x: np.exp(x, where=X > 2), "where"),
        (lambda x: np.exp(x, out=np.zeros((2, 3))), "out"),
        (lambda x: np.add(x, 1, dtype=np.float32), "dtype"),
        (lambda x: np.multiply(x, 2, casting="unsafe"), "casting"),
        (lambda x: np.clip(x, 0, 1, out=np.zeros((2, 3))), "out"),
        (lambda x: np.clip(x, 0, 1, where=X > 2), "where"),
        (lambda x: np.matmul(x, X.T, axes=[(0, 1), (0, 1), (0, 1)]), "axes"),
        (lambda x: np.matmul(x, X.T, out=np.zeros((2, 2))), "out"),
        (lambda x: np.dot(x, X.T, out=np.zeros((2, 2))), "out"),
        (lambda x: np.einsum("ij->i", x, out=np.zeros(2)), "out"),
        (lambda x: np.einsum("ij->i", x, dtype=np.float32), "dtype"),
        (lambda x: np.concatenate([x, X], dtype=np.float32), "dtype"),
        (lambda x: np.concatenate([x, X], out=np.zeros((4, 3))), "out"),
        (lambda x: np.stack([x, X], dtype=np.float32), "dtype"),
        (lambda x: np.vstack([x, X], dtype=np.float32), "dtype"),
        (lambda x: np.hstack([x, X], casting="unsafe"), "casting"),
        (lambda x: np.broadcast_to(x, (2, 3), subok=True), "subok"),
        (lambda x: mg.softmax(x, axes=1), "axes"),
    ],
)
def test_unknown_keywords_are_refused_by_name(call: Any, keyword: str):
    with pytest.raises(TypeError, match=rf"{keyword}(=|')"):
        call(mg.Tensor(X, requires_grad=True))


def test_default_values_of_refused_keywords_are_harmless():
    x = mg.Tensor(X, requires_grad=True)
    assert np.sum(x, dtype=None, out=None).item() == 21
    assert np.exp(x, where=True, out=None).shape == (2, 3)


def test_an_order_that_follows_the_memory_layout_is_refused():
    for f in (lambda x: np.ravel(x, order="K"), lambda x: np.reshape(x, (3, 2), order="A")):
        with pytest.raises(
            ValueError, match=r"order='[KA]' follows the memory layout of an array, and its gradient has another layout"
        ):
            gradient_of(f, X)


def test_einsum_with_lists_of_axes_is_refused():
    with pytest.raises(TypeError, match="einsum: lists of axis numbers have no gradient rule; write the subscripts as a string"):
        gradient_of(lambda x: np.einsum(x, [0, 1], [0]), X)


def test_tensors_as_keyword_arguments():
    x, b = mg.Tensor(X, requires_grad=True), mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    np.sum(mg.add_bias(x, b=b)).backward()
    np.testing.assert_array_equal(b.grad, [2, 2, 2])
    low, high = mg.Tensor(2.0, requires_grad=True), mg.Tensor(5.0, requires_grad=True)
    np.sum(np.clip(x, a_min=low, a_max=high)).backward()
    assert (low.grad, high.grad) == (1, 1)
    np.sum(np.clip(x, max=high)).backward()
    assert high.grad == 2
    x.zero_grad()
    np.sum(np.ravel(a=x)).backward()
    np.testing.assert_array_equal(x.grad, np.ones((2, 3)))
    value = mg.Tensor(9.0, requires_grad=True)
    np.sum(mg.set_at(X, 0, value=value)).backward()
    assert value.grad == 3


def test_clip_refuses_two_names_for_one_bound():
    with pytest.raises(TypeError, match="clip: max= and a_max= mean the same argument"):
        np.clip(mg.Tensor(X), 0, a_max=1, max=2)


# ------------------------------------------------------------------------------------ what NumPy users also write


def test_where_with_one_argument_gives_indices():
    x = mg.Tensor([-1.0, 2.0, 3.0], requires_grad=True)
    (indices,) = np.where(x > 0)
    np.testing.assert_array_equal(indices, [1, 2])
    np.testing.assert_array_equal(gradient_of(lambda x: x[np.where(x > 0)], [-1.0, 2.0, 3.0])[0], [0, 1, 1])


def test_tensors_as_indices():
    x = np.array([1.0, 2.0, 3.0])
    i = mg.Tensor([0, 0, 2])
    np.testing.assert_array_equal(gradient_of(lambda x: x[i], x)[0], [2, 0, 1])
    np.testing.assert_array_equal(gradient_of(lambda x: x[x > 1.5], x)[0], [0, 1, 1])
    np.testing.assert_array_equal(gradient_of(lambda x: x[(i,)], x)[0], [2, 0, 1])
    np.testing.assert_array_equal(gradient_of(lambda x: x[np.argmax(x)], x)[0], [0, 0, 1])
    np.testing.assert_array_equal(gradient_of(lambda x: x[np.argsort(x)[:2]], x)[0], [1, 1, 0])
    check_grads(lambda x: x[i] ** 2 * x[x > 1.5][0], (x,))


def test_a_cast_to_integers_has_derivative_zero():
    for dtype in (int, bool, np.int8):
        assert gradient_of(lambda x, dtype=dtype: np.astype(x, dtype) * x, 2.7)[0] == dtype(2.7)


def test_casts_between_floats_pass_the_gradient_on():
    x = mg.Tensor(np.ones(3, np.float32), requires_grad=True)
    np.sum(x.astype(np.float64) * np.array([1.0, 2.0, 3.0])).backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [1, 2, 3])


def test_scalars_on_either_side_keep_float32():
    x = mg.Tensor(np.array([0.5, 1.5], np.float32), requires_grad=True)
    functions = [
        lambda x: 2 * x,
        lambda x: x - 1.5,
        lambda x: 1 / x,
        lambda x: x / 3,
        lambda x: x**2,
        lambda x: 2.0**x,
        lambda x: x**0.5,
    ]
    functions += [lambda x: np.maximum(x, 0), lambda x: np.where(x > 1, x, 0.0), lambda x: np.clip(x, 0, 1.0), lambda x: x % 0.4]
    for f in functions:
        y = f(x)
        np.sum(y).backward()
        assert y.dtype == np.float32
        assert x.grad.dtype == np.float32


def test_zero_dimensional_results_behave_as_arrays():
    """NumPy returns scalars, not arrays, for 0-d results; rules must not mind."""
    for f in (
        lambda x: np.sum(x).astype(float) * 2,
        lambda x: np.sum(x).conj() * np.sum(x).real,
        lambda x: np.reshape(np.sum(x), (1, 1)),
        lambda x: np.expand_dims(np.sum(x), 0),
        lambda x: np.broadcast_to(np.sum(x), (2, 2)),
        lambda x: np.max(np.sum(x)) / np.mean(x),
        lambda x: np.sum(x)[None],
        lambda x: np.abs(np.sum(x)) ** np.mean(x),
        lambda x: np.sqrt(np.dot(x, x)),
        lambda x: np.where(np.sum(x) > 0, np.sum(x), 0.0),
        lambda x: np.clip(np.sum(x), 0, np.mean(x)),
        lambda x: np.stack([np.sum(x), np.mean(x)]),
        lambda x: np.arccosh(np.sum(x)) + np.arcsinh(np.sum(x)) + np.sign(np.sum(x)),
    ):
        check_grads(f, (np.array([0.5, 1.0, 2.0]),))


def test_repeated_use_of_one_array():
    for f in (lambda x: x * x, lambda x: x**x, lambda x: np.matmul(x, x), lambda x: np.einsum("ij,jk,kl->il", x, x, x)):
        check_grads(f, (np.array([[0.5, 1.0], [2.0, 1.5]]),))
    check_grads(lambda x: np.concatenate([x, x, x]) ** 2, (np.array([0.5, 1.0]),))


def test_scatter_is_the_transpose_of_indexing():
    x, index = np.arange(6.0).reshape(2, 3), (slice(None), [0, 0, 2])
    g = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_array_equal(scatter(g, x, index), [[3, 0, 3], [9, 0, 6]])
    assert np.sum(operator.getitem(x, index) * g) == np.sum(x * scatter(g, x, index))


def test_a_list_of_tensors_is_never_silently_detached():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    for call in (lambda: np.sum([x, x]), lambda: np.array([x, x]), lambda: np.exp([x, x]), lambda: np.array([x[0], x[1]])):
        with pytest.raises(TypeError, match=r"silent|ndarray"):
            call()


@pytest.mark.parametrize(("function", "levels"), [(np.median, ()), (np.quantile, (0.3,)), (np.percentile, ([10, 80],))])
def test_order_statistics_of_nan_are_nan(function: Any, levels: tuple[Any, ...]):
    x = np.array([[1.0, np.nan, 3.0], [4.0, 6.0, 5.0]])
    np.testing.assert_array_equal(function(mg.Tensor(x), *levels, axis=1).numpy(), function(x, *levels, axis=1))


@pytest.mark.parametrize("order", [None, 1, 3, np.inf])
def test_the_gradient_of_a_norm_at_zero_is_zero(order: Any):
    x = mg.Tensor(np.zeros((2, 3)), requires_grad=True)
    np.sum(np.linalg.norm(x, order, axis=1)).backward()
    np.testing.assert_array_equal(x.grad, np.zeros((2, 3)))


@pytest.mark.parametrize("f", [np.arcsin, np.arccos, np.arcsinh, np.arccosh, np.arctanh, np.sqrt, np.log, np.arctan])
def test_on_a_branch_cut_the_slope_is_that_of_the_side_that_numpy_chose(f: Any):
    """The sign of a zero says on which side of a cut a complex number lies; the value there is the limit from that side."""
    for size in (-1.5, 1.5):
        for zero in (-0.0, 0.0):
            for a, inwards in ((complex(size, zero), 1j), (complex(zero, size), 1)):
                side = math.copysign(1.0, zero) * inwards
                numerical = (f(a + 2e-6 * side) - f(a + 1e-6 * side)) / (1e-6 * side)
                (slope,) = gradient_of(lambda z: np.real(f(z)), np.array([a]))
                np.testing.assert_allclose(slope.conj(), numerical, rtol=1e-4, atol=1e-4)


def test_sets_with_equal_entries_give_the_gradient_to_the_first():
    x = np.array([0.5, -1.25, 2.0, -1.25, 0.5])
    for f, weights, expected in (
        (np.unique, [1, 10, 100], [10, 1, 100, 0, 0]),  # -1.25, 0.5, 2.0
        (lambda x: np.unique_all(x).values, [1, 10, 100], [10, 1, 100, 0, 0]),
        (lambda x: np.union1d(x, [7.0, 2.0]), [1, 10, 100, 1000], [10, 1, 100, 0, 0]),
        (lambda x: np.setxor1d(x, [0.5]), [1, 10], [0, 1, 10, 0, 0]),
        (lambda x: np.setdiff1d(x, [0.5]), [1, 10], [0, 1, 10, 0, 0]),
        (lambda x: np.unique(x[np.newaxis], axis=1), [[1, 10, 100]], [10, 1, 100, 0, 0]),
        (lambda x: np.unique(x, return_counts=True)[0], [1, 10, 100], [10, 1, 100, 0, 0]),
    ):
        np.testing.assert_array_equal(f(mg.Tensor(x)).numpy(), f(x))
        np.testing.assert_array_equal(gradient_of(lambda x, f=f, w=weights: f(x) * np.array(w), x)[0], expected)


def test_zeros_are_trimmed_as_numpy_does_it():
    x = np.array([0.0, 0.0, 1.5, 0.0, -2.0, 0.0])
    for trim in ("fb", "f", "b"):
        np.testing.assert_array_equal(np.trim_zeros(mg.Tensor(x), trim).numpy(), np.trim_zeros(x, trim))
        assert np.trim_zeros(mg.Tensor(np.zeros(3)), trim).size == np.trim_zeros(np.zeros(3), trim).size
    np.testing.assert_array_equal(gradient_of(np.trim_zeros, x)[0], [0, 0, 1, 1, 1, 0])


def test_products_that_underflow_or_overflow_have_their_gradients():
    x = np.array([1e-160, 1e-160, 3.0])  # the product is 3e-320, of which few digits are left
    np.testing.assert_allclose(gradient_of(np.prod, x)[0], [3e-160, 3e-160, 1e-320], rtol=1e-12)
    y = np.array([1e-200, 1e-200, 2.0])  # 1e-200, 0, 0: the slope of the second is 1e-200 and not 0 / 1e-200
    np.testing.assert_allclose(gradient_of(lambda x: np.cumprod(x) * np.array([0.0, 1.0, 1.0]), y)[0][:2], [3e-200, 3e-200])


def test_infinities_that_are_replaced_have_no_gradient():
    x = np.array([1.0, np.inf, -np.inf, np.nan, 2.0])
    np.testing.assert_array_equal(np.nan_to_num(mg.Tensor(x), posinf=5.0).numpy(), np.nan_to_num(x, posinf=5.0))
    np.testing.assert_array_equal(gradient_of(lambda x: np.nan_to_num(x, posinf=5.0, neginf=0), x)[0], [1, 0, 0, 0, 1])
    z = np.array([complex(np.nan, 2.0), complex(3.0, np.inf)])
    np.testing.assert_array_equal(gradient_of(lambda z: np.real(np.nan_to_num(z) * (1 + 1j)), z)[0], [-1j, 1])


@pytest.mark.parametrize("function", [np.var, np.nanvar])
def test_variances_of_complex_numbers(function: Any):
    z = np.array([0.5 + 1j, -1.0 + 0.25j, 2.0 - 0.5j])
    check_grads(function, (z,))
    check_grads(lambda z: function(z, ddof=1), (z,))


def test_a_standard_deviation_of_equal_numbers_has_the_gradient_zero():
    for f in (np.std, np.nanstd):
        np.testing.assert_array_equal(gradient_of(f, np.full(3, 2.0))[0], np.zeros(3))


def test_sinc_near_zero_at_every_order():
    """sin(pi x) / (pi x) has the derivatives 0, -pi**2 / 3, 0, pi**4 / 5 at 0."""
    f, expected = np.sinc, [0, -(np.pi**2) / 3, 0, np.pi**4 / 5]
    for value in expected:
        f = mg.grad(f)
        assert math.isclose(float(f(0.0)), value, rel_tol=1e-12, abs_tol=1e-12)
    for x in (1e-9, 1e-3, 0.1, 0.158, 0.16, 0.3):  # on both sides of where the series takes over
        exact = (math.cos(math.pi * x) - math.sin(math.pi * x) / (math.pi * x)) / x
        assert math.isclose(float(mg.grad(np.sinc)(x)), exact, rel_tol=1e-6 if x < 1e-2 else 1e-12, abs_tol=1e-6 * (x < 1e-2))


def test_covariances_and_slopes_of_complex_numbers():
    random = np.random.default_rng(3)
    z, w = random.normal(size=(2, 5)) + 1j * random.normal(size=(2, 5)), random.uniform(0.5, 1, 5)
    for f in (np.cov, np.corrcoef, lambda z: np.cov(z, aweights=w), lambda z: np.gradient(z, axis=1), np.ediff1d):
        np.testing.assert_allclose(f(mg.Tensor(z)).numpy(), f(z), rtol=1e-14, atol=1e-15)
        check_grads(f, (z,))


def test_corners_of_selecting_and_making():
    x = np.arange(300.0)
    long = mg.Tensor(x.astype(np.longdouble), requires_grad=True)
    np.sum(long[np.arange(300) % 7]).backward()
    np.testing.assert_array_equal(long.grad[:7], np.bincount(np.arange(300) % 7))
    g = np.zeros(300, complex)
    g[0] = complex(43, np.inf)
    np.testing.assert_array_equal(scatter(g, np.zeros(400, complex), np.arange(300))[0], complex(43, np.inf))
    for f in (np.tril, np.triu):
        np.testing.assert_array_equal(f(mg.Tensor(x[:3]), 1).numpy(), f(x[:3], 1))
        check_grads(f, (x[:3],))
    np.testing.assert_array_equal(np.pad(mg.Tensor(2.0), 1).numpy(), 2.0)
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        np.linspace(mg.Tensor(0.0), 1.0, -1)
