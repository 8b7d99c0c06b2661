"""Samples in another order, one after the other, alike at the start: the model sees them at once, as they were given."""

import ast
import time

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger import fewer
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.derive.candidate import Candidate
from microgradnp.debugger.derive.fix import derive
from microgradnp.debugger.derive.locate import locate
from microgradnp.debugger.derive.quantities import quantities
from microgradnp.debugger.derive.scene import Question, scene_of
from microgradnp.debugger.derive.scene import judged as recorded
from microgradnp.debugger.derive.turn import is_change
from microgradnp.debugger.judge.settle import largest_of
from microgradnp.debugger.match.references import evaluate, model_arguments
from microgradnp.debugger.optimizer.kept import remembering
from microgradnp.debugger.record.world import World
from microgradnp.debugger.repair.edits import Edit


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


def asked(train, loss, args):
    arguments, optional = model_arguments(loss)
    return Question(World(train, tuple(args), {}), loss, Wanted(arguments, optional, {}))


def runs(train, loss, args):
    """How many edited programs ran before one was right: few, where the record tells which edits mend it."""
    fix = derive(asked(train, loss, args), time.thread_time() + 60)
    assert fix.complete
    return fix.tried


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


def fitted(inputs, targets, W, V, *, together):
    order = np.random.default_rng(3).permutation(len(inputs))
    inputs, targets = inputs[order], targets[order] if together else targets
    h = np.tanh(inputs @ W)
    error = h @ V - targets
    dh = error @ V.T * (1 - h**2)
    W -= 0.1 * inputs.T @ dh
    V -= 0.1 * h.T @ error


def calls_what_shuffles(X, Y, W, V):
    fitted(X, Y, W, V, together=True)


def calls_what_shuffles_one(X, Y, W, V):
    fitted(X, Y, W, V, together=False)


def test_the_model_sees_the_samples_in_the_order_of_the_program():
    X, Y, W, V = rows()
    step = scene_of(asked(calls_what_shuffles, squares, (X, Y, W, V))).verdict.step
    order = np.random.default_rng(3).permutation(len(X))
    assert np.array_equal(step.evaluation.values["X"], X[order])
    assert np.array_equal(step.evaluation.values["Y"], Y[order])


def test_samples_that_are_shuffled_alone_stay_as_they_were_given():
    assert judged(calls_what_shuffles_one, squares, rows()).word == "WRONG"


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
    first, second = (dict(zip(("X", "y", "W", "b", "v"), binary(), strict=True)) for _ in range(2))
    second["W"] = second["W"] + 0.1
    known = list(quantities(evaluate(logistic, first), evaluate(logistic, second)))
    gradient = evaluate(logistic, first).gradients["W"]
    shares = [q.pair[0] for q in known if q.kind == "share" and q.argument == "W" and q.text.startswith("sample")]
    assert len(shares) == 5
    assert np.allclose(sum(shares), gradient)


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
    X, y, W, b, v = binary()
    h = sigmoid(X @ W.T + b)
    right = (sigmoid(h @ v) - y)[:, None] * v * h * (1 - h)
    suspects = locate(scene_of(asked(right_where_the_label_is_zero, logistic, binary()))).suspects
    [suspect] = [s for s in suspects if s.statement.text.startswith("delta = ")]
    assert not any(np.allclose(suspect.node.value, row) for row in right)
    assert runs(right_where_the_label_is_zero, logistic, binary()) <= 2
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
    assert remembering(recorded(asked(Momentum(*weights).train, logistic, (X, y)), {})) == {"W", "b", "v"}
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
    first, second = ({"X": args[0], "T": args[1], "W": args[2] + c} for c in (0.0, rng().normal(size=(3, 3))))
    known = list(quantities(evaluate(softmax_rows, first), evaluate(softmax_rows, second)))
    found = {q.pair[1].tobytes() for q in known if q.kind == "row" and q.text.startswith("dL/dz") and q.pair[1].shape == (3,)}
    assert len(found) >= 7  # though samples with the same label have one row of dL/dz while the weights are zero
    line = fixed_line(reads_another_sample, softmax_rows, args)
    assert line == "grad += np.outer(X[k], error) / len(X)"


# ------------------------------------------------------------------------------------------------- values of the user's code


def softplus(z):
    return np.log(1 + np.exp(z))


def slope_in_place(z):
    z *= -1
    np.exp(z, out=z)
    z += 1
    return 1 / z


def bent(X, Y, W, V):
    return np.sum((np.log(1 + np.exp(X @ W)) @ V - Y) ** 2) / 2


def writes_into_its_argument(X, Y, W, V):
    z = X @ W
    h = softplus(z)
    error = h @ V - Y
    back = error @ V.T
    V -= 0.1 * h.T @ error
    W -= 0.1 * X.T @ (back * slope_in_place(h))


def test_a_function_that_writes_into_its_argument():
    assert runs(writes_into_its_argument, bent, rows()) <= 2
    assert fixed_line(writes_into_its_argument, bent, rows()) == "W -= 0.1 * X.T @ (back * slope_in_place(z))"


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
    assert runs(multiplies_by_what_is_left, logits, args) <= 2
    assert "p - T" in fixed_line(multiplies_by_what_is_left, logits, args)


