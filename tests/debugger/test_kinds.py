"""Kinds of programs that the judge once accused, acquitted or passed over: one right version of each, and one wrong."""

import re

import numpy as np
import pytest
from debugger.test_record_judge import data, judged

import microgradnp as mg


class Perceptron:
    """A bias that is a float of Python, in an object."""

    def __init__(self, w, b):
        self.w, self.b = w, b

    def fit(self, x, y, rate=0.01):
        for _ in range(2):
            gw, gb = self.w.copy(), 0.0
            for row, label in zip(x, y, strict=True):
                if label * (row @ self.w + self.b) < 1:
                    gw -= label * row
                    gb -= label
            self.w = self.w - rate * gw
            self.b = self.b - rate * gb


def hinge(x, y, w, b):
    return 0.5 * np.sum(w * w) + np.sum(np.maximum(0, 1 - y * (x @ w + b)))


def hinge_data():
    x, y, w = data((8, 3), (8,), (3,))
    return x, np.sign(y), w, 0.1


def right_hinge(x, y, w, b):
    Perceptron(w, b).fit(x, y)


def wrong_hinge(x, y, w, b):
    machine = Perceptron(w, b)
    machine.fit(x, y)
    return machine


def square(x, t, w, b):
    return 0.5 * np.mean((x @ w + b - t) ** 2)


def line():
    return (*data((9, 3), (9,), (3,)), 0.3)


def adagrad(x, t, w, b, wrong=1.0):
    b = np.array([b])
    cw, cb = np.full(3, 0.1), np.full(1, 0.1)
    for _ in range(3):
        e = (x @ w + b - t) / len(t)
        gw, gb = x.T @ e, wrong * np.sum(e)
        cw += gw**2
        cb += gb**2
        w -= 0.1 * gw / np.sqrt(cw)
        b -= 0.1 * gb / np.sqrt(cb)


def begins_as_ints(x, t, _w, _b, wrong=1):
    b, w = 0, np.zeros(3, int)
    for _ in range(3):
        e = (x @ w + b - t) / len(t)
        w = w - 0.1 * x.T @ e
        b = b - 0.1 * wrong * e.sum()
    return w, b


def stays_whole(x, t, w, b, wrong=False):
    w = np.array([2, -1, 3]) if wrong else np.array([2.0, -1.0, 3.0])
    for _ in range(2):
        e = (x @ w + b - t) / len(t)
        w[:] = w - 0.1 * x.T @ e
        b = b - 0.1 * e.sum()
    return w, b


def one_rate(x, t, w, b, wrong=1.0):
    slope = 0.01  # 0.1 / wrong is this number, and no rate
    for _ in range(2):
        e = (x @ w + b - t) / len(t)
        e = np.where(np.abs(e) > slope, e, e)
        w = w - 0.1 * x.T @ e
        b = b - 0.1 * e.sum() / wrong
    return w, b


def clipped(x, t, w, b, wrong=False):
    b = np.array([b, b, b])
    for _ in range(2):
        e = ((x @ w).sum() * 0 + x @ w + b.sum() - t) / len(t)
        gw, gb = x.T @ (e * e if wrong else e), np.full(3, e.sum())
        norm = np.sqrt(np.sum(gw**2) + np.sum(gb**2))
        w = w - 0.1 * gw / norm
        b = b - 0.1 * gb / norm
    return w, b


def summed(x, t, w, b):
    return 0.5 * np.mean((x @ w + np.sum(b) - t) ** 2)


def returned_numbers(x, t, w, b, wrong=1.0):
    e = (x @ w + b - t) / len(t)
    return 0.5 * np.sum(e * e) * len(t), x.T @ e, wrong * np.sum(e)


@pytest.mark.parametrize(
    ("train", "loss", "wrong", "names"),
    [
        (adagrad, square, 0.5, {"b"}),
        (begins_as_ints, square, 2, {"b"}),
        (stays_whole, square, True, {"w"}),
        (one_rate, square, 10.0, {"b"}),
        (clipped, summed, True, {"w"}),
        (returned_numbers, square, 3.0, {"b"}),
    ],
)
def test_right_and_wrong(train, loss, wrong, names):
    right = judged(train, loss, line())
    assert right.wrong == []
    assert set(right.right) == {"w", "b"}
    assert set(judged(train, loss, line(), {"wrong": wrong}).wrong) == names


