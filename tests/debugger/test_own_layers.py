"""Which gradient is whose: layers that move themselves, parameters and gradients side by side, and what needs no gradient."""

import runpy
from collections import OrderedDict, defaultdict

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.derive.scene import WatchingHooks, hold
from microgradnp.debugger.judge.recorded import judge_record
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.record.nodes import Group
from microgradnp.debugger.record.record import record


def make(*shapes, seed=3):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


# ------------------------------------------------------------------------------------------- a layer that moves itself


class Scaled:
    """Rows are centred and scaled; the backward pass moves the scale, and returns the gradient of the input."""

    def __init__(self, scale, shift, mistake=False):
        self.scale, self.shift, self.mistake = scale, shift, mistake

    def forward(self, rows):
        self.size = rows.std(axis=1, keepdims=True)
        self.rows = (rows - rows.mean(axis=1, keepdims=True)) / self.size
        return self.rows * self.scale + self.shift

    def backward(self, given, rate):
        d = given * self.scale
        back = d - d.mean(axis=1, keepdims=True)
        if not self.mistake:
            back = back - self.rows * (d * self.rows).mean(axis=1, keepdims=True)
        self.scale -= rate * np.sum(given * self.rows, axis=0)
        self.shift -= rate * np.sum(given, axis=0)
        return back / self.size


def scaled_loss(given, rows, scale, shift):
    centred = rows - np.mean(rows, axis=1, keepdims=True)
    return np.sum(given * (centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True)) * scale + shift))


@pytest.mark.parametrize("mistake", [False, True])
def test_a_layer_that_moves_itself_returns_the_gradient_of_its_input(mistake):
    given, rows, scale, shift = make((4, 3), (4, 3), 3, 3)
    layer = Scaled(scale, shift, mistake)

    def train(given, rows):
        layer.forward(rows)
        return layer.backward(given, 0.1)

    report = mg.debug(train, scaled_loss, (given, rows))
    assert report.word == ("WRONG" if mistake else "RIGHT"), str(report)
    assert report.verdict.wrong == (["rows"] if mistake else [])
    assert report.verdict.entries.keys() == {"rows", "scale", "shift"}


def test_what_such_a_layer_makes_with_moved_parameters_is_not_accused():
    """After the step it shows its output again: that has the shape of the input, and is no gradient."""
    given, rows, scale, shift = make((4, 3), (4, 3), 3, 3)
    layer = Scaled(scale, shift)

    def train(given, rows):
        layer.forward(rows)
        layer.backward(given, 0.1)
        return layer.forward(rows)

    report = mg.debug(train, scaled_loss, (given, rows))
    assert not report.verdict.wrong, str(report)


LAYER = """
import numpy as np


class Scaled:
    def __init__(self, scale, shift):
        self.scale, self.shift = scale, shift

    def forward(self, rows):
        self.rows = np.tanh(rows)
        return self.rows * self.scale + self.shift

    def backward(self, given, rate):
        back = given * self.scale * (1 - self.rows**2)
        self.scale -= rate * np.sum(given * {used}, axis=0)
        self.shift -= rate * np.sum(given, axis=0)
        return back
"""

SCRIPT = """
import numpy as np
import microgradnp as mg
from {module} import Scaled


def loss(given, rows, scale, shift):
    return np.sum(given * (np.tanh(rows) * scale + shift))


rng = np.random.default_rng(3)
given, rows, scale, shift = (rng.normal(size=size) for size in ((4, 3), (4, 3), 3, 3))
layer = Scaled(scale, shift)


def train(given, rows):
    layer.forward(rows)
    return layer.backward(given, 0.1)


report = mg.debug(train, loss, (given, rows))
"""


