"""Every module compiles, with NumPy and with Numba. Where Numba has no loop for a step, that step alone stays NumPy."""

import warnings

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.compiler.kernel import program_for
from microgradnp.compiler.pieces import Pieces
from microgradnp.compiler.simpler import in_simpler_steps
from microgradnp.loops.numba import NUMBA
from microgradnp.program.arguments import Arguments
from microgradnp.program.expansions import FOR_MACHINES

RANDOM = np.random.default_rng(0)
ROWS, SEQUENCE, IMAGE = RANDOM.normal(size=(6, 4)), RANDOM.normal(size=(2, 5, 4)), RANDOM.normal(size=(2, 4, 6, 5))
nn = mg.nn
MODULES = {  # module, input, and whether Numba has loops for every step
    "Linear": (lambda: nn.Linear(4, 3, rng=0), ROWS, True),
    "MLP": (lambda: nn.MLP([4, 3, 2], rng=0), ROWS, True),
    "Sequential": (lambda: nn.Sequential(nn.Linear(4, 3, rng=0), "relu", nn.Linear(3, 2, rng=1)), ROWS, True),
    "Conv1d": (lambda: nn.Conv1d(5, 3, 2, rng=0), SEQUENCE, False),
    "Conv2d": (lambda: nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=2, rng=0), IMAGE, False),
    "MaxPool": (lambda: nn.Sequential(nn.MaxPool(2), nn.Conv2d(4, 1, 1, rng=0)), IMAGE, False),
    "AvgPool": (lambda: nn.Sequential(nn.AvgPool(2, 1), nn.Conv2d(4, 1, 1, rng=0)), IMAGE, False),
    "BatchNorm": (lambda: nn.BatchNorm(4).eval(), IMAGE, True),
    "LayerNorm": (lambda: nn.LayerNorm(4), ROWS, True),
    "Dropout": (lambda: nn.Sequential(nn.Linear(4, 3, rng=0), nn.Dropout(0.2)).eval(), ROWS, True),
    "Embedding": (lambda: nn.Embedding(9, 4, rng=0), np.array([[1, 2], [8, 0]]), False),
    "RNN": (lambda: nn.RNN(4, 3, rng=0), SEQUENCE, False),
    "LSTM": (lambda: nn.LSTM(4, 3, rng=0), SEQUENCE, False),
    "GRU": (lambda: nn.GRU(4, 3, rng=0), SEQUENCE, False),
    "MultiHeadAttention": (lambda: nn.MultiHeadAttention(4, 2, rng=0), SEQUENCE, True),
    "TransformerBlock": (lambda: nn.TransformerBlock(4, 2, causal=True, rng=0), SEQUENCE, True),
}


def test_no_module_is_forgotten():
    assert set(nn.__all__) - {"Module"} == MODULES.keys()


@pytest.mark.parametrize("backend", ["numpy", pytest.param("numba", marks=pytest.mark.long)])
@pytest.mark.parametrize("name", MODULES)
def test_a_compiled_module_returns_what_its_graph_returns(name, backend):
    if backend == "numba":
        pytest.importorskip("numba", reason='needs pip install "microgradnp[fast]"')
    make, x, whole = MODULES[name]
    model = make()

    def loss(x):
        y = model(x)
        return np.sum((y[0] if isinstance(y, tuple) else y) ** 2)

    step = mg.compile(loss, backend, wrt=model)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        value, gradients = step(x)
    messages = [str(w.message) for w in told if not issubclass(w.category, ImportWarning)]  # of other packages' importers
    assert not [text for text in messages if "falls back" in text]
    assert (backend == "numba") is ("@njit" in step.source)
    assert bool(messages) is (backend == "numba" and not whole), messages
    graph = loss(x)
    graph.backward()
    np.testing.assert_allclose(value, graph.item(), rtol=1e-12)
    for path, parameter in model.parameters().items():
        np.testing.assert_allclose(gradients[path], parameter.grad, rtol=1e-10, atol=1e-12)


def test_most_steps_of_the_modules_have_loops():
    """A floor: 8 of 16 modules are loops as a whole, and 98 of 100 steps of all modules."""
    looped, steps = [], []
    for make, x, whole in MODULES.values():
        model = make()

        def loss(x, model=model):
            y = model(x)
            return np.sum((y[0] if isinstance(y, tuple) else y) ** 2)

        program = program_for(Arguments(loss, (x,), {}, None), model.parameters(), FOR_MACHINES, unguarded=True)
        pieces = Pieces(in_simpler_steps(program), NUMBA).pieces
        steps.append(sum(len(piece.functions) for piece in pieces))
        looped.append(sum(len(piece.functions) for piece in pieces if piece.has_loops))
        assert whole is (steps[-1] == looped[-1])
    assert sum(a == b for a, b in zip(looped, steps, strict=True)) >= 8
    assert sum(looped) >= 0.98 * sum(steps)


class Settings:
    scale = 2.0


settings, table, factors = Settings(), {"rate": 3.0}, [4.0]


def scaled(w):
    return w * table["rate"]


def reads_much(w):
    return np.sum(scaled(w) * settings.scale * factors[0])


class Loss:
    def __init__(self):
        self.weight = 5.0

    def __call__(self, w):
        return self.weight * np.sum(w)


own = Loss()
CHANGES = {
    "attribute": (reads_much, lambda: setattr(settings, "scale", 7.0)),
    "attribute of a class": (reads_much, lambda: setattr(Settings, "scale", 7.0)),
    "dict of a function that is called": (reads_much, lambda: table.update(rate=9.0)),
    "list": (reads_much, lambda: factors.append(factors.pop() + 1)),
    "object that is called": (own, lambda: setattr(own, "weight", 1.0)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_numbers_that_change_outside_are_seen(name):
    f, change = CHANGES[name]
    vars(settings).clear()
    step, w = mg.compile(f), np.ones(3)
    before = step(w)[0]
    assert (step(w)[0], step.traces) == (before, 1)
    change()
    value, slope = step(w)
    assert value != before
    np.testing.assert_array_equal([value, *slope], np.hstack(mg.value_and_grad(f)(w)))


def test_what_changes_in_each_call_is_warned_of_once():
    step = mg.compile(reads_much)

    def run():
        for _ in range(14):
            factors[0] += 1
            step(np.ones(2))

    with pytest.warns(UserWarning, match=r"reads_much was traced 10 times anew, because .* changes between the calls") as told:
        run()
    assert len(told) == 1