def test_a_float_in_an_object_is_a_parameter():
    verdict = judged(right_hinge, hinge, hinge_data(), bind={"w": "self.w", "b": "self.b"})
    assert set(verdict.right) == {"w", "b"}


# ------------------------------------------------------------------------------------------- two forward passes in a step


def factors(r, p, q):
    return 0.5 * np.sum((p @ q.T - r) ** 2)


def alternating(r, p, q, wrong=False):
    for _ in range(3):
        e = p @ q.T - r
        p = p - 0.01 * e @ q
        e = p @ q.T - r
        q = q - 0.01 * e.T @ (p * p if wrong else p)
    return p, q


def test_alternating_descent_is_judged_where_the_others_have_gone():
    given = tuple(data((6, 5), (6, 3), (5, 3)))
    assert set(judged(alternating, factors, given).right) == {"p", "q"}
    assert judged(alternating, factors, given, {"wrong": True}).wrong == ["q"]


def adversaries(real, z, g, d):
    """The generator follows another loss than the discriminator."""
    for _ in range(2):
        fake = z @ g
        pr, pf = 1 / (1 + np.exp(-real @ d)), 1 / (1 + np.exp(-fake @ d))
        d = d - 0.1 * (real.T @ (pr - 1) + fake.T @ pf)
        pf = 1 / (1 + np.exp(-fake @ d))
        g = g - 0.1 * z.T @ np.outer(pf - 1, d)
    return g, d


def test_what_follows_another_loss_is_not_accused():
    def loss(real, z, g, d):
        return -np.sum(np.log(1 / (1 + np.exp(-real @ d)))) - np.sum(np.log(1 - 1 / (1 + np.exp(-(z @ g) @ d))))

    verdict = judged(adversaries, loss, tuple(data((6, 2), (6, 3), (3, 2), (2,))))
    assert (verdict.wrong, verdict.right) == ([], ["d"])
    assert "another" in verdict.entries["g"].why


# ------------------------------------------------------------------------------------------------------- zero gradients


def normalised(x, t, w, b, g):
    a = x @ w + b
    return 0.5 * np.sum((g * (a - a.mean(0)) / np.sqrt(a.var(0) + 1e-8) - t) ** 2)


def backward(x, t, w, b, g):
    a = x @ w + b
    s = np.sqrt(a.var(0) + 1e-8)
    n = (a - a.mean(0)) / s
    d = g * n - t
    e = d * g
    return x, (e - e.mean(0) - n * (e * n).mean(0)) / s, (d * n).sum(0), d


def moved(x, t, w, b, g, wrong=False):
    for _ in range(2):
        x, da, dg, d = backward(x, t, w, b, g)
        w, b, g = w - 0.1 * x.T @ da, b - 0.1 * (d if wrong else da).sum(0), g - 0.1 * dg
    return w, b, g


def handed_back(x, t, w, b, g, wrong=False):
    x, da, dg, d = backward(x, t, w, b, g)
    return {"dw": x.T @ da, "db": (d if wrong else da).sum(0), "dg": dg}


@pytest.mark.parametrize("train", [moved, handed_back])
def test_a_gradient_that_is_rightly_zero_is_right(train):
    given = (*data((9, 4), (9, 5), (4, 5), (5,)), np.ones(5))
    assert set(judged(train, normalised, given).right) == {"w", "b", "g"}
    assert judged(train, normalised, given, {"wrong": True}).wrong == ["b"]


# ------------------------------------------------------------------------------------------------------ what is said


def likelihood(x, t, w):
    return -np.sum(np.log(1 + np.exp(-t * (x @ w))))


def climbing(x, t, w):
    for _ in range(2):
        w = w + 0.1 * x.T @ (t / (1 + np.exp(t * (x @ w))))
    return w


