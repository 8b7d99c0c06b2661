"""j0sephsasson/numpy-NN and numpy-RNN: layers with their memory in lists; a character RNN that steps by Adagrad.

Adagrad starts with sums of earlier steps, or it would take signs."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    o = np.maximum(np.maximum(x @ W1.T + b1, 0) @ W2.T + b2, 0) @ W3.T + b3
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * np.eye(3)[y], axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net, start = module.Network(), {}
    x, y = rng.normal(size=(6, 3)), np.array([0, 2, 1, 1, 0, 2])
    for n in (6, 5, 3):
        net.add(module.DenseLayer(n))
    net._init_weights(x)
    for k, held in enumerate(net.params, 1):
        for name in "Wb":
            start[f"{name}{k}"] = held[name] = rng.normal(size=held[name].shape)
    start = {name: value.copy() for name, value in start.items()}

    def train(x, y):
        net._backprop(net._forwardprop(x), y)
        net._update(0.1)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: net.params[int(name[1]) - 1][name[0]] - then for name, then in start.items()},
        (x, y),
        bind={name: f"net.params[{int(name[1]) - 1}]['{name[0]}']" for name in start},
    )


def loss_rnn(inputs: Any, targets: Any, hprev: Any, Wxh: Any, Whh: Any, Why: Any, bh: Any, by: Any) -> Any:
    h, total = hprev, 0.0
    for t in range(4):
        h = np.tanh(Wxh[:, inputs[t] : inputs[t] + 1] + Whh @ h + bh)
        o = Why @ h + by
        total = total + np.log(np.sum(np.exp(o))) - o[targets[t], 0]
    return total


def build_rnn(module: ModuleType, rng: np.random.Generator) -> Call:
    model, start = module.RNNV1(4, 5, 4), {}
    for name in ("Wxh", "Whh", "Why", "bh", "by"):
        start[name] = 0.6 * rng.normal(size=getattr(model, name).shape)
        setattr(model, name, start[name].copy())
        setattr(model, "m" + name, np.full(start[name].shape, 3.0))
    inputs, targets, hprev = np.array([1, 0, 3, 1]), np.array([0, 3, 1, 4]), rng.normal(size=(4, 1))

    def train(inputs, targets, hprev):
        return model(inputs=inputs, targets=targets, hprev=hprev, lr=0.1)

    return Call(
        train,
        loss_rnn,
        {"inputs": inputs, "targets": targets, "hprev": hprev, **start},
        lambda _: {name: getattr(model, name) - then for name, then in start.items()},
        (inputs, targets, hprev),
        bind={name: f"model.{name}" for name in start},
    )


MISTAKES = (
    mistake(18, r"Z <= 0", "Z >= 0", "relu_mask_wrong"),
    mistake(18, r"Z <= 0", "dA <= 0", "relu_mask_wrong", "wrong_variable"),
    mistake(18, r"dZ\[.*$", "pass", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(33, r"A_prev\.T", "np.sign(A_prev).T", "wrong_activation_in_weight_gradient"),
    mistake(34, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(38, r"dZ", "dA_curr", "missing_activation_derivative", "wrong_variable"),
    mistake(39, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(40, r"W_curr", "dW.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(40, r"dZ, W", "dA_curr, W", "missing_activation_derivative", "wrong_variable"),
    mistake(99, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong"),
    mistake(99, r"-= 1", "-= 0.5", "loss_derivative_wrong"),
    mistake(107, r"'inputs'\]", "'inputs'] ** 2", "wrong_activation_in_weight_gradient"),
    mistake(120, r"-=", "+=", "sign_flipped"),
)
RNN = (
    mistake(56, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong"),
    mistake(57, r"\+=", "=", "gradient_overwritten"),
    mistake(57, r"hs\[t\]\.T", "hs[t-1].T", "wrong_time_index"),
    mistake(59, r" \+ dhnext", "", "missing_path_through_time"),
    mistake(60, r"hs\[t\] \* hs\[t\]", "hs[t]", "wrong_activation_derivative"),
    mistake(60, r"\(1 - hs\[t\] \* hs\[t\]\) \* ", "", "missing_activation_derivative"),
    mistake(61, r"dhraw", "dh", "missing_activation_derivative", "wrong_variable"),
    mistake(62, r"xs\[t\]\.T", "xs[t-1].T if t else xs[t].T", "wrong_time_index"),
    mistake(63, r"hs\[t-1\]", "hs[t]", "wrong_time_index"),
    mistake(64, r"self\.Whh\.T", "self.Whh", "transposed", "missing_path_through_time"),
    mistake(64, r"dhraw", "dh", "missing_activation_derivative", "wrong_variable"),
    mistake(76, r"dparam \* dparam", "dparam", "optimizer_rule_wrong"),
    mistake(77, r"np\.sqrt\(mem \+ 1e-8\)", "(mem + 1e-8)", "optimizer_rule_wrong"),
)
PROGRAMS = [
    Program(
        "j0sephsasson/numpy-NN",
        "model/model.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[6]), two(MISTAKES[1], MISTAKES[10])),
        harmless=(
            Edit(100, r"/= num_samples", "/= 1"),
            Edit(18, r"dZ\[Z <= 0\] = 0", "dZ = dZ * (Z > 0)"),
        ),
        until={"model/model.py": 150},
        stubs={"pandas/__init__.py": "", "sklearn/__init__.py": "", "sklearn/preprocessing.py": "LabelEncoder = None"},
        backward={"model/model.py": (16, 120)},
        group="eleventh",
    ),
    Program(
        "j0sephsasson/numpy-RNN",
        "layers/rnn.py",
        build_rnn,
        (*RNN[:13], two(RNN[2], RNN[6]), two(RNN[3], RNN[8])),
        harmless=(
            Edit(60, r"\(1 - hs\[t\] \* hs\[t\]\) \* dh", "dh - hs[t] ** 2 * dh"),
            Edit(62, r"np\.dot\(dhraw, xs\[t\]\.T\)", "dhraw @ xs[t].T"),
        ),
        adaptive=True,
        until={"layers/rnn.py": 82},
        backward={"layers/rnn.py": (49, 77)},
        group="eleventh",
    ),
]
