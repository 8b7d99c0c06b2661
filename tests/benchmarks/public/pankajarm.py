"""pankajarm/simple-neural-network-numpy-only: scripts of a course, two layers and one unit."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

IN, OUT = "weights_input_hidden", "weights_hidden_output"


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def layers_loss(x: Any, target: Any, weights_input_hidden: Any, weights_hidden_output: Any) -> Any:
    return 0.5 * (target - sigmoid(sigmoid(x @ weights_input_hidden) @ weights_hidden_output)) ** 2


def layers(module: ModuleType, rng: np.random.Generator) -> Call:
    x, w1, w2 = rng.normal(size=4), rng.normal(size=(4, 3)), rng.normal(size=3)
    return Call(
        module.step,
        layers_loss,
        {"x": x, "target": 0.6, IN: w1, OUT: w2},
        lambda result: dict(zip((IN, OUT), result, strict=True)),
        (x, 0.6, 0.5, w1, w2),
        bind={IN: IN, OUT: OUT},
    )


def unit_loss(features: Any, targets: Any, weights: Any) -> Any:
    return 0.5 * np.mean((targets - sigmoid(features @ weights)) ** 2)


def unit(module: ModuleType, rng: np.random.Generator) -> Call:
    features, targets, start = rng.normal(size=(5, 3)), rng.uniform(size=5), rng.normal(size=3)
    return Call(
        module.train,
        unit_loss,
        {"features": features, "targets": targets, "weights": start},
        lambda weights: {"weights": weights - start},
        (features, targets, start.copy(), 0.5, 5),
        {"epochs": 3},
        bind={"weights": "weights"},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "pankajarm/simple-neural-network-numpy-only",
        "simple_multilayer_nn_with_backpropogation.py",
        layers,
        (
            mistake(44, r"weights_hidden_output", "hidden_layer_output", "wrong_variable"),
            mistake(44, r"\( 1 - hidden_layer_output\)", "(1 - output)", "wrong_variable", "wrong_activation_derivative"),
            mistake(44, r"weights_hidden_output \* ", "", "upstream_gradient_dropped", "missing_factor"),
            mistake(44, r"del_err_output", "error", "missing_activation_derivative", "wrong_variable"),
            mistake(44, r" \* hidden_layer_output \* \( 1 - hidden_layer_output\)", "", "missing_activation_derivative"),
            mistake(
                44,
                r"hidden_layer_output \* \( 1 - hidden_layer_output\)",
                "hidden_layer_input * (1 - hidden_layer_input)",
                "derivative_at_wrong_point",
                "wrong_variable",
            ),
            mistake(47, r"del_err_output", "error", "missing_activation_derivative", "wrong_variable"),
            mistake(47, r"hidden_layer_output", "hidden_layer_input", "wrong_activation_in_weight_gradient", "wrong_variable"),
            two(
                mistake(44, r" \* hidden_layer_output \* \( 1 - hidden_layer_output\)", "", "missing_activation_derivative"),
                mistake(47, r"del_err_output", "error", "missing_activation_derivative", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(41, r"output \* \(1 - output\)", "(output - output ** 2)"),
            Edit(50, r"del_err_hidden \* x\[:,None\]", "np.outer(x, del_err_hidden)"),
        ),
        keep=((4, 11), (29, 50)),
        head=f"def step(x, target, learnrate, {IN}, {OUT}):",
        foot="return delta_w_i_o, delta_w_h_o",
        group="last",
    ),
    Program(
        "pankajarm/simple-neural-network-numpy-only",
        "gradient.py",
        unit,
        (
            mistake(41, r"y - output", "y - (output > 0.5)", "loss_derivative_wrong", "wrong_variable"),
            mistake(44, r"\+=", "=", "gradient_accumulated_across_steps", "loop_cut_short"),
            mistake(44, r" \* output \* \(1 - output\)", "", "missing_activation_derivative"),
            mistake(44, r"\(1 - output\)", "(1 - output ** 2)", "wrong_activation_derivative"),
            mistake(44, r"error \* ", "error ** 2 * ", "loss_derivative_wrong", "extra_factor"),
            mistake(44, r"error \* output", "error * np.dot(x,weights)", "derivative_at_wrong_point", "wrong_variable"),
            mistake(44, r" \* x$", " * x ** 2", "extra_factor", "wrong_activation_in_weight_gradient"),
        ),
        harmless=(
            Edit(44, r"output \* \(1 - output\)", "(output - output ** 2)"),
            Edit(47, r" / n_records", ""),
        ),
        keep=((8, 8), (13, 17), (32, 47)),
        head="def train(features, targets, weights, learnrate, n_records, epochs):",
        foot="return weights",
        always=(Edit(34, r"features\.values", "features"),),
        group="last",
    ),
]