def test_climbing_a_likelihood_is_not_accused():
    x, t, w = data((8, 3), (8,), (3,))
    verdict = judged(climbing, likelihood, (x, np.sign(t), w))
    assert verdict.wrong == []
    assert "uphill" in verdict.entries["w"].why


def forward_differs(x, t, w, v):
    for _ in range(2):
        z = x @ w
        h = np.tanh(z)
        y = z @ v
        e = y - t
        gw = x.T @ (np.outer(e, v) * (1 - h * h))
        v = v - 0.1 * h.T @ e
        w = w - 0.1 * gw
    return w, v


def test_the_statement_where_the_forward_passes_part_is_named():
    def loss(x, t, w, v):
        return 0.5 * np.sum((np.tanh(x @ w) @ v - t) ** 2)

    text = str(mg.debug(forward_differs, loss, tuple(data((6, 3), (6,), (3, 4), (4,)))))
    assert text.startswith("CANNOT JUDGE (w, v)")
    assert re.search(r"no gradient was compared: line \d+ is `y = z @ v`; the model has", text)


def test_a_watched_block_is_recorded():
    x, t, w, b = line()
    with mg.watch(square) as watched:
        e = (x @ w + b - t) / len(t)
        gw = x.T @ (e * e)
        gb = e.sum()
    assert not watched.report.ok
    assert [a for a, entry in watched.report.gradients.items() if not entry.ok] == ["w"]
    assert (gw.shape, np.ndim(gb)) == ((3,), 0)


def test_a_gradient_in_the_place_of_a_parameter_is_wrong():
    def train(x, t, w, v):
        for _ in range(3):
            h = np.tanh(x @ w)
            e = h @ v - t
            gw, gv = x.T @ (np.outer(e, v) * (1 - h * h)), h.T @ e
            w -= 0.1 * gw
            v = 0.1 * gv

    def loss(x, t, w, v):
        return 0.5 * np.sum((np.tanh(x @ w) @ v - t) ** 2)

    verdict = judged(train, loss, tuple(data((6, 3), (6,), (3, 4), (4,))))
    assert (verdict.wrong, verdict.right) == (["v"], ["w"])
    assert "takes its place" in verdict.entries["v"].why


def test_two_gradients_with_an_unusual_factor_do_not_outvote_one_without():
    def train(x, t, u, v, w, factor=1.0):
        h = x @ u @ v
        e = h @ w - t
        return factor * x.T @ e @ w.T @ v.T, factor * (x @ u).T @ e @ w.T, h.T @ e

    def loss(x, t, u, v, w):
        return 0.5 * np.sum((x @ u @ v @ w - t) ** 2)

    given = tuple(data((6, 3), (6, 2), (3, 4), (4, 5), (5, 2)))
    assert judged(train, loss, given, {"factor": 3**0.5}).wrong == ["u", "v"]
    assert judged(train, loss, given, {"factor": 6.0}).wrong == ["w"]  # the sum over the samples is a convention


class Words:
    """Targets are zeros that get their one when the parameters of an outer function are known already."""

    def __init__(self, w, v):
        self.w, self.v = w, v

    def learn(self, word, near, wrong):
        label = np.zeros(len(self.w))
        label[word] = 1
        h = self.w[near].mean(0)
        e = 1 / (1 + np.exp(-self.v @ h)) - label
        back = e @ self.v / len(near)
        self.v -= 0.1 * np.outer(e, h)
        if wrong:
            self.w[near] -= 0.1 * back
        else:
            np.subtract.at(self.w, near, 0.1 * back)

    def epoch(self, text, wrong=False):
        for k in range(1, len(text) - 1):
            near = np.array([text[k - 1], text[k + 1]])
            self.learn(text[k], near, wrong)


def logistic(near, label, w, v):
    p = 1 / (1 + np.exp(-(v @ w[near].mean(0))))
    return -np.sum(label * np.log(p) + (1 - label) * np.log(1 - p))


def test_targets_that_are_filled_in_late_are_no_parameters():
    bind = {"w": "self.w", "v": "self.v", "near": "near", "label": "label"}
    words, text = Words(*data((5, 3), (5, 3))), [0, 3, 1, 4, 1, 2, 0]
    assert set(judged(words.epoch, logistic, (text,), bind=bind).right) == {"w", "v"}
    assert judged(words.epoch, logistic, (text, True), bind=bind).wrong == ["w"]


