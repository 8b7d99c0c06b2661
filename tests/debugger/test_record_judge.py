"""Verdicts from a record: right programs are never accused, wrong gradients never acquitted. Names play no role."""

import re
from pathlib import Path

import numpy as np
import pytest
from debugger import programs

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.judge.recorded import judge_record
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.record.record import record

HERE = Path(__file__).parent
SPLITS = ("dev", "hidden", "wide", "unseen", "right_only", "held_out")
RIGHT = [HERE / "programs" / split / f"{name}.py" for split in SPLITS for name in programs.names(split)]
WRONG = [path for folder in ("bugs", "bugs_held_out") for path in sorted((HERE / folder).glob("*.py"))]
FORWARD = {"softmax_over_the_batch"}  # its forward pass is wrong


def judged(train, loss, args=(), kwargs=None, bind=None, number=0, most=20_000):
    arguments, optional = model_arguments(loss)
    made = record(train, args, kwargs, most=most, wanted=Wanted(arguments, optional, bind or {}))
    return judge_record(made, loss, arguments, optional, number)


def of_file(path, seed):
    module = programs.load("judge", path.stem, path)
    args, kwargs = module.make(np.random.default_rng(seed))
    return module, judged(module.train, module.loss, args, kwargs, getattr(module, "BIND", {}))


@pytest.mark.parametrize("path", RIGHT, ids=[path.stem for path in RIGHT])
def test_right_programs_are_not_accused(path):
    _, verdict = of_file(path, 11)
    assert verdict.wrong == []
    assert verdict.right


@pytest.mark.parametrize("path", WRONG, ids=[path.stem for path in WRONG])
def test_wrong_gradients_are_not_acquitted(path):
    module, verdict = of_file(path, 1)
    assert verdict.wrong
    if path.stem not in FORWARD:
        assert set(verdict.wrong) == module.TRUTH["wrong"]


# ------------------------------------------------------------------------------------------------------- small programs


def data(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in shapes]


def loss(x, t, W, V):
    return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)


def gradients(x, t, W, V):
    h = np.tanh(x @ W)
    d = h @ V - t
    return x.T @ ((d @ V.T) * (1 - h * h)), h.T @ d


SMALL = [(6, 3), (6, 3), (3, 3), (3, 3)]


def plain(x, t, W, V, rate=0.1):
    for _ in range(3):
        a, b = gradients(x, t, W, V)
        W -= rate * a
        V -= rate * b


def uphill(x, t, W, V, rate=0.1):
    a, b = gradients(x, t, W, V)
    W += rate * a
    V += rate * b


def transposed(x, t, W, V, rate=0.1):
    a, b = gradients(x, t, W, V)
    W -= rate * a.T
    V -= rate * b


def doubled(x, t, W, V, rate=0.1):
    a, b = gradients(x, t, W, V)
    a = 2 * a
    W -= rate * a
    V -= rate * b


def own_rate(x, t, W, V, rate=0.1, slow=0.03):
    a, b = gradients(x, t, W, V)
    W -= slow * a
    V -= rate * b


def momentum(x, t, W, V, rate=0.1):
    v, w = np.zeros_like(W), np.zeros_like(V)
    for _ in range(3):
        a, b = gradients(x, t, W, V)
        v, w = 0.9 * v - rate * a, 0.9 * w - rate * b
        W, V = W + v, V + w
    return W, V


def never_forgets(x, t, W, V, rate=0.1):
    v, w = np.zeros_like(W), np.zeros_like(V)
    for _ in range(3):
        a, b = gradients(x, t, W, V)
        v, w = v + a, w + b
        W, V = W - rate * v, V - rate * w
    return W, V


def adam(x, t, W, V, rate=0.1):
    m, s = {"W": 0.0, "V": 0.0}, {"W": 0.0, "V": 0.0}
    p = {"W": W, "V": V}
    for k in range(1, 4):
        grads = dict(zip("WV", gradients(x, t, p["W"], p["V"]), strict=True))
        for name, g in grads.items():
            m[name] = 0.9 * m[name] + 0.1 * g
            s[name] = 0.99 * s[name] + 0.01 * g * g
            p[name] = p[name] - rate * (m[name] / (1 - 0.9**k)) / (np.sqrt(s[name] / (1 - 0.99**k)) + 1e-8)
    return p


