"""The name of a mistake says what is wrong in the model's terms: time, penalty, loss, or just another variable."""

import time

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.derive.fix import derive
from microgradnp.debugger.derive.scene import Question
from microgradnp.debugger.derived import named_by_record
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.record.outside import aside
from microgradnp.debugger.record.world import World
from microgradnp.debugger.repair.search import Fix


def rng():
    return np.random.default_rng(11)


def cause_and_fix(train, loss, *args):
    report = mg.debug(train, loss, args, budget=30)
    assert report.word == "WRONG", str(report)
    first = report.findings[0]
    return first.cause, first.fix[2] if first.fix else None


# ----------------------------------------------------------------------------------------------------------- through time


def recurrent(x, y, A, B, C):
    state, total = np.zeros(3), 0.0
    for row, target in zip(x, y, strict=True):
        state = np.tanh(row @ A + state @ B)
        total = total + 0.5 * np.sum((state @ C - target) ** 2)
    return total


def series():
    make = rng()
    return [make.normal(size=size) for size in [(4, 2), (4, 2), (2, 3), (3, 3), (3, 2)]]


def another_row(x, y, A, B, C):
    s = np.zeros((len(x) + 1, 3))
    for k in range(len(x)):
        s[k] = np.tanh(x[k] @ A + s[k - 1] @ B)
    gA, gB, gC, back = np.zeros_like(A), np.zeros_like(B), np.zeros_like(C), np.zeros(3)
    for k in range(len(x) - 1, -1, -1):
        e = s[k] @ C - y[k]
        gC += np.outer(s[k], e)
        d = (e @ C.T + back) * (1 - s[k] ** 2)
        gA += np.outer(x[k - 1], d)
        gB += np.outer(s[k - 1], d)
        back = d @ B.T
    return gA, gB, gC


def another_state(x, y, A, B, C):
    seen = [np.zeros(3)]
    for row in x:
        seen.append(np.tanh(row @ A + seen[-1] @ B))
    gA, gB, gC, back = np.zeros_like(A), np.zeros_like(B), np.zeros_like(C), np.zeros(3)
    for k in range(len(x), 0, -1):
        now, _old = seen[k], seen[k - 1]
        e = now @ C - y[k - 1]
        gC += np.outer(now, e)
        d = (e @ C.T + back) * (1 - now**2)
        gA += np.outer(x[k - 1], d)
        gB += np.outer(now, d)
        back = d @ B.T
    return gA, gB, gC


def nothing_comes_back(x, y, A, B, C):
    seen = [np.zeros(3)]
    for row in x:
        seen.append(np.tanh(row @ A + seen[-1] @ B))
    gA, gB, gC, back = np.zeros_like(A), np.zeros_like(B), np.zeros_like(C), np.zeros(3)
    for k in range(len(x), 0, -1):
        now, old = seen[k], seen[k - 1]
        e = now @ C - y[k - 1]
        gC += np.outer(now, e)
        d = (e @ C.T) * (1 - now**2)
        gA += np.outer(x[k - 1], d)
        gB += np.outer(old, d)
        back = d @ B.T  # noqa: F841  # that is the mistake
    return gA, gB, gC


@pytest.mark.parametrize(
    ("train", "cause"),
    [
        (another_row, "wrong_time_index"),
        (another_state, "wrong_time_index"),
        (nothing_comes_back, "missing_path_through_time"),
    ],
)
def test_what_belongs_to_another_time_step(train, cause):
    found, fix = cause_and_fix(train, recurrent, *series())
    assert found == cause
    assert fix is not None


def test_what_comes_back_is_added_inside_of_a_product():
    assert cause_and_fix(nothing_comes_back, recurrent, *series())[1] == "d = (e @ C.T + back) * (1 - now**2)"


def test_a_line_that_is_right_in_one_turn_of_a_loop_only_is_not_called_right():
    report = mg.debug(nothing_comes_back, recurrent, series(), budget=30)
    line = next(f.line for f in report.findings)
    assert not any(f"line {line} is right" in reason for reason in report.reasons), report.reasons


def deep(x, y, A, B, C):
    return 0.5 * np.sum((np.tanh(np.tanh(x @ A) @ B) @ C - y) ** 2)


def by_samples(x, y, W, rate=0.1):
    steps = [np.zeros_like(w) for w in W]
    for row, target in zip(x, y, strict=True):
        a = [row]
        for w in W[:-1]:
            a.append(np.tanh(a[-1] @ w))
        d = a[-1] @ W[-1] - target
        for k in (2, 1, 0):
            steps[k] += np.outer(a[k - 1] if k == 2 else a[k], d)
            if k:
                d = (d @ W[k].T) * (1 - a[k] ** 2)
    for w, step in zip(W, steps, strict=True):
        w -= rate * step


def deep_lists(x, y, W):
    total = 0.0
    for row, target in zip(x, y, strict=True):
        total = total + deep(row, target, *W)
    return total