# ---------------------------------------------------------------------------------- parameters that lie in other memory


def layers(x, t, w, b):
    return 0.5 * np.sum((x @ w + b - t) ** 2)


def matrices(x, t, w, b, wrong=False):
    w, b, x, t = np.matrix(w), np.matrix(b), np.matrix(x), np.matrix(t)
    for _ in range(3):
        e = x * w + b - t
        w = w - 0.1 * x.T * e
        b = b - 0.1 * (np.abs(e) if wrong else e).sum(axis=0)
    return w, b


def matrices_on_arrays(x, t, w, b, wrong=False):
    x, t, w, b = map(np.asmatrix, (x, t, w, b))
    for _ in range(3):
        e = x * w + b - t
        w -= 0.1 * x.T * e
        b -= 0.1 * (np.abs(e) if wrong else e).sum(0)


def one_vector(x, t, w, b, wrong=False):
    theta = np.concatenate([w.ravel(), b.ravel()])
    for _ in range(3):
        w, b = theta[: w.size].reshape(w.shape), theta[w.size :].reshape(1, -1)
        e = x @ w + b - t
        theta = theta - 0.1 * np.concatenate([(x.T @ e).ravel(), (np.abs(e) if wrong else e).sum(0)])
    return theta[: w.size].reshape(w.shape), theta[w.size :].reshape(1, -1)


@pytest.mark.parametrize("train", [matrices, matrices_on_arrays, one_vector])
def test_a_parameter_goes_on_in_a_matrix_or_in_one_vector(train):
    given = tuple(data((5, 3), (5, 2), (3, 2), (1, 2)))
    assert set(judged(train, layers, given).right) == {"w", "b"}
    assert judged(train, layers, given, {"wrong": True}).wrong == ["b"]


def newton(x, t, w, b, wrong=False):
    for _ in range(2):
        e = x @ w + b - t
        g = x.T @ (np.abs(e) if wrong else e)
        w = w - 0.5 * np.linalg.solve(x.T @ x + 0.1 * np.eye(3), g)
        b = b - 0.1 * e.sum(0)
    return w, b


def test_a_gradient_that_an_inverse_turns_is_not_accused():
    given = tuple(data((5, 3), (5, 2), (3, 2), (1, 2)))
    verdict = judged(newton, layers, given)
    assert (verdict.wrong, verdict.right) == ([], ["b"])
    assert "inverse" in verdict.entries["w"].why
    assert judged(newton, layers, given, {"wrong": True}).wrong == ["w"]


def rated(r, m, p, q):
    return 0.5 * np.sum(m * (p @ q.T - r) ** 2)


def known_ratings(r, m, p, q):
    for _ in range(2):
        e = m * (p @ q.T - r)
        p, q = p - 0.05 * e @ q, q - 0.05 * e.T @ p
    return p, q


def test_targets_under_a_mask_are_no_parameters():
    r, p, q = data((5, 4), (5, 2), (4, 2))
    report = mg.debug(known_ratings, rated, (r, (r > -0.5) * 1.0, p, q))
    assert report.word == "RIGHT"
    assert not report.verdict.unchecked


def test_momentum_by_the_weights_of_the_step_before_is_not_accused():
    def train(x, t, w, v, rate=0.01, mu=0.9, sign=1):
        w_old, v_old = w.copy(), v.copy()
        for _ in range(4):
            h = np.tanh(x @ w)
            e = h @ v - t
            w_new = w - rate * x.T @ (np.outer(e, v) * (1 - h * h)) + mu * (w - sign * w_old)
            v, v_old = v - rate * h.T @ e + mu * (v - v_old), v
            w, w_old = w_new, w

    def loss(x, t, w, v):
        return 0.5 * np.sum((np.tanh(x @ w) @ v - t) ** 2)

    given = tuple(data((6, 3), (6,), (3, 4), (4,)))
    assert set(judged(train, loss, given).right) == {"w", "v"}
    assert judged(train, loss, given, {"sign": 0}).wrong == ["w"]
