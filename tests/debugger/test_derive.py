"""The first wrong expression and the right one, derived from the record and proved by a run. Names play no role."""

import itertools
import time

import numpy as np
import pytest

from microgradnp.debugger import derived
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.derive.cause import cause_of
from microgradnp.debugger.derive.fix import derive
from microgradnp.debugger.derive.locate import locate
from microgradnp.debugger.derive.products import call_of, factors, is_number, is_picked, names_of, terms
from microgradnp.debugger.derive.proof import Judge
from microgradnp.debugger.derive.scene import Question, scene_of
from microgradnp.debugger.derived import findings
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.record.record import NotRecordedError
from microgradnp.debugger.record.world import World


def question(train, loss, **given):
    arguments, optional = model_arguments(loss)
    return Question(World(train, (), given), loss, Wanted(arguments, optional, {}))


def mended(train, loss=None, seconds=60, **given):
    return derive(question(train, loss or sigmoid_loss, **(given or DATA)), time.thread_time() + seconds)


def told(train, loss=None, **given):
    """(line, cause, fix) of each mistake, and whether all is mended."""
    fix = mended(train, loss, **given)
    return [(f.source, f.cause, f.fix[2]) for f in findings(fix)], fix.complete


RNG = np.random.default_rng(3)
DATA = {"x": RNG.normal(size=(6, 3)), "t": RNG.uniform(size=(6, 2)), "W": RNG.normal(size=(3, 4)), "V": RNG.normal(size=(4, 2))}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_loss(x, t, W, V):
    return 0.5 * np.sum((1 / (1 + np.exp(-(1 / (1 + np.exp(-x @ W))) @ V)) - t) ** 2)


def tanh_loss(x, t, W, V):
    return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)


def right(x, t, W, V, rate=0.1):
    h = np.tanh(x @ W)
    e = h @ V - t
    W -= rate * x.T @ (e @ V.T * (1 - h * h))
    V -= rate * h.T @ e


def two_slopes(x, t, W, V, rate=0.1):
    for _ in range(3):
        a = sigmoid(x @ W)
        b = sigmoid(a @ V)
        q = b - t
        p = q @ V.T * (1 - a)
        W -= rate * x.T @ p
        V -= rate * a.T @ q


def wrong_point(x, t, W, V, rate=0.1):
    z = x @ W
    h = np.tanh(z)
    e = h @ V - t
    p = e @ V.T * (1 - np.tanh(h) ** 2)
    W -= rate * x.T @ p
    V -= rate * h.T @ e


def story(x, t, W, V, rate=0.5):
    for _ in range(3):
        h = sigmoid(x @ W)
        y = sigmoid(h @ V)
        delta = (y - t) * y * (1 - y)
        update = rate * h.T @ delta
        V -= update
        back = (delta @ update.T) * h * (1 - h)
        W -= rate * x.T @ back


def outer_for_inner(x, t, W, V, rate=0.1):
    for row, goal in zip(x, t, strict=True):
        h = np.tanh(row @ W)
        e = h @ V - goal
        gW = np.outer(row, (V @ e) * (1 - h * h))
        gV = np.dot(h, h) * e
        W = W - rate * gW
        V = V - rate * gV
    return W, V


def recurrent_loss(xs, ys, A, B, C):
    h, total = np.zeros(4), 0.0
    for k in range(len(xs)):
        h = np.tanh(A @ h + B @ xs[k])
        total = total + 0.5 * np.sum((C @ h - ys[k]) ** 2)
    return total


def forgets_the_future(xs, ys, A, B, C, rate=0.05):
    hs = [np.zeros(4)]
    for x in xs:
        hs.append(np.tanh(A @ hs[-1] + B @ x))
    gA, gB, gC = np.zeros_like(A), np.zeros_like(B), np.zeros_like(C)
    back = np.zeros(4)
    for k in range(len(xs), 0, -1):
        e = C @ hs[k] - ys[k - 1]
        gC += np.outer(e, hs[k])
        d = C.T @ e * (1 - hs[k] ** 2) + back
        gA += np.outer(d, hs[k - 1])
        gB += np.outer(d, xs[k - 1])
        back = A.T @ d
    A -= rate * gA
    B -= rate * gB
    C -= rate * gC


SEQUENCE = {
    "xs": RNG.normal(size=(4, 3)),
    "ys": RNG.normal(size=(4, 2)),
    "A": RNG.normal(size=(4, 4)) * 0.5,
    "B": RNG.normal(size=(4, 3)),
    "C": RNG.normal(size=(2, 4)),
}


def test_nothing_is_derived_for_right_code():
    assert mended(right, tanh_loss) is None