@pytest.mark.parametrize(("used", "wrong"), [("self.rows", []), ("given", ["scale"])])
def test_variables_around_the_call_of_debug_are_no_parameters(tmp_path, monkeypatch, used, wrong):
    """The script has a `scale` and a `shift` of its own, which do not move; those of the layer do."""
    module = f"layer_of_{len(wrong)}"
    (tmp_path / f"{module}.py").write_text(LAYER.format(used=used))
    (tmp_path / "script.py").write_text(SCRIPT.format(module=module))
    monkeypatch.syspath_prepend(tmp_path)
    report = runpy.run_path(str(tmp_path / "script.py"))["report"]
    assert {"rows", "scale", "shift"} == report.verdict.entries.keys(), str(report)
    assert report.verdict.wrong == wrong


# --------------------------------------------------------------------------------------- gradients beside the parameters


def loss(X, T, W1, b1, W2, b2):
    return 0.5 * np.sum((np.tanh(X @ W1 + b1) @ W2 + b2 - T) ** 2)


def gradients(X, T, W1, b1, W2, b2, wrong):
    h = np.tanh(X @ W1 + b1)
    d = 2 * (h @ W2 + b2 - T) * (h @ W2 + b2) if wrong else h @ W2 + b2 - T
    e = d @ W2.T * (1 - h**2)
    return X.T @ e, e.sum(0), h.T @ d, d.sum(0)


class Net:
    """Nothing but attributes."""


def lists_in_an_object(X, T, W1, b1, W2, b2, wrong):
    net = Net()
    net.matrices, net.offsets = [W1, W2], [b1, b2]
    net.slopes, net.shifts = [None, None], [None, None]

    def train(X, T):
        pairs = (net.matrices[0], net.offsets[0], net.matrices[1], net.offsets[1])
        net.slopes[0], net.shifts[0], net.slopes[1], net.shifts[1] = gradients(X, T, *pairs, wrong)

    return train, {"W1": "net.matrices[0]", "b1": "net.offsets[0]", "W2": "net.matrices[1]", "b2": "net.offsets[1]"}


def values_with_gradients(X, T, W1, b1, W2, b2, wrong):
    parts = []
    for value in (W1, b1, W2, b2):
        parts.append(Net())
        parts[-1].now, parts[-1].back = value, None

    def train(X, T):
        for part, gradient in zip(parts, gradients(X, T, *[p.now for p in parts], wrong), strict=True):
            part.back = gradient

    return train, {name: f"parts[{k}].now" for k, name in enumerate(("W1", "b1", "W2", "b2"))}


def dicts_in_layers(X, T, W1, b1, W2, b2, wrong):
    layers = [Net(), Net()]
    for layer, W, b in zip(layers, (W1, W2), (b1, b2), strict=True):
        layer.held, layer.found = OrderedDict(W=W, b=b), OrderedDict()

    def train(X, T):
        held = [layer.held[name] for layer in layers for name in ("W", "b")]
        made = gradients(X, T, *held, wrong)
        for layer, pair in zip(layers, (made[:2], made[2:]), strict=True):
            layer.found["W"], layer.found["b"] = pair

    return train, {"W1": "layers[0].held['W']", "b1": "layers[0].held['b']"} | {
        "W2": "layers[1].held['W']",
        "b2": "layers[1].held['b']",
    }


def keys_by_name(X, T, W1, b1, W2, b2, wrong):
    def train(X, T):
        made = gradients(X, T, W1, b1, W2, b2, wrong)
        found = dict(zip(("dW1", "db1", "dW2", "db2"), made, strict=True))
        return {key: found[key] for key in ("db2", "dW1", "db1", "dW2")}  # in no order

    return train, {}


@pytest.mark.parametrize("kept", [lists_in_an_object, values_with_gradients, dicts_in_layers, keys_by_name])
@pytest.mark.parametrize("wrong", [False, True])
def test_gradients_beside_their_parameters_are_judged_where_all_are_wrong(kept, wrong):
    """Four hidden units and four outputs: by their shapes alone neither matrices nor offsets can be told apart."""
    X, T, *parameters = make((5, 4), (5, 4), (4, 4), 4, (4, 4), 4)
    train, bind = kept(X, T, *parameters, wrong)
    report = mg.debug(train, loss, (X, T), bind=bind)
    names = ["W1", "b1", "W2", "b2"]
    assert report.verdict.wrong == (names if wrong else []), str(report)
    assert list(report.verdict.entries) == names, str(report)


