"""renan-cunha/BatchNormalization: linear, batch norm, sigmoid and square error as layers; each takes a step by itself."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, gamma: Any, bias: Any, W2: Any, b2: Any) -> Any:
    z = x @ W1 + b1
    d = z - np.mean(z, axis=0)
    h = 1 / (1 + np.exp(-(gamma * d / np.sqrt(np.mean(d**2, axis=0) + 1e-3) + bias)))
    return np.sum((h @ W2 + b2 - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    x, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    first, norm, act, last = module.LinearLayer(3, 5), module.BatchNormLayer(5), module.SigmoidLayer(), module.LinearLayer(5, 2)
    error = module.SqrErrorLayer(y)
    held = {"W1": (first, "weights"), "b1": (first, "biases"), "gamma": (norm, "gamma"), "bias": (norm, "bias"),
            "W2": (last, "weights"), "b2": (last, "biases")}  # fmt: skip
    start = {}
    for name, place in held.items():
        start[name] = rng.normal(size=getattr(*place).shape)
        setattr(*place, start[name].copy())

    def train(x):
        out = x
        for layer in (first, norm, act, last, error):
            out = layer.forward(out)
        grad = np.ones_like(out)
        for layer in (error, last, act, norm, first):
            grad = layer.backward(grad)
        for layer in (first, norm, last):
            layer.apply_gradients(0.1)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(*place) - start[name] for name, place in held.items()},
        (x,),
        bind={"W1": "first.weights", "b1": "first.biases", "gamma": "norm.gamma", "bias": "norm.bias", "W2": "last.weights",
              "b2": "last.biases", "y": "error.y"},
    )  # fmt: skip


MISTAKES = (
    mistake(47, r"self\.x\.T", "np.sign(self.x.T)", "wrong_activation_in_weight_gradient"),
    mistake(48, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(49, r"self\.weights\.T", "self.grad_weights.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(69, r"self\.y - self\.x", "np.abs(self.y - self.x)", "loss_derivative_wrong", "sign_flipped"),
    mistake(157, r" \* self\.gamma", "", "missing_factor"),
    mistake(159, r"-3/2", "-1/2", "normalisation_term_missing", "wrong_activation_derivative", "extra_factor"),
    mistake(159, r" \* -0\.5", "", "normalisation_term_missing", "missing_factor"),
    mistake(161, r"self\.stddev_x", "self.var_x", "wrong_variable"),
    mistake(162, r"2 \* ", "", "factor_2", "missing_factor"),
    mistake(169, r"self\.standard_x", "self.x_minus_mean", "wrong_variable"),
    mistake(171, r"grad_input", "standard_grad", "wrong_variable", "extra_factor"),
    mistake(173, r" \+ var_grad \* aux_x_minus_mean", "", "normalisation_term_missing"),
    mistake(192, r" \* \(1 - self\.next_x\)", "", "wrong_activation_derivative", "missing_factor"),
    mistake(178, r"-=", "+=", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "renan-cunha/BatchNormalization",
        "src/feed_forward/layers.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[12]), two(MISTAKES[8], MISTAKES[1])),
        harmless=(
            Edit(69, r"-2 \* \(self\.y - self\.x\)", "(self.x - self.y)"),
            Edit(161, r"1 / self\.stddev_x", "self.stddev_x ** -1"),
        ),
        backward={"src/feed_forward/layers.py": (46, 192)},
        group="eleventh",
    )
]