def test_the_first_wrong_expression_and_its_execution():
    scene = scene_of(question(wrong_point, tanh_loss, **DATA))
    blame = locate(scene)
    assert blame.wrong == ["W"]
    assert blame.statement.text == "p = e @ V.T * (1 - np.tanh(h) ** 2)"
    assert blame.first.execution == 0


def test_a_slope_at_an_activated_value():
    mistakes, complete = told(wrong_point, tanh_loss)
    assert complete
    assert (
        mistakes == [("p = e @ V.T * (1 - np.tanh(h) ** 2)", "derivative_of_activated_value", "p = e @ V.T * (1 - h ** 2)")]
        or mistakes[0][2] == "p = e @ V.T * (1 - np.tanh(z) ** 2)"
    )


@pytest.mark.long
def test_two_mistakes_on_one_path_come_out_in_order():
    mistakes, complete = told(two_slopes)
    assert complete
    assert [cause for _, cause, _ in mistakes] == ["missing_activation_derivative", "wrong_activation_derivative"]
    assert mistakes[0][2] == "q = (b - t) * b * (1 - b)"


def test_the_storys_program_gets_a_teachers_fix():
    mistakes, complete = told(story)
    assert complete
    assert [cause for _, cause, _ in mistakes] == ["gradient_or_update_used_for_weight", "updated_weights_used"]
    assert mistakes[0][2] == "back = (delta @ V.T) * h * (1 - h)"
    assert mistakes[1][2].startswith("move line")


@pytest.mark.long
def test_an_expression_that_no_single_edit_reaches():
    mistakes, complete = told(outer_for_inner, tanh_loss_of_one, **ONLINE)
    assert complete
    assert mistakes[0][2] == "gV = np.outer(h, e)"


def tanh_loss_of_one(row, goal, W, V):
    return 0.5 * np.sum((np.tanh(row @ W) @ V - goal) ** 2)


ONLINE = {**DATA}


@pytest.mark.long
def test_a_path_through_time_in_the_wrong_place():
    fix = mended(forgets_the_future, recurrent_loss, seconds=20, **SEQUENCE)
    assert fix.blame.statement.text.startswith("d = ")


@pytest.mark.long
def test_a_fix_leaves_the_start_of_the_step_alone():
    fix = mended(two_slopes)
    step, first = fix.verdict.step, fix.scene.verdict.step
    assert all(np.array_equal(step.evaluation.values[a], first.evaluation.values[a]) for a in "WV")


@pytest.mark.parametrize(
    ("text", "found"), [("a @ b.T * c", ["a", "b", "c"]), ("np.dot(a, b) / n", ["a", "b", "n"]), ("-(a * f(b))", ["a", "f(b)"])]
)
def test_factors_of_a_product(text, found):
    assert [factor.text for factor in factors(text)] == found


def test_terms_of_a_sum():
    assert terms("a - (b - c) + d") == ["a", "-b", "c", "d"]


@pytest.mark.parametrize("text", ["1:", ":", "::2", "(1:, 0)", "(..., :3)", "*rest"])
def test_what_is_no_expression_by_itself_is_one_part(text):
    assert [factor.text for factor in factors(text)] == terms(text) == [text]
    assert (is_number(text), is_picked(text), names_of(text), call_of(text)) == (False, False, [], None)


def other_bias_unit(x, t, W, V):
    h = np.hstack([np.tanh(x @ W), np.ones((len(x), 1))])
    e = h @ V - t
    d = (e @ V.T) * (1 - h**2)
    V -= 0.1 * h.T @ e
    W -= 0.1 * x.T @ d[:, 1:]


def bias_unit_loss(x, t, W, V):
    return 0.5 * np.sum((np.tanh(x @ W) @ V[:-1] + V[-1:] - t) ** 2)


def test_a_slice_that_is_mended_has_a_cause():
    fix = mended(other_bias_unit, bias_unit_loss, **{**DATA, "V": np.random.default_rng(5).normal(size=(5, 2))})
    (change,) = fix.changes
    assert change.change.fix[2].strip() == "W -= 0.1 * x.T @ d[:, :-1]"
    assert cause_of(change) == "wrong_index"


def test_a_failure_of_the_debugger_over_the_name_of_a_mistake_loses_no_fix(monkeypatch):
    def failing(mended):
        raise KeyError("no such name")

    fix = mended(wrong_point, tanh_loss)
    monkeypatch.setattr(derived, "cause_of", failing)
    with pytest.warns(RuntimeWarning, match="please report this; verdict and fix stand"):
        (finding,) = findings(fix)
    assert (finding.cause, finding.fix) == ("unknown", fix.changes[0].change.fix)


def test_the_cause_does_not_depend_on_names():
    fix = mended(wrong_point, tanh_loss)
    assert cause_of(fix.changes[0]) == "derivative_of_activated_value"


