"""The checker is checked: it must fail on rules that are wrong by 0.1 %, pass on right ones, and say what it found."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.checking import oracles
from microgradnp.checking.check_grads import check_grads, digits
from microgradnp.core.errors import GradientMismatch

SEEDS = 5
RANDOM = np.random.default_rng(3)
X = RANDOM.uniform(0.5, 2.0, (3, 4))


def function(value: Any, *vjps: Any) -> Any:
    """A user's own function with the given rules."""

    @mg.primitive
    def f(*args: Any) -> Any:
        return value(*args)

    mg.rule(f, *vjps)
    return f


# ------------------------------------------------------------------------------------- it fails on wrong rules

ONE_ENTRY = np.ones((3, 4))
ONE_ENTRY[1, 2] = 1.001

WRONG_FIRST = {
    "a factor of 1.001": (function(np.exp, lambda g, y, a: 1.001 * g * y), (X,)),
    "a factor of 0.999": (function(np.sin, lambda g, y, a: 0.999 * g * np.cos(a)), (X,)),
    "one entry by 0.1 %": (function(np.exp, lambda g, y, a: ONE_ENTRY * g * y), (X,)),
    "the sign": (function(np.exp, lambda g, y, a: -g * y), (X,)),
    "zero": (function(np.exp, lambda g, y, a: np.zeros_like(a)), (X,)),
    "transposed": (function(np.square, lambda g, y, a: g * 2 * a.T), (X[:, :3],)),
    "a product from the wrong side": (
        function(np.matmul, lambda g, y, a, b: b @ g, lambda g, y, a, b: a.T @ g),
        (X[:, :3], X[:, 1:]),
    ),
    "a dropped sum over a broadcast axis": (
        function(np.add, lambda g, y, a, b: g, lambda g, y, a, b: np.broadcast_to(g[:1], g.shape) / 1.0),
        (X, X[0]),
    ),
    "a mean instead of a sum over a broadcast axis": (
        function(np.add, lambda g, y, a, b: g, lambda g, y, a, b: np.mean(g, axis=0)),
        (X, X[0]),
    ),
    "the arguments exchanged": (function(np.divide, lambda g, y, a, b: -g * a / b**2, lambda g, y, a, b: g / b), (X, X + 1)),
    "the second argument only": (
        function(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: 1.001 * g * a),
        (X, X + 1),
    ),
    "a small argument beside a large one": (
        function(np.add, lambda g, y, a, b: g, lambda g, y, a, b: 1.001 * g),
        (1e3 * X, 1e-3 * X),
    ),
    "a small entry beside a large one": (
        function(np.square, lambda g, y, a: g * 2 * a * np.array([1.0, 1.001, 1.0])),
        (np.array([1e6, 1e-6, 1.0]),),
    ),
    "a large entry beside a small one": (
        function(np.square, lambda g, y, a: g * 2 * a * np.array([1.001, 1.0, 1.0])),
        (np.array([1e6, 1e-6, 1.0]),),
    ),
    "a scalar": (function(np.exp, lambda g, y, a: 1.001 * g * y), (0.5,)),
    "complex: not conjugated": (function(np.conjugate, lambda g, y, a: g), (X + 1j,)),
    "complex: conjugated": (function(np.exp, lambda g, y, a: g * y.conj()), (X + 1j * X,)),
    "complex: imaginary part by 0.1 %": (
        function(np.exp, lambda g, y, a: np.real(g * y) + 1.001j * np.imag(g * y)),
        (X + 1j * X,),
    ),
    "float32 by 0.1 %": (function(np.exp, lambda g, y, a: 1.001 * g * y), (X.astype(np.float32),)),
    "float32, one entry by 0.1 %": (
        function(np.exp, lambda g, y, a: (ONE_ENTRY * g).astype(g.dtype) * y),
        (X.astype(np.float32),),
    ),
    "one of 10,000 entries by 0.1 %": (
        function(np.exp, lambda g, y, a: g * y * (1 + 0.001 * (np.arange(10_000) == 7_000))),
        (np.linspace(0, 1, 10_000),),
    ),
}


