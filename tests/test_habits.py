"""Habits that other libraries allow get an answer: what is missing, in which line, and what to write."""

import re

import numpy as np
import pytest

import microgradnp as mg

W = mg.Tensor(np.ones((3, 2)), requires_grad=True, name="W")
rate = 0.1


@pytest.mark.parametrize(
    "use",
    [lambda: 0.1 * W.grad, lambda: W.grad * 0.1, lambda: W.grad / rate, lambda: W.data - rate * W.grad],
    ids=["left", "right", "name", "update"],
)
def test_a_missing_gradient_in_arithmetic_says_that_backward_was_not_called(use):
    with pytest.raises(TypeError, match=r"W \(3, 2\), made at .*: its \.grad is None; call loss\.backward\(\) first"):
        use()


def test_a_missing_gradient_may_be_looked_at():
    assert W.grad is None
    assert [W.grad, rate + 1] == [None, 1.1]
    assert (W.grad, -rate)[0] is None
    assert (W.grad or 0) == 0
    assert hasattr(W, "grad") + rate == 1.1
    for p in [W]:
        if p.grad is not None:
            raise AssertionError


def test_a_plot_of_a_tensor_names_the_line_of_the_user():
    plt = pytest.importorskip("matplotlib.pyplot", reason='needs pip install "microgradnp[examples]"')
    plt.switch_backend("Agg")
    x = mg.Tensor(np.ones(3), requires_grad=True)
    for draw in (lambda: plt.plot(x), lambda: plt.scatter(x, x), lambda: plt.hist(x * 2)):
        with pytest.raises(
            TypeError, match=r"matplotlib draws plain numbers, and plt\.\w+\(x.*\) at test_habits\.py:\d+ .* Say \.numpy"
        ):
            draw()


def test_a_ragged_list_is_named_with_the_lengths_of_its_rows():
    with pytest.raises(ValueError, match=r"Tensor: data is a ragged list: rows have 2 and 1 entries\. .* pad them"):
        mg.Tensor([[1.0, 2.0], [3.0]])
    with pytest.raises(ValueError, match=r"matmul: argument 1 is a ragged list: rows have 2 and 3 entries"):
        W @ [[1.0, 2.0], [3.0, 4.0, 5.0]]


@pytest.mark.parametrize("layer", [mg.nn.RNN, mg.nn.LSTM, mg.nn.GRU])
def test_recurrent_layers_take_an_empty_batch_but_no_empty_sequence(layer):
    for fused in (True, False):
        model = layer(2, 3, rng=0, fused=fused)
        states, _ = model(np.ones((0, 5, 2)))
        assert states.shape == (0, 5, 3)
        np.sum(states).backward()
        assert not np.any(model.U.grad)
        with pytest.raises(ValueError, match="needed: at least one time step"):
            model(np.ones((4, 0, 2)))


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_batch_norm_refuses_an_empty_batch_before_it_computes():
    with pytest.raises(ValueError, match="two values for each channel"):
        mg.nn.BatchNorm(3)(np.ones((0, 3)))


MODEL = mg.nn.Linear(3, 2, rng=0)
SLIPS = [
    (lambda: mg.nn.Conv, AttributeError, "microgradnp.nn has no Conv; did you mean Conv2d?"),
    (lambda: mg.nn.MLP([3, 2], activation="Relu"), ValueError, "did you mean relu?"),
    (lambda: mg.nn.Sequential(mg.nn.Linear), TypeError, "Sequential: Linear is a class; write Linear(...)"),
    (lambda: MODEL(np.ones((5, 4))), ValueError, "Linear(3, 2): x (5, 4) has 4 columns; W (3, 2) takes 3"),
    (lambda: mg.fit(MODEL, lambda x: np.sum(MODEL(x))), TypeError, "fit: the loss comes first"),
    (lambda: mg.fit(lambda: 0, MODEL, iterations="9"), TypeError, "fit: iterations must be a whole number, got '9'"),
    (lambda: mg.fit(lambda: 0, MODEL.parameters), TypeError, "pass the model, or call it: model.parameters()"),
    (lambda: mg.fit(lambda: 0, MODEL, stop=0.1), TypeError, "fit: stop is 0.1; write"),
    (lambda: mg.fit(lambda: 0, 3), TypeError, "parameters must be a model, Tensors or a dict of Tensors, got int"),
]


@pytest.mark.parametrize(("slip", "error", "message"), SLIPS)
def test_slips_of_the_first_hour_are_answered(slip, error, message):
    with pytest.raises(error, match=re.escape(message)):
        slip()
