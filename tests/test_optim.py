"""Optimizers against their published formulas, and against PyTorch where it is installed."""

import numpy as np
import pytest

import microgradnp as mg


def descend(optimizer, start, steps):
    """Minimize sum(c * w**4) and return w; the gradient is 4 c w**3."""
    w = mg.Tensor(start, requires_grad=True)
    optimizer.bind(w)
    c = np.array([1.0, 0.1, 10.0])
    for _ in range(steps):
        optimizer.zero_grad()
        np.sum(c * w**4).backward()
        optimizer.step()
    return w.numpy()


START = np.array([1.0, -2.0, 0.5])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_is_its_recurrence(momentum):
    w, v, c = START.copy(), 0.0, np.array([1.0, 0.1, 10.0])
    for _ in range(25):
        v = momentum * v + 4 * c * w**3
        w = w - 0.01 * v
    np.testing.assert_allclose(descend(mg.optim.SGD(lr=0.01, momentum=momentum), START, 25), w, rtol=1e-12)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_steps_equal_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    options = {"lr": 0.01, "momentum": 0.8} if name == "SGD" else {"lr": 0.05, "betas": (0.8, 0.99)}
    w = torch.tensor(START, requires_grad=True)
    theirs = getattr(torch.optim, name)([w], **options)
    c = torch.tensor([1.0, 0.1, 10.0], dtype=torch.float64)
    for _ in range(25):
        theirs.zero_grad()
        (c * w**4).sum().backward()
        theirs.step()
    ours = descend(getattr(mg.optim, name)(**options), START, 25)
    np.testing.assert_allclose(ours, w.detach().numpy(), rtol=1e-10)


def test_first_adam_step_has_the_length_of_the_learning_rate():
    moved = descend(mg.optim.Adam(lr=0.05), START, 1) - START
    np.testing.assert_allclose(np.abs(moved), 0.05, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", [mg.optim.SGD(lr=0.1, momentum=0.5), mg.optim.Adam(lr=0.1)])
def test_parameters_keep_their_dtype(dtype, optimizer):
    w = mg.Tensor(np.ones(3, dtype), requires_grad=True)
    optimizer.bind({"w": w})
    np.sum(w**2).backward()
    optimizer.step()
    assert w.dtype == dtype
    assert np.all(w.numpy() < 1)


def test_a_parameter_without_a_gradient_stays():
    used, unused = mg.Tensor([1.0], requires_grad=True), mg.Tensor([1.0], requires_grad=True)
    optimizer = mg.optim.SGD([used, unused], lr=0.1)
    used.sum().backward()
    optimizer.step()
    assert (used.item(), unused.item()) == (0.9, 1.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: mg.optim.SGD(lr=0), ValueError, "lr must be positive, got 0"),
        (lambda: mg.optim.SGD(momentum=1.0), ValueError, r"momentum must lie in \[0, 1\), got 1.0"),
        (lambda: mg.optim.Adam(betas=(0.9, 1.0)), ValueError, "betas must lie in"),
        (lambda: mg.optim.SGD([np.ones(3)]), TypeError, "parameter 0 is a ndarray; parameters must be Tensors"),
        (lambda: mg.optim.SGD([mg.Tensor([1.0])]), ValueError, "is not a parameter"),
        (lambda: mg.optim.SGD([]), ValueError, "no parameters to optimize"),
        (lambda: mg.optim.SGD(mg.Tensor([1.0], requires_grad=True)).step(), RuntimeError, r"call loss.backward\(\) first"),
        (lambda: descend(mg.optim.Optimizer(lr=1), START, 1), NotImplementedError, "Optimizer needs a method change"),
    ],
)
def test_mistakes(make, error, message):
    with pytest.raises(error, match=message):
        make()
