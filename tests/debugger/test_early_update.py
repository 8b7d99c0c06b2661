"""Weights that move before the backward pass reads them, where it reads their update: two mistakes, told as two."""

import copy
import time

import numpy as np
import pytest

from microgradnp.cli import story
from microgradnp.cli.trainings import loss_of
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.derive.fix import derive
from microgradnp.debugger.derive.scene import Question
from microgradnp.debugger.derive.stage import is_near
from microgradnp.debugger.derived import findings
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.record.world import World

RNG = np.random.default_rng(3)


def loss(x, t, W, V):
    return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)


def of_arrays(x, t, W, V, rate=0.1):
    h = np.tanh(x @ W)
    e = h @ V - t
    move = -rate * h.T @ e
    V += move  # early
    s = e @ move.T  # wrong
    s = s * (1 - h * h)
    W -= rate * x.T @ s


def subtracted(x, t, W, V, rate=0.1):
    h = np.tanh(x @ W)
    e = h @ V - t
    slope = rate * (h.T @ e)
    V -= slope  # early
    s = np.dot(e, slope.T) * (1 - h * h)  # wrong
    W -= rate * x.T @ s


class Net:
    def __init__(self, W, V):
        self.W, self.V = W, V

    def step(self, x, t, rate):
        h = np.tanh(x @ self.W)
        e = h @ self.V - t
        self.move = rate * h.T @ e
        self.V -= self.move  # early
        s = e @ self.move.T  # wrong
        self.W -= rate * x.T @ (s * (1 - h * h))


def of_an_object(x, t, W, V, rate=0.1):
    Net(W, V).step(x, t, rate)


def of_lists(x, t, W, V, rate=0.1):
    hidden, outputs = len(V), len(V[0])
    for row, goal in zip(x, t, strict=True):
        h = [float(np.tanh(sum(row[i] * W[i][j] for i in range(len(row))))) for j in range(hidden)]
        e = [sum(h[j] * V[j][k] for j in range(hidden)) - goal[k] for k in range(outputs)]
        move = [[rate * h[j] * e[k] for k in range(outputs)] for j in range(hidden)]
        for j in range(hidden):
            for k in range(outputs):
                V[j][k] -= move[j][k]  # early
        for j in range(hidden):
            s = 0.0
            for k in range(outputs):
                s += e[k] * move[j][k]  # wrong
            for i in range(len(row)):
                W[i][j] -= rate * row[i] * s * (1 - h[j] ** 2)


def loss_of_lists(x, t, W, V):
    (row,), (goal,) = x, t
    hidden = [np.tanh(sum(value * weights[j] for value, weights in zip(row, W, strict=True))) for j in range(len(V))]
    answers = [sum(hidden[j] * V[j][k] for j in range(len(V))) for k in range(len(goal))]
    return 0.5 * sum((answer - value) ** 2 for answer, value in zip(answers, goal, strict=True))


GIVEN = {"x": RNG.normal(size=(5, 3)), "t": RNG.uniform(size=(5, 2)), "W": RNG.normal(size=(3, 4)), "V": RNG.normal(size=(4, 2))}
ROW = {"x": GIVEN["x"][:1], "t": GIVEN["t"][:1], "W": GIVEN["W"], "V": GIVEN["V"]}
CASES = [
    (of_arrays, loss, GIVEN, "s = e @ V.T"),
    (subtracted, loss, GIVEN, "s = np.dot(e, V.T) * (1 - h * h)"),
    (of_an_object, loss, GIVEN, "s = e @ self.V.T"),
    pytest.param(of_lists, loss_of_lists, {name: array.tolist() for name, array in ROW.items()}, "s += e[k] * V[j][k]"),
]


def found_in(train, given, model=loss):
    arguments, optional = model_arguments(model)
    question = Question(World(train, (), given), model, Wanted(arguments, optional, {}))
    fix = derive(question, time.thread_time() + 60)
    return fix, findings(fix)


def slopes(model, given):
    """The gradients of W and V by central differences."""
    found = {}
    for name in "WV":
        start = np.array(given[name])
        found[name] = np.zeros(start.shape)
        for place in np.ndindex(start.shape):
            step = np.zeros(start.shape)
            step[place] = 1e-6
            high, low = (model(**{**given, name: (start + sign * step).tolist()}) for sign in (1, -1))
            found[name][place] = (high - low) / 2e-6
    return found


@pytest.mark.parametrize(("train", "model", "given", "mended"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_the_weights_stand_where_they_belong_and_move_later(train, model, given, mended):
    fix, found = found_in(train, given, model)
    assert fix.complete
    assert [finding.cause for finding in found] == ["gradient_or_update_used_for_weight", "updated_weights_used"]
    assert found[0].source.endswith("# wrong")
    assert found[0].fix[2].partition("  #")[0] == mended
    assert found[1].fix[2].startswith("move line")
    told = {}
    exec(compile(fix.texts[train.__code__.co_filename], "mended", "exec"), told)
    after = copy.deepcopy(given)
    told[train.__name__](**after)
    for name, slope in slopes(model, given).items():
        assert np.allclose(np.array(after[name]), np.array(given[name]) - 0.1 * slope, atol=1e-7)


def model_of_the_story(samples, targets, W_input, W_output):
    return loss_of(samples, targets, W_input, W_output)[1]


def test_the_network_that_stalls_has_two_mistakes():
    """The update stands among other statements of its loops: it moves into loops of its own."""
    samples, targets = story.uniform_samples(4)
    names = ("samples", "targets", "W_input", "W_output", "learning_rate")
    given = dict(zip(names, (samples[:3], targets[:3], *story.initial_weights(samples, targets, 4), 0.01), strict=True))
    fix, found = found_in(story.step_with_the_bug, given, model_of_the_story)
    assert fix.complete
    assert [finding.fix[2] for finding in found] == [
        "error += delta_output[n][k] * W_output[j][k]",
        "move line 85 after line 93, into loops of its own",
    ]


@pytest.mark.parametrize(
    ("a", "b", "near"),
    [
        (1.0, 1.0 + 1e-12, True),
        (np.ones(3), np.ones(3) * (1 + 1e-12), True),
        (np.ones(3), np.ones((1, 3)), False),
        (np.ones(3), np.array([1, 1, 1.1]), False),
        (np.nan, np.nan, False),
        ([1.0, [2.0, 3.0]], [1.0, [2.0, 3.0]], False),
        ([np.ones(2), np.ones(3)], [np.ones(2), np.ones(3)], False),
        (np.array(["a"]), np.array(["a"]), False),
        (None, None, False),
    ],
)
def test_only_numbers_are_near_to_one_another(a, b, near):
    assert is_near(a, b) == near