@pytest.mark.parametrize("wrong", [False, True])
def test_keys_say_more_than_their_order(wrong):
    """The last key comes first, so that their order fits a pairing of each matrix with the gradient of the other."""
    X, T, *parameters = make((5, 4), (5, 4), (4, 4), 4, (4, 4), 4)
    train, _ = keys_by_name(X, T, *parameters, wrong)
    arguments, optional = model_arguments(loss)
    made = record(train, (X, T), wanted=Wanted(arguments, optional, {}))
    entries = judge_record(made, loss, arguments, optional).entries
    places = {name: f"return['d{name}']" for name in ("W1", "b1", "W2", "b2")}
    assert {name: entries[name].place for name in places} == places


def test_a_running_average_beside_the_parameters_is_not_accused():
    """A right program whose only list beside the weights is no list of gradients: it cannot be judged, and is not accused."""
    X, T, W1, b1, W2, b2 = make((5, 4), (5, 4), (4, 4), 4, (4, 4), 4)
    net = Net()
    net.matrices, net.average = [W1, W2], [np.zeros((4, 4)), np.zeros((4, 4))]

    def train(X, T):
        h = np.tanh(X @ net.matrices[0] + b1)
        y = h @ net.matrices[1] + b2
        net.average = [0.9 * old + 0.1 * new for old, new in zip(net.average, net.matrices, strict=True)]
        return np.sum((y - T) ** 2) / 2

    report = mg.debug(train, loss, (X, T), bind={"W1": "net.matrices[0]", "W2": "net.matrices[1]"})
    assert not report.verdict.wrong, str(report)


# ------------------------------------------------------------------------------------------------ what needs no gradient


def normalised(X, T, W1, b1, gain, W2):
    z = X @ W1 + b1
    z = (z - np.mean(z, axis=0)) / np.sqrt(np.mean((z - np.mean(z, axis=0)) ** 2, axis=0))
    return 0.5 * np.sum((z * gain @ W2 - T) ** 2)


def test_a_bias_that_a_norm_takes_off_again_needs_no_gradient():
    X, T, W1, b1, gain, W2 = make((6, 3), (6, 2), (3, 4), 4, 4, (4, 2))

    def train(X, T, W1, b1, gain, W2):
        z = X @ W1 + b1
        size = z.std(axis=0)
        n = (z - z.mean(axis=0)) / size
        d = n * gain @ W2 - T
        e = d @ W2.T
        f = e * gain
        back = (f - f.mean(axis=0) - n * (f * n).mean(axis=0)) / size
        return {"W1": X.T @ back, "gain": (e * n).sum(axis=0), "W2": (n * gain).T @ d}

    report = mg.debug(train, normalised, (X, T, W1, b1, gain, W2))
    assert report.word == "RIGHT", str(report)


def clipped(X, T, W1, b1, W2):
    return 0.5 * np.sum((np.maximum(X @ W1 + b1, 0) @ W2 - T) ** 2)


def test_a_bias_of_dead_units_is_still_asked_for():
    """No unit is awake: that its gradient is zero says nothing of the code."""
    X, T, W1, b1, W2 = make((6, 3), (6, 2), (3, 4), 4, (4, 2))
    b1 -= 100

    def train(X, T, W1, b1, W2):
        h = np.maximum(X @ W1 + b1, 0)
        d = h @ W2 - T
        return {"W2": h.T @ d}

    assert mg.debug(train, clipped, (X, T, W1, b1, W2)).word != "RIGHT"


def dropped(X, T, mask, keep, W1, b1, W2):
    return 0.5 * np.sum((np.tanh(X @ W1 + b1) * mask / keep @ W2 - T) ** 2)