@pytest.mark.parametrize("name", WRONG_FIRST)
def test_a_wrong_first_derivative_is_found(name: str):
    f, args = WRONG_FIRST[name]
    with pytest.raises(GradientMismatch, match="order 1"):
        check_grads(f, args, order=1)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_random_directions(seed: int):
    for name in ("a factor of 1.001", "one entry by 0.1 %", "a small entry beside a large one", "the second argument only"):
        f, args = WRONG_FIRST[name]
        with pytest.raises(GradientMismatch, match="order 1"):
            check_grads(f, args, seed=seed)


def detached_slope() -> Any:
    """exp whose rule is right by value, but reads a constant instead of the result: the second derivative is lost."""
    slope = mg.primitive(np.exp)
    mg.rule(slope, lambda g, y, a: np.zeros_like(a))
    return function(np.exp, lambda g, y, a: g * slope(a))


def slightly_wrong_slope() -> Any:
    slope = mg.primitive(np.cos)
    mg.rule(slope, lambda g, y, a: -1.001 * g * np.sin(a))
    return function(np.sin, lambda g, y, a: g * slope(a))


def wrong_in_g() -> Any:
    """g * y, where the dependence on g is cut: right by value, and the mixed derivatives are wrong."""
    frozen = mg.primitive(lambda g: 1.0 * g)
    mg.rule(frozen, lambda h, y, g: np.zeros_like(g))
    inner = function(np.square, lambda g, y, a: frozen(g) * 2 * a)
    return lambda x: np.exp(inner(x))


@pytest.mark.parametrize("make", [detached_slope, slightly_wrong_slope, wrong_in_g])
def test_a_wrong_second_derivative_is_found_only_at_order_2(make: Any):
    f = make()
    check_grads(f, (X,), order=1)
    with pytest.raises(GradientMismatch, match="order 2"):
        check_grads(f, (X,))


def test_a_wrong_third_derivative_is_found_only_at_order_3():
    second = mg.primitive(lambda a: -np.sin(a))
    mg.rule(second, lambda g, y, a: -1.001 * g * np.cos(a))
    first = function(np.cos, lambda g, y, a: g * second(a))
    f = function(np.sin, lambda g, y, a: g * first(a))
    check_grads(f, (X,), order=2)
    with pytest.raises(GradientMismatch, match="order 3"):
        check_grads(f, (X,), order=3)


def test_a_rule_that_means_something_else_on_tensors_is_found():
    def slope(g: Any, y: Any, a: Any) -> Any:
        return g * y * (1.5 if isinstance(a, mg.Tensor) else 1.0)

    with pytest.raises(GradientMismatch, match=r"the gradient of f is .* on arrays and .* when it is recorded on Tensors"):
        check_grads(function(np.exp, slope), (X,))


def test_a_function_that_means_something_else_on_tensors_is_found():
    with pytest.raises(GradientMismatch, match=r"the value of f is .* on arrays and .* when it is recorded on Tensors"):
        check_grads(lambda x: np.exp(x) if isinstance(x, mg.Tensor) else 2 * np.exp(x), (X,))
    with pytest.raises(GradientMismatch, match=r"has shape \(3, 4\) on arrays and \(4, 3\) when it is recorded on Tensors"):
        check_grads(lambda x: x.T if isinstance(x, mg.Tensor) else x, (X,))


def test_a_lost_gradient_is_found():
    with pytest.raises(GradientMismatch, match="is 0, but the numerical derivative is"):
        check_grads(lambda x: np.exp(x.detach() if isinstance(x, mg.Tensor) else x), (X,))