def test_the_index_of_a_layer_is_no_time_though_samples_repeat_all():
    make = rng()
    W = [make.normal(size=(3, 3)) for _ in range(3)]
    cause, _ = cause_and_fix(by_samples, deep_lists, make.normal(size=(4, 3)), make.normal(size=(4, 3)), W)
    assert cause != "wrong_time_index"


# ------------------------------------------------------------------------------------------------------ penalties and rates


def ridge(x, t, w, decay):
    return 0.5 * np.mean((x @ w - t) ** 2) + 0.5 * decay * np.sum(w**2)


def no_penalty(x, t, w, decay):
    e = x @ w - t
    return x.T @ e / len(t)


def half_penalty(x, t, w, decay):
    e = x @ w - t
    return x.T @ e / len(t) + 0.5 * decay * w


def targets_for_errors(x, t, w, decay):
    e = x @ w - t
    return x.T @ (e + t) / len(t) + decay * w


@pytest.mark.parametrize(
    ("train", "causes"),
    [
        (no_penalty, {"regularisation_term_wrong"}),
        (half_penalty, {"regularisation_term_wrong", "factor_2"}),
        (targets_for_errors, {"loss_derivative_wrong", "missing_term", "wrong_variable", "extra_term", "extra_factor"}),
    ],
)
def test_only_what_adds_a_multiple_of_the_weights_is_called_a_penalty(train, causes):
    make = rng()
    args = make.normal(size=(5, 3)), make.normal(size=5), make.normal(size=3), 0.3
    assert cause_and_fix(train, ridge, *args)[0] in causes


def line(x, t, W, b):
    return 0.5 * np.sum((x @ W + b - t) ** 2)


def shrinks(x, t, W, b, rate=0.1):
    e = x @ W + b - t
    gW, gb = x.T @ e, e.sum(axis=0)
    W -= rate * gW
    b -= rate * b
    return gb


def without_the_rate(x, t, W, b, rate=0.1):
    e = x @ W + b - t
    W -= rate * (x.T @ e)
    b -= e.sum(axis=0)


def means_for_sums(x, t, W, b, rate=0.1):
    e = x @ W + b - t
    W -= rate * np.mean([np.outer(row, error) for row, error in zip(x, e, strict=True)], axis=0)
    b -= rate * e.sum(axis=0)


@pytest.mark.parametrize(
    ("train", "cause"),
    [(shrinks, "wrong_variable"), (without_the_rate, "missing_factor"), (means_for_sums, "batch_scale_1_over_N")],
)
def test_what_is_wrong_in_an_update(train, cause):
    make = rng()
    args = [make.normal(size=size) for size in [(7, 3), (7, 2), (3, 2), (2,)]]
    assert cause_and_fix(train, line, *args)[0] == cause


# ------------------------------------------------------------------------------------------------- the loss, and the forward pass


def crossentropy(x, t, W):
    z = x @ W
    return np.sum(np.log(np.sum(np.exp(z), axis=1))) - np.sum(t * z)


def scores_for_probabilities(x, t, W):
    z = x @ W
    e = np.exp(z)
    p = e / e.sum(axis=1, keepdims=True)
    d = z - t
    return x.T @ d, p


def test_what_is_taken_for_the_derivative_of_the_loss():
    make = rng()
    args = make.normal(size=(5, 3)), np.eye(3)[[0, 2, 1, 1, 0]], make.normal(size=(3, 3))
    cause, fix = cause_and_fix(scores_for_probabilities, crossentropy, *args)
    assert cause == "loss_derivative_wrong"
    assert fix == "d = p - t"


def joined(x, h, t, W):
    return 0.5 * np.sum((np.tanh(np.concatenate([x, h]) @ W) - t) ** 2)


def joins_again(x, h, t, W):
    y = np.tanh(np.concatenate([x, h]) @ W)
    d = (y - t) * (1 - y**2)
    both = np.concatenate([x, t])
    return np.outer(both, d)


def test_a_value_that_the_backward_pass_makes_again_is_no_forward_pass():
    make = rng()
    args = [make.normal(size=size) for size in [(2,), (3,), (3,), (5, 3)]]
    cause, fix = cause_and_fix(joins_again, joined, *args)
    assert cause != "forward_differs"
    assert fix == "both = np.concatenate([x, h])"


def test_an_edit_that_was_tried_is_named_as_one_that_was_derived():
    make = rng()
    args = [make.normal(size=size) for size in [(7, 3), (7, 2), (3, 2), (2,)]]
    with aside():
        question = Question(World(shrinks, tuple(args), {}), line, Wanted(*model_arguments(line), {}))
        derived = derive(question, time.thread_time() + 30)
    change = derived.changes[0]
    tried = Fix(change.candidate.edit, change.change, change.right, None, True)
    assert named_by_record(tried, derived) == "wrong_variable"
    assert named_by_record(tried, None) == ""