def adam_wrong(x, t, W, V, rate=0.1):
    p, s = {"W": W, "V": V}, {"W": 0.0, "V": 0.0}
    a, b = gradients(x, t, p["W"], p["V"])
    for name, g in {"W": a * 2 + x.T @ t, "V": b}.items():
        s[name] = s[name] + g * g
        p[name] = p[name] - rate * g / np.sqrt(s[name] + 1e-8)
    return p


def clipped(x, t, W, V, rate=0.1):
    a, b = gradients(x, t, W, V)
    norm = np.sqrt(np.sum(a * a) + np.sum(b * b))
    W -= rate * a * min(1.0, 1.0 / norm)
    V -= rate * b * min(1.0, 1.0 / norm)


def decayed(x, t, W, V, rate=0.1):
    a, b = gradients(x, t, W, V)
    W -= rate * (a + 0.01 * W)
    V *= 0.999
    V -= rate * b


def decayed_without_a_coefficient(x, t, W, V, rate=0.1):
    a, b = gradients(x, t, W, V)
    W -= rate * (a + W)
    V -= rate * b


def decay_that_grows(x, t, W, V, rate=0.1):
    a, b = gradients(x, t, W, V)
    W -= rate * (a - 0.01 * W)
    V -= rate * b


def decayed_by_another(x, t, W, V, rate=0.1):
    a, b = gradients(x, t, W, V)
    W -= rate * (a + 0.01 * V)
    V -= rate * b


def forward_differs(x, t, W, V, rate=0.1):
    h = np.tanh(2 * x @ W)
    d = h @ V - t
    W -= rate * x.T @ ((d @ V.T) * (1 - h * h))
    V -= rate * h.T @ d


def returned(x, t, W, V):
    a, b = gradients(x, t, W, V)
    return {"first": a, "second": b, "loss": loss(x, t, W, V)}


def returned_wrong(x, t, W, V):
    a, b = gradients(x, t, W, V)
    return {"dW": a * (x.T @ t), "dV": b}


def not_applied(x, t, W, V, rate=0.1):
    a, b = gradients(x, t, W, V)
    dx = ((np.tanh(x @ W) @ V - t) @ V.T) @ W.T
    W -= rate * a
    V -= rate * b
    return dx


@pytest.mark.parametrize(
    "train", [plain, own_rate, momentum, adam, clipped, decayed, returned, not_applied], ids=lambda f: f.__name__
)
def test_right(train):
    verdict = judged(train, loss, tuple(data(*SMALL)))
    assert sorted(verdict.right) == ["V", "W"]
    assert verdict.wrong == []


