"""explain_zero names the planted reason, and finds nothing in a healthy gradient."""

import re

import numpy as np
import pytest

import microgradnp as mg


def leaf(data, name="x"):
    return mg.Tensor(data, requires_grad=True, name=name)


CASES = {
    "relu": ([-1.0, 2.0], lambda x: np.sum(mg.relu(x)), r"1 of 2.*\n  1: masked by relu \(at test_zeros\.py:\d+"),
    "clip": ([-1.0, 0.5], lambda x: np.sum(np.clip(x, 0, 1)), r"masked by clip"),
    "where": ([1.0, 2.0], lambda x: np.sum(np.where([True, False], x, 0.0)), r"1: masked by where"),
    "saturated": (
        [0.5, 800.0],
        lambda x: np.sum(mg.sigmoid(x)),
        r"1: saturated in sigmoid.*at \(1,\) the argument is 800",
    ),
    "tanh": ([0.5, 400.0], lambda x: np.sum(np.tanh(x)), r"saturated in tanh"),
    "max": ([1.0, 3.0, 2.0], lambda x: np.max(x), r"2 of 3.*not chosen by max"),
    "embedding": (np.ones((4, 2)), lambda x: np.sum(x[[0, 2]]), r"4 of 8.*not selected by getitem.*rows 1, 3"),
    "times zero": (
        [1.0, 2.0],
        lambda x: np.sum(x * np.array([0.0, 1.0])),
        r"multiplied in multiply.*a factor that is zero",
    ),
    "weights of zero": (
        np.ones((2, 3)),
        lambda x: np.sum(x @ np.zeros((3, 2))),
        r"6 of 6.*in matmul.*a factor that is zero",
    ),
    "cancelled": (
        [1.0, 2.0],
        lambda x: np.sum(x * 3.0) - np.sum(x * 3.0),
        r"2: the contributions of mul.* and mul.* cancel",
    ),
    "through another": (
        [1.0, 2.0],
        lambda x: np.sum(mg.relu(np.exp(x) - 100.0)),
        r"2: nothing reaches exp.*because its own gradient is zero: .*masked by relu",
    ),
    "rounding": (
        [1.5],
        lambda x: np.sum(np.round(x) * 2.0 + leaf([1.0], "w")),
        r"x: has no gradient\n  the path is cut by round .*derivative zero",
    ),
    "comparison": ([1.5], lambda x: np.sum((x > 1) * leaf([1.0], "w")), r"cut by greater"),
    "not used": ([1.5], lambda x: np.sum(leaf([1.0], "w") ** 2), r"the loss does not use it"),
    "detached": ([1.5], lambda x: np.sum(x.detach() * leaf([1.0], "w")), r"the loss does not use it, or only its value"),
    "loss without gradient": ([1.5], lambda x: np.sum(np.floor(x)), r"cut by floor"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_planted_reason_is_named(name):
    data, loss, message = CASES[name]
    x = leaf(data)
    found = mg.explain_zero(x, loss(x))
    assert found
    assert re.search(f"(?s){message}", str(found)), str(found)


def test_dead_units_are_named_by_column():
    x = leaf(np.array([[-1.0, 2.0, -3.0], [-2.0, -1.0, -0.5]]))
    text = str(mg.explain_zero(x, np.sum(mg.relu(x))))
    assert "5 of 6 entries" in text
    assert "dead for every row: units 0, 2" in text


def test_a_healthy_gradient_needs_no_explanation():
    random = np.random.default_rng(0)
    W, x = leaf(random.normal(size=(3, 4)), "W"), random.normal(size=(5, 3))
    found = mg.explain_zero(W, np.sum(np.tanh(x @ W) ** 2))
    assert not found
    assert (found.zeros, found.size, found.reasons) == (0, 12, ())
    assert str(found) == "W: no entry of its gradient is zero"


def test_without_the_loss_only_what_is_known_is_said():
    x = leaf([1.0])
    assert "none was run yet" in str(mg.explain_zero(x))
    np.sum(x * 0.0).backward()
    assert "1 of 1 entries are zero. Pass the loss" in str(mg.explain_zero(x))
    assert not mg.explain_zero(leafed_with_gradient())
    assert "requires_grad is False: it is a leaf" in str(mg.explain_zero(mg.Tensor([1.0])))
    assert "only leaves keep their gradient" in str(mg.explain_zero(np.exp(x)))
    assert "cut by round" in str(mg.explain_zero(np.round(x)))


def leafed_with_gradient():
    x = leaf([1.0])
    np.sum(x * 2.0).backward()
    return x


def test_a_tensor_that_requires_no_gradient():
    x = mg.Tensor([1.0], name="x")
    assert "requires_grad=False" in str(mg.explain_zero(x, np.sum(x * leaf([1.0], "w"))))


def test_the_graph_is_kept_and_gradients_are_left_alone():
    x = leaf([-1.0, 2.0])
    loss = np.sum(mg.relu(x))
    mg.explain_zero(x, loss)
    assert x.grad is None
    loss.backward()
    np.testing.assert_array_equal(x.grad, [0, 1])


def test_a_function_of_the_users_own():
    @mg.primitive
    def half_open(a):
        return np.maximum(a, 0)

    mg.rule(half_open, lambda g, y, a: np.asarray(g) * (np.asarray(a) > 0))
    x = leaf([-1.0, 2.0])
    text = str(mg.explain_zero(x, np.sum(half_open(x))))
    assert re.search(r"1 of 2 entries.*\n  1: zero in half_open \(at test_zeros\.py:\d+", text)
