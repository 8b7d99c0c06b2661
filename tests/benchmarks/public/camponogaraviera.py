"""camponogaraviera/vanilla-numpy-mlp-backprop: a notebook with two hidden layers as attributes, decay for the weights."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(x: Any, y: Any, Wh: Any, bh: Any, Wh2: Any, bh2: Any, Wo: Any, bo: Any) -> Any:
    out = sigmoid(sigmoid(sigmoid(x @ Wh + bh) @ Wh2 + bh2) @ Wo + bo)
    return 0.5 * np.sum((out - y) ** 2) + 0.1 / 2 * (np.sum(Wh**2) + np.sum(Wh2**2) + np.sum(Wo**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNetwork(4, 5, 5, 3, activation="sigmoid", learning_rate=0.05, loss="mse_l2", regularization=0.1)
    start = {}
    for name in ("Wh", "bh", "Wh2", "bh2", "Wo", "bo"):
        start[name] = rng.normal(size=getattr(net, name).shape)
        setattr(net, name, start[name].copy())
    x, y = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(0, 3, size=7)]

    def train(net, x, y):
        net.forward_pass(x)
        net.backpropagation(x, y)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (net, x, y),
        bind={name: f"net.{name}" for name in start},
    )


FILE = "fmnist_backprop_numpy.ipynb"
PROGRAMS = [
    Program(
        "camponogaraviera/vanilla-numpy-mlp-backprop",
        FILE,
        build,
        (
            mistake(595, r" \* self\.zo \* \(1 - self\.zo\)", "", "missing_activation_derivative", "loss_derivative_wrong"),
            mistake(595, r"\(1 - self\.zo\)", "(1 - self.so)", "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(
                601,
                r"self\.zh2 \* \(1 - self\.zh2\)",
                "self.sh2 * (1 - self.sh2)",
                "derivative_at_wrong_point",
                "wrong_activation_derivative",
            ),
            mistake(601, r"self\.deltao", "self.zo", "wrong_variable", "upstream_gradient_dropped"),
            mistake(602, r"self\.zh \* \(1 - self\.zh\)", "(1 - self.zh ** 2)", "wrong_activation_derivative"),
            mistake(602, r"self\.Wh2\.transpose\(\)", "self.Wh2", "transposed"),
            mistake(605, r"self\.regularization \* self\.Wo", "0", "regularisation_term_wrong"),
            mistake(607, r"self\.regularization", "2 * self.regularization", "factor_2", "regularisation_term_wrong"),
            mistake(610, r"self\.zh2", "self.sh2", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(611, r"\+ dL2", "- dL2", "sign_flipped", "regularisation_term_wrong"),
            mistake(618, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(619, r", axis=0", "", "bias_gradient_reduction"),
            mistake(620, r"self\.deltah,", "self.deltah2,", "wrong_variable", "wrong_index"),
            two(
                mistake(602, r"self\.Wh2\.transpose\(\)", "self.Wh2", "transposed"),
                mistake(618, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(602, r"self\.zh \* \(1 - self\.zh\)", "(self.zh - self.zh ** 2)"),
            Edit(611, r"np\.dot\(self\.zh\.transpose\(\), self\.deltah2\)", "self.zh.T @ self.deltah2"),
            Edit(618, r"np\.sum\(self\.deltao, axis=0\)", "self.deltao.sum(axis=0, keepdims=True)"),
        ),
        keep=((2, 2), (8, 8), (209, 235), (368, 620)),
        backward={FILE: (595, 620)},
        group="later",
    )
]
