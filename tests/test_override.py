"""A hand-written rule in one place: it holds there, nowhere else, and can be checked against the function's own."""

import threading

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.entries import Composite, Overridden
from microgradnp.core.table import TABLE

A = np.array([0.3, -1.2, 2.5])


def slope(f, x=A):
    t = mg.Tensor(x, requires_grad=True)
    np.sum(f(t)).backward()
    return t.grad


def test_a_rule_holds_inside_and_not_outside():
    with mg.override(np.exp, lambda g, y, a: g * 100):
        np.testing.assert_array_equal(slope(np.exp), [100, 100, 100])
    np.testing.assert_array_equal(slope(np.exp), np.exp(A))
    assert not isinstance(TABLE[np.exp], Overridden)


def test_what_was_recorded_inside_keeps_its_rule():
    x = mg.Tensor(A, requires_grad=True)
    with mg.override(np.sign, lambda g, y, a: g * (np.abs(a) < 2)):
        y = np.sign(x)
    np.sum(y).backward()
    np.testing.assert_array_equal(x.grad, [1, 1, 0])


def test_constants_composites_strangers_and_primitives_can_have_one():
    assert isinstance(TABLE[np.average], Composite)
    with mg.override(np.floor, lambda g, y, a: g), mg.override(np.average, lambda g, y, a: g * np.ones_like(a)):
        np.testing.assert_array_equal(slope(np.floor), [1, 1, 1])
        np.testing.assert_array_equal(slope(np.average), [1, 1, 1])

    @mg.primitive
    def cube(a):
        return a**3

    with mg.override(cube, lambda g, y, a: g * 3 * a**2):
        np.testing.assert_allclose(slope(cube), 3 * A**2)
        mg.check_grads(cube, (A,))
    assert cube not in TABLE


def test_nested_overrides_and_several_arguments():
    with mg.override(np.multiply, lambda g, y, a, b: g, lambda g, y, a, b: g * 2):
        np.testing.assert_array_equal(slope(lambda x: x * x), [3, 3, 3])
        with mg.override(np.multiply, lambda g, y, a, b: g * 0, lambda g, y, a, b: g * 0):
            np.testing.assert_array_equal(slope(lambda x: x * x), [0, 0, 0])
        np.testing.assert_array_equal(slope(lambda x: x * x), [3, 3, 3])
    np.testing.assert_array_equal(slope(lambda x: x * x), 2 * A)


def test_as_a_decorator_and_when_an_error_leaves_the_block():
    @mg.override(np.tanh, lambda g, y, a: g * 7)
    def f(x):
        return np.tanh(x)

    np.testing.assert_array_equal(slope(f), [7, 7, 7])
    with pytest.raises(ZeroDivisionError), mg.override(np.tanh, lambda g, y, a: g * 7):
        _ = 1 / 0
    np.testing.assert_array_equal(slope(np.tanh), 1 - np.tanh(A) ** 2)


def test_other_threads_see_nothing_of_it():
    found = {}
    inside, looked = threading.Event(), threading.Event()

    def other():
        inside.wait(10)
        found["other"] = slope(np.exp)
        looked.set()

    thread = threading.Thread(target=other)
    thread.start()
    with mg.override(np.exp, lambda g, y, a: g * 100):
        inside.set()
        looked.wait(10)
        found["own"] = slope(np.exp)
    thread.join()
    np.testing.assert_array_equal(found["other"], np.exp(A))
    np.testing.assert_array_equal(found["own"], [100, 100, 100])


# ---------------------------------------------------------------------------------------------- checked


def test_a_right_rule_passes_the_check():
    b = np.array([[2.0], [3.0]])
    with mg.override(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a, check=True):
        np.testing.assert_array_equal(slope(lambda x: x * b), [5, 5, 5])
        np.testing.assert_array_equal(slope(lambda x: b * x), [5, 5, 5])
    with mg.override(np.average, lambda g, y, a: g * np.ones_like(a) / a.size, check=True):
        np.testing.assert_allclose(slope(np.average), [1 / 3] * 3)
    with mg.override(np.exp, lambda g, y, a: g * y, check=True):
        z = mg.Tensor(A + 1j, requires_grad=True)
        np.sum(np.real(np.exp(z))).backward()
        np.testing.assert_allclose(z.grad, np.exp(A + 1j).conj())
        np.testing.assert_allclose(mg.grad(mg.grad(np.exp))(0.5), np.exp(0.5))


@pytest.mark.parametrize(
    ("function", "wrong", "message"),
    [
        (np.tanh, lambda g, y, a: g * (1 - y), r"tanh: the rule of mg.override gives argument 0 the gradient .* at \(\d,\)"),
        (
            np.tanh,
            lambda g, y, a: np.where(a > 2, np.nan, g * (1 - y**2)),
            r"gradient nan at \(2,\).*The two differ: 1 entry is not finite",
        ),
        (
            np.average,
            lambda g, y, a: g * np.ones_like(a),
            r"average: .* argument 0 the gradient 1 at .* gives 0\.33333333\. The two differ by a constant factor 3",
        ),
    ],
)
def test_a_wrong_rule_is_caught(function, wrong, message):
    with mg.override(function, wrong, check=True), pytest.raises(mg.GradientMismatch, match=message):
        slope(function)


def test_wrong_use_is_refused():
    with pytest.raises(TypeError, match="was given no gradient formula"):
        mg.override(np.exp)
    with pytest.raises(TypeError, match=r"takes .*but is called with g, y and 1 array"):
        mg.override(np.exp, lambda g: g)
    with pytest.raises(TypeError, match="floor has no gradient of its own to check against"):
        mg.override(np.floor, lambda g, y, a: g, check=True)
    with mg.override(np.exp, lambda g, y, a: g[:1]), pytest.raises(ValueError, match="returned shape"):
        np.sum(np.exp(mg.Tensor(np.ones((2, 3)), requires_grad=True))[:, :2]).backward()
