"""Gradients under the keys of the parameters: `grads["dw"]` for `net["w"]`. A wrong one is found though all are wrong."""

import numpy as np
import pytest

import microgradnp as mg


def cost(x, y, left, right, lift, drop):
    return 0.5 * np.sum(((np.tanh(x @ left + lift) @ right) + drop - y) ** 2)


def pieces(x, y, net, wrong):
    hidden = np.tanh(x @ net["left"] + net["lift"])
    miss = hidden @ net["right"] + net["drop"] - y
    if wrong:
        miss = miss * np.abs(miss)
    back = miss @ net["right"].T * (1 - hidden**2)
    return hidden, miss, back


def dictionary(x, y, net, wrong):
    hidden, miss, back = pieces(x, y, net, wrong)
    return {"drop_slope": miss.sum(0), "left_slope": x.T @ back, "lift_slope": back.sum(0), "right_slope": hidden.T @ miss}


def same_keys(x, y, net, wrong):
    hidden, miss, back = pieces(x, y, net, wrong)
    grads = {}
    grads["lift"], grads["right"] = back.sum(0), hidden.T @ miss
    grads["drop"], grads["left"] = miss.sum(0), x.T @ back
    return grads


class Holder:
    def __init__(self, net):
        self.lift, self.left, self.right, self.drop = net["lift"], net["left"], net["right"], net["drop"]

    def backward(self, x, y, wrong):
        hidden, miss, back = pieces(x, y, vars(self), wrong)
        self.g_drop, self.g_lift = miss.sum(0), back.sum(0)
        self.g_right, self.g_left = hidden.T @ miss, x.T @ back


def attributes(x, y, holder, wrong):
    holder.backward(x, y, wrong)


def speeds(x, y, net, wrong):
    """Right gradients that go into a velocity; only this is returned."""
    hidden, miss, back = pieces(x, y, net, wrong)
    slopes = {"drop": miss.sum(0), "left": x.T @ back, "lift": back.sum(0), "right": hidden.T @ miss}
    size = np.sqrt(sum(np.sum(slope**2) for slope in slopes.values()))
    return {"v_" + name: 0.9 * net[name] ** 2 - 0.1 * slope / size for name, slope in slopes.items()}


def halves(x, y, net, wrong):
    """The right gradients of two halves of the batch, kept apart in two dicts."""
    first = dictionary(x[:3], y[:3], net, wrong)
    second = dictionary(x[3:], y[3:], net, wrong)
    return first, second


def arguments(holder=dict):
    rng = np.random.default_rng(4)
    sizes = {"left": (3, 3), "right": (3, 3), "lift": 3, "drop": 3}
    net = {name: rng.normal(size=size) for name, size in sizes.items()}
    return rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), holder(net)


STYLES = [(dictionary, dict), (same_keys, dict), (attributes, Holder)]


@pytest.mark.parametrize(("train", "holder"), STYLES)
def test_right_code_is_right(train, holder):
    report = mg.debug(train, cost, (*arguments(holder), False))
    assert report.word == "RIGHT", str(report)


@pytest.mark.parametrize(("train", "holder"), STYLES)
def test_all_gradients_are_wrong(train, holder):
    report = mg.debug(train, cost, (*arguments(holder), True))
    assert report.word == "WRONG", str(report)
    assert {name for name, entry in report.gradients.items() if entry.ok is False} == {"left", "right", "lift", "drop"}


@pytest.mark.parametrize("train", [speeds, halves])
def test_what_is_no_gradient_is_not_accused(train):
    report = mg.debug(train, cost, (*arguments(), False))
    assert report.word != "WRONG", str(report)
    assert all(entry.ok is not False for entry in report.gradients.values())