@pytest.mark.parametrize(
    "f",
    [lambda x: x * np.float64(2), lambda x: x * np.ones(4), function(lambda a: a.astype(float), lambda g, y, a: g)],
    ids=["scalar", "array", "rule"],
)
def test_float32_that_widens_is_found(f: Any):
    with pytest.raises(
        GradientMismatch, match="the value of f is float64, but the arguments are float32: an operation on the way widens"
    ):
        check_grads(f, (X.astype(np.float32),))


def test_a_rule_that_is_wrong_in_float32_only_is_found():
    f = function(np.exp, lambda g, y, a: g * y * (1.001 if a.dtype == np.float32 else 1))
    check_grads(f, (X,), order=1)
    with pytest.raises(
        GradientMismatch, match=r"order 1, is \S+ in float32 and \S+ in float64: [23] digits agree, [45] expected"
    ):
        check_grads(f, (X.astype(np.float32),), order=1)


def test_nan_in_the_gradient_is_found():
    with pytest.raises(GradientMismatch, match="is nan, but the numerical derivative is"):
        check_grads(function(np.exp, lambda g, y, a: g * np.where(a > 1, np.nan, y)), (X,))


# ------------------------------------------------------------------------------------- it passes on right rules

RIGHT = {
    "large and small entries": (np.square, (np.array([1e6, 1e-6, 1.0, -1e3]),)),
    "tiny arguments": (lambda x: np.sum(np.sin(x) * np.exp(x)), (1e-6 * X,)),
    "huge arguments": (lambda x: np.log(np.sum(x**2)) / x, (1e6 * X,)),
    "many periods": (np.sin, (np.array([1e6, 1e4, 1e-6]),)),
    "a matrix product of both scales": (np.matmul, (1e6 * X, 1e-6 * X.T)),
    "a steep power": (lambda x: x**20, (X,)),
    "near the edge of the domain": (lambda x: np.log(x) + np.sqrt(x), (np.array([1e-6, 1e-3]),)),
    "nearer": (np.arccos, (np.array([1 - 1e-6, -1 + 1e-3]),)),
    "far from the origin": (lambda x: 1e8 + np.sin(x), (X,)),
    "zero entries": (lambda x: np.sin(x) * x, (np.array([0.0, 1.0, 0.0]),)),
    "all zero": (np.sin, (np.zeros((2, 2)),)),
    "a kink near by": (np.abs, (np.array([1e-9, 1.0]),)),
    "size 0": (np.exp, (np.zeros((0, 3)),)),
    "size 0 and a sum": (np.sum, (np.zeros((0, 3)),)),
    "size 1": (np.exp, (np.ones((1, 1)),)),
    "0-d": (np.exp, (np.array(0.5),)),
    "a Python float": (np.multiply, (0.5, X)),
    "true zeros": (lambda x: np.sum(mg.softmax(x)), (X,)),
    "an extremum": (lambda x: (np.sqrt(x) - 2) ** 2, (np.array([4.0, 1.0]),)),
    "a constant": (lambda x: 0 * x + 1, (X,)),
    "an unused argument": (lambda x, y: np.exp(x), (X, X)),
    "integers beside floats": (lambda x, n: x**n, (X, np.array([1, 2, 3, 4]))),
    "a complex argument": (lambda z: np.abs(z) ** 2 * np.exp(z), (X + 1j * X[::-1],)),
    "complex beside real": (np.multiply, (X, X + 1j)),
    "complex inside": (lambda x: np.real(np.exp(1j * x)), (X,)),
    "not analytic, on real arguments": (lambda x: np.abs(np.sin(x) - 0.4) + np.real(x), (X,)),
    "float32": (lambda x: np.tanh(x @ x.T), (X.astype(np.float32),)),
    "float32 with cancellation": (lambda x: np.exp(x) - 1, (1e-3 * X.astype(np.float32),)),
    "float32, badly scaled": (np.square, (np.array([1e6, 1e-6, 1.0], np.float32),)),
    "float32, size 0": (np.exp, (np.zeros((0, 3), np.float32),)),
    "float16": (np.exp, (X.astype(np.float16),)),
    "complex64": (np.exp, ((X + 1j).astype(np.complex64),)),
    "a long sum": (lambda x: np.sum(np.sin(x)), (np.linspace(0.1, 3, 5000),)),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_right_rule_passes(name: str, seed: int):
    f, args = RIGHT[name]
    assert check_grads(f, args, seed=seed) is None


def test_third_derivatives():
    check_grads(lambda x: np.exp(np.sin(x)), (X,), order=3)


def test_tensors_and_single_arrays_are_taken_as_arguments():
    x = mg.Tensor(X, requires_grad=True)
    check_grads(np.exp, (x,))
    check_grads(np.exp, X)
    assert x.grad is None


def test_gradients_are_checked_also_under_no_grad():
    with mg.no_grad():
        check_grads(np.exp, (X,))


def test_the_arguments_are_left_alone():
    x = X.copy()
    check_grads(np.exp, (x,))
    np.testing.assert_array_equal(x, X)


def test_only_the_chosen_arguments_are_checked():
    f, args = WRONG_FIRST["the second argument only"]
    check_grads(f, args, order=1, argnums=0)
    with pytest.raises(GradientMismatch, match="argument 1"):
        check_grads(f, args, argnums=[1])


# ---------------------------------------------------------------------------------------------------- wording


def test_the_message_names_argument_entry_values_and_digits():
    wrong = function(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a * ONE_ENTRY)

    def f(weights: Any, features: Any) -> Any:
        return np.sum(wrong(weights, features))

    with pytest.raises(GradientMismatch) as caught:
        check_grads(f, (X, X + 1))
    text = str(caught.value)
    assert text.startswith("the gradient of argument 1 (features) at (1, 2), order 1, is ")
    got, expected = (float(n) for n in re.findall(r"is (-?[\d.e-]+)[, ]", text)[:2])
    assert math.isclose(abs(got / expected), 1.001, rel_tol=1e-6)
    assert "2 digits agree" in text or "3 digits agree" in text
    assert re.search(r"\+- \d(e-\d+)?: [23] digits agree, 1[0-6] expected", text)
    assert text.endswith("No kink: the slope is the same before and after the point")


def test_the_message_names_the_part_of_a_complex_entry():
    f, args = WRONG_FIRST["complex: imaginary part by 0.1 %"]
    with pytest.raises(GradientMismatch, match=r"at \(\d, \d\) \((real|imaginary) part\), order 1"):
        check_grads(f, args)


def test_the_worst_of_many_entries_is_named():
    f, args = WRONG_FIRST["one of 10,000 entries by 0.1 %"]
    with pytest.raises(GradientMismatch, match=r"at \(7000,\), order 1"):
        check_grads(f, args)


def test_an_argument_without_a_name_is_numbered():
    wrong = function(np.exp, lambda g, y, a: 1.001 * g * y)
    with pytest.raises(GradientMismatch, match=r"the gradient of argument 0 at \(\), order 1"):
        check_grads(lambda *args: wrong(args[0]), (0.5,))


KINKS = {
    "relu": (mg.relu, [1.0, 0.0, -1.0], r"the slope is \S+ before the point and \S+ after it"),
    "a tie": (lambda x: np.maximum(x, [1.0, 2.0, 3.0]) + np.abs(x - 2) * x, [5.0, 2.0, 7.0], None),
    "clip at a bound": (lambda x: np.clip(x, -1, 2), [5.0, 2.0, 0.5], r"the slope is \S+ before the point and \S+ after it"),
    "a step": (np.floor, [0.5, 2.0, 0.7], "in fact a jump: one-sided differences grow without limit"),
    "an edge of the domain": (np.sqrt, [1.0, 0.0, 2.0], "f is not finite on one side of the point"),
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks_are_named(name: str):
    f, x, reason = KINKS[name]
    with pytest.raises(GradientMismatch, match=r"at \(1,\), order \d.*A kink is the likely cause.*" + (reason or "")):
        check_grads(f, (np.array(x),))


def test_what_cannot_be_checked():
    with pytest.raises(ValueError, match="no argument is a floating-point or complex array, so there is nothing to check"):
        check_grads(np.exp, (np.array([1, 2]),))
    with pytest.raises(TypeError, match="argument 1 is int64; only floating-point and complex arrays can be differentiated"):
        check_grads(np.multiply, (X, np.array([1, 2, 3, 4], np.int64)), argnums=1)
    with pytest.raises(TypeError, match="argument 5 is missing"):
        check_grads(np.exp, (X,), argnums=5)
    with pytest.raises(ValueError, match="order=0; order 1 checks the gradient"):
        check_grads(np.exp, (X,), order=0)
    with pytest.raises(ValueError, match="the value of f is not finite at this point, so it has no gradient to check"):
        check_grads(np.log, (np.array([1.0, 0.0]),))


def test_digits():
    assert digits(1.0, 1.0) == 16
    assert digits(1.001, 1.0) == 3
    assert digits(-1.0, 1.0) == 0
    assert digits(math.nan, 1.0) == 0
    assert digits(0.0, 1e-300) == 0


# ------------------------------------------------------------------------------------------------ the oracles


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (np.sin, 1.0, math.cos(1.0)),
        (np.sin, 1e6, math.cos(1e6)),
        (np.exp, 20.0, math.exp(20)),
        (np.log, 1e-8, 1e8),
        (lambda x: x**3, 1e-5, 3e-10),
        (np.arcsin, 1 - 1e-8, 1 / math.sqrt((1e-8) * (2 - 1e-8))),
        (np.abs, -3.0, -1.0),
        (lambda x: 0 * x, 3.0, 0.0),
    ],
)
def test_differences_know_their_error(f: Any, x: float, slope: float):
    with np.errstate(all="ignore"):
        found = oracles.differences(lambda a: [f(a[0])], [np.array(x)], [np.array(x)], [np.array(1.0)])
    assert abs(found.value - slope * x) <= 4 * found.error + 1e-15 * abs(slope * x)
    assert found.error <= 1e-5 * abs(slope * x)


