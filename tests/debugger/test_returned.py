"""Gradients that are only returned or kept: a wrong one is found by its place, and nothing else is taken for a gradient."""

from types import SimpleNamespace

import numpy as np
import pytest
from debugger.test_record_judge import data, judged

import microgradnp as mg
from microgradnp.debugger.judge.common import turns_all
from microgradnp.debugger.judge.judged import Judged


def loss(x, t, W, b, V, c):
    return 0.5 * np.sum((np.tanh(x @ W + b) @ V + c - t) ** 2)


SHAPES = [(4, 3), (4, 2), (3, 3), (3,), (3, 2), (2,)]


def passes(x, t, W, b, V, c):
    """The hidden layer, the error, and the error behind the hidden layer."""
    h = np.tanh(x @ W + b)
    d = h @ V + c - t
    return h, d, (d @ V.T) * (1 - h * h)


def run(train, model=loss, shapes=SHAPES):
    return judged(train, model, tuple(data(*shapes)))


# ------------------------------------------------------------------------------------------------------- wrong gradients


def in_order(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    e = e * h
    return x.T @ e, e.sum(0), h.T @ d, d.sum(0)


def after_the_loss(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    e = e * h
    return 0.5 * np.sum(d * d), [x.T @ e, e.sum(0), h.T @ d, d.sum(0)], h


def from_the_last_layer(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    e = e * h
    return [(h.T @ d, d.sum(0)), (x.T @ e, e.sum(0))]


def in_a_dict(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    e = e * h
    return {"one": x.T @ e, "two": e.sum(0), "three": h.T @ d, "four": d.sum(0)}


@pytest.mark.parametrize("train", [in_order, after_the_loss, from_the_last_layer, in_a_dict], ids=lambda f: f.__name__)
def test_a_wrong_gradient_is_found_by_its_place(train):
    verdict = run(train)
    assert sorted(verdict.wrong) == ["W", "b"]
    assert sorted(verdict.right) == ["V", "c"]
    assert verdict.entries["W"].node is not None
    assert verdict.entries["W"].node.site is not None


def test_all_gradients_may_be_wrong():
    def train(x, t, W, b, V, c):
        h, d, _ = passes(x, t, W, b, V, c)
        d = d * t
        e = (d @ V.T) * (1 - h * h)
        return x.T @ e, e.sum(0), h.T @ d, d.sum(0)

    assert sorted(run(train).wrong) == ["V", "W", "b", "c"]


def test_the_only_gradient_may_be_wrong():
    def train(x, t, theta):
        h = np.tanh(x @ theta.reshape(3, 2))
        return 0.5 * np.sum((h - t) ** 2), (x.T @ ((h - t) * (1 - h))).ravel()

    def model(x, t, theta):
        return 0.5 * np.sum((np.tanh(x @ theta.reshape(3, 2)) - t) ** 2)

    assert run(train, model, [(4, 3), (4, 2), (6,)]).wrong == ["theta"]


def test_a_gradient_with_a_factor_of_its_own_is_wrong():
    def train(x, t, W, b, V, c):
        h, d, e = passes(x, t, W, b, V, c)
        return x.T @ e, e.sum(0), 2 * (h.T @ d), d.sum(0)

    assert run(train).wrong == ["V"]


class Linear:
    def __init__(self, w):
        self.w, self.grad = w, np.zeros_like(w)

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, d):
        self.grad = self.x.T @ d
        return d @ self.w.T


class Net:
    def __init__(self):
        self.first, self.second, self.third = map(Linear, data((3, 3), (3, 3), (3, 3)))

    def train(self, x, t):
        h = np.tanh(self.first.forward(x))
        g = np.tanh(self.second.forward(h))
        e = self.third.backward(self.third.forward(g) - t) * (1 - g)
        self.first.backward(self.second.backward(e) * (1 - h * h))


def test_a_gradient_beside_its_parameter_is_found_by_the_other_layers():
    def model(x, t, U, W, V):
        return 0.5 * np.sum((np.tanh(np.tanh(x @ U) @ W) @ V - t) ** 2)

    bind = {"U": "self.first.w", "W": "self.second.w", "V": "self.third.w"}
    verdict = judged(Net().train, model, tuple(data((4, 3), (4, 3))), bind=bind)
    assert sorted(verdict.wrong) == ["U", "W"]
    assert verdict.right == ["V"]


# ------------------------------------------------------------------------------------------------------- right programs


def mean(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return x.T @ e / len(x), e.sum(0) / len(x), h.T @ d / len(x), d.sum(0) / len(x)


def downhill(x, t, W, b, V, c, rate=0.1):
    h, d, e = passes(x, t, W, b, V, c)
    return -rate * (x.T @ e), -rate * e.sum(0), -rate * (h.T @ d), -rate * d.sum(0)


def turned(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return e.T @ x, e.sum(0), d.T @ h, d.sum(0)


def column(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return x.T @ e, e.sum(0, keepdims=True).T, h.T @ d, d.sum(0, keepdims=True)


def with_a_cache(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return 0.5 * np.sum(d * d), h.T @ d, d.sum(0), (h, d, e, h[0], d[0], e[0])


def with_the_doubled_error(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return 2 * (x.T @ e), 2 * e.sum(0), 2 * (h.T @ d), 2 * d.sum(0), 2 * d


def first_layer_is_frozen(x, t, W, b, V, c):
    h, d, _ = passes(x, t, W, b, V, c)
    return h.T @ d, d.sum(0), h.mean(0), (d * d).mean(0)


def hidden_gradient_beside_the_last_layer(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return h.T @ d, d.sum(0), e, (d @ V.T)[:3]


def clipped(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return [np.clip(g, -0.5, 0.5) for g in (x.T @ e, e.sum(0), h.T @ d, d.sum(0))]


def clipped_first(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return np.clip(x.T @ e, -0.5, 0.5), np.clip(e.sum(0), -0.5, 0.5), h.T @ d, d.sum(0)


def of_length_one(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return [g / np.linalg.norm(g) for g in (x.T @ e, e.sum(0), h.T @ d, d.sum(0))]


def weighted(x, t, W, b, V, c):
    h, d, _ = passes(x, t, W, b, V, c)
    d = d / np.sum(x * x)
    e = (d @ V.T) * (1 - h * h)
    return x.T @ e, e.sum(0), h.T @ d, d.sum(0)


def velocities(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    old = [np.full_like(p, 0.3) + 0.1 * p for p in (W, b, V, c)]
    return [0.9 * v + g for v, g in zip(old, (x.T @ e, e.sum(0), h.T @ d, d.sum(0)), strict=True)]


def second_moments(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return [0.1 * g * g for g in (x.T @ e, e.sum(0), h.T @ d, d.sum(0))]


def decayed(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return x.T @ e + 0.01 * W, e.sum(0), h.T @ d + 0.01 * V, d.sum(0)


def new_parameters(x, t, W, b, V, c, rate=0.1):
    h, d, e = passes(x, t, W, b, V, c)
    return W - rate * (x.T @ e), b - rate * e.sum(0), V - rate * (h.T @ d), c - rate * d.sum(0)


def gradients_and_velocities(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    grads = {"W": x.T @ e, "b": e.sum(0), "V": h.T @ d, "c": d.sum(0)}
    return grads, {k: 0.1 * g * g for k, g in grads.items()}


def statistics_of_the_error(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return np.abs(d).mean(0), d.std(0), (d * d).sum(0), np.abs(e).max(0), h.T @ d


def newton_steps(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    A, B = x.T @ x + np.eye(3), h.T @ h + np.eye(3)
    return np.linalg.solve(A, x.T @ e), np.linalg.solve(A, e.sum(0)), np.linalg.solve(B, h.T @ d), d.sum(0) / np.sum(h)


def per_sample(x, t, W, b, V, c):
    h, d, e = passes(x, t, W, b, V, c)
    return [np.outer(x[k], e[k]) for k in range(len(x))], [np.outer(h[k], d[k]) for k in range(len(x))]


HONEST = [
    mean,
    downhill,
    turned,
    column,
    with_a_cache,
    with_the_doubled_error,
    first_layer_is_frozen,
    hidden_gradient_beside_the_last_layer,
    clipped,
    clipped_first,
    of_length_one,
    weighted,
    velocities,
    second_moments,
    decayed,
    new_parameters,
    gradients_and_velocities,
    statistics_of_the_error,
    newton_steps,
    per_sample,
]


@pytest.mark.parametrize("train", HONEST, ids=lambda f: f.__name__)
def test_what_is_no_wrong_gradient_is_not_accused(train):
    assert run(train).wrong == []


@pytest.mark.parametrize("train", [mean, downhill, turned, column, new_parameters, gradients_and_velocities])
def test_right_gradients_are_called_right(train):
    assert sorted(run(train).right) == ["V", "W", "b", "c"]


def test_two_places_for_two_parameters_are_named_and_not_judged():
    def train(x, t, U, W, V):
        h = np.tanh(x @ U)
        g = np.tanh(h @ W)
        d = g @ V - t
        e = (d @ V.T) * (1 - g * g)
        return {"s": e.T @ e + x.T @ x, "q": g.T @ d, "r": h.T @ (e * e)}

    def model(x, t, U, W, V):
        return 0.5 * np.sum((np.tanh(np.tanh(x @ U) @ W) @ V - t) ** 2)

    verdict = judged(train, model, tuple(data((4, 3), (4, 2), (3, 3), (3, 3), (3, 2))))
    assert verdict.wrong == []
    assert verdict.right == ["V"]
    for argument in ("U", "W"):
        assert "returned value['s'] or returned value['r']" in verdict.entries[argument].why


def test_a_wrong_gradient_in_one_flat_vector_is_reported():
    def train(x, t, theta):
        W, V = theta[:9].reshape(3, 3), theta[9:].reshape(3, 2)
        h = np.tanh(x @ W)
        d = h @ V - t
        e = (d @ V.T) * h
        return 0.5 * np.sum(d * d), np.concatenate([(x.T @ e).ravel(), (h.T @ d).ravel()])

    def model(x, t, W, V):
        return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)

    report = mg.debug(train, model, tuple(data((4, 3), (4, 2), (15,))))
    assert not report.ok
    assert "WRONG" in str(report)


class Matrices:
    def __init__(self):
        self.W, self.V = (np.asmatrix(w) for w in data((3, 3), (2, 3)))

    def train(self, x, t):
        h = np.tanh(self.W * x)
        d = self.V * h - t
        self.first, self.second = np.multiply(self.V.T * d, 1 - np.multiply(h, h)) * x.T, d * h.T


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_matrices_get_fresh_numbers_entry_by_entry():
    def model(x, t, W, V):
        return 0.5 * np.sum((V @ np.tanh(W @ x) - t) ** 2)

    report = mg.debug(Matrices().train, model, [np.asmatrix(a) for a in data((3, 1), (2, 1))])
    assert str(report).startswith("RIGHT")


class MovingMatrices(Matrices):
    def train(self, x, t):
        super().train(x, t)
        self.W = self.W - 0.1 * self.first
        self.V = self.V + 0.1 * self.second


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix_is_judged_by_its_movement_and_not_by_the_gradient_that_is_kept():
    def model(x, t, W, V):
        return 0.5 * np.sum((V @ np.tanh(W @ x) - t) ** 2)

    verdict = judged(MovingMatrices().train, model, [np.asmatrix(a) for a in data((3, 1), (2, 1))])
    assert sorted(verdict.step.after) == ["V", "W"]
    assert verdict.right == ["W"]
    assert verdict.wrong == ["V"]


def without_decay(x, t, W):
    y = x @ W
    dW = x.T @ (y - t)
    return dW  # noqa: RET504


def with_decay(x, t, W):
    y = x @ W
    dW = x.T @ (y - t) + 0.2 * W
    return dW  # noqa: RET504


def test_a_forgotten_weight_decay_is_not_right_because_the_weights_start_as_zeros():
    def model(x, t, W):
        return 0.5 * np.sum((x @ W - t) ** 2) + 0.1 * np.sum(W**2)

    (x, t), W = data((4, 2), (4, 3)), np.zeros((2, 3))
    assert mg.debug(with_decay, model, (x, t, W)).word == "RIGHT"
    report = mg.debug(without_decay, model, (x, t, W))
    assert report.word == "CANNOT JUDGE"
    assert "right for the values given, and another one at other values" in str(report)


def test_whole_numbers_alone_prove_nothing():
    def by_hand(x, t, W):
        y = x @ W
        return x.T @ (y - t) ** 2  # 0 and 1 are their own squares

    def model(x, t, W):
        return 0.5 * np.sum((x @ W - t) ** 2)

    arrays = np.ones((4, 2)), np.zeros((4, 3)), np.eye(2, 3)
    assert mg.debug(by_hand, model, arrays).word == "CANNOT JUDGE"


def test_what_an_object_keeps_elsewhere_is_no_gradient_of_the_data():
    """It has the shape of the data, and all parameters have their gradients in another place."""

    class Keeper:
        pass

    keeper = Keeper()
    keeper.last = Keeper()

    def train(x, t, W, V):
        h = np.tanh(x @ W)
        e = h @ V - t
        d = e @ V.T * (1 - h * h)
        keeper.last.x = np.cos(x * np.sum(e) + np.sum(h))
        return {"W": x.T @ d, "V": h.T @ e}

    def loss(x, t, W, V):
        return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)

    report = mg.debug(train, loss, tuple(data((5, 3), (5, 2), (3, 4), (4, 2))))
    assert report.word == "RIGHT", str(report)


class Gates:
    """Two gates of one shape, kept side by side. The gradient of the data is returned."""

    def __init__(self, P, Q):
        self.P, self.Q = P, Q

    def back(self, x, up):
        p, q = np.tanh(x @ self.P), np.tanh(x @ self.Q)
        dp, dq = up * q * (1 - p * p), up * p * (1 - q * q)
        self.dP = x.T @ dp
        return dp @ self.P.T + dq @ self.Q.T


def test_a_parameter_without_a_gradient_is_no_data_beside_one_that_has_it():
    """With the gradient of the data judged, each weight looks like data of a trained layer."""

    def train(x, up, P, Q):
        gates = Gates(P, Q)
        return gates.back(x, up), gates

    def loss(x, up, P, Q):
        return np.sum(np.tanh(x @ P) * np.tanh(x @ Q) * up)

    arrays = tuple(data((5, 3), (5, 4), (3, 4), (3, 4)))
    report = mg.debug(train, loss, arrays, bind={"P": "gates.P", "Q": "gates.Q"})
    assert report.word != "RIGHT", str(report)
    assert "Q" in {*report.verdict.unchecked, *report.verdict.unjudged, *report.verdict.wrong}


def test_a_fix_does_not_turn_the_only_gradient_round():
    """`y - p` leads to the gradient with the other sign, which is no proof of anything."""

    def train(x, y, w):
        error = 1 / (1 + np.exp(x @ w)) - y
        return x.T @ error

    def loss(x, y, w):
        return np.sum(np.log(1 + np.exp(x @ w)) - y * (x @ w))

    x, w = data((6, 3), (3,))
    report = mg.debug(train, loss, (x, np.array([0.0, 1, 1, 0, 1, 0]), w))
    assert report.word == "WRONG"
    assert (
        report.first_wrong.fix is None
        or "exp(-(x @ w))" in report.first_wrong.fix[2]
        or "exp(-x @ w)" in report.first_wrong.fix[2]
    )


@pytest.mark.parametrize(("known", "factors", "turned"), [([], [-1.0], True), (["V"], [-1.0], False), ([], [1.0, -1.0], False)])
def test_gradients_that_all_have_the_other_sign_are_no_proof(known, factors, turned):
    """Unless some had that sign before the edit: then it is what the program means."""
    entries = {str(k): Judged(str(k), "right", "returned", factor) for k, factor in enumerate(factors)}
    assert turns_all(SimpleNamespace(right=known), SimpleNamespace(entries=entries)) == turned


# ---------------------------------------------------------------------------------- layers that are given their gradient


def behind(x, delta, W, b, V):
    """A layer, as a loss: the sum of what comes out times the gradient that is given."""
    return np.sum(delta * (np.tanh(x @ W + b) @ V))


BEHIND = [(4, 3), (4, 2), (3, 5), (5,), (5, 2)]


class Gate:
    """Keeps its gradients in a dict, and returns that of its input. None of them reads what comes out."""

    def __init__(self, W, b, V, slope):
        self.W, self.b, self.V, self.slope, self.found = W, b, V, slope, {}

    def run(self, x):
        self.x, self.h = x, np.tanh(x @ self.W + self.b)
        self.out = self.h @ self.V
        return self.out

    def back(self, delta):
        e = (delta @ self.V.T) * self.slope(self.h)
        self.found["V"] = self.h.T @ delta
        self.found["W"], self.found["b"] = self.x.T @ e, e.sum(0)
        return e @ self.W.T


def through_a_gate(slope, x, delta, W, b, V):
    gate = Gate(W, b, V, slope)
    gate.run(x)
    return gate.back(delta), gate.found


def told(train, model=behind, shapes=BEHIND):
    """Which gradients the whole debugger calls right and wrong."""
    report = mg.debug(train, model, tuple(data(*shapes)))
    return report.word, sorted(a for a, e in report.verdict.entries.items() if not e.ok)


def test_the_backward_pass_may_begin_with_a_gradient_that_is_given():
    def train(x, delta, W, b, V):
        return through_a_gate(lambda h: 1 - h * h, x, delta, W, b, V)

    verdict = run(train, behind, BEHIND)
    assert sorted(verdict.right) == ["V", "W", "b", "x"]
    assert "delta" not in verdict.entries
    assert told(train) == ("RIGHT", [])


def test_what_comes_out_is_no_gradient_of_the_one_that_is_given():
    """Each gradient is half of the model's: only the value that comes out is not."""

    def train(x, delta, W, b, V):
        return through_a_gate(lambda h: 1 - h * h, x, delta / 2, W, b, V)

    assert told(train) == ("RIGHT", [])


def test_a_wrong_gradient_of_a_layer_is_found():
    def train(x, delta, W, b, V):
        return through_a_gate(lambda h: 1 - h, x, delta, W, b, V)

    verdict = run(train, behind, BEHIND)
    assert sorted(verdict.wrong) == ["W", "b", "x"]
    assert verdict.right == ["V"]


def test_a_layer_that_returns_no_gradient_of_its_input_is_right():
    def train(x, delta, W, b, V):
        h = np.tanh(x @ W + b)
        e = (delta @ V.T) * (1 - h * h)
        return h @ V, {"W": x.T @ e, "b": e.sum(0), "V": h.T @ delta}

    assert told(train) == ("RIGHT", [])


def test_a_cell_of_two_ways_gets_the_gradients_of_both():
    """Two arguments are given: one for the state, one for what is remembered."""

    def train(x, ds, dm, W, V):
        g, m = np.tanh(x @ W), x @ V
        s = g * m
        dg, dv = ds * m, ds * g + dm
        return s, (x.T @ (dg * (1 - g * g)), x.T @ dv)

    def model(x, ds, dm, W, V):
        g, m = np.tanh(x @ W), x @ V
        return np.sum(ds * g * m) + np.sum(dm * m)

    def forgets_one(x, ds, dm, W, V):
        g, m = np.tanh(x @ W), x @ V
        s = g * m
        return s, (x.T @ (ds * m * (1 - g * g)), x.T @ (ds * g))

    shapes = [(4, 3), (4, 2), (4, 2), (3, 2), (3, 2)]
    assert told(train, model, shapes) == ("RIGHT", [])
    assert told(forgets_one, model, shapes) == ("WRONG", ["V"])


def test_targets_are_no_gradient_that_is_given():
    """The only thing in the shape of `V` is made of the targets: it is no wrong gradient of it."""

    def train(x, t, W, V):
        h = np.tanh(x @ W)
        d = h @ V - t
        return x.T @ ((d @ V.T) * (1 - h * h)), np.cos(t)[:3]

    def model(x, t, W, V):
        return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)

    assert run(train, model, [(4, 3), (4, 2), (3, 3), (3, 2)]).wrong == []


def test_a_gradient_that_forgets_the_given_one_is_found():
    """It reads nothing of what comes out, nor of the gradient that is given."""

    def train(x, delta, W, b, V):
        h = np.tanh(x @ W + b)
        e = 1 - h * h
        return h @ V, {"V": h.T @ delta, "W": x.T @ e, "b": e.sum(0)}

    assert told(train) == ("WRONG", ["W", "b"])


def test_a_norm_of_weights_is_no_gradient_that_forgets_the_given_one():
    def train(x, delta, W, b, V):
        h = np.tanh(x @ W + b)
        e = (delta @ V.T) * (1 - h * h)
        return {"V": h.T @ delta, "W": x.T @ e, "size": np.abs(W).sum(0)}

    assert run(train, behind, BEHIND).wrong == []


def test_the_only_array_that_a_layer_returns_is_the_gradient_of_its_input():
    class Hasty(Gate):
        def back(self, delta):
            super().back(delta)
            return (delta @ self.V.T) @ self.W.T

    def train(gate, x, delta):
        gate.run(x)
        return gate.back(delta)

    x, delta, *parameters = data(*BEHIND)
    gate = Hasty(*parameters, lambda h: 1 - h * h)
    report = mg.debug(train, behind, (gate, x, delta), bind={name: f"gate.{name}" for name in "WbV"})
    assert report.word == "WRONG"
    assert [a for a, e in report.verdict.entries.items() if not e.ok] == ["x"]


class Unit:
    """Another layer, with one parameter; its gradient may look at the wrong rows."""

    def __init__(self, kernel, shift=0):
        self.kernel, self.shift, self.slope = kernel, shift, np.zeros_like(kernel)

    def run(self, x):
        self.x, self.s = x, np.sin(x @ self.kernel)
        return self.s

    def back(self, delta):
        d = delta * np.cos(self.x @ self.kernel)
        self.slope += np.roll(self.x, self.shift, 0).T @ d
        return d @ self.kernel.T


def unit_loss(x, delta, K):
    return np.sum(delta * np.sin(x @ K))


def step_of_a_unit(unit, x, delta):
    unit.run(x)
    return unit.back(delta)


@pytest.mark.parametrize(("shift", "wrong"), [(0, []), (1, ["K"])])
def test_the_input_does_not_stand_for_the_parameter_that_it_is_multiplied_with(shift, wrong):
    """`x @ K` does not say which of both is data: that the gradient of `x` is right says nothing of `K`."""
    x, delta, kernel = data((5, 3), (5, 4), (3, 4))
    report = mg.debug(step_of_a_unit, unit_loss, (Unit(kernel, shift), x, delta), bind={"K": "unit.kernel"})
    assert report.word == ("WRONG" if wrong else "RIGHT")
    assert [a for a, e in report.verdict.entries.items() if not e.ok] == wrong


def test_a_wrong_gradient_that_is_kept_nowhere_leaves_the_parameter_open():
    class Silent(Unit):
        def back(self, delta):
            return (delta * np.cos(self.x @ self.kernel)) @ self.kernel.T

    x, delta, kernel = data((5, 3), (5, 4), (3, 4))
    report = mg.debug(step_of_a_unit, unit_loss, (Silent(kernel), x, delta), bind={"K": "unit.kernel"})
    assert report.word == "NOT CHECKED"


class Affine:
    """A layer that keeps its gradients in a dict under other names."""

    def __init__(self, m, v):
        self.m, self.v, self.slopes = m, v, {}

    def run(self, x):
        self.x = x
        return x @ self.m + self.v

    def back(self, d):
        self.slopes["matrix"], self.slopes["vector"] = self.x.T @ d, d.sum(0)
        return d @ self.m.T


class Tower:
    def __init__(self, slope):
        made = data((3, 3), (3,), (3, 3), (3,), (3, 3), (3,))
        self.first, self.second, self.third = map(Affine, made[::2], made[1::2])
        self.slope = slope

    def train(self, x, t):
        h = np.tanh(self.first.run(x))
        g = np.tanh(self.second.run(h))
        e = self.third.back(self.third.run(g) - t) * self.slope(g)
        self.first.back(self.second.back(e) * (1 - h * h))


def tower_loss(x, t, A, a, B, b, C, c):
    h = np.tanh(np.tanh(x @ A + a) @ B + b) @ C + c
    return 0.5 * np.sum((h - t) ** 2)


TOWER = {
    **{name: f"self.{layer}.m" for name, layer in zip("ABC", ("first", "second", "third"), strict=True)},
    **{name: f"self.{layer}.v" for name, layer in zip("abc", ("first", "second", "third"), strict=True)},
}


def test_a_layer_keeps_its_gradients_where_another_one_does():
    verdict = judged(Tower(lambda g: 1 - g).train, tower_loss, tuple(data((4, 3), (4, 3))), bind=TOWER)
    assert sorted(verdict.wrong) == ["A", "B", "a", "b"]
    assert verdict.entries["B"].place == "self.second.slopes['matrix']"
    assert verdict.entries["a"].place == "self.first.slopes['vector']"


def test_right_layers_stay_right():
    verdict = judged(Tower(lambda g: 1 - g * g).train, tower_loss, tuple(data((4, 3), (4, 3))), bind=TOWER)
    assert sorted(verdict.right) == ["A", "B", "C", "a", "b", "c"]


class Two:
    """Two arms whose gradients all are wrong: each arm keeps its own."""

    def __init__(self):
        u, w, p, q = data((3, 4), (3, 4), (3, 4), (3, 4))
        self.left, self.right = Arm(u, w), Arm(p, q)

    def train(self, x, t):
        d = self.left.run(x) + self.right.run(x) - t
        self.left.back(d * t)
        self.right.back(d * t)


class Arm:
    def __init__(self, u, w):
        self.u, self.w = u, w

    def run(self, x):
        self.x, self.a, self.b = x, np.tanh(x @ self.u), np.sin(x @ self.w)
        return self.a * self.b

    def back(self, d):
        self.gu = self.x.T @ (d * self.b * (1 - self.a**2))
        self.gw = self.x.T @ (d * self.a * np.cos(self.x @ self.w))


def test_all_gradients_of_two_objects_may_be_wrong():
    def model(x, t, u, w, p, q):
        return 0.5 * np.sum((np.tanh(x @ u) * np.sin(x @ w) + np.tanh(x @ p) * np.sin(x @ q) - t) ** 2)

    bind = {"u": "self.left.u", "w": "self.left.w", "p": "self.right.u", "q": "self.right.w"}
    verdict = judged(Two().train, model, tuple(data((5, 3), (5, 4))), bind=bind)
    assert sorted(verdict.wrong) == ["p", "q", "u", "w"]
    assert verdict.entries["q"].place == "self.right.gw"


def test_a_gradient_with_an_epsilon_agrees_to_some_digits():
    def train(x, t, W, V):
        h = np.tanh(x @ W)
        d = (h @ V - t) / (1 + 1e-8 * np.abs(t))
        return x.T @ ((d @ V.T) * (1 - h * h)), h.T @ d

    def model(x, t, W, V):
        return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)

    report = mg.debug(train, model, tuple(data((4, 3), (4, 2), (3, 4), (4, 2))))
    assert report.word.startswith("AGREES TO")


def limited(xs, ts, W, V, most, missing):
    """A sum over time that is limited after each step."""
    dW, dV = np.zeros_like(W), np.zeros_like(V)
    for x, t in zip(xs, ts, strict=True):
        h = np.tanh(x @ W)
        e = h @ V - t
        dV += h.T @ e
        dW += x.T @ (e @ V.T * (1 if missing else 1 - h**2))
        for gradient in (dW, dV):
            np.clip(gradient, -most, most, out=gradient)
    return {"dW": dW, "dV": dV}


def sum_over_time(xs, ts, W, V):
    return 0.5 * sum(np.sum((np.tanh(x @ W) @ V - t) ** 2) for x, t in zip(xs, ts, strict=True))


@pytest.mark.parametrize(("most", "missing", "word"), [(1e3, False, "RIGHT"), (1e3, True, "WRONG")])
def test_what_is_limited_and_returned_counts_once(most, missing, word):
    """The array before `np.clip` has the shape of the gradient as well, and it is no other place for it."""

    def train(xs, ts, W, V):
        return limited(xs, ts, W, V, most, missing)

    xs, ts, W, V = data((3, 5, 3), (3, 5, 2), (3, 4), (4, 2))
    report = mg.debug(train, sum_over_time, (xs, ts, W, V), budget=30)
    assert report.word == word, str(report)
    assert report.verdict.wrong == (["W"] if missing else [])


@pytest.mark.parametrize("most", [0.5, 2.0])
def test_what_was_cut_on_the_way_is_not_accused(most):
    """A right program that limits its gradients after each step returns no multiple of the model's."""

    def train(xs, ts, W, V):
        return limited(xs, ts, W, V, most, False)

    xs, ts, W, V = data((3, 5, 3), (3, 5, 2), (3, 4), (4, 2))
    assert np.max(np.abs(train(xs, ts, W, V)["dW"])) == most
    assert mg.debug(train, sum_over_time, (xs, ts, W, V), budget=30).word not in ("RIGHT", "WRONG")


def test_an_initial_state_has_the_shape_of_a_bias_and_no_place():
    """The returned array of that shape is the bias's gradient, though a wrong one. The fix is judged as the right program is."""

    def loss(xs, ts, h0, W, U, b):
        h, total = h0, 0.0
        for x, t in zip(xs, ts, strict=True):
            h = np.tanh(W @ x + U @ h + b)
            total = total + 0.5 * np.sum((h - t) ** 2)
        return total

    def back(xs, ts, h0, W, U, b, slope):
        hs = [h0]
        for x in xs:
            hs.append(np.tanh(W @ x + U @ hs[-1] + b))
        dW, dU, db, later = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(h0)
        for k in range(len(xs) - 1, -1, -1):
            d = (hs[k + 1] - ts[k] + later) * slope(hs[k + 1])
            dW, dU, db, later = dW + np.outer(d, xs[k]), dU + np.outer(d, hs[k]), db + d, U.T @ d
        return {"dW": dW, "dU": dU, "db": db}

    def right(xs, ts, h0, W, U, b):
        return back(xs, ts, h0, W, U, b, lambda h: 1 - h**2)

    def wrong(xs, ts, h0, W, U, b):
        return back(xs, ts, h0, W, U, b, lambda h: 1 - h)

    arrays = data((4, 2), (4, 3), (3,), (3, 2), (3, 3), (3,))
    assert mg.debug(right, loss, arrays, budget=30).word == "RIGHT"
    report = mg.debug(wrong, loss, arrays, budget=30)
    assert report.verdict.wrong == ["W", "U", "b"], str(report)
    assert not report.verdict.unchecked, str(report)
    assert not report.verdict.unjudged, str(report)