def test_the_rate_of_a_dropout_is_a_setting_where_gradients_are_returned():
    X, T, W1, b1, W2 = make((6, 3), (6, 2), (3, 4), 4, (4, 2))
    mask = (np.random.default_rng(0).random((6, 4)) < 0.6) * 1.0

    def train(X, T, mask, keep, W1, b1, W2):
        h = np.tanh(X @ W1 + b1)
        d = h * mask / keep @ W2 - T
        e = d @ W2.T * mask / keep * (1 - h**2)
        return X.T @ e, e.sum(axis=0), (h * mask / keep).T @ d

    report = mg.debug(train, dropped, (X, T, mask, 0.6, W1, b1, W2))
    assert report.word == "RIGHT", str(report)


def logistic(X, T, w, b):
    z = X @ w + b
    return np.sum(np.log(1 + np.exp(z)) - T * z)


def test_a_single_number_that_is_added_is_no_setting():
    """The offset of a logistic regression, whose gradient is forgotten."""
    X, w = make((6, 3), 3)
    T = np.array([0.0, 1, 1, 0, 1, 0])

    def train(X, T, w, b):
        return X.T @ (1 / (1 + np.exp(-(X @ w + b))) - T)

    assert mg.debug(train, logistic, (X, T, w, 0.3)).word != "RIGHT"


# ---------------------------------------------------------------------------------------------------- proved by a fix


class Cell:
    """One step of a recurrent layer, which returns the gradients of its input and of its state."""

    def __init__(self, W, V, mistake):
        self.W, self.V, self.mistake = W, V, mistake

    def forward(self, x, h):
        self.seen = x, h
        self.out = np.tanh(x @ self.W + h @ self.V)
        return self.out

    def backward(self, given):
        x, h = self.seen
        d = given * (1 - (self.out if self.mistake else self.out**2))
        self.dW, self.dV = x.T @ d, h.T @ d
        return d @ self.V.T, d @ self.W.T


def cell_loss(given, x, h, W, V):
    return np.sum(given * np.tanh(x @ W + h @ V))


@pytest.mark.parametrize("mistake", [False, True])
def test_a_fix_proves_what_nobody_could_tell_apart(mistake):
    """Both returned arrays may be the gradient of either argument, until the fix makes them right: so they were wrong."""
    given, x, h, W, V = make((4, 5), (4, 3), (4, 3), (3, 5), (3, 5))
    cell = Cell(W, V, mistake)

    def train(given, x, h):
        cell.forward(x, h)
        return cell.backward(given)

    report = mg.debug(train, cell_loss, (given, x, h), budget=30)
    assert list(report.verdict.entries) == ["x", "h", "W", "V"], str(report)
    assert report.verdict.wrong == (["x", "h", "W", "V"] if mistake else [])
    assert not report.verdict.unchecked
    assert report.verdict.entries["x"].place.expression.endswith("[1]")
    assert not mistake or report.findings[0].fix is not None


class Gate:
    """A mix of two states, which is handed on and kept nowhere."""

    def __init__(self, W, V, mistake):
        self.W, self.V, self.mistake = W, V, mistake

    def forward(self, x, h):
        self.x, self.h = x, h
        self.z, self.c = 1 / (1 + np.exp(-x @ self.W)), np.tanh(x @ self.V)
        return (1 - self.z) * h + self.z * self.c

    def backward(self, given):
        z, c = self.z, self.c
        dz, dc = given * (c - self.h) * z * (1 - z), given * z * (1 - c**2)
        self.dW, self.dV = self.x.T @ dz, self.x.T @ dc
        return dz @ self.W.T + dc @ self.V.T, given * (z if self.mistake else 1 - z)


def gate_loss(given, x, h, W, V):
    z = 1 / (1 + np.exp(-x @ W))
    return np.sum(given * ((1 - z) * h + z * np.tanh(x @ V)))