def test_differences_are_not_fooled_by_periods():
    """With halved steps, differences of sin(1e6) repeat themselves, and extrapolation seems to converge to nonsense."""
    random = np.random.default_rng(0)
    for _ in range(300):
        v = random.uniform(0.5, 1.5) * 1e6
        found = oracles.differences(lambda a: [np.cos(a[0])], [np.array(1e6)], [np.array(v)], [np.array(1.0)])
        assert abs(found.value + math.sin(1e6) * v) <= 4 * found.error


def test_differences_admit_that_a_jump_has_no_slope():
    found = oracles.differences(lambda a: [np.floor(a[0])], [np.array(2.0)], [np.array(1.0)], [np.array(1.0)])
    assert not found.converged(abs(found.value))


def test_complex_step_is_exact_and_knows_where_it_does_not_apply():
    one = [np.array(1.0)]

    def step(f: Any, x: float = 0.7) -> Any:
        return oracles.complex_step(lambda a: [np.asarray(f(a[0]))], [np.array(x)], one, one)

    assert math.isclose(step(np.exp).value, math.exp(0.7), rel_tol=1e-15)
    assert step(np.arctan2) is None  # an error
    assert step(np.abs) is None  # a real result
    assert step(lambda x: np.floor(np.real(x))) is None


def test_complex_step_is_not_trusted_where_f_is_not_analytic():
    """x * conj(x) has slope 2 x on the real line, but its complex step gives 0."""
    one, x = [np.array(1.0)], [np.array(0.7)]
    assert oracles.complex_step(lambda a: [a[0] * np.conj(a[0]) + 0j], x, one, one).value == 0
    found = oracles.oracle(lambda a: [a[0] * np.conj(a[0])], x, one, one, analytic=True)
    assert math.isclose(found.value, 1.4, rel_tol=1e-10)
