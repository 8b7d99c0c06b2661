"""Activations, losses and layers against PyTorch, and their gradients against finite differences."""

import numpy as np
import pytest

import microgradnp as mg

torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
F = torch.nn.functional
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(4, 3))
P = RANDOM.uniform(0.1, 0.9, size=(4, 3))
T = (RANDOM.random((4, 3)) > 0.5).astype(float)
IMAGE = RANDOM.normal(size=(2, 4, 6, 5))
SEQUENCE = RANDOM.normal(size=(2, 5, 4))


def normal(*shape):
    return RANDOM.normal(size=shape)


CALLS = {  # name: ours, PyTorch's, arrays
    "leaky_relu": (mg.leaky_relu, F.leaky_relu, (X,)),
    "elu": (mg.elu, F.elu, (X,)),
    "gelu": (mg.gelu, lambda x: F.gelu(x, approximate="tanh"), (X,)),
    "gelu by erf": (lambda x: mg.gelu(x, "none"), F.gelu, (X,)),
    "silu": (mg.silu, F.silu, (X,)),
    "softplus": (mg.softplus, F.softplus, (X,)),
    "hard_tanh": (mg.hard_tanh, F.hardtanh, (X,)),
    "softsign": (mg.softsign, F.softsign, (X,)),
    "bce": (mg.bce, F.binary_cross_entropy, (P, T)),
    "bce_with_logits": (mg.bce_with_logits, F.binary_cross_entropy_with_logits, (X, T)),
    "huber": (lambda a, b: mg.huber(a, b, 0.7), lambda a, b: F.huber_loss(a, b, delta=0.7), (X, P)),
    "hinge": (mg.hinge, lambda s, t: torch.clamp(1 - s * t, min=0).mean(), (X, 2 * T - 1)),
    "kl_div": (mg.kl_div, lambda p, q: (p * (p.log() - q.log())).sum(-1).mean(), (P, P[::-1].copy())),
    "conv2d": (mg.conv2d, F.conv2d, (IMAGE, normal(3, 4, 3, 2), normal(3))),
    "conv2d with options": (
        lambda x, w: mg.conv2d(x, w, stride=(2, 1), padding=(1, 2), dilation=2, groups=2),
        lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(1, 2), dilation=2, groups=2),
        (IMAGE, normal(6, 2, 2, 3)),
    ),
    "conv1d": (
        lambda x, w: mg.conv1d(x, w, stride=2, padding=1, dilation=2),
        lambda x, w: F.conv1d(x, w, stride=2, padding=1, dilation=2),
        (SEQUENCE, normal(3, 5, 2)),
    ),
    "max_pool": (lambda x: mg.max_pool(x, 2), lambda x: F.max_pool2d(x, 2), (IMAGE,)),
    "max_pool with a stride": (lambda x: mg.max_pool(x, (3, 2), 1), lambda x: F.max_pool2d(x, (3, 2), 1), (IMAGE,)),
    "avg_pool": (lambda x: mg.avg_pool(x, 2), lambda x: F.avg_pool2d(x, 2), (IMAGE,)),
    "max_pool of a sequence": (lambda x: mg.max_pool(x, (2,)), lambda x: F.max_pool1d(x, 2), (SEQUENCE,)),
    "layer_norm": (mg.layer_norm, lambda x, g, b: F.layer_norm(x, (3,), g, b), (X, normal(3), normal(3))),
    "batch_norm": (
        mg.batch_norm,
        lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True),
        (IMAGE, normal(4), normal(4)),
    ),
    "attention": (mg.scaled_dot_product_attention, F.scaled_dot_product_attention, (SEQUENCE, normal(2, 3, 4), normal(2, 3, 6))),
    "causal attention": (
        lambda q, k, v: mg.scaled_dot_product_attention(q, k, v, causal=True),
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        (SEQUENCE, SEQUENCE + 1, SEQUENCE * 2),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_functions_and_gradients_equal_pytorch(name):
    ours, theirs, arrays = CALLS[name]
    mine = [mg.Tensor(a, requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, z = ours(*mine), theirs(*other)
    np.testing.assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-10, atol=1e-12)
    g = np.random.default_rng(1).normal(size=y.shape)
    np.sum(y * g).backward()
    (z * torch.tensor(g)).sum().backward()
    for a, b in zip(mine, other, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-9, atol=1e-11)
    plain = ours(*arrays)
    np.testing.assert_allclose(plain, y.numpy(), rtol=1e-14)
    assert ours(*(mg.Tensor(a.astype(np.float32), requires_grad=True) for a in arrays)).dtype == np.float32


@pytest.mark.parametrize("name", ["elu", "gelu", "bce", "kl_div", "layer_norm"])
def test_second_derivatives(name):
    ours, _, arrays = CALLS[name]
    mg.check_grads(ours, (P,) * len(arrays) if name == "bce" else arrays, order=2)


def test_losses_at_certain_probabilities():
    """0 * log(0) is 0, and an impossible event has an infinite loss. No gradient is NaN where the value is finite."""
    certain = np.array([0.0, 1.0])
    p = mg.Tensor(certain, requires_grad=True)
    for loss in (mg.bce(p, certain), mg.kl_div(p, certain)):
        assert loss.item() == 0
        loss.backward()
        assert np.isfinite(p.grad).all()
    big = mg.Tensor([-1e4, 0.0, 1e4], requires_grad=True)
    for f in (mg.elu, mg.silu, mg.softplus, mg.gelu, mg.leaky_relu, mg.softsign):
        big.zero_grad()
        np.sum(f(big)).backward()
        assert np.isfinite(big.grad).all(), f.__name__
    assert mg.grad(mg.elu)(0.0) == 1
    np.testing.assert_allclose(mg.grad(lambda z: mg.bce_with_logits(z, np.array([0.0, 1.0]), "sum"))(np.zeros(2)), [0.5, -0.5])


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_recurrent_layers_equal_pytorch(kind):
    ours, theirs = getattr(mg.nn, kind)(4, 3, rng=0), getattr(torch.nn, kind)(4, 3, batch_first=True).double()
    ours.b.data = normal(*ours.b.shape)
    with torch.no_grad():
        theirs.weight_ih_l0[:] = torch.tensor(ours.W.numpy().T)
        theirs.weight_hh_l0[:] = torch.tensor(ours.U.numpy().T)
        theirs.bias_ih_l0[:] = torch.tensor(ours.b.numpy())
        theirs.bias_hh_l0[:] = 0
        if kind == "GRU":
            ours.a.data = normal(3)
            theirs.bias_hh_l0[6:] = torch.tensor(ours.a.numpy())
    (states, last), (z, theirs_last) = ours(SEQUENCE), theirs(torch.tensor(SEQUENCE))
    np.testing.assert_allclose(states.numpy(), z.detach().numpy(), rtol=1e-11)
    last, theirs_last = (pair[0] if kind == "LSTM" else pair for pair in (last, theirs_last))
    np.testing.assert_allclose(last.numpy(), theirs_last[0].detach().numpy(), rtol=1e-11)
    np.sum(states**2).backward()
    (z**2).sum().backward()
    np.testing.assert_allclose(ours.W.grad, theirs.weight_ih_l0.grad.numpy().T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.U.grad, theirs.weight_hh_l0.grad.numpy().T, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_fused_sequence_is_its_steps(kind, dtype):
    close = {"rtol": 1e-5, "atol": 1e-6} if dtype is np.float32 else {"rtol": 1e-12, "atol": 1e-14}
    layers = [getattr(mg.nn, kind)(4, 3, dtype=dtype, fused=fused, rng=0) for fused in (True, False)]
    first, found = normal(2, 3), []
    for layer in layers:
        x, h = (mg.Tensor(a.astype(dtype), requires_grad=True) for a in (SEQUENCE, first))
        states, last = layer(x, (h, 2 * h) if kind == "LSTM" else h)
        (np.sum(states**2) + sum(np.sum(np.sin(part)) for part in (last if kind == "LSTM" else (last,)))).backward()
        found.append([p.grad for p in (x, h, *layer.parameters().values())])
    for ours, theirs in zip(*found, strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, **close)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_second_derivatives_of_a_fused_sequence(kind):
    layer = getattr(mg.nn, kind)(2, 2, rng=0)
    for parameter in layer.parameters().values():
        parameter.requires_grad = False
    mg.check_grads(
        lambda x, h: np.sum(layer(x, (h, h) if kind == "LSTM" else h)[0] ** 2), (normal(2, 3, 2), normal(2, 2)), order=2
    )


def test_multi_head_attention_equals_pytorch():
    ours, theirs = mg.nn.MultiHeadAttention(4, 2, rng=0), torch.nn.MultiheadAttention(4, 2, batch_first=True).double()
    parts = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight[:] = torch.tensor(np.concatenate([part.W.numpy().T for part in parts]))
        theirs.in_proj_bias[:] = 0
        theirs.out_proj.weight[:] = torch.tensor(ours.output.W.numpy().T)
        theirs.out_proj.bias[:] = 0
    x = torch.tensor(SEQUENCE)
    np.testing.assert_allclose(ours(SEQUENCE).numpy(), theirs(x, x, x)[0].detach().numpy(), rtol=1e-10)


def test_batch_norm_keeps_the_running_statistics_of_pytorch():
    ours, theirs = mg.nn.BatchNorm(4), torch.nn.BatchNorm2d(4).double()
    for _ in range(3):
        ours(IMAGE), theirs(torch.tensor(IMAGE))
    np.testing.assert_allclose(ours.mean, theirs.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(ours.var, theirs.running_var.numpy(), rtol=1e-12)
    np.testing.assert_allclose(
        ours.eval()(IMAGE).numpy(), theirs.eval()(torch.tensor(IMAGE)).detach().numpy(), rtol=1e-10, atol=1e-12
    )
    assert set(ours.state()) == {"gain", "bias", "mean", "var"}


def test_dropout_is_of_its_generator_and_only_in_training():
    layer = mg.nn.Dropout(0.25, rng=0)
    y = layer(np.ones((100, 100)))
    assert set(np.unique(y)) == {0, 1 / 0.75}
    assert abs(np.mean(y == 0) - 0.25) < 0.02
    np.testing.assert_array_equal(mg.dropout(np.ones((100, 100)), 0.25, np.random.default_rng(0)), y)
    assert layer.eval()(X) is X
    with pytest.raises(TypeError, match="a compiled program would use one mask for ever"):
        mg.compile(lambda x: np.sum(layer.train()(x)))(X)


def test_embedding_adds_up_the_gradients_of_a_repeated_row():
    layer = mg.nn.Embedding(4, 3, rng=0)
    np.sum(layer([[1, 1], [3, 0]])).backward()
    np.testing.assert_array_equal(layer.W.grad, np.outer([1, 2, 0, 1], [1, 1, 1]))
    for wrong in ([4], [-1], [0.5]):
        with pytest.raises(ValueError, match=r"needed are integers in 0 \.\.\. 3"):
            layer(wrong)


def test_a_network_of_many_layers_is_compiled_and_its_parameters_are_found():
    model = mg.nn.Sequential(
        mg.nn.Conv2d(4, 6, 3, padding=1, rng=0), mg.relu, mg.nn.MaxPool(2), lambda x: x.reshape(len(x), -1), mg.nn.Linear(36, 2)
    )
    value, gradients = mg.compile(lambda x: np.sum(model(x) ** 2), wrt=model)(IMAGE)
    loss = np.sum(model(IMAGE) ** 2)
    loss.backward()
    np.testing.assert_allclose(value, loss.item(), rtol=1e-12)
    assert list(gradients) == ["layers.0.W", "layers.0.b", "layers.4.W", "layers.4.b"]
    for name, parameter in model.parameters().items():
        np.testing.assert_allclose(gradients[name], parameter.grad, rtol=1e-10, atol=1e-12)


def test_a_causal_transformer_block_does_not_see_the_future():
    block = mg.nn.TransformerBlock(4, 2, causal=True, rng=0)
    later = SEQUENCE.copy()
    later[:, 3:] += 1
    np.testing.assert_allclose(block(SEQUENCE).numpy()[:, :3], block(later).numpy()[:, :3], rtol=1e-12)
    assert not np.allclose(block(SEQUENCE).numpy()[:, 3:], block(later).numpy()[:, 3:])


@pytest.mark.parametrize("init", ["glorot", "he", "lecun", "normal", "orthogonal", "zeros", lambda rng, shape: np.ones(shape)])
def test_initial_weights(init):
    layer = mg.nn.RNN(30, 20, init=init, dtype=np.float32, rng=0)
    assert layer.W.dtype == np.float32
    deviation = {"glorot": 0.2, "he": (2 / 30) ** 0.5, "lecun": (1 / 30) ** 0.5, "normal": 0.01, "zeros": 0}.get(init)
    if deviation is not None:
        np.testing.assert_allclose(layer.W.numpy().std(), deviation, rtol=0.1)
    if init == "orthogonal":
        np.testing.assert_allclose(layer.W.numpy().T @ layer.W.numpy(), np.eye(20), atol=1e-6)


MODULES = {  # every module with parameters
    "Linear": lambda **o: mg.nn.Linear(4, 3, **o),
    "Linear with a bias unit": lambda **o: mg.nn.Linear(4, 3, bias="unit", **o),
    "MLP": lambda **o: mg.nn.MLP([4, 3, 2], activation="relu", **o),
    "Conv1d": lambda **o: mg.nn.Conv1d(5, 3, 2, **o),
    "Conv2d": lambda **o: mg.nn.Conv2d(4, 3, 2, **o),
    "Embedding": lambda **o: mg.nn.Embedding(9, 4, **o),
    "RNN": lambda **o: mg.nn.RNN(4, 3, **o),
    "LSTM": lambda **o: mg.nn.LSTM(4, 3, **o),
    "GRU": lambda **o: mg.nn.GRU(4, 3, **o),
    "MultiHeadAttention": lambda **o: mg.nn.MultiHeadAttention(4, 2, **o),
    "TransformerBlock": lambda **o: mg.nn.TransformerBlock(4, 2, **o),
}
INPUTS = {"Conv2d": IMAGE, "Embedding": np.array([[1, 2], [8, 0]])}


@pytest.mark.parametrize(
    "init", ["glorot", "he", "lecun", "orthogonal", "normal", "zeros", lambda rng, shape: np.full(shape, 0.1)]
)
@pytest.mark.parametrize("name", MODULES)
def test_every_module_takes_initial_weights_and_a_dtype(name, init):
    model = MODULES[name](init=init, dtype=np.float32, rng=0)
    again = MODULES[name](init=init, dtype=np.float32, rng=0)
    x = INPUTS.get(name, SEQUENCE)
    y = model(x.astype(np.float32) if x.dtype == float else x)
    y = y[0] if isinstance(y, tuple) else y
    assert y.dtype == np.float32
    np.sum(y * y).backward()
    for ours, theirs in zip(model.parameters().values(), again.parameters().values(), strict=True):
        assert ours.dtype == ours.grad.dtype == np.float32
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_activations_by_name_are_the_functions():
    x = RANDOM.normal(size=(5, 3))
    by_name, by_function = (
        mg.nn.MLP([3, 4, 2], activation=a, output=o, rng=0) for a, o in (("silu", "softmax"), (mg.silu, mg.softmax))
    )
    np.testing.assert_array_equal(by_name(x).numpy(), by_function(x).numpy())
    with pytest.raises(TypeError, match="MLP: activation must be a function or its name, got 3"):
        mg.nn.MLP([2, 3], activation=3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mg.conv2d(IMAGE, np.ones((2, 3, 2, 2))), r"conv2d: x has shape \(2, 4, 6, 5\) and W \(2, 3, 2, 2\)"),
        (lambda: mg.conv1d(IMAGE, np.ones((2, 3, 2))), "conv1d: x has shape"),
        (lambda: mg.conv2d(IMAGE, np.ones((2, 4, 9, 2))), r"a window of \(9, 2\) does not fit"),
        (lambda: mg.conv2d(IMAGE, np.ones((2, 4, 2, 2)), stride=0), "stride must be one number of at least 1"),
        (lambda: mg.nn.Conv2d(3, 4, 2, groups=2), "must be multiples of groups=2"),
        (lambda: mg.nn.RNN(2, 3, init="xavier"), 'init has no xavier: write init="glorot"'),
        (lambda: mg.nn.Linear(2, 3, init="orthogonl"), "init has no orthogonl; did you mean orthogonal?"),
        (lambda: mg.nn.Linear(2, 3, init=lambda rng, shape: np.ones(3)), r"init returned shape \(3,\)"),
        (lambda: mg.nn.MLP([2, 3], activation="reul"), "MLP: activation has no reul; did you mean relu?"),
        (lambda: mg.nn.MLP([2, 3], output="sofmax"), "MLP: activation has no sofmax; did you mean softmax?"),
        (lambda: mg.nn.Sequential(mg.nn.Linear(1, 1), "tahn"), "Sequential: activation has no tahn; did you mean tanh?"),
        (lambda: mg.nn.TransformerBlock(4, 2, activation="glu"), "TransformerBlock: activation has no glu; did you mean"),
        (lambda: mg.gelu(X, "erf"), 'gelu: approximate must be "tanh" or "none"'),
        (lambda: mg.nn.RNN(2, 3)(X), r"RNN: x has shape \(4, 3\); needed: \(samples, time, inputs\)"),
        (lambda: mg.nn.MultiHeadAttention(4, 3), "units=4 must be a multiple of heads=3"),
        (lambda: mg.nn.BatchNorm(3)(X[:1]), "a variance needs two values for each channel"),
        (lambda: mg.nn.Dropout(1.0), r"rate must lie in \[0, 1\)"),
        (lambda: mg.bce(X, T[0]), r"bce: pred has shape \(4, 3\) and target \(3,\)"),
        (lambda: mg.huber(X, X, reduction="all"), 'reduction must be "mean", "sum" or "none"'),
        (lambda: mg.scaled_dot_product_attention(X, X, X, np.zeros((4, 4), bool)), "every query must see at least one key"),
    ],
)
def test_mistakes_of_layers(call, message):
    with pytest.raises(ValueError, match=message):
        call()