@pytest.mark.parametrize("mistake", [False, True])
def test_what_is_given_to_a_layer_whose_output_nobody_reads(mistake):
    """What is given has the shape of the state. What is returned for it may be a quantity of the model, and not its gradient."""
    given, x, h, W, V = make((4, 3), (4, 2), (4, 3), (2, 3), (2, 3))
    gate = Gate(W, V, mistake)

    def train(given, x, h):
        gate.forward(x, h)
        return gate.backward(given)

    report = mg.debug(train, gate_loss, (given, x, h))
    assert not report.verdict.wrong, str(report)
    assert list(report.verdict.entries) == (["x", "W", "V"] if mistake else ["x", "h", "W", "V"])
    assert list(report.verdict.unchecked) == (["h"] if mistake else [])


# ------------------------------------------------------------------------------------------------------- a limited norm


def limited(X, T, W1, b1, W2, b2):
    made = gradients(X, T, W1, b1, W2, b2, False)
    norm = np.sqrt(sum(np.sum(g * g) for g in made))
    return [g * min(1.0, 0.5 / norm) for g in made]


def limited_and_wrong(X, T, W1, b1, W2, b2):
    made = list(gradients(X, T, W1, b1, W2, b2, False))
    made[0] = made[0] * (np.arange(4) + 1)
    norm = np.sqrt(sum(np.sum(g * g) for g in made))
    return [g * min(1.0, 0.5 / norm) for g in made]


def times_the_loss(X, T, W1, b1, W2, b2):
    """A common factor that depends on the inputs, and limits nothing: the gradient of another loss."""
    size = loss(X, T, W1, b1, W2, b2) / 1e3
    return [g * size for g in gradients(X, T, W1, b1, W2, b2, False)]


@pytest.mark.parametrize(("train", "word"), [(limited, "RIGHT"), (limited_and_wrong, "WRONG"), (times_the_loss, "")])
def test_gradients_whose_norm_is_limited(train, word):
    report = mg.debug(train, loss, make((5, 3), (5, 2), (3, 4), 4, (4, 2), 2))
    assert report.word == word or (not word and report.word not in ("RIGHT", "WRONG")), str(report)
    assert report.verdict.wrong == (["W1"] if word == "WRONG" else [])


# ------------------------------------------------------------------------------------------------------ symmetric data


def spread_loss(A, X, T, W, V):
    return 0.5 * np.sum((A @ np.tanh(A @ X @ W) @ V - T) ** 2)


def spread(A, X, T, W, V):
    """Reads `A` for `A.T`, as code on graphs does."""
    h = np.tanh(A @ X @ W)
    d = A @ h @ V - T
    e = A @ (d @ V.T) * (1 - h**2)
    return (A @ X).T @ e, (A @ h).T @ d


@pytest.mark.parametrize("kind", ["numbers", "flags", "not symmetric"])
def test_what_is_symmetric_stays_symmetric_at_other_inputs(kind):
    A, X, T, W, V = make((6, 6), (6, 3), (6, 2), (3, 4), (4, 2))
    A = A + A.T if kind == "numbers" else ((A + A.T) > 0) * 1.0 if kind == "flags" else A
    report = mg.debug(spread, spread_loss, (A, X, T, W, V))
    assert not report.verdict.wrong, str(report)
    assert list(report.verdict.entries) == (["V"] if kind == "not symmetric" else ["W", "V"])


# ------------------------------------------------------------------------------------------- where expressions are read


@pytest.mark.parametrize("kind", [dict, OrderedDict, lambda **held: defaultdict(list, held)])
def test_a_kind_of_dict_is_read_as_a_dict(kind):
    """A snapshot keeps what it held then, not what the live object holds at the end."""
    held = hold(WatchingHooks(100), kind(W=np.ones(3)), {})
    assert isinstance(held, Group)
    assert (held.kind, held.keys) == (dict, ("W",))
