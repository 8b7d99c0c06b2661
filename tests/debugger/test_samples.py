"""Samples in another order, one after the other, alike at the start: the model sees them at once, as they were given."""

import numpy as np

import microgradnp as mg
from microgradnp.debugger import fewer


def rng():
    return np.random.default_rng(8)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def judged(train, loss, args, **options):
    report = mg.debug(train, loss, args, budget=30, **options)
    assert not any("failed while" in note for note in report.notes), report
    return report


def fixed_line(train, loss, args, **options):
    """The line of the fix as it should be."""
    report = judged(train, loss, args, **options)
    assert report.word == "WRONG", report
    assert report.findings, report
    assert report.findings[0].fix is not None, report
    return report.findings[0].fix[2].strip()


# ----------------------------------------------------------------------------------------------------------------- shuffled


def squares(X, Y, W, V):
    return np.sum((np.tanh(X @ W) @ V - Y) ** 2) / 2


def shuffled_rows(X, Y, W, V):
    order = np.random.default_rng(5).permutation(len(X))
    X, Y = X[order], Y[order, :]
    h = np.tanh(X @ W)
    error = h @ V - Y
    dh = error @ V.T * (1 - h)
    W -= 0.1 * X.T @ dh
    V -= 0.1 * h.T @ error


def rows():
    r = rng()
    return [r.normal(size=shape) for shape in ((6, 3), (6, 2), (3, 4), (4, 2))]


def test_rows_that_are_shuffled_are_taken_in_their_order():
    assert fixed_line(shuffled_rows, squares, rows()) in (
        "dh = error @ V.T * (1 - h ** 2)",
        "dh = error @ V.T * (1 - h * h)",
    )


def columns(x, y, w):
    return np.mean((w @ x - y) ** 2)


def shuffled_columns(x, y, w):
    order = np.random.default_rng(3).permutation(x.shape[1])
    x, y = x[:, order], y[:, order]
    error = w @ x + y
    w -= 0.1 * 2 * error @ x.T / error.size


def test_columns_that_are_shuffled_are_taken_in_their_order():
    r = rng()
    line = fixed_line(shuffled_columns, columns, [r.normal(size=shape) for shape in ((3, 5), (2, 5), (2, 3))])
    assert line == "error = w @ x - y"


def leaves_labels_behind(X, Y, W, V):
    X = X[np.random.default_rng(5).permutation(len(X))]
    h = np.tanh(X @ W)
    error = h @ V - Y
    dh = error @ V.T * (1 - h**2)
    W -= 0.1 * X.T @ dh
    V -= 0.1 * h.T @ error


def test_labels_that_stay_behind_are_told():
    """The gradients are those of a loss, but of one whose samples have the labels of others."""
    told = "the samples of X were put into another order, those of Y were not"
    assert any(told in note for note in judged(leaves_labels_behind, squares, rows()).notes)
    assert not any(told in note for note in judged(epochs, squares, rows()).notes)


def epochs(X, Y, W, V):
    shuffler = np.random.default_rng(5)
    for _ in range(3):
        order = shuffler.permutation(len(X))
        x, y = X[order], Y[order]
        h = np.tanh(x @ W)
        error = h @ V - y
        dh = error @ V.T * (1 - h**2)
        W -= 0.1 * x.T @ dh
        V -= 0.1 * h.T @ error


def test_right_code_that_shuffles_is_right():
    assert judged(epochs, squares, rows()).word == "RIGHT"


# ------------------------------------------------------------------------------------------------------------ fewer samples


def batches(X, Y, W, V, size):
    for k in range(len(X) // size):
        x, y = X[k * size : (k + 1) * size], Y[k * size : (k + 1) * size]
        h = np.tanh(x @ W)
        error = h @ V - y
        dh = error @ V * (1 - h**2)
        W -= 0.1 * x.T @ dh
        V -= 0.1 * h.T @ error


def test_a_batch_that_needs_all_samples_keeps_them(monkeypatch):
    """With five of six samples there would be no batch of six, and no step."""
    monkeypatch.setattr(fewer, "SLOW", 0.0)
    r = rng()
    args = [r.normal(size=shape) for shape in ((6, 3), (6, 4), (3, 4), (4, 4))]
    report = judged(batches, squares, [*args, 6])
    assert report.word == "WRONG", report
    assert not any("first 5 of 6" in note for note in report.notes), report
    assert report.findings[0].fix[2].strip() == "dh = error @ V.T * (1 - h**2)"


# ------------------------------------------------------------------------------------------------------ sample after sample


def logistic(X, y, W, b, v):
    """The weights as rows of outputs, as in PyTorch."""
    z = sigmoid(X @ W.T + b) @ v
    return np.sum(np.log(1 + np.exp(z)) - y * z)


def binary():
    r = rng()
    return r.normal(size=(5, 4)), np.array([1, 0, 0, 1, 1]), *(r.normal(size=shape) for shape in ((3, 4), 3, 3))


def sums_outer_products(X, y, W, b, v):
    dW, db, dv = np.zeros_like(W), np.zeros_like(b), np.zeros_like(v)
    for x, t in zip(X, y, strict=True):
        h = sigmoid(W @ x + b)
        error = sigmoid(h @ v) - t
        delta = error * v * h * (1 - h)
        dv += error * h
        db += delta
        dW += np.outer(delta, np.sign(x))
    return dW, db, dv


def test_the_share_of_one_sample_in_a_weight_that_the_model_turns():
    line = fixed_line(sums_outer_products, logistic, binary())
    assert line == "dW += np.outer(delta, x)"


def right_where_the_label_is_zero(X, y, W, b, v):
    dW, db, dv = np.zeros_like(W), np.zeros_like(b), np.zeros_like(v)
    for x, t in zip(X, y, strict=True):
        h = sigmoid(W @ x + b)
        p = sigmoid(h @ v)
        error = p - t
        delta = p * v * h * (1 - h)
        dv += error * h
        db += delta
        dW += np.outer(delta, x)
    return dW, db, dv


def test_a_statement_is_looked_at_where_it_is_wrong():
    line = fixed_line(right_where_the_label_is_zero, logistic, binary())
    assert line == "delta = error * v * h * (1 - h)"


class Momentum:
    """Sums gradients, then moves with velocities that nothing has read before."""

    def __init__(self, W, b, v):
        self.W, self.b, self.v = W, b, v
        self.vW, self.vb, self.vv = np.zeros_like(W), np.zeros_like(b), np.zeros_like(v)

    def train(self, X, y):
        dW, db, dv = np.zeros_like(self.W), np.zeros_like(self.b), np.zeros_like(self.v)
        for x, t in zip(X, y, strict=True):
            h = sigmoid(self.W @ x + self.b)
            error = sigmoid(h @ self.v) - t
            delta = error * self.v * h * (1 - h)
            dv += error * h
            db += error
            dW += np.outer(delta, x)
        self.vW = 0.9 * self.vW + 0.1 * dW
        self.vb = 0.9 * self.vb + 0.1 * db
        self.vv = 0.9 * self.vv + 0.1 * dv
        self.W -= 0.5 * self.vW
        self.b -= 0.5 * self.vb
        self.v -= 0.5 * self.vv


def test_a_velocity_is_remembered_though_it_was_seen_late():
    X, y, *weights = binary()
    assert fixed_line(Momentum(*weights).train, logistic, [X, y]) == "db += delta"


# ------------------------------------------------------------------------------------------------------ alike at the start


def softmax_rows(X, T, W):
    z = X @ W
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(T * z, axis=1))


