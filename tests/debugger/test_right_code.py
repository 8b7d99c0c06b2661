"""Right code is never accused: programs in many styles, conventions, training troubles; and a wrong oracle is noticed."""

import numpy as np
import pytest
from debugger import programs

import microgradnp as mg
from microgradnp.debugger.judge import points
from microgradnp.debugger.match import matches, references
from microgradnp.debugger.match.references import ModelError
from microgradnp.debugger.record import meeting

SPLITS = ("dev", "hidden", "wide", "unseen", "right_only", "held_out")
ALL = [(split, name) for split in SPLITS for name in programs.names(split)]


@pytest.mark.parametrize(("split", "name"), ALL, ids=[f"{s}-{n}" for s, n in ALL])
def test_right_programs_are_right(split, name):
    module = programs.load(split, name)
    for seed in (11, 12):
        args, kwargs = module.make(np.random.default_rng(seed))
        report = mg.debug(module.train, module.loss, args, kwargs, getattr(module, "BIND", {}))
        assert report.ok, str(report)
        assert report.first_wrong is None
        assert report.findings == []
        assert not report.verdict.unchecked
        assert "WRONG" not in str(report)


def test_a_model_that_cannot_be_differentiated_is_refused():
    def loss(x, W):
        rows = [float(np.sum(row)) for row in x @ W]  # loses the derivative
        return np.sum(np.square(rows))

    def train(x, W):
        W -= 0.1 * x.T @ np.repeat(2 * np.sum(x @ W, axis=1, keepdims=True), W.shape[1], axis=1)

    make = np.random.default_rng(1)
    with pytest.raises(ModelError, match=r"float\(\), .item\(\) and .numpy\(\) cut the graph"):
        mg.debug(train, loss, (make.normal(size=(4, 3)), make.normal(size=(3, 2))))


def test_a_later_step_of_momentum_is_judged_by_its_gradients():
    module = programs.load("held_out", "closures_huber_elu")
    args, kwargs = module.make(np.random.default_rng(1))
    report = mg.debug(module.train, module.loss, args, kwargs, module.BIND, step=1)
    assert report.word == "RIGHT"
    assert report.number == 1
    assert "momentum" in str(report)


def test_where_a_later_step_cannot_be_judged_the_first_is_and_that_is_said():
    module = programs.load("held_out", "nesterov_activation_table")
    args, kwargs = module.make(np.random.default_rng(1))
    report = mg.debug(module.train, module.loss, args, kwargs, module.BIND, step=1)
    assert report.word == "RIGHT"
    assert report.number == 0
    assert "step 1 could not be judged" in str(report)


def data(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=s) for s in ((6, 3), (6, 2), (3, 4), (4, 2))]


def loss(X, T, W1, W2):
    return 0.5 * np.sum((np.tanh(X @ W1) @ W2 - T) ** 2)


def negated(X, T, W1, W2, lr=0.1):
    h = np.tanh(X @ W1)
    e = T - h @ W2
    dW2 = h.T @ e
    dW1 = X.T @ (e @ W2.T * (1 - h**2))
    W1 += lr * dW1
    W2 += lr * dW2


def mean_for_sum(X, T, W1, W2):
    h = np.tanh(X @ W1)
    e = (h @ W2 - T) / len(X)
    return X.T @ (e @ W2.T * (1 - h**2)), h.T @ e


def transposed(X, T, W1, W2):
    h = np.tanh(X @ W1).T
    e = (W2.T @ h) - T.T
    return {"W1": ((W2 @ e) * (1 - h**2)) @ X, "W2": e @ h.T}


def rate_in_the_delta(X, T, W1, W2):
    h = np.tanh(X @ W1)
    e = -0.05 * (h @ W2 - T)
    step1, step2 = X.T @ (e @ W2.T * (1 - h**2)), h.T @ e
    W1 += step1
    W2 += step2


def rate_too_high(X, T, W1, W2):
    for _ in range(8):
        h = np.tanh(X @ W1)
        e = h @ W2 - T
        dW1, dW2 = X.T @ (e @ W2.T * (1 - h**2)), h.T @ e
        W1 = W1 - 30.0 * dW1
        W2 = W2 - 30.0 * dW2


def plateau_stops_it(X, T, W1, W2):
    last = np.inf
    while True:
        h = np.tanh(X @ W1)
        e = h @ W2 - T
        cost = 0.5 * np.sum(e**2)
        if last - cost < 0.5:
            return cost
        last = cost
        dW1, dW2 = X.T @ (e @ W2.T * (1 - h**2)), h.T @ e
        W1 -= 1e-3 * dW1
        W2 -= 1e-3 * dW2


def minibatches(X, T, W1, W2):
    order = np.random.default_rng().permutation(len(X))
    for k in range(0, len(X), 2):
        xb, tb = X[order[k : k + 2]], T[order[k : k + 2]]
        h = np.tanh(xb @ W1)
        e = h @ W2 - tb
        dW1, dW2 = xb.T @ (e @ W2.T * (1 - h**2)), h.T @ e
        W1 -= 0.1 * dW1
        W2 -= 0.1 * dW2


CONVENTIONS = [
    (negated, {}, "(lr)"),
    (mean_for_sum, {}, "1/N"),
    (transposed, {}, "transposed"),
    (rate_in_the_delta, {}, "every parameter moves by -0.05"),
    (rate_too_high, {}, "every parameter moves by -30"),
    (plateau_stops_it, {}, "every parameter moves by -0.001"),
    (minibatches, {"X": "xb", "T": "tb"}, "every parameter moves by -0.1"),
]


@pytest.mark.parametrize(("train", "bind", "said"), CONVENTIONS, ids=[c[0].__name__ for c in CONVENTIONS])
def test_conventions_and_training_troubles_are_no_bugs(train, bind, said):
    for seed in range(5):
        report = mg.debug(train, loss, data(seed), bind=bind)
        assert report.ok, str(report)
        assert set(report.gradients) == {"W1", "W2"}
    if train is not negated:
        assert said in str(report)


def relu_loss(X, T, W1, W2):
    return 0.5 * np.sum((np.maximum(X @ W1, 0) @ W2 - T) ** 2)


def dead(X, T, W1, W2):
    h = np.maximum(X @ W1, 0)
    e = h @ W2 - T
    return X.T @ ((e @ W2.T) * (h > 0)), h.T @ e


def test_a_gradient_that_is_zero_everywhere_is_not_accused():
    X, T, W1, W2 = data()
    report = mg.debug(dead, relu_loss, (np.abs(X), T, -np.abs(W1), W2))
    assert not report.findings
    assert "WRONG" not in str(report)


@pytest.mark.parametrize("argument", ["W1", "W2"])
@pytest.mark.parametrize("spoil", [lambda g: g * np.linspace(1, 1.001, g.size).reshape(g.shape), lambda g: g[::-1].copy()])
def test_a_wrong_oracle_is_noticed(monkeypatch, argument, spoil):
    """With the model's gradients made wrong on purpose, right code no longer passes."""
    honest = references.evaluate

    def wrong(model, values):
        found = honest(model, values)
        found.gradients[argument] = spoil(found.gradients[argument])
        return found

    for room in (matches, meeting, points):
        monkeypatch.setattr(room, "evaluate", wrong)
    report = mg.debug(mean_for_sum, loss, data())
    assert not report.ok or argument in report.verdict.unchecked
