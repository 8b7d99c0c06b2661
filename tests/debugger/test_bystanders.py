"""Things that have nothing to do with gradients, in the user's module, classes and objects, do not change the answer."""

import importlib
import sys

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.repair.edits import Editor

BYSTANDERS = {
    "Enum": "import enum\nclass Kind(enum.Enum):\n    MEAN = 1\n    SUM = 2\nthing = Kind.MEAN",
    "Structure": "import ctypes\nclass Kind(ctypes.Structure):\n    _fields_ = [('a', ctypes.c_int)]\nthing = Kind()",
    "metaclass": (
        "class Meta(type):\n    def __setattr__(cls, name, value):\n        raise TypeError('final')\n"
        "class Kind(metaclass=Meta):\n    cache = [1]\nthing = Kind()"
    ),
    "list in itself": "Kind = thing = [1]\nthing.append(thing)",
    "IntFlag": "import enum\nclass Kind(enum.IntFlag):\n    A = 1\n    B = 2\nthing = Kind.A | Kind.B",
    "frozen": "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass Kind:\n    a: tuple = (1, 2)\nthing = Kind()",
    "named tuple": "import typing\nclass Kind(typing.NamedTuple):\n    a: int = 1\nthing = Kind()",
    "lock": "import threading\nKind, thing = threading.Lock, threading.Lock()",
    "generator": "Kind, thing = None, (k for k in range(3))",
    "file": "import io\nKind, thing = io.StringIO, io.StringIO()",
    "context": "import contextvars\nKind, thing = None, contextvars.ContextVar('a', default=1)",
    "proxy": "import types\nKind, thing = types.MappingProxyType({'a': 1}), types.SimpleNamespace(a=[1])",
    "kind of dict": "class Kind(dict):\n    pass\nthing = Kind(a=1)\nthing.extra = [1]",
    "error": "class Kind(Exception):\n    pass\nthing = Kind('a')",
    "registry": (
        "class Kind:\n    known = {}\n    def __init_subclass__(cls):\n        Kind.known[cls.__name__] = cls\n"
        "class Other(Kind):\n    pass\nthing = Other()"
    ),
}
PROGRAM = """
import numpy as np
{bystander}
class Net:
    held, kind = thing, Kind
    def __init__(self, W):
        self.W, self.thing, self.own_kind = W, thing, Kind
    def step(self, x, targets):
        beside = thing, Kind
        y = x @ self.W
        dW = x.T @ (y - targets){mistake}
        self.W -= 0.1 * dW
def train(x, targets, W, beside=thing):
    Net(W).step(x, targets)
    return W
"""


def loss(x, targets, W):
    return 0.5 * np.sum((x @ W - targets) ** 2)


@pytest.mark.parametrize("name", BYSTANDERS)
def test_a_bystander_changes_no_answer(name, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), rng.normal(size=(3, 2))
    monkeypatch.syspath_prepend(tmp_path)
    for mistake, word in (("", "RIGHT"), (" * W.mean(1, keepdims=True)", "WRONG")):
        module = f"bystander_{name.replace(' ', '_')}_{word}"
        text = PROGRAM.format(bystander=BYSTANDERS[name], mistake=mistake.replace("W", "self.W"))
        (tmp_path / f"{module}.py").write_text(text)
        program = importlib.import_module(module)
        report = mg.debug(program.train, loss, arrays)
        assert report.word == word, str(report)
        assert not any("debugger failed" in note for note in report.notes), str(report)
        if word == "WRONG":
            assert report.first_wrong.source == f"dW = x.T @ (y - targets){mistake.replace('W', 'self.W')}"
            assert report.first_wrong.fix[2].strip() == "dW = x.T @ (y - targets)"
        sys.modules.pop(module)


TYPED = """
import numpy as np
from numpy.typing import NDArray
def softmax(z: NDArray) -> NDArray:
    e: NDArray = np.exp(z - z.max())
    return e / e.sum(axis=1, keepdims=True)
def train(x: NDArray, targets: NDArray, W: NDArray, rate: float = 0.1) -> NDArray:
    p = softmax(x @ W)
    W -= rate * x.T @ (p + targets)
    return W
"""


def test_types_are_no_operands(tmp_path, monkeypatch):
    """No edit puts `NDArray` into a formula. Python 3.11 crashes where a method of one is called again and again."""
    rng = np.random.default_rng(0)
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "typed_softmax.py"
    path.write_text(TYPED)
    source = source_of(str(path))
    for statement in source.by_line.values():
        edits = Editor(source, {}).edits(statement)
        assert not [edit.new for edit in edits if edit.new.count("NDArray") > edit.old.count("NDArray")]
    program = importlib.import_module("typed_softmax")
    arrays = rng.normal(size=(5, 3)), np.eye(2)[[0, 1, 0, 1, 1]], rng.normal(size=(3, 2))
    report = mg.debug(program.train, lambda x, targets, W: -np.sum(targets * mg.log_softmax(x @ W)), arrays)
    assert report.first_wrong.fix[2].strip() == "W -= rate * x.T @ (p - targets)"


def test_an_object_of_a_library_is_not_looked_into(tmp_path, monkeypatch):
    """A figure holds hundreds of thousands of numbers, and looking at all of them after each line would take hours."""
    pyplot = pytest.importorskip("matplotlib.pyplot", reason='needs pip install "microgradnp[plot]"')
    figure, axes = pyplot.subplots()
    rng = np.random.default_rng(0)

    class Net:
        def __init__(self, W):
            self.W, self.figure, self.axes = W, figure, axes

        def step(self, x, targets):
            y = x @ self.W
            self.W -= 0.1 * x.T @ (y - targets)

    def train(x, targets, W):
        Net(W).step(x, targets)
        return W

    report = mg.debug(train, loss, (rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), rng.normal(size=(3, 2))))
    assert report.word == "RIGHT"
    pyplot.close(figure)
