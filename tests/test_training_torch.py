"""The same model from the same weights, trained here and by PyTorch: the losses of 50 steps agree to 1e-8."""

import numpy as np
import pytest

import microgradnp as mg

torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
RANDOM = np.random.default_rng(0)
CLASSES = RANDOM.integers(0, 3, 20)


def copied(ours, theirs):
    """Give PyTorch's layer the weights of ours."""
    with torch.no_grad():
        if isinstance(theirs, torch.nn.LSTM):
            theirs.weight_ih_l0[:], theirs.weight_hh_l0[:] = (torch.tensor(a.numpy().T) for a in (ours.W, ours.U))
            theirs.bias_ih_l0[:], theirs.bias_hh_l0[:] = torch.tensor(ours.b.numpy()), 0
            theirs.bias_hh_l0.requires_grad = False  # one bias here, two there
        else:
            theirs.weight[:] = torch.tensor(ours.W.numpy().T if ours.W.ndim == 2 else ours.W.numpy())
            theirs.bias[:] = torch.tensor(ours.b.numpy())
    return theirs


def perceptron():
    ours = [mg.nn.Linear(6, 8, rng=0), mg.nn.Linear(8, 3, rng=1)]
    theirs = [copied(layer, torch.nn.Linear(*layer.W.shape).double()) for layer in ours]
    x = RANDOM.normal(size=(20, 6))
    return x, ours, theirs, lambda a, b: lambda x: b(np.tanh(a(x))), lambda a, b: lambda x: b(torch.tanh(a(x)))


def convolutional():
    ours = [mg.nn.Conv2d(2, 4, 3, padding=1, rng=0), mg.nn.Linear(16, 3, rng=1)]
    theirs = [
        copied(ours[0], torch.nn.Conv2d(2, 4, 3, padding=1).double()),
        copied(ours[1], torch.nn.Linear(16, 3).double()),
    ]
    x = RANDOM.normal(size=(20, 2, 4, 4))
    mine = lambda a, b: lambda x: b(mg.max_pool(mg.relu(a(x)), 2).reshape(len(x), -1))  # noqa: E731
    other = lambda a, b: lambda x: b(torch.nn.functional.max_pool2d(torch.relu(a(x)), 2).reshape(len(x), -1))  # noqa: E731
    return x, ours, theirs, mine, other


def recurrent():
    ours = [mg.nn.LSTM(3, 5, rng=0), mg.nn.Linear(5, 3, rng=1)]
    theirs = [copied(ours[0], torch.nn.LSTM(3, 5, batch_first=True).double()), copied(ours[1], torch.nn.Linear(5, 3).double())]
    x = RANDOM.normal(size=(20, 7, 3))
    return x, ours, theirs, lambda a, b: lambda x: b(a(x)[0][:, -1]), lambda a, b: lambda x: b(a(x)[0][:, -1])


CASES = [
    (perceptron, "Adam", {"lr": 0.02}),
    (convolutional, "SGD", {"lr": 0.1, "momentum": 0.9}),
    (recurrent, "AdamW", {"lr": 0.02}),
]


@pytest.mark.parametrize(("make", "name", "options"), CASES, ids=[make.__name__ for make, _, _ in CASES])
def test_fifty_steps(make, name, options):
    x, ours, theirs, mine, other = make()
    model = mg.nn.Sequential(mine(*ours))
    model.parts = ours
    result = mg.fit(
        lambda x, y: mg.cross_entropy(model(x), y),
        model,
        (x, CLASSES),
        optimizer=getattr(mg.optim, name)(**options),
        schedule=mg.optim.exponential(options["lr"], 0.97),
        clip_norm=0.5,
        iterations=50,
        progress=False,
    )
    parameters = [p for layer in theirs for p in layer.parameters() if p.requires_grad]
    optimizer = getattr(torch.optim, name)(parameters, **options)
    rates = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.97)
    if name == "AdamW":
        optimizer.param_groups[0]["weight_decay"] = 1e-2
    losses, data, classes = [], torch.tensor(x), torch.tensor(CLASSES)
    for _ in range(50):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(other(*theirs)(data), classes)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 0.5)
        optimizer.step()
        rates.step()
        losses.append(loss.item())
    np.testing.assert_allclose(result.history.loss, losses, rtol=1e-8, atol=1e-8)
    assert losses[-1] < 0.9 * losses[0]
