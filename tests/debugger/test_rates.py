"""Learning rates: a rate of its own is no mistake, and a mean beside sums is no rate."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.derive.derivations import Atom
from microgradnp.debugger.derive.penalties import named_factor
from microgradnp.debugger.judge.common import common_factor
from microgradnp.debugger.judge.recorded import judge_record
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.record.record import record

SHAPES = [(6, 3), (6, 2), (3, 4), (4,), (4, 2), (2,)]


def loss(X, T, W, b, V, c):
    return 0.5 * np.sum((np.tanh(X @ W + b) @ V + c - T) ** 2)


def slopes(X, T, W, b, V, c):
    h = np.tanh(X @ W + b)
    d = h @ V + c - T
    e = d @ V.T * (1 - h * h)
    return X.T @ e, e.sum(0), h.T @ d, d.sum(0)


def judged(train, bind):
    rng = np.random.default_rng(0)
    arguments, optional = model_arguments(loss)
    wanted = Wanted(arguments, optional, bind)
    made = record(train, tuple(rng.normal(size=shape) for shape in SHAPES), None, most=20_000, wanted=wanted)
    return judge_record(made, loss, arguments, optional)


# ---------------------------------------------------------------------------------------------------------- right rates


def a_rate_for_each_layer(X, T, W, b, V, c, rates=(0.3, 0.03)):
    pairs = zip((W, b, V, c), slopes(X, T, W, b, V, c), np.repeat(rates, 2).tolist(), strict=True)
    for p, g, rate in pairs:
        p -= rate * g


def biases_twice_as_fast(X, T, W, b, V, c, lr=0.1, times=2.0):
    a = slopes(X, T, W, b, V, c)
    W -= lr * a[0]
    b -= lr * times * a[1]
    V -= lr * a[2]
    c -= lr * times * a[3]


def a_multiplier_for_each(X, T, W, b, V, c, lr=0.1, times=(1.0, 2.0, 0.3, 2.0)):
    for p, g, k in zip((W, b, V, c), slopes(X, T, W, b, V, c), times, strict=True):
        p -= lr * k * g


def slow_biases(X, T, W, b, V, c, lr=0.1):
    slow = 0.1 * lr
    a = slopes(X, T, W, b, V, c)
    W -= lr * a[0]
    b -= slow * a[1]
    V -= lr * a[2]
    c -= slow * a[3]


def negative_rates(X, T, W, b, V, c):
    a = slopes(X, T, W, b, V, c)
    W += -0.1 * a[0]
    b += -0.01 * a[1]
    V += -0.1 * a[2]
    c += -0.01 * a[3]


def means_of_all(X, T, W, b, V, c, lr=0.1):
    for p, g in zip((W, b, V, c), slopes(X, T, W, b, V, c), strict=True):
        p -= lr * g / len(X)


def means_and_a_rate(X, T, W, b, V, c, lr=0.1, slow=0.02):
    a = slopes(X, T, W, b, V, c)
    W -= lr / len(X) * a[0]
    b -= lr / len(X) * a[1]
    V -= slow * a[2]
    c -= slow * a[3]


@pytest.mark.parametrize(
    "train",
    [
        a_rate_for_each_layer,
        biases_twice_as_fast,
        a_multiplier_for_each,
        slow_biases,
        negative_rates,
        means_of_all,
        means_and_a_rate,
    ],
    ids=lambda f: f.__name__,
)
def test_a_rate_of_its_own_is_no_mistake(train):
    assert sorted(judged(train, {}).right) == ["V", "W", "b", "c"]


# ---------------------------------------------------------------------------------------------------------- wrong factors


def means_of_biases(X, T, W, b, V, c, lr=0.1):
    h = np.tanh(X @ W + b)
    d = h @ V + c - T
    e = d @ V.T * (1 - h * h)
    W -= lr * X.T @ e
    V -= lr * h.T @ d
    b -= lr * e.mean(0)
    c -= lr * np.mean(d, axis=0)


def the_rate_is_written_four_times(X, T, W, b, V, c):
    a = slopes(X, T, W, b, V, c)
    W -= 0.1 * a[0]
    b -= 0.1 * a[1] / len(X)
    V -= 0.1 * a[2]
    c -= 0.1 * a[3] / len(X)


class Layer:
    def __init__(self, W, b, rate):
        self.W, self.b, self.rate = W, b, rate

    def learn(self, x, e):
        self.W = self.W - self.rate * x.T @ e
        self.b = self.b - self.rate * np.average(e, axis=0)


def layers_with_rates(X, T, W, b, V, c):
    one, two = Layer(W, b, 0.1), Layer(V, c, 0.2)
    h = np.tanh(X @ one.W + one.b)
    d = h @ two.W + two.b - T
    e = d @ two.W.T * (1 - h * h)
    one.learn(X, e)
    two.learn(h, d)


def one_mean_in_a_dict(X, T, W, b, V, c, lr=0.05):
    p = {"W": W, "b": b, "V": V, "c": c}
    a = dict(zip(p, slopes(X, T, **p), strict=True))
    a["b"] = a["b"] / len(X)
    for name in p:
        p[name] = p[name] - lr * a[name]
    return p


def one_sum_beside_means(X, T, W, b, V, c, lr=0.05):
    total = [np.zeros_like(p) for p in (W, b, V, c)]
    for x, t in zip(X, T, strict=True):
        for held, g in zip(total, slopes(x[None], t[None], W, b, V, c), strict=True):
            held += g
    W -= lr * total[0] / len(X)
    b -= lr * total[1] / len(X)
    V -= lr * total[2]
    c -= lr * total[3] / len(X)


def a_factor_in_the_gradient(X, T, W, b, V, c):
    a = slopes(X, T, W, b, V, c)
    dW = 2.0 * a[0]
    W -= dW
    b -= a[1]
    V -= a[2]
    c -= a[3]


def forgotten_rate(X, T, W, b, V, c, lr=0.1):
    a = slopes(X, T, W, b, V, c)
    W -= a[0]
    b -= lr * a[1]
    V -= a[2]
    c -= lr * a[3]


@pytest.mark.parametrize(
    ("train", "wrong"),
    [
        (means_of_biases, "bc"),
        (the_rate_is_written_four_times, "bc"),
        (layers_with_rates, "bc"),
        (one_mean_in_a_dict, "b"),
        (one_sum_beside_means, "V"),
        (a_factor_in_the_gradient, "W"),
        (forgotten_rate, "WV"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_a_mean_beside_sums_is_no_rate(train, wrong):
    bind = {"W": "one.W", "b": "one.b", "V": "two.W", "c": "two.b"} if train is layers_with_rates else {}
    assert set(judged(train, bind).wrong) == set(wrong)


# ------------------------------------------------------------------------------------------- a factor that all gradients share


def five_times(X, T, W, b, V, c):
    return [5 * g for g in slopes(X, T, W, b, V, c)]


def five_times_and_one_wrong(X, T, W, b, V, c):
    a = five_times(X, T, W, b, V, c)
    return [a[0], a[1], a[2] * V, a[3]]


def all_wrong(X, T, W, b, V, c):
    return [g * p for p, g in zip((W, b, V, c), slopes(X, T, W, b, V, c), strict=True)]


def a_rate_times_ten(X, T, W, b, V, c, lr=0.1, epochs=10):
    for p, g in zip((W, b, V, c), slopes(X, T, W, b, V, c), strict=True):
        p -= lr * epochs * g


def no_rate(X, T, W, b, V, c):
    for p, g in zip((W, b, V, c), slopes(X, T, W, b, V, c), strict=True):
        p -= g


def test_a_rate_times_a_number_is_no_factor_of_one():
    assert common_factor(judged(all_wrong, {}), judged(no_rate, {})) == 1
    assert common_factor(judged(all_wrong, {}), judged(a_rate_times_ten, {})) != 1


def test_a_factor_of_all_gradients_is_told_from_the_factor_that_was_there_before():
    mended = judged(five_times, {})
    assert mended.right == ["W", "b", "V", "c"]
    assert common_factor(judged(all_wrong, {}), mended) == pytest.approx(5)
    assert common_factor(judged(five_times_and_one_wrong, {}), mended) == 1
    assert common_factor(judged(all_wrong, {}), judged(slopes, {})) == 1
    assert common_factor(judged(all_wrong, {}), judged(slow_biases, {})) == 1
    assert common_factor(judged(all_wrong, {}), judged(means_of_all, {})) == pytest.approx(-0.1 / 6)


def test_which_of_two_factors_is_meant_is_open():
    """Two groups of one size, and no movement by just the rate: a mean for the sum mends all, and so does the other way round."""

    def train(x, t, W, b, V, c, rate=0.1):
        h = np.tanh(x @ W + b)
        e = 2 * (h @ V + c - t) / t.size
        steps = layer(x, e @ V.T * (1 - h**2)), layer(h, e)
        for (weights, biases), (dW, db) in zip([(W, b), (V, c)], steps, strict=True):
            weights -= rate * dW
            biases -= rate * db

    def layer(h, d):
        return h.T @ d / len(h), d.sum(axis=0)

    def loss(x, t, W, b, V, c):
        return 0.5 * np.sum((np.tanh(x @ W + b) @ V + c - t) ** 2)

    rng = np.random.default_rng(2)
    arrays = [rng.normal(size=size) for size in [(6, 3), (6, 2), (3, 4), (4,), (4, 2), (2,)]]
    report = mg.debug(train, loss, arrays, budget=30)
    assert report.word == "WRONG"
    assert len(report.verdict.wrong) == 2
    assert report.first_wrong.certainty == "relative", str(report)
    assert "verified" not in str(report)
    assert "or else it is the others that lack the factor" in str(report)


def test_the_rate_tells_which_factor_is_meant():
    """The weights move by just the rate times the gradient of the model, so that the biases are wrong."""

    def train(x, t, W, b, rate=0.1):
        e = x @ W + b - t
        W -= rate * x.T @ e
        b -= rate * e.mean(axis=0)

    def loss(x, t, W, b):
        return 0.5 * np.sum((x @ W + b - t) ** 2)

    rng = np.random.default_rng(3)
    report = mg.debug(train, loss, [rng.normal(size=size) for size in [(6, 3), (6, 2), (3, 2), (2,)]], budget=30)
    assert report.verdict.wrong == ["b"]
    assert report.first_wrong.certainty == "exact", str(report)


def test_a_fix_without_the_rate_that_the_others_lack_is_verified_for_them_only():
    """W moves by the rate along a wrong gradient, b along its gradient without a rate: either may be what is meant."""

    def loss(x, t, W, b):
        return 0.5 * np.sum((x @ W + b - t) ** 2)

    def wrong_targets(x, t, W, b, rate=0.05):
        e = x @ W + b - t
        dW = x.T @ t
        W -= rate * dW
        b -= e.sum(axis=0)

    def one_sample(x, t, W, b):
        e = x @ W + b - t
        W -= 0.05 * np.outer(x[0], e[0])
        b -= e.sum(axis=0)

    def wrong_targets_alone(x, t, W, b, rate=0.05):
        e = x @ W + b - t
        W -= rate * (x.T @ t)
        b -= rate * e.sum(axis=0)

    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=size) for size in [(5, 3), (5, 2), (3, 2), (2,)]]
    for train in (wrong_targets, one_sample):
        report = mg.debug(train, loss, arrays, budget=30)
        assert report.verdict.wrong == ["W"]
        assert report.first_wrong.certainty == "relative", str(report)
    assert mg.debug(wrong_targets_alone, loss, arrays, budget=30).first_wrong.certainty == "exact"


def test_no_penalty_is_divided_by_a_rate():
    """`0.5 * lam / lr` is what a gradient lacks here by chance only."""
    lam, lr = (Atom(text, (np.array(value), np.array(value))) for text, value in (("lam", 0.3), ("lr", 0.1)))
    assert list(named_factor(1.5, [lam, lr], [lam, lr])) == ["0.5 * lam / lr"]
    assert list(named_factor(1.5, [lam, lr], [lam])) == []