def reads_another_sample(X, T, W):
    grad = np.zeros_like(W)
    for k in range(len(X)):
        p = np.exp(X[k] @ W)
        error = p / p.sum() - T[k]
        grad += np.outer(X[0], error) / len(X)
    return grad


def test_samples_that_look_alike_at_weights_of_zero():
    args = rng().normal(size=(7, 3)), np.eye(3)[[1, 1, 0, 2, 2, 0, 1]], np.zeros((3, 3))
    line = fixed_line(reads_another_sample, softmax_rows, args)
    assert line == "grad += np.outer(X[k], error) / len(X)"


# ------------------------------------------------------------------------------------------------- values of the user's code


def relu(z, derivative=False):
    if derivative:
        z[z <= 0] = 0
        z[z > 0] = 1
        return z
    return np.maximum(z, 0)


def rectified(X, Y, W, V):
    return np.sum((np.maximum(X @ W, 0) @ V - Y) ** 2) / 2


def writes_into_its_argument(X, Y, W, V):
    z = X @ W
    h = relu(z)
    error = h @ V - Y
    dh = error @ V.T * relu(h * z, True)
    W -= 0.1 * X.T @ (dh * h)
    V -= 0.1 * h.T @ error


def test_a_function_that_writes_into_its_argument():
    line = fixed_line(writes_into_its_argument, rectified, rows())
    assert line == "W -= 0.1 * X.T @ dh"


def logits(X, T, W, V):
    z = np.tanh(X @ W) @ V
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.sum(T * z, axis=1))


def multiplies_by_what_is_left(X, T, W, V):
    h = np.tanh(X @ W)
    p = np.exp(h @ V)
    p = p / p.sum(axis=1, keepdims=True)
    d = np.asarray(p * (1 - T))
    dh = np.multiply(d @ V.T, np.asarray(1 - h**2))
    return X.T @ dh, h.T @ d


def test_the_difference_of_two_values_of_a_statement():
    r = rng()
    args = r.normal(size=(6, 3)), np.eye(2)[[0, 1, 1, 0, 0, 1]], r.normal(size=(3, 4)), r.normal(size=(4, 2))
    assert "p - T" in fixed_line(multiplies_by_what_is_left, logits, args)


# --------------------------------------------------------------------------------------------------- true by chance on few


def decayed(X, Y, W):
    return np.sum((X @ W - Y) ** 2) / (2 * len(X)) + 0.1 * np.sum(W**2)


def forgets_the_penalty(X, Y, W, penalty):
    """With five samples one over their number is the penalty."""
    B = len(X)
    dW = 1.0 / B * X.T @ (X @ W - Y)
    W -= 0.1 * (dW + 0 * penalty)


def test_a_fix_that_is_right_for_five_samples_only_is_none(monkeypatch):
    monkeypatch.setattr(fewer, "SLOW", 0.0)
    r = rng()
    report = judged(forgets_the_penalty, decayed, [*(r.normal(size=shape) for shape in ((6, 3), (6, 2), (3, 2))), 0.2])
    assert report.word == "WRONG", report
    fixes = [finding.fix[2] for finding in report.findings if finding.fix is not None]
    assert not any("1.0 / B * W" in fix or "W / B" in fix for fix in fixes), report


def single(x, y, W):
    return np.sum((W @ x - y) ** 2) / 2


def looks_right_below_one(x, y, W):
    column, targets = np.array(x, ndmin=2).T, np.array(y, ndmin=2).T
    error = targets - W @ column
    W += 0.1 * np.dot(error, np.abs(column - 1).T)


def test_a_fix_holds_for_data_that_are_far_from_those_given():
    """`1 - |x - 1|` is `x` for all the numbers that are given."""
    args = np.array([0.4, -1.3, 0.7, -0.2]), np.array([1.0, -0.5]), rng().normal(size=(2, 4))
    assert "np.abs" not in fixed_line(looks_right_below_one, single, args)