# --------------------------------------------------------------------------------------------------- true by chance on few


def decayed(X, Y, W):
    return np.sum((X @ W - Y) ** 2) / (2 * len(X)) + 0.1 * np.sum(W**2)


def forgets_the_penalty(X, Y, W):
    """With five samples one over their number is twice the factor of the penalty."""
    B = len(X)
    dW = (1.0 / B) * np.dot(X.T, X @ W - Y)
    W -= 0.1 * dW


def test_a_fix_that_is_right_for_five_samples_only_is_none(monkeypatch):
    monkeypatch.setattr(fewer, "SLOW", 0.0)
    r = rng()
    report = judged(forgets_the_penalty, decayed, [r.normal(size=shape) for shape in ((6, 3), (6, 2), (3, 2))])
    assert report.word == "WRONG", report
    fixes = [finding.fix[2] for finding in report.findings if finding.fix is not None]
    assert not fixes, report


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


# ------------------------------------------------------------------------------------------------------ beside right values


def offsets(x, y, W, c, V, b):
    return np.sum((V @ np.tanh(W @ x + c) + b - y) ** 2) / 2


def multiplies_by_the_first_row(x, y, W, c, V, b):
    """The first row of x holds ones, so the first layer's offset is right by accident."""
    h = np.tanh(W @ x + c)
    d = V @ h + b - y
    e = V.T @ d * (1 - h * h)
    return e @ x.T, np.sum(e * x[:1] ** 2, axis=1, keepdims=True), d @ h.T, np.sum(d * h[:1] ** 2, axis=1, keepdims=True)


def test_what_is_wrong_without_the_edit_on_other_inputs_is_not_asked_of_it():
    r = rng()
    x, y, W, c, V, b = (r.normal(size=shape) for shape in ((3, 7), (2, 7), (4, 3), (4, 1), (2, 4), (2, 1)))
    x[0] = 1.0
    fix = derive(asked(multiplies_by_the_first_row, offsets, (x, y, W, c, V, b)), time.thread_time() + 60)
    assert fix.complete
    assert all("d * h[:1]" in mended.old for mended in fix.changes)


def classes(X, Y, W, b, lam):
    z = X @ W + b
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(Y * z, axis=1)) + lam * np.sum(W**2)


def turned_error(X, Y, W, b, lam):
    p = np.exp(X @ W + b)
    p = p / p.sum(axis=1, keepdims=True)
    error = (Y - p) / len(X)
    dW = X.T @ error
    db = error.sum(axis=0)
    dW = dW + 2 * lam * W
    return dW, db


def test_the_sign_of_a_term_is_open_where_all_gradients_are_turned():
    r = rng()
    args = r.normal(size=(6, 3)), np.eye(2)[[0, 1, 1, 0, 1, 0]], r.normal(size=(3, 2)), r.normal(size=2), 0.3
    report = judged(turned_error, classes, args)
    assert report.word == "WRONG", report
    [found] = report.findings
    assert (found.certainty == "relative") == ("lam * W" in found.fix[2]), report


def channels(x, y, w):
    return np.sum((np.tensordot(w, np.tanh(x), 1) - y) ** 2) / 2


def reads_the_first_channel(x, y, w):
    h = np.tanh(x)
    d = np.tensordot(w, h, 1) - y
    grad = np.zeros_like(w)
    for c in range(len(w)):
        channel = h[0]
        grad[c] = np.sum(d * channel)
    return grad


def test_a_value_of_the_forward_pass_that_is_read_behind_it_may_be_another():
    r = rng()
    assert runs(reads_the_first_channel, channels, [r.normal(size=shape) for shape in ((3, 5), 5, 3)]) <= 2


def pair(E, C, k, j, m):
    return np.log(1 + np.exp(-E[k] @ C[j])) + np.log(1 + np.exp(E[k] @ C[m]))


def sets_the_row(E, C, k, j, m):
    v, c, n = E[k].copy(), C[j].copy(), C[m].copy()
    near, far = sigmoid(v @ c) - 1, sigmoid(v @ n)
    E[k] = -0.1 * near * c
    E[k] -= 0.1 * far * n
    C[j] -= 0.1 * near * v
    C[m] -= 0.1 * far * v


def test_a_row_that_is_set_and_should_move():
    r = rng()
    args = r.normal(size=(4, 3)), r.normal(size=(5, 3)), 2, 1, 3
    assert runs(sets_the_row, pair, args) <= 2


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_has_a_largest_entry():
    assert largest_of(np.asmatrix([[1.0, -3.0]])) == 3.0
    assert largest_of(np.zeros((0, 2))) == 0.0


def test_a_text_that_is_no_program_changes_nothing():
    node = ast.parse("lambda x: x", mode="eval").body
    edit = Edit(1.2, "sign", 1, "", "", None, "value", None, node, "-lambda x: x")
    assert edit.replacement is node
    assert not is_change(Candidate(1.2, edit, None, None))
