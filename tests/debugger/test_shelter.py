"""Looking for a fix evaluates the user's expressions. What they change outside is put back, and nothing is written to."""

import importlib
import sys
import types

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.derive.shelter import Shelter
from microgradnp.debugger.judge.points import mark_of
from microgradnp.debugger.record.world import World

TEXT = """
import numpy as np

W = None
rate = 0.05
calls = []
seen = {"steps": 0}


def forward(x):
    return np.tanh(x @ W)


def back(x, y, t):
    global W
    calls.append(len(x))
    seen["steps"] += 1
    e = y
    d = e * (1 - y ** 2)
    W -= rate * (x.T @ d)
"""


def loss(x, t, W):
    return 0.5 * np.sum((np.tanh(x @ W) - t) ** 2)


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A module with its parameter among its globals, imported from a file."""
    (tmp_path / "with_globals.py").write_text(TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("with_globals", None)
    import with_globals

    yield with_globals
    sys.modules.pop("with_globals", None)


def test_globals_are_as_before_and_the_fix_is_proved(script):
    """The step itself is an expression of the caller: `back(x, forward(x), t)` is evaluated with other arguments."""
    rng = np.random.default_rng(0)
    script.W = rng.normal(size=(3, 2))
    held, before = script.W, script.W.copy()

    def train(x, t):
        y = script.forward(x)
        script.back(x, y, t)

    report = mg.debug(train, loss, (rng.normal(size=(5, 3)), rng.normal(size=(5, 2))), budget=30)
    assert script.W is held
    assert np.array_equal(held, before)
    assert (script.calls, script.seen) == ([], {"steps": 0})
    assert report.findings[0].fix[2].strip() in ("e = y - t", "d = (e - t) * (1 - y ** 2)"), str(report)


READS = """
import numpy as np

V = None


def back(x, h, d, t):
    return x.T @ ((d @ V.T{}) * (1 - h * h)), h.T @ d


def step(x, t, W, V):
    h = np.tanh(x @ W)
    gW, gV = back(x, h, h @ V - t, t)
    W -= 0.1 * gW
    V -= 0.1 * gV
"""


def two_layers(x, t, W, V):
    return 0.5 * np.sum((np.tanh(x @ W) @ V - t) ** 2)


@pytest.mark.parametrize(("mistake", "word"), [("", "RIGHT"), (" * 0.5", "WRONG")])
@pytest.mark.parametrize("steps", [1, 2])
def test_a_copy_of_a_parameter_among_the_globals(tmp_path, monkeypatch, mistake, word, steps):
    """The backward pass reads a global that holds the same numbers as an argument. In the next step it is stale."""
    name = f"reads_globals_{word}_{steps}"
    (tmp_path / f"{name}.py").write_text(READS.format(mistake))
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(name)
    rng = np.random.default_rng(1)
    x, t, W, module.V = (rng.normal(size=size) for size in ((5, 3), (5, 2), (3, 4), (4, 2)))

    def train(x, t, W, V):
        for _ in range(steps):
            module.step(x, t, W, V)

    report = mg.debug(train, two_layers, (x, t, W, module.V.copy()), budget=20)
    assert report.word == (word if steps == 1 else "WRONG"), str(report)
    assert report.verdict.wrong == ([] if report.word == "RIGHT" else ["W"])


@pytest.mark.parametrize(
    ("value", "tells"),
    [
        (0.123456, True),
        (np.array([0.123456]), True),
        (np.array([0.5, 1.5]), True),
        (np.array([[1.5]]), False),
        (0.1, False),
        (np.zeros(3), False),
        (np.array([1, 2]), False),
        (None, False),
    ],
)
def test_which_numbers_tell_a_value_from_all_others(value, tells):
    assert (mark_of(value) is not None) == tells


def test_what_a_function_changes_in_a_shelter(script):
    script.W = np.ones((3, 2))
    held = script.W

    def train(x, t):
        script.back(x, script.forward(x), t)

    shelter = Shelter(World(train, (np.ones((5, 3)), np.ones((5, 2))), {}))
    with shelter.taken():
        assert script.W is not held
        script.calls.append(7)
        with pytest.raises(ValueError, match="read-only"):
            script.W[0] = 5.0
        script.W = np.zeros((3, 2))
        script.another = 3
    assert script.W is held
    assert np.array_equal(held, np.ones((3, 2)))
    assert script.calls == []
    assert not hasattr(script, "another")


def test_a_shelter_takes_what_holds_itself():
    module = types.ModuleType("holds_itself")
    exec("ring = []\nring.append(ring)\ndef train(x):\n    return len(ring)", vars(module))
    shelter = Shelter(World(module.train, (1.0,), {}))
    with shelter.taken():
        pass
    assert module.ring[0] is module.ring
