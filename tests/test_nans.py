"""debug_nans stops at the first operation that made a number that is not finite, and is silent otherwise."""

import threading

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.context import mode
from microgradnp.inspection.nans import first_nonfinite

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

FORWARD = {
    "log of 0": (lambda x: np.log(x - 1), r"log made -inf at \(0,\) of finite numbers: x - 1 = 0\.0.*np\.clip"),
    "log of a negative": (lambda x: np.log(-x), r"log made nan at \(0,\).*-x = -1\.0"),
    "overflow": (lambda x: np.exp(x * 1000), r"exp made inf at \(0,\).*1000\.0.*subtract the largest"),
    "division": (lambda x: 1 / (x - 2), r"divide made inf at \(1,\).*x - 2 = 0\.0.*away from 0"),
    "root": (lambda x: np.sqrt(1.5 - x), r"sqrt made nan at \(1,\).*= -0\.5"),
    "power": (lambda x: (x - 3) ** 0.5, r"power made nan at \(0,\).*x - 3 = -2\.0.*base above 0"),
    "arc": (lambda x: np.arccos(x), r"arccos made nan at \(1,\).*x = 2\.0.*domain"),
    "matmul": (lambda x: (x * 1e200) @ (x * 1e200), r"matmul made inf at \(\).*of sizes 1e\+200 to 3e\+200.*scale"),
    "sum": (lambda x: np.sum(x * 1e308), r"multiply made inf|sum made inf"),
}


@pytest.mark.parametrize("name", FORWARD)
def test_forward(name):
    f, message = FORWARD[name]
    x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
    with mg.debug_nans(), pytest.raises(FloatingPointError, match=f"(?s){message}"):
        f(x)
    f(x)  # outside of the block nothing is said
    assert mode.get() is None


def test_the_line_is_named():
    x = mg.Tensor([0.0], requires_grad=True, name="x")
    with mg.debug_nans(), pytest.raises(FloatingPointError, match=r"\(at test_nans\.py:\d+: np\.log\(x\)\)"):
        np.log(x)


def test_backward_names_operation_operand_and_gradient():
    x = mg.Tensor([4.0, 0.0], requires_grad=True, name="x")
    loss = np.sum(np.sqrt(x))
    with (
        mg.debug_nans(),
        pytest.raises(FloatingPointError, match=r"backward: sqrt made inf at \(1,\).*x = 0\.0, gradient 1\.0"),
    ):
        loss.backward()
    assert x.grad is None
    with mg.debug_nans(backward=False):
        np.sum(np.sqrt(x)).backward()
    assert np.isinf(x.grad[1])


def test_recorded_sweeps_and_transforms():
    with mg.debug_nans(), pytest.raises(FloatingPointError, match="backward: sqrt made inf"):
        mg.grad(np.sqrt)(0.0)
    with mg.debug_nans(), pytest.raises(FloatingPointError, match=r"backward: .* made"):
        mg.grad(mg.grad(lambda x: x**1.5))(0.0)


def test_data_that_is_not_finite_is_named_instead():
    data = np.array([1.0, np.nan])
    w = mg.Tensor([1.0, 1.0], requires_grad=True, name="w")
    with (
        mg.debug_nans(),
        pytest.raises(FloatingPointError, match=r"data \(2,\) holds nan at \(1,\) from the start, before mul"),
    ):
        w * data
    bad = mg.Tensor([np.inf], requires_grad=True, name="bad")
    with mg.debug_nans(), pytest.raises(FloatingPointError, match=r"bad \(1,\) holds inf at \(0,\) from the start"):
        bad + 1


def test_infinities_can_be_allowed():
    x = mg.Tensor([0.0, 1.0], requires_grad=True)
    with mg.debug_nans(infinities=False):
        y = np.log(x)
        with pytest.raises(FloatingPointError, match="subtract made nan"):
            y - y


def test_healthy_training_is_silent_and_gives_the_same():
    def trained():
        model = mg.nn.MLP([3, 4, 2], rng=0)
        x, t = np.random.default_rng(1).normal(size=(2, 8, 3)), np.random.default_rng(2).normal(size=(8, 2))
        for _ in range(5):
            loss = mg.mse(model(x[0]), t)
            loss.backward()
            for p in model.parameters().values():
                p.data -= 0.1 * p.grad
                p.zero_grad()
        return loss.item()

    with mg.debug_nans():
        watched = trained()
    assert watched == trained()
    assert mg.debug_nans()(trained)() == watched


def test_integers_and_booleans_are_not_looked_at():
    with mg.debug_nans():
        assert (mg.Tensor([1, 2]) > 1).tolist() == [False, True]


def test_other_threads_are_left_alone():
    found = []

    def other():
        found.append(np.log(mg.Tensor([0.0])).item())

    with mg.debug_nans():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == [-np.inf]


def test_a_graph_that_is_there_already():
    x = mg.Tensor([1.0, 0.0], requires_grad=True, name="x")
    assert first_nonfinite(np.sum(x)) is None
    assert "log made -inf at (1,)" in first_nonfinite(np.sum(np.log(x) * 0 + 1))
    assert "from the start" in first_nonfinite(np.sum(mg.Tensor([np.nan], requires_grad=True)))
