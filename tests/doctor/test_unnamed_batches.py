"""`mg.diagnose` of code that gives its batches no name: their rows are found, or nothing is acquitted."""

from types import SimpleNamespace

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.judge.verdict import Verdict

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = np.sin(X[:, :1]) + 0.5 * X[:, 1:2]
START = 0.5 * RNG.normal(size=(4, 8)), 0.5 * RNG.normal(size=(8, 1))


def loss(x, y, W, V):
    return np.sum((np.tanh(x @ W) @ V - y) ** 2)


def stepped(a, b, W, V, lr, slope):
    """One step on a batch that is called otherwise than in the model."""
    h = np.tanh(a @ W)
    d = 2 * (h @ V - b)
    W -= lr * a.T @ (d @ V.T * (1 - h * h if slope else 1))
    V -= lr * h.T @ d


def by_index(x, y, W, V, slope):
    rng = np.random.default_rng(1)
    for _ in range(200):
        rows = rng.permutation(len(x))[:20]
        stepped(x[rows], y[rows], W, V, 0.01, slope)


def by_take(x, y, W, V, slope):
    rng = np.random.default_rng(1)
    for _ in range(200):
        rows = rng.permutation(len(x))[:20]
        h = np.tanh(np.take(x, rows, 0) @ W)
        d = 2 * (h @ V - np.take(y, rows, 0))
        W -= 0.01 * np.take(x, rows, 0).T @ (d @ V.T * (1 - h * h if slope else 1))
        V -= 0.01 * h.T @ d


def by_slices(x, y, W, V, slope):
    for _ in range(60):
        for k in range(0, 60, 20):
            stepped(x[k : k + 20], y[k : k + 20], W, V, 0.01, slope)


def by_sample(x, y, W, V, slope):
    for _ in range(10):
        for i in np.random.default_rng(1).permutation(len(x)):
            stepped(x[i : i + 1], y[i : i + 1], W, V, 0.05, slope)


def by_zip(x, y, W, V, slope):
    for _ in range(10):
        for a, b in zip(x, y, strict=True):
            stepped(a[None], b[None], W, V, 0.05, slope)


def by_a_list(x, y, W, V, slope):
    batches = [(x[k : k + 20], y[k : k + 20]) for k in range(0, 60, 20)]
    for _ in range(60):
        for batch in batches:
            stepped(batch[0], batch[1], W, V, 0.01, slope)


def changed(x, y, W, V, slope):
    """The batches are no rows of the data: nobody knows what the model would be given."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        rows = rng.permutation(len(x))[:20]
        stepped(1.01 * x[rows], y[rows], W, V, 0.01, slope)


FORMS = (by_index, by_take, by_slices, by_sample, by_zip, by_a_list)


def told(train, slope, monkeypatch=None, says="CANNOT JUDGE"):
    """The diagnosis, and the losses that the debugger was asked about. With `monkeypatch` it judges nothing."""
    asked = []

    def debug(_train, model, *_rest, **_options):
        asked.append(model)
        verdict = Verdict({}, unjudged={"W": "no time"}) if says == "CANNOT JUDGE" else Verdict({})
        return SimpleNamespace(verdict=verdict, first_wrong=None, hurried=True)

    if monkeypatch is not None:
        monkeypatch.setattr("microgradnp.doctor.handwritten.code.debug", debug)
    return mg.diagnose(train, loss, (X, Y, *(w.copy() for w in START), slope)), asked


@pytest.mark.parametrize("train", FORMS)
def test_right_code_is_healthy(train, monkeypatch):
    found, asked = told(train, True, monkeypatch)
    assert found.verdict == "healthy", str(found)
    assert not asked


@pytest.mark.parametrize("train", FORMS)
def test_the_debugger_is_asked_about_the_rows_of_the_first_step(train, monkeypatch):
    found, asked = told(train, False, monkeypatch)
    rows = {by_index: np.random.default_rng(1).permutation(60)[:20], by_slices: np.arange(20), by_zip: [0]}.get(train)
    if rows is not None:
        assert asked[0](X, Y, *START) == loss(X[rows], Y[rows], *START)
    assert found.verdict == "could not tell", str(found)
    assert "The gradients of W were not judged" in str(found)


@pytest.mark.parametrize("slope", [True, False])
def test_batches_that_are_no_rows_are_not_acquitted(slope, monkeypatch):
    found, _ = told(changed, slope, monkeypatch)
    assert found.verdict == "could not tell", str(found)
    assert "give its batch the names of the model (x and y)" in str(found)


class Inside:
    """Only a method within a step calls the batch as the model does."""

    def __init__(self):
        self.W, self.V = (w.copy() for w in START)

    def fit(self, inputs, targets):
        rng = np.random.default_rng(1)
        for _ in range(40):
            order = rng.permutation(len(inputs))
            for k in range(0, 60, 20):
                self.step(inputs[order[k : k + 20]], targets[order[k : k + 20]])

    def step(self, x, y):
        stepped(x, y, self.W, self.V, 0.01, True)


def test_names_that_only_a_function_within_the_step_knows():
    found = mg.diagnose(Inside().fit, loss, (X, Y))
    assert found.verdict == "healthy", str(found)
    assert "120 steps" in str(found)
    assert "not recognised" not in str(found)


def of_one(x, y, W, V):
    return np.sum((V @ np.tanh(W @ x) - y) ** 2)


def in_order(X, Y, W, V, slope):
    for _ in range(10):
        for x, y in zip(X, Y, strict=True):
            h = np.tanh(W @ x)
            d = 2 * (V @ h - y)
            W -= 0.05 * np.outer(V.T @ d * (1 - h * h if slope else 1), x)
            V -= 0.05 * np.outer(d, h)


def of_columns(X, Y, W, V):
    return np.sum((V @ np.tanh(W @ X) - Y) ** 2)


def by_columns(X, Y, W, V, slope):
    for k in range(200):
        rows = np.random.default_rng(k).permutation(60)[:20]
        h = np.tanh(W @ X[:, rows])
        d = 2 * (V @ h - Y[:, rows])
        W -= 0.01 * (V.T @ d * (1 - h * h if slope else 1)) @ X[:, rows].T
        V -= 0.01 * d @ h.T


def of_numbers(x, t, w, b):
    return (w * x + b - t) ** 2


def by_numbers(data, w, b, slope):
    for _ in range(10):
        for x, t in data:
            error = w * x + b - t
            w -= 0.04 * error * (x if slope else 1)
            b -= 0.04 * error
    return w, b


TURNED = START[0].T, START[1].T
OTHERS = {
    in_order: (of_one, (X, Y, *TURNED)),
    by_columns: (of_columns, (X.T.copy(), Y.T.copy(), *TURNED)),
    by_numbers: (of_numbers, ([(k / 10, 0.7 * k / 10 - 0.3) for k in range(-20, 21)], 0.0, 0.0)),
}


@pytest.mark.parametrize("slope", [True, False])
@pytest.mark.parametrize("train", OTHERS)
def test_samples_as_columns_or_one_at_a_time(train, slope, monkeypatch):
    model, args = OTHERS[train]
    judged = []

    def debug(*rest, **_options):
        judged.append(rest)
        return SimpleNamespace(verdict=Verdict({}, unjudged={"W": "no time"}), first_wrong=None, hurried=True)

    monkeypatch.setattr("microgradnp.doctor.handwritten.code.debug", debug)
    found = mg.diagnose(train, model, (*(a.copy() if isinstance(a, np.ndarray) else a for a in args), slope))
    assert bool(judged) == (not slope), str(found)
    assert (found.verdict == "healthy") == (slope and train is not by_numbers), str(found)
