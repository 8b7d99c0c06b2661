"""AlexandreEDMOND/numpy-rl-racer: a dueling Q-network with decay, values and advantages over one encoder; noisy layers."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY, DRAW = 0.1, 3
NAMES = [f"{kind}{i}" for i in range(1, 5) for kind in "wb"]


def loss(states: Any, actions: Any, targets: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, w4: Any, b4: Any) -> Any:
    h = np.maximum(np.maximum(states @ w1 + b1, 0) @ w2 + b2, 0)
    a = h @ w4 + b4
    q = h @ w3 + b3 + a - np.mean(a, axis=1, keepdims=True)
    chosen = np.sum(q * np.eye(3)[actions], axis=1)
    return 0.5 * np.mean((chosen - targets) ** 2) + 0.5 * DECAY * sum(np.sum(w**2) for w in (w1, w2, w3, w4))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.DuelingMLP(4, [5, 3], 3)
    start = {}
    for i, layer in enumerate(net.layers, 1):
        layer.weight_decay = DECAY
        for kind in "wb":
            start[f"{kind}{i}"] = rng.normal(size=getattr(layer, kind).shape)
            setattr(layer, kind, start[f"{kind}{i}"].copy())
    optimizer = module.SGD(net, lr=0.05, momentum=0.9)
    states, actions, targets = rng.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2]), rng.normal(size=6)

    def train(states, actions, targets, steps):
        for _ in range(steps):
            q = net.forward(states)
            grad = np.zeros_like(q)
            rows = np.arange(len(q))
            grad[rows, actions] = (q[rows, actions] - targets) / len(q)
            net.backward(grad)
            optimizer.step()

    return Call(
        train,
        loss,
        {"states": states, "actions": actions, "targets": targets, **start},
        lambda _: {name: getattr(net.layers[int(name[1]) - 1], name[0]) - value for name, value in start.items()},
        (states, actions, targets),
        {"steps": 3},
        bind={name: f"net.layers[{int(name[1]) - 1}].{name[0]}" for name in NAMES},
        once={"steps": 1},
    )


def noisy_loss(x: Any, delta: Any, w: Any, b: Any, sigma_w: Any, sigma_b: Any) -> Any:
    rng = np.random.RandomState(DRAW)
    first, second = (np.sign(e) * np.sqrt(np.abs(e)) for e in (rng.randn(3), rng.randn(2)))
    return np.sum(delta * (x @ (w + sigma_w * np.outer(first, second)) + b + sigma_b * second)) + 0.5 * DECAY * np.sum(w**2)


def noisy(module: ModuleType, rng: np.random.Generator) -> Call:
    layer = module.NoisyLinear(3, 2, weight_decay=DECAY)
    names = ["w", "b", "sigma_w", "sigma_b"]
    start = {name: rng.normal(size=getattr(layer, name).shape) for name in names}
    for name, value in start.items():
        setattr(layer, name, value.copy())
    x, delta = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))

    def train(x, delta):
        layer.rng = np.random.RandomState(DRAW)
        layer.forward(x)
        return layer.backward(delta)

    return Call(
        train,
        noisy_loss,
        {"x": x, "delta": delta, **start},
        lambda result: {"x": result, **{name: getattr(layer, f"grad_{name}") for name in names}},
        (x, delta),
        bind={name: f"layer.{name}" for name in names},
    )


REPOSITORY, FILE = "AlexandreEDMOND/numpy-rl-racer", "src/numpy_rl_racer/network/network.py"
PROGRAMS = [
    Program(
        REPOSITORY,
        FILE,
        build,
        (
            mistake(43, r"x\.T", "x.T / len(x)", "batch_scale_1_over_N"),
            mistake(
                44,
                r"\+= self\.weight_decay \* self\.w",
                "+= self.weight_decay * self.grad_w",
                "regularisation_term_wrong",
                "gradient_or_update_used_for_weight",
            ),
            mistake(44, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
            mistake(44, r"self\.weight_decay", "2 * self.weight_decay", "factor_2", "regularisation_term_wrong"),
            mistake(45, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(46, r"self\.w\.T", "self.grad_w.T", "gradient_or_update_used_for_weight", "wrong_variable"),
            mistake(
                170,
                r" - np\.mean\(grad_output, axis=1, keepdims=True\)",
                "",
                "upstream_gradient_dropped",
                "normalisation_term_missing",
            ),
            mistake(171, r"np\.sum", "np.mean", "batch_scale_1_over_N", "bias_gradient_reduction", "missing_factor"),
            mistake(172, r"grad_a", "grad_output", "wrong_variable", "normalisation_term_missing"),
            mistake(173, r"\+=", "=", "upstream_gradient_dropped"),
            mistake(176, r"pre > 0", "grad_x > 0", "relu_mask_wrong", "wrong_variable"),
            mistake(176, r" \* \(pre > 0\)", "", "relu_mask_wrong", "missing_activation_derivative"),
            mistake(
                173,
                r"self\.value_layer\.backward\(grad_v\)",
                "self.value_layer.backward(grad_v) / 2",
                "factor_2",
                "missing_factor",
                "extra_factor",
            ),
            mistake(241, r" \* layer\.grad_b", " * layer.grad_b * len(layer.b)", "extra_factor"),
            mistake(240, r"- self\.lr", "+ self.lr", "sign_flipped"),
            two(
                mistake(45, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(173, r"\+=", "=", "upstream_gradient_dropped"),
            ),
        ),
        harmless=(
            Edit(
                170,
                r"grad_output - np\.mean\(grad_output, axis=1, keepdims=True\)",
                "grad_output @ (np.eye(grad_output.shape[1]) - 1 / grad_output.shape[1])",
            ),
            Edit(45, r"np\.sum\(grad_output, axis=0\)", "np.einsum('ij->j', grad_output)"),
        ),
        backward={FILE: (36, 178)},
        group="later",
    ),
    Program(
        REPOSITORY,
        FILE,
        noisy,
        (
            mistake(95, r" \+ self\.sigma_w \* self\.eps_w", "", "wrong_variable", "upstream_gradient_dropped"),
            mistake(102, r"x\.T", "x.T / len(x)", "batch_scale_1_over_N"),
            mistake(103, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(104, r"w_noisy", "self.sigma_w", "wrong_variable"),
            mistake(106, r" \+ self\.weight_decay \* self\.w", "", "regularisation_term_wrong"),
            mistake(106, r"\* self\.w$", "* w_noisy", "regularisation_term_wrong", "wrong_variable"),
            mistake(107, r" \* self\.eps_w", "", "missing_factor"),
            mistake(107, r"grad_w \*", "self.grad_w *", "wrong_variable", "regularisation_term_wrong"),
            mistake(108, r"self\.eps_b", "self.eps_b ** 2", "extra_factor"),
        ),
        harmless=(
            Edit(107, r"grad_w \* self\.eps_w", "np.multiply(self.eps_w, grad_w)"),
            Edit(102, r"x\.T @ grad_output", "np.dot(x.T, grad_output)"),
        ),
        backward={FILE: (93, 109)},
        name="noisy",
        group="later",
    ),
]
