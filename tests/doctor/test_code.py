"""`mg.diagnose` of unchanged hand-written trainings: the story in full, and the rules of the steps."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.cli import story
from microgradnp.cli.trainings import loss_of
from microgradnp.debugger.judge.verdict import Verdict
from microgradnp.doctor.handwritten.rule import rule_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = np.sin(X[:, :1]) + 0.5 * X[:, 1:2]
T = mg.one_hot((X[:, 0] + X[:, 1] > 0).astype(int), 2)
W0, V0 = 0.5 * RNG.normal(size=(4, 8)), 0.5 * RNG.normal(size=(8, 1))


def loss(x, y, W, V):
    return np.mean((np.tanh(x @ W) @ V - y) ** 2)


def gradients(x, y, W, V):
    h = np.tanh(x @ W)
    d = 2 * (h @ V - y) / len(x)
    return x.T @ (d @ V.T * (1 - h * h)), h.T @ d


def descent(x, y, W, V, lr, steps=300):
    for _ in range(steps):
        dW, dV = gradients(x, y, W, V)
        W -= lr * dW
        V -= lr * dV
    return W, V


def with_momentum(x, y, W, V, lr):
    uW, uV = 0 * W, 0 * V
    for _ in range(300):
        dW, dV = gradients(x, y, W, V)
        uW = 0.9 * uW - lr * dW
        uV = 0.9 * uV - lr * dV
        W, V = W + uW, V + uV
    return W, V


def with_adam(x, y, W, V, lr):
    m, v = [0, 0], [0, 0]
    for t in range(1, 301):
        for k, (p, g) in enumerate(zip((W, V), gradients(x, y, W, V), strict=True)):
            m[k] = 0.9 * m[k] + 0.1 * g
            v[k] = 0.999 * v[k] + 0.001 * g**2
            p -= lr * m[k] / (1 - 0.9**t) / (np.sqrt(v[k] / (1 - 0.999**t)) + 1e-8)
    return W, V


def in_batches(x, y, W, V, lr):
    data_x, data_y, rng = x, y, np.random.default_rng(1)
    for _ in range(300):
        rows = rng.permutation(len(data_x))[:20]
        x, y = data_x[rows], data_y[rows]
        dW, dV = gradients(x, y, W, V)
        W -= lr * dW
        V -= lr * dV
    return W, V


class Net:
    """The same as a class, trained in epochs over batches."""

    def __init__(self):
        self.W, self.V = W0.copy(), V0.copy()

    def step(self, x, y, lr):
        dW, dV = gradients(x, y, self.W, self.V)
        self.W = self.W - lr * dW
        self.V = self.V - lr * dV

    def train(self, inputs, targets, lr):
        for _ in range(60):
            for x, y in zip(np.split(inputs, 3), np.split(targets, 3), strict=True):
                self.step(x, y, lr)


def until_flat(x, y, W, V, lr):
    while True:
        dW, dV = gradients(x, y, W, V)
        W -= lr * dW
        V -= lr * dV
        if np.sum(dW**2) + np.sum(dV**2) < 0.4:
            return W, V


def gradient_of_a_sum(x, y, W, V, lr):
    sW, sV = 0 * W, 0 * V
    for _ in range(300):
        dW, dV = gradients(x, y, W, V)
        sW += dW
        sV += dV
        W, V = W - lr * sW, V - lr * sV
    return W, V


def with_a_limit(x, y, W, V, lr):
    for _ in range(300):
        dW, dV = gradients(x, y, W, V)
        norm = np.sqrt(np.sum(dW**2) + np.sum(dV**2))
        if norm > 0.002:
            dW, dV = dW * 0.002 / norm, dV * 0.002 / norm
        W -= lr * dW
        V -= lr * dV


def with_a_schedule(x, y, W, V, lr):
    for step in range(300):
        dW, dV = gradients(x, y, W, V)
        W -= lr * 0.5**step * dW
        V -= lr * 0.5**step * dV


@pytest.mark.parametrize(
    ("train", "lr", "cause"), [(with_a_limit, 0.2, "always_clipped"), (with_a_schedule, 0.05, "schedule_ended")]
)
def test_limits_and_schedules_are_kept(train, lr, cause):
    found = code(train, lr)
    assert [c.name for c in found.causes][:1] == [cause], str(found)


def code(train, lr, start=(W0, V0), budget=10):
    return mg.diagnose(train, loss, (X, Y, *(w.copy() for w in start), lr), budget=budget)


@pytest.mark.parametrize("train", [descent, with_momentum, with_adam, in_batches])
def test_right_code_that_learns_is_healthy(train):
    found = code(train, {with_adam: 0.02, with_momentum: 0.02}.get(train, 0.2))
    assert found.verdict == "healthy", str(found)


@pytest.mark.parametrize("train", [descent, with_momentum, with_adam, in_batches])
def test_a_rate_that_is_too_low(train):
    found = code(train, {with_adam: 1e-6, with_momentum: 1e-6}.get(train, 1e-5))
    assert [c.name for c in found.causes][:1] == ["learning_rate_too_low"], str(found)


def test_a_class_in_epochs_over_batches():
    net = Net()
    found = mg.diagnose(net.train, loss, (X, Y, 1e-5))
    assert [c.name for c in found.causes][:1] == ["learning_rate_too_low"], str(found)
    assert "batches" in str(found)
    assert np.array_equal(net.W, W0)


def test_a_rule_that_stops_it():
    found = code(until_flat, 0.02)
    assert {"stopped_early", "stopped_on_a_plateau"} & {c.name for c in found.causes}, str(found)
    assert "its own rule" in str(found)


@pytest.mark.long
def test_gradients_that_are_added_up():
    found = code(gradient_of_a_sum, 0.02, budget=60)  # on a slow machine, too
    assert found.causes[0].name == "wrong_gradient", str(found)
    assert "sum of all gradients" in found.causes[0].evidence


@pytest.mark.parametrize("seed", range(6))
def test_a_sum_of_gradients_is_no_momentum_of_one(seed):
    rng = np.random.default_rng(seed)
    gradients = [rng.normal(size=(3, 2)) for _ in range(9)]
    rule = rule_of([-0.1 * total for total in np.cumsum(gradients, axis=0)], gradients)
    assert (rule.kind, rule.lr) == ("sum", pytest.approx(0.1))
    moves = [-0.1 * gradients[0]]
    for g in gradients[1:]:
        moves.append(0.99 * moves[-1] - 0.1 * g)
    rule = rule_of(moves, gradients)
    assert (rule.kind, rule.momentum) == ("momentum", pytest.approx(0.99))


def dropped(x, y, W, V, lr):
    for _ in range(60):
        h = np.tanh(x @ W)
        d = 2 * (h @ V - y) / len(x)
        dW = x.T @ (d @ V.T)  # the slope of tanh is missing
        W -= lr * dW
        V -= lr * h.T @ d


def test_a_debugger_that_ran_out_of_time_is_asked_again_and_never_quoted_as_an_acquittal(monkeypatch):
    asked = []

    def debug(*args, budget):
        asked.append(budget)
        return SimpleNamespace(verdict=Verdict({}, unjudged={"W": "no time"}), first_wrong=None, hurried=True)

    monkeypatch.setattr("microgradnp.doctor.handwritten.code.debug", debug)
    found = mg.diagnose(dropped, loss, (X, Y, W0.copy(), V0.copy(), 0.05), budget=20)
    assert asked == [5.0, 10.0]
    assert "mg.debug could not judge all gradients" in str(found)
    assert "no wrong gradient" not in str(found)


def test_the_fixes_of_all_mistakes_are_told(monkeypatch):
    def mistake(line, old, new):
        return SimpleNamespace(place=f"train.py:{line}", source=old, proof="fix, verified on fresh inputs", fix=(line, old, new))

    findings = [mistake(7, "dW = 1", "dW = 2"), mistake(5, "W -= dW", "move line 5 after line 8")]
    report = SimpleNamespace(verdict=SimpleNamespace(wrong=["W"]), findings=findings, first_wrong=findings[0], hurried=False)
    monkeypatch.setattr("microgradnp.doctor.handwritten.code.debug", lambda *args, budget: report)
    found = mg.diagnose(dropped, loss, (X, Y, W0.copy(), V0.copy(), 0.05), budget=20)
    assert found.causes[0].line == "train.py:7: dW = 1"
    assert found.causes[0].treatment == "fix, verified on fresh inputs, in line 7: dW = 2; in line 5: move line 5 after line 8"
    assert found.to_do[0] == "the fixes in lines 7 and 5"


def test_without_a_loop_it_asks_for_one():
    with pytest.raises(ValueError, match="loop"):
        mg.diagnose(gradients, loss, (X, Y, W0, V0))


def model(samples, targets, W_input, W_output):
    return loss_of(samples, targets, W_input, W_output)[1]


def stalled(samples, targets, W_input, W_output):
    for _ in story.train(story.step_with_the_bug, samples, targets, W_input, W_output, 0.01, 20_000):
        pass


@pytest.mark.long
def test_the_story_is_answered_in_full():
    samples, targets = story.uniform_samples(4)
    found = mg.diagnose(stalled, model, (samples, targets, *story.initial_weights(samples, targets, 4)), budget=120)
    bug, *others = found.causes
    causes = {cause.name: cause for cause in others}
    assert bug.name == "wrong_gradient"
    plateau = causes["stopped_on_a_plateau"]
    assert causes.keys() <= {"stopped_on_a_plateau", "learning_rate_too_low"}  # the rate is at the edge of what is told
    assert "W_output moves by -0.001 x gradient, right" in bug.evidence
    assert "W_delta_output[j][k]" in bug.line
    two = (
        "in line 92: error += delta_output[n][k] * W_output[j][k]; in line 85: move line 85 after line 93, into loops of its own"
    )
    one = "in line 92: error += delta_output[n][k] * (W_output[j][k] - W_delta_output[j][k])"  # where the time ends before
    assert bug.treatment.removeprefix("fix, verified on fresh inputs, ") in (one, two)
    assert "the bug is not all of it" in bug.trial
    assert any("Adam" in what or "momentum" in what for what in found.to_do)
    assert "11 are negative" in plateau.evidence
    assert found.level_of == "SSE"
    assert abs(found.levels["mean only"] - 2.880) < 5e-4
    assert abs(found.levels["linear fit"] - 1.964) < 5e-4
    assert any("memorised" in note for note in found.notes)
    assert found.to_do[0] in ("the fix in line 92", "the fixes in lines 92 and 85")


def table_of_signs(seed):
    """A sigmoid net on inputs of size 100, with a start that is (seed 1) or is not (seed 0) the first obstacle."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(100, 2)) * 100
    y = (x[:, :1] * x[:, 1:] > 0).astype(float)
    return x, y, rng.normal(size=(2, 8)), np.zeros(8), rng.normal(size=(8, 1)), np.zeros(1)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def squares(x, y, W, b, V, c):
    return np.mean((sigmoid(sigmoid(x @ W + b) @ V + c) - y) ** 2)


def saturated(x, y, W, b, V, c, lr=0.1):
    for _ in range(300):
        h = sigmoid(x @ W + b)
        out = sigmoid(h @ V + c)
        d = 2 * (out - y) * out * (1 - out) / len(x)
        e = d @ V.T * h * (1 - h)
        V -= lr * h.T @ d
        c -= lr * d.sum(0)
        W -= lr * x.T @ e
        b -= lr * e.sum(0)


@pytest.mark.parametrize("seed", [0, 1])
def test_advice_goes_with_the_trials(seed):
    """What harmed in its trial is no advice, and no trial that is told is better than the best."""
    found = mg.diagnose(saturated, squares, args=table_of_signs(seed))
    told = [float(loss) for cause in found.causes for loss in re.findall(r"loss ([\d.]+\d)", cause.trial)]
    assert told
    assert found.levels["best of the trials"] <= min(told) * 1.001
    for cause in found.causes:
        with_it, without = (float(loss) for loss in re.findall(r"loss ([\d.]+\d)", cause.trial))
        assert bool(cause.treatment) == (with_it <= without)
    if any(cause.after for cause in found.causes):
        assert found.causes[-1].treatment in found.to_do
    assert found.to_do