@pytest.mark.parametrize(
    ("train", "wrong", "why"),
    [
        (uphill, ["W", "V"], "uphill"),
        (transposed, ["W"], ""),
        (doubled, ["W"], "times the others"),
        (decayed_without_a_coefficient, ["W"], ""),
        (decay_that_grows, ["W"], ""),
        (decayed_by_another, ["W"], ""),
        (never_forgets, ["W", "V"], "the step before is still in it"),
        (adam_wrong, ["W"], ""),
        (returned_wrong, ["W"], ""),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_wrong(train, wrong, why):
    verdict = judged(train, loss, tuple(data(*SMALL)))
    assert sorted(verdict.wrong) == sorted(wrong)
    assert all(why in verdict.entries[argument].why for argument in wrong)


def test_another_forward_pass_is_no_proof():
    verdict = judged(forward_differs, loss, tuple(data(*SMALL)))
    assert verdict.wrong == verdict.right == []
    assert all(entry.why == "no value of your forward pass is what the model computes" for entry in verdict.entries.values())


def by_elements(x, y, W):
    """One right step, in loops over the elements."""
    total = np.zeros_like(W)
    for i in range(len(x)):
        for j in range(W.shape[1]):
            error = -y[i, j]
            for m in range(W.shape[0]):
                error += x[i, m] * W[m, j]
            for k in range(W.shape[0]):
                total[k, j] += x[i, k] * error
    W -= 0.1 * total


def squares(x, y, W):
    return 0.5 * np.sum((x @ W - y) ** 2)


@pytest.mark.parametrize("most", [100, 250, 400])
def test_a_record_that_ends_within_the_step_says_so_and_blames_no_forward_pass(most):
    problem = data((10, 3), (10, 2), (3, 2))
    assert judged(by_elements, squares, problem).right == ["W"]
    verdict = judged(by_elements, squares, problem, most=most)
    assert verdict.parting == ""
    assert verdict.wrong == verdict.right == []
    assert all(entry.why.startswith("the recording ended") for entry in verdict.entries.values())


def cached(x, h, d):
    back = np.outer(d, MODEL["V"])
    back[h <= 0] = 0
    return {"W": back.T @ x, "V": h.T @ d}


MODEL = {"W": data((5, 6))[0], "V": data((5,))[0]}


def cached_loss(x, d, W, V):
    return np.sum((np.maximum(x @ W.T, 0) @ V) * d)


def test_activations_that_the_caller_computed_are_computed_again():
    x, d = data((7, 6), (7,))
    verdict = judged(cached, cached_loss, (x, np.maximum(x @ MODEL["W"].T, 0), d))
    assert sorted(verdict.right) == ["V", "W"]
    assert verdict.wrong == []


class Layer:
    def __init__(self):
        self.W, self.b, self.gW, self.gb = data((3, 2))[0], np.zeros(2), np.zeros((3, 2)), np.zeros(2)

    def step(self, x, t):
        h = np.tanh(x @ self.W)
        d = h + self.b - t
        self.gb += d.sum(0)
        self.gW += x.T @ (d * (1 - h**2))
        self.W -= 0.1 * self.gW
        self.b -= 0.1 * self.gb
        self.gb[:] = 0
        self.gW[:] = 0


def test_a_bias_of_zeros_is_not_the_sum_of_its_gradients():
    verdict = judged(Layer().step, lambda x, t, W, b: 0.5 * np.sum((np.tanh(x @ W) + b - t) ** 2), tuple(data((5, 3), (5, 2))))
    assert sorted(verdict.right) == ["W", "b"]


def shuffled(text, names):
    for k, name in enumerate(names):
        text = re.sub(rf"(?<!\.)\b{name}\b", f"q{k}z", text)
    return text


@pytest.mark.parametrize("name", ["one_liners", "momentum_class", "rows_tanh_softmax"])
def test_names_play_no_role(tmp_path, name):
    text = (HERE / "programs" / "dev" / f"{name}.py").read_text()
    names = ["lr", "eta", "x", "X", "y", "Y", "T", "t", "W1", "W2", "W", "V", "b1", "b2", "dW1", "dW2", "steps"]
    path = tmp_path / f"{name}_renamed.py"
    path.write_text(shuffled(text, names))
    _, verdict = of_file(path, 11)
    assert len(verdict.right) >= 2
    assert verdict.wrong == []


def hinge(w, X, y):
    return 0.5 * w @ w + 5.0 * np.mean(np.maximum(0, 1 - y * (X @ w)))


def hinge_gradient(w, X, y, sign=-1.0):
    total = np.zeros(len(w))
    for x, t, margin in zip(X, y, 1 - y * (X @ w), strict=True):
        total += w if max(0, margin) == 0 else w + sign * 5.0 * t * x
    return total / len(X)


def ascending_hinge(w, X, y):
    return hinge_gradient(w, X, y, 1.0)


def test_a_backward_pass_that_knows_the_forward_pass_by_branches_only():
    w, X = data((3,), (7, 3))
    y = np.array([1.0, -1, 1, 1, -1, -1, 1])
    assert judged(hinge_gradient, hinge, (w, X, y)).right == ["w"]
    assert judged(ascending_hinge, hinge, (w, X, y)).wrong == ["w"]