def many_steps(x, t, W, V, rate=0.1):
    for _ in range(150):
        h = np.tanh(x @ W)
        e = h @ V - t
        V -= rate * h.T @ e
        W -= rate * x.T @ (e @ V.T * (1 - h))


def ticking(monkeypatch):
    """A clock that goes on by one whenever somebody looks at it. Code of this file would be recorded, so it is Python's own."""
    tick = itertools.count().__next__
    monkeypatch.setattr(time, "thread_time", tick)
    monkeypatch.setattr(time, "process_time", tick)
    return tick


def test_a_recorded_run_ends_with_its_time(monkeypatch):
    clock = ticking(monkeypatch)
    asked = question(many_steps, tanh_loss, **DATA)
    with pytest.raises(NotRecordedError, match="the time was over"):
        scene_of(asked, until=clock() + 20)
    assert clock() < 40
    assert scene_of(asked) is not None, "without a limit it is recorded"
    assert clock() > 60


def test_an_edit_is_not_proved_when_the_time_is_over(monkeypatch):
    asked = question(many_steps, tanh_loss, **DATA)
    scene = scene_of(asked)
    assert Judge(asked, scene, time.thread_time() + 60).verdict({}) is not None
    clock = ticking(monkeypatch)
    judge = Judge(asked, scene, clock() + 20)
    assert judge.verdict({}) is None
    assert 20 < clock() < 60


def decayed_loss(x, u, W):
    return 0.5 * np.sum((x @ W - u) ** 2) + 0.15 * np.sum(W**2)


def without_the_weights(x, u, W, lam=0.3):
    e = x @ W - u
    return (x.T @ e + lam).ravel()


def test_a_summand_is_solved_for_in_a_gradient_that_is_one_long_vector():
    mistakes, complete = told(without_the_weights, decayed_loss, x=DATA["x"], u=DATA["x"] @ DATA["W"] + 1, W=DATA["W"])
    assert complete
    assert mistakes[0][2] in ("return (x.T @ e + lam * W).ravel()", "return (x.T @ e + W * lam).ravel()")


SLOPES = ("(1 - h ** 2)", "(1 - h * h)", "(1 - h**2)")


def uphill(x, t, W, V, rate=0.1):
    h = np.tanh(x @ W)
    e = h @ V - t
    new_W = W + rate * x.T @ (e @ V.T * (1 - h * h))
    new_V = V - rate * h.T @ e
    return new_W, new_V


def slope_forgotten(x, t, W, V, rate=0.1):
    h = np.tanh(x @ W)
    e = h @ V - t
    return {"V": V - rate * h.T @ e, "W": W - rate * x.T @ (e @ V.T * h)}


@pytest.mark.parametrize(
    ("train", "right"),
    [
        (uphill, ["new_W = W - rate * x.T @ (e @ V.T * (1 - h * h))"]),
        (slope_forgotten, [f'return {{"V": V - rate * h.T @ e, "W": W - rate * x.T @ (e @ V.T * {s})}}' for s in SLOPES]),
    ],
)
def test_parameters_that_are_returned_and_not_stored_stay_parameters(train, right):
    """The right gradient in their place is no fix: the step would be returned without what it starts from."""
    mistakes, complete = told(train, tanh_loss, **DATA)
    assert complete
    assert mistakes[0][2] in right


def written_out(x, t, W, V, rate=0.1):
    for _ in range(2):
        h = np.tanh(x @ W)
        e = h @ V - t
        V_new = V - rate * h.T @ e
        W = W - rate * x.T @ (e @ V.T * h)
        V = V_new
    return W, V


def written_out_with_the_wrong_weights(x, t, W, V, rate=0.1):
    for _ in range(2):
        h = np.tanh(x @ W)
        e = h @ V - t
        dV = rate * h.T @ e
        W = W - rate * x.T @ (e @ dV.T * (1 - h**2))
        V = V - dV
    return W, V


@pytest.mark.parametrize(
    ("train", "cause", "right"),
    [
        (written_out, "wrong_activation_derivative", [f"W = W - rate * x.T @ (e @ V.T * {s})" for s in SLOPES]),
        (
            written_out_with_the_wrong_weights,
            "gradient_or_update_used_for_weight",
            ["W = W - rate * x.T @ (e @ V.T * (1 - h**2))", "W = W - rate * x.T @ (e @ V.T * (1 - h ** 2))"],
        ),
    ],
)
def test_the_gradient_inside_of_an_update_that_is_written_out(train, cause, right):
    """`W = W - rate * gradient` is as plain as `W -= rate * gradient`."""
    mistakes, complete = told(train, tanh_loss, **DATA)
    assert complete
    assert mistakes[0][1] == cause
    assert mistakes[0][2] in right
