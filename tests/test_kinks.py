"""`mg.kinks` finds each kink that a gradient passed through, with the convention of its rule, and no other."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.entries import KINKS
from microgradnp.core.table import TABLE

CASES = {
    "abs": (lambda x: np.abs(x), [-1.0, 0.0, 2.0], 1),
    "relu": (lambda x: mg.relu(x), [-1.0, 0.0, 0.0], 2),
    "sign": (lambda x: np.sign(x), [0.0, 1.0], 1),
    "maximum": (lambda x: np.maximum(x, 1.0), [1.0, 2.0], 1),
    "minimum": (lambda x: np.minimum(x, [1.0, 2.0]), [1.0, 2.0], 2),
    "fmax": (lambda x: np.fmax(x, 1.0), [1.0, 2.0], 1),
    "clip": (lambda x: np.clip(x, 0, 1), [0.0, 0.5, 1.0], 2),
    "clip below": (lambda x: np.clip(x, 0, None), [0.0, 0.5, 1.0], 1),
    "max": (lambda x: np.max(x), [1.0, 3.0, 3.0], 1),
    "max of lanes": (lambda x: np.max(x, axis=1), [[1.0, 3.0, 3.0], [1.0, 2.0, 3.0]], 1),
    "min": (lambda x: np.min(x, keepdims=True), [1.0, 1.0], 1),
    "sort": (lambda x: np.sort(x), [3.0, 1.0, 3.0, 2.0], 2),
    "norm": (lambda x: np.linalg.norm(x, axis=1), [[0.0, 0.0], [3.0, 4.0]], 1),
    "std": (lambda x: np.std(x), [2.0, 2.0], 1),
    "hypot": (lambda x: np.hypot(x, 0.0), [0.0, 1.0], 1),
    "sqrt": (lambda x: np.sqrt(x), [0.0, 4.0], 1),
    "power": (lambda x: x**0.5, [0.0, 4.0], 1),
    "power of a whole number": (lambda x: x**2, [0.0, 4.0], 0),
    "arccos": (lambda x: np.arccos(x), [1.0, 0.5], 1),
    "remainder": (lambda x: np.remainder(x, 2.0), [4.0, 0.5], 1),
    "no kink": (lambda x: np.abs(np.sin(x)) + mg.relu(x), [0.5, 1.0], 0),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CASES)
def test_kinks_are_counted(name):
    f, x, count = CASES[name]
    loss = np.sum(f(mg.Tensor(x, requires_grad=True)))
    found = mg.kinks(loss)
    assert found.total == count
    assert bool(found) == (count > 0)
    if count:
        assert "test_kinks.py:" in str(found)
        assert found[0].convention in str(found)
    else:
        assert "no kink" in str(found)


def test_only_kinks_that_a_gradient_passed_through_count():
    x = mg.Tensor([0.0, 0.0, 1.0], requires_grad=True)
    assert mg.kinks(np.sum(np.abs(x) * np.array([1.0, 0.0, 1.0]))).total == 1
    assert mg.kinks(np.sum(np.where(x > 0, np.sqrt(x), 0))).total == 0
    np.abs(mg.Tensor([0.0]))  # needs no gradient at all
    found = mg.kinks(np.sum(np.abs(x)))
    assert found[0].indices == ((0,), (1,))
    assert (found[0].operation, found[0].count, found[0].size) == ("absolute", 2, 3)


def test_the_graph_is_kept_and_gradients_are_left_alone():
    x = mg.Tensor([0.0, 1.0], requires_grad=True)
    y = np.abs(x)
    mg.kinks(y)
    loss = np.sum(y)
    mg.kinks(loss)
    assert x.grad is None
    loss.backward()
    np.testing.assert_array_equal(x.grad, [0, 1])
    with pytest.raises(RuntimeError, match="already consumed"):
        mg.kinks(loss)


def test_every_kink_belongs_to_a_rule():
    for function in KINKS:
        assert function in TABLE


AT_ZERO = [np.absolute, np.fabs, np.sign, mg.relu]


@pytest.mark.parametrize("function", AT_ZERO)
def test_the_convention_is_what_the_rule_does(function):
    assert KINKS[function].convention == "0 at 0"
    assert mg.grad(lambda x: np.sum(function(x)))(np.zeros(1)) == 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_other_conventions_are_what_the_rules_do():
    two = np.array([2.0, 2.0])
    assert KINKS[np.maximum].convention == "half to each at a tie"
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(np.maximum(x, two)))(two), [0.5, 0.5])
    assert KINKS[np.fmax].convention == "all to the first at a tie"
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(np.fmax(x, two)))(two), [1, 1])
    assert KINKS[np.clip].convention == "1 at the bounds"
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(np.clip(x, 2.0, 3.0)))(two), [1, 1])
    assert KINKS[np.max].convention == "shared evenly at a tie"
    np.testing.assert_array_equal(mg.grad(np.max)(two), [0.5, 0.5])
    assert KINKS[np.std].convention == "0 where all entries are equal"
    np.testing.assert_array_equal(mg.grad(np.std)(two), [0, 0])
    assert KINKS[np.remainder].convention == "the derivative from above, in the dividend"
    assert mg.grad(lambda b: np.remainder(4.0, b))(2.0) == mg.grad(lambda b: np.remainder(4.1, b))(2.0) == -2
    assert mg.grad(lambda b: np.remainder(-4.0, b))(2.0) == mg.grad(lambda b: np.remainder(-3.9, b))(2.0) == 2
    assert KINKS[np.fmod].convention == "the derivative from farther out, in the dividend"
    assert mg.grad(lambda b: np.fmod(4.0, b))(2.0) == mg.grad(lambda b: np.fmod(4.1, b))(2.0) == -2
    assert mg.grad(lambda b: np.fmod(-4.0, b))(2.0) == mg.grad(lambda b: np.fmod(-4.1, b))(2.0) == 2
    power = KINKS[np.power].convention
    assert power == "infinite at 0 for an exponent below 1; 0 where no gradient arrives"
    assert mg.grad(lambda x: x**0.5)(0.0) == np.inf
    assert mg.grad(lambda x: 0 * x**0.5)(0.0) == 0
