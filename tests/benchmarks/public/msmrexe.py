"""msmrexe/numpy-neural-network: layers with dicts of parameters and gradients; batch norm before a sigmoid."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, gamma: Any, beta: Any, W2: Any, b2: Any) -> Any:
    z = x @ W1 + b1
    d = z - np.mean(z, axis=0)
    z = gamma * d / np.sqrt(np.mean(d**2, axis=0) + 1e-5) + beta
    return 0.5 * np.sum((1 / (1 + np.exp(-z)) @ W2 + b2 - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [module.Linear(3, 5), module.BatchNorm(5), module.Sigmoid(), module.Linear(5, 2)]
    held = {"W1": (0, "W"), "b1": (0, "b"), "gamma": (1, "gamma"), "beta": (1, "beta"), "W2": (3, "W"), "b2": (3, "b")}
    start = {}
    for name, (k, key) in held.items():
        start[name] = rng.normal(size=layers[k].params[key].shape)
        layers[k].params[key] = start[name].copy()
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))

    def train(x, y):
        out = x
        for layer in layers:
            out = layer(out)
        grad = out - y
        for layer in reversed(layers):
            grad = layer.backward(grad)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: layers[k].grads[key] for name, (k, key) in held.items()},
        (x, y),
        bind={name: f"layers[{k}].params['{key}']" for name, (k, key) in held.items()},
    )


FILE = "src/layers.py"
MISTAKES = (
    mistake(77, r"inp_reshaped\.T", "np.abs(inp_reshaped.T)", "wrong_activation_in_weight_gradient"),
    mistake(78, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(80, r"self\.params\['W'\]", "self.grads['W']", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(134, r"1\.0 - self\._cache_output\)", "1.0 - self._cache_output**2)", "wrong_activation_derivative"),
    mistake(135, r"upstream_grad \* sigmoid_deriv", "upstream_grad", "missing_activation_derivative"),
    mistake(229, r" \* x_hat", " * x_centered", "wrong_variable"),
    mistake(232, r" \* self\.params\['gamma'\]", "", "missing_factor"),
    mistake(235, r"std_inv", "std_inv**2", "extra_factor", "wrong_variable"),
    mistake(236, r"x_centered", "x_hat", "wrong_variable", "normalisation_term_missing"),
    mistake(238, r"\(-1\.0", "(1.0", "sign_flipped", "normalisation_term_missing"),
    mistake(239, r"0\.5 \* ", "", "factor_2", "missing_factor"),
    mistake(241, r"\(1\.0 / N\) \* ", "", "batch_scale_1_over_N", "missing_factor"),
    mistake(246, r"dx1", "dx_centered1 * x_hat", "normalisation_term_missing", "wrong_variable"),
    mistake(251, r" \+ dx2", "", "normalisation_term_missing"),
)
PROGRAMS = [
    Program(
        "msmrexe/numpy-neural-network",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[6]), two(MISTAKES[4], MISTAKES[11])),
        harmless=(
            Edit(242, r"2\.0 \* x_centered \* d_x_centered_sq", "d_x_centered_sq * x_centered * 2.0"),
            Edit(248, r"\(1\.0 / N\) \* np\.ones\(\(N, D\)\) \* dmu", "np.ones((N, D)) * dmu / N"),
        ),
        backward={FILE: (59, 254)},
        group="eleventh",
    )
]
