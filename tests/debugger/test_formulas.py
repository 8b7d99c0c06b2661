"""An edit calls only functions of the user that compute: nothing is printed, saved, trained or waited for by trying it."""

import ast
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from microgradnp.debugger.capture.source import parse
from microgradnp.debugger.derive.derivations import helpers_of
from microgradnp.debugger.derive.scene import Instance
from microgradnp.debugger.repair.edits import Editor
from microgradnp.debugger.repair.formulas import formulas_of
from microgradnp.debugger.repair.workshop import Workshop

HEAD = "import os\nimport time\nimport numpy as np\nimport matplotlib.pyplot as plt\nfrom math import exp\nlog = open\n"

COMPUTE = {
    "sigmoid": "def f(x):\n    return 1 / (1 + np.exp(-x))",
    "local names": 'def f(x):\n    """The slope."""\n    y = np.tanh(x)\n    y *= y\n    return 1 - y',
    "branch": "def f(x, alpha=0.1):\n    if alpha < 0:\n        raise ValueError(alpha)\n    return np.where(x > 0, 1, alpha)",
    "mask": "def f(x):\n    d = np.ones_like(x)\n    d[x < 0] = 0\n    return d",
    "methods": "def f(x):\n    e = np.exp(x - x.max(axis=1, keepdims=True))\n    return e / e.sum(axis=1, keepdims=True)",
    "loop": "def f(x):\n    total = 0.0\n    for i in range(len(x)):\n        total += exp(x[i])\n    return total",
    "another": "def g(x):\n    return np.exp(x)\n\ndef f(x):\n    return g(x) * (1 - g(x))",
    "errstate": "def f(x):\n    with np.errstate(over='ignore'):\n        return np.exp(x)",
}

ACT = {
    "print": "def f(x):\n    print(x)\n    return x",
    "a loop that may not end": "def f(x):\n    while True:\n        x = x + 1\n    return x",
    "a file": "def f(x):\n    np.save('x.npy', x)\n    return x",
    "opened": "def f(x):\n    return open(x).read()",
    "an alias of open": "def f(x):\n    return log(x)",
    "a window": "def f(x):\n    plt.plot(x)\n    return x",
    "another module": "def f(x):\n    os.remove(x)",
    "a pause": "def f(x):\n    time.sleep(x)",
    "random numbers": "def f(x):\n    return x + np.random.rand()",
    "a global": "def f(x):\n    global count\n    count = x",
    "an attribute": "def f(net):\n    net.W = 1\n    return net.W",
    "what calls such a one": "def g(x):\n    print(x)\n\ndef f(x):\n    g(x)\n    return x",
    "an object outside": "def f(x):\n    return model.predict(x)",
    "a generator": "def f(x):\n    yield x",
}


@pytest.mark.parametrize("text", COMPUTE.values(), ids=COMPUTE)
def test_what_computes_is_a_formula(text):
    assert "f" in formulas_of(ast.parse(HEAD + text))


@pytest.mark.parametrize("text", ACT.values(), ids=ACT)
def test_what_acts_is_none(text):
    assert "f" not in formulas_of(ast.parse(HEAD + text))


def test_methods_by_their_class():
    text = """
class Net:
    def slope(self, h):
        return self.square(h) * (1 - h)

    def square(self, h):
        return h**2

    def fit(self, x):
        self.W = self.slope(x)

    def report(self, x):
        return self.fit(x)
"""
    assert formulas_of(ast.parse(text)) == {"Net.slope", "Net.square"}


PROGRAM = """
import numpy as np

seen = []

def slope(h):
    return h * (1 - h)

def step(x):
    seen.append(x)
    return x

def main(arguments):
    while True:
        seen.append(arguments)

class Net:
    def slope(self, h):
        return 1 - h**2

    def fit(self, x):
        self.W = x
"""


def test_the_derivation_calls_formulas_only(tmp_path):
    """`main` would never end."""
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    space = {}
    exec(compile(PROGRAM, str(file), "exec"), space)
    assert helpers_of(Snapshot({}, space)) == ["slope"]
    net = Instance(space["Net"], {"bend": space["slope"], "rate": 0.1, "run": space["main"]})
    assert helpers_of(Snapshot({"self": net}, space)) == ["self.bend", "self.slope", "slope"]


def test_an_edit_calls_formulas_only():
    source = parse("program.py", PROGRAM + "\ndef train(x, W):\n    h = x @ W\n    return h\n")
    statement = next(s for s in source.by_line.values() if ast.unparse(s.node) == "h = x @ W")
    assert Editor(source, {}).scope(statement).functions == ["slope"]


class Snapshot(NamedTuple):
    """What the derivation knows of the variables at a statement."""

    names: dict
    globals: dict


def test_a_statement_of_the_module_may_move():
    """The whole module is what such an edit changes: there is no statement around it."""
    source = parse("program.py", "a = 1\nb = a + 1\nprint(b)\n")
    editor = Editor(source, {})
    workshop = Workshop.__new__(Workshop)
    workshop.editors, workshop.program = {"program.py": editor}, SimpleNamespace(is_script=False, file="other.py")
    moves = editor.moves(source.by_line[1])
    assert moves
    assert all(workshop.changed_by(edit, "program.py") is source.tree for edit in moves)
