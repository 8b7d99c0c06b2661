"""Gradients in nested lists, targets of one row, data in a module's dict: right code is right, wrong code wrong."""

import numpy as np
import pytest

import microgradnp as mg

# ------------------------------------------------------------------------------- gradients filter by filter, in a list


def detectors(image, wanted, kernels, weights):
    found = [np.tanh(np.sum(kernel * image[:, :4])) for kernel in (kernels[0], kernels[1])]
    return 0.5 * np.sum((weights @ np.stack(found) - wanted) ** 2)


def filter_by_filter(image, wanted, kernels, weights, wrong):
    found = np.array([np.tanh(np.sum(kernel * image[:, :4])) for kernel in kernels])
    miss = weights @ found - wanted
    pull = [sum(miss[j] * weights[j, k] for j in range(len(miss))) for k in range(len(kernels))]
    slopes = [1 - value**2 if wrong != "kernels" else 1 for value in found]
    per_kernel = [pull[k] * slopes[k] * image[:, :4] for k in range(len(kernels))]
    per_weight = [one * (found if wrong != "weights" else found**2) for one in miss]
    return [per_kernel, per_weight]


class Detector:
    def __init__(self, kernels, weights):
        self.kernels, self.weights = kernels, weights

    def backward(self, image, wanted, wrong):
        found = np.tanh([np.vdot(kernel, image[:, :4]) for kernel in self.kernels])
        miss = self.weights.dot(found) - wanted
        pull = self.weights.T.dot(miss) * (1 - found * found)
        self.slopes = {"kernels": [p * image[:, :4] for p in (pull if wrong != "kernels" else pull[::-1])]}
        self.slopes["weights"] = np.outer(miss, found if wrong != "weights" else 1 - found)


def keeps_them(image, wanted, kernels, weights, wrong):
    net = Detector(kernels, weights)
    net.backward(image, wanted, wrong)
    return net.slopes


def detector_arguments(size=5):
    rng = np.random.default_rng(3)
    return rng.normal(size=(3, size)), rng.normal(size=3), rng.normal(size=(2, 3, 4)), rng.normal(size=(3, 2))


@pytest.mark.parametrize("train", [filter_by_filter, keeps_them])
@pytest.mark.parametrize("size", [4, 5])
def test_gradients_in_lists_are_right(train, size):
    report = mg.debug(train, detectors, (*detector_arguments(size), ""))
    assert report.word == "RIGHT", str(report)
    assert {"kernels", "weights"} == set(report.gradients)


@pytest.mark.parametrize("wrong", ["kernels", "weights"])
@pytest.mark.parametrize("train", [filter_by_filter, keeps_them])
def test_gradients_in_lists_are_wrong(train, wrong):
    report = mg.debug(train, detectors, (*detector_arguments(), wrong))
    assert report.word == "WRONG", str(report)
    assert [name for name, entry in report.gradients.items() if entry.ok is False] == [wrong]


# -------------------------------------------------------------------------------------------- targets of one row


def readings(signal, truth, gain, out):
    state, total = np.zeros((1, 3)), 0.0
    for level, mark in zip(signal, truth, strict=True):
        state = np.tanh(level * gain + state)
        total = total + 0.5 * np.sum((state @ out - mark) ** 2)
    return total


def through_time(signal, truth, gain, out, wrong):
    states = [np.zeros((1, 3))]
    for level in signal:
        states += [np.tanh(level * gain + states[-1])]
    for_gain, for_out, later = np.zeros_like(gain), np.zeros_like(out), np.zeros((1, 3))
    for t in range(len(signal) - 1, -1, -1):
        miss = states[t + 1] @ out - truth[t]
        for_out += states[t + 1].T @ miss
        inner = (miss @ out.T + later) * (1 - states[t + 1] ** 2)
        for_gain += signal[t] * inner
        later = inner * (0 if wrong else 1)
    gain -= 0.1 * for_gain
    out -= 0.1 * for_out


def reading_arguments():
    rng = np.random.default_rng(5)
    return rng.normal(size=4), rng.normal(size=(4, 2)), rng.normal(size=(1, 3)), rng.normal(size=(3, 2))


def test_targets_of_one_row_need_no_gradient():
    report = mg.debug(through_time, readings, (*reading_arguments(), False))
    assert report.word == "RIGHT", str(report)
    report = mg.debug(through_time, readings, (*reading_arguments(), True))
    assert report.word == "WRONG", str(report)
    assert [name for name, entry in report.gradients.items() if entry.ok is False] == ["gain"]


def test_a_bias_that_nobody_trains_is_no_target():
    def choices(row, label, slope, shift):
        z = row @ slope + shift
        return np.log(np.sum(np.exp(z))) - z[0, label]

    def train(row, label, slope, shift):
        z = row @ slope + shift
        pull = np.exp(z) / np.sum(np.exp(z))
        pull[0, label] -= 1
        slope -= 0.1 * row.T @ pull

    rng = np.random.default_rng(1)
    report = mg.debug(train, choices, (rng.normal(size=(1, 3)), 2, rng.normal(size=(3, 4)), rng.normal(size=4)))
    assert report.word != "RIGHT", str(report)


# ----------------------------------------------------------------------- a local variable before a dict of the module

table: dict[str, np.ndarray] = {}


def squash(x):
    return 1 / (1 + np.exp(-x))


def part_of_the_table(steps, size, slope, wrong):
    for first in range(0, size * steps, size):
        x = table["x"][first : first + size]
        y = table["y"][first : first + size]
        guess = squash(x @ slope)
        slope = slope - 0.1 * x.T @ (guess - y if not wrong else (guess - y) * guess)
    return slope


def likelihood(x, y, slope):
    z = x @ slope
    return np.sum(np.log(1 + np.exp(z)) - y * z)


def test_a_batch_is_the_local_variable():
    rng = np.random.default_rng(2)
    table.update(x=rng.normal(size=(12, 3)), y=(rng.random(12) > 0.5).astype(float))
    report = mg.debug(part_of_the_table, likelihood, (2, 6, rng.normal(size=3), False))
    assert report.word == "RIGHT", str(report)
    report = mg.debug(part_of_the_table, likelihood, (2, 6, rng.normal(size=3), True))
    assert report.word == "WRONG", str(report)
