"""`fit(..., doctor=True)`: each exact fault is said once, in one line, and nothing is said of a healthy training."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.doctor import live

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))
Y = np.sin(1.5 * X[:, :1])


@pytest.fixture(autouse=True)
def looks_that_cost_nothing(monkeypatch):
    """Looks come at the same steps on every machine."""
    monkeypatch.setattr(live, "SHARE", np.inf)


class Net:
    def __init__(self, act=np.tanh, bias=0.0, dtype=float):
        rng = np.random.default_rng(1)
        start = {"W": 0.5 * rng.normal(size=(5, 16)), "b": np.full(16, bias), "V": 0.3 * rng.normal(size=(16, 1))}
        self.p = {name: mg.Tensor(w.astype(dtype), requires_grad=True, name=name) for name, w in start.items()}
        self.act = act

    def __call__(self, x):
        return self.act(x @ self.p["W"] + self.p["b"]) @ self.p["V"]


def said(net, x=X, t=Y, loss=mg.mse, lr=0.05, iterations=800, **options):
    optimizer = mg.optim.SGD(lr=lr)
    try:
        with np.errstate(all="ignore"):
            return mg.fit(
                lambda x, t: loss(net(x), t), net.p, (x, t), optimizer=optimizer, iterations=iterations, progress=False,
                doctor=True, **options,
            ).doctor  # fmt: skip
    except FloatingPointError as error:
        return error.result.doctor


def holed():
    x = X.copy()
    x[3, 2] = np.nan
    return x


class Doubled(Net):
    def __call__(self, x):
        return super().__call__(x * np.uint8(2) / 255)


class Logarithm(Net):
    def __call__(self, x):
        return np.log(super().__call__(x))


HALF = (X.astype(np.float16), Y.astype(np.float16))
FAULTS = {
    "100% of the 16 units of layer 1 never fire: relu (at test_live.py:": lambda: said(Net(mg.relu, bias=-30.0)),
    "2 of 3 parameters have not moved": lambda: said(Net(lambda z: mg.stop_gradient(np.tanh(z)))),
    "the gradient was clipped in all": lambda: said(Net(), clip_norm=1e-3),
    "of the gradient's entries are cut off at 1e-09": lambda: said(Net(), clip_value=1e-9),
    "their steps round away in float16": lambda: said(Net(dtype=np.float16), *HALF, lr=1e-3),
    "gives 44 for 300: whole numbers of type uint8 wrap around": lambda: said(Doubled(), np.full((60, 5), 150, np.uint8)),
    "the learning rate is 0 since step 301": lambda: said(Net(), schedule=lambda step: 0.1 if step < 300 else 0.0),
    "the loss is nan since step 1: log of super().__call__(x) = -": lambda: said(Logarithm()),
    "the loss is nan since step 1: data[0] holds nan at (3, 2)": lambda: said(Net(), holed()),
}


@pytest.mark.parametrize("line", FAULTS)
def test_what_is_wrong_is_said_once(line, capsys):
    lines = FAULTS[line]()
    assert sum(line in text for text in lines) == 1, lines
    assert f"doctor: {lines[0]}" in capsys.readouterr().err


@pytest.mark.parametrize("options", [{}, {"backend": "numpy"}, {"batch_size": 20, "clip_norm": 5.0}], ids=str)
def test_nothing_is_said_of_a_healthy_training(options, capsys):
    assert said(Net(mg.relu), **options) == []
    assert capsys.readouterr().err == ""


def test_the_training_is_the_same_with_and_without():
    watched, alone = Net(), Net()
    said(watched, iterations=300)
    mg.fit(lambda x, t: mg.mse(alone(x), t), alone.p, (X, Y), optimizer=mg.optim.SGD(lr=0.05), iterations=300, progress=False)
    assert all(np.array_equal(watched.p[name].numpy(), p.numpy()) for name, p in alone.p.items())
