"""Fresh inputs: what gets other numbers, what stays, and what stays alike."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.fresh import Fresh, Inputs

RNG = np.random.default_rng(4)
W = RNG.normal(size=(3, 4))


def fresh(known=()):
    return Fresh(Inputs(1, tuple(np.asarray(array).tobytes() for array in known)))


def test_copies_stay_copies():
    made = fresh([W]).of({"W": W.copy(), "last": W.copy(), "of an object": [W.copy(), (W.copy(),)], "list": W.tolist()})
    assert not np.allclose(made["W"], W)
    for other in (made["last"], made["of an object"][0], made["of an object"][1][0], made["list"]):
        assert np.array_equal(made["W"], other)
    assert made["W"] is not made["last"]
    assert isinstance(made["list"], list)


def test_labels_that_are_the_same_get_the_same_order():
    labels = RNG.permutation(9)
    first, second = fresh().of([labels.copy(), labels.copy()])
    assert sorted(first) == list(range(9))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, labels)


def test_parameters_that_start_at_zeros_differ():
    first, second = fresh([np.zeros(3)]).of([np.zeros(3), np.zeros(3)])
    assert first.any()
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    "value",
    [np.zeros(3), np.ones((2, 2)), np.array([True, False]), np.empty(0), np.array(0.5), 0.5, (0.9, 20), "text", None],
    ids=repr,
)
def test_what_is_no_data_stays(value):
    given = fresh()
    for made in (given.of(value), given.of(value), given.of(copy.copy(value))):
        assert np.array_equal(made, value)
        assert type(made) is type(value)


def loss(x, t, W):
    return np.mean((np.tanh(x @ W) - t) ** 2)


def with_the_step_before(net, x, t, rate=0.1):
    h = np.tanh(x @ net.W)
    gradient = x.T @ (2 * (h - t) * (1 - h * h)) / t.size
    now = net.W - rate * gradient + 0.5 * (net.W - net.last)
    net.last, net.W = net.W, now


def test_weights_that_are_kept_from_the_step_before_make_no_right_code_wrong():
    net = SimpleNamespace(W=W.copy(), last=W.copy())
    x, t = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 4))
    report = mg.debug(with_the_step_before, loss, (net, x, t), bind={"W": "net.W"})
    assert report.gradients["W"].ok, report
    assert not any("asleep" in note for note in report.notes)
