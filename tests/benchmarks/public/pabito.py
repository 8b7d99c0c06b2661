"""Pabito22/autoencoder-from-scratch: perceptrons with a bias as their last weight, gathered in layers, one sample a step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

SIZES = (3, 2, 3)
NAMES = [f"w{layer}{unit}" for layer, size in enumerate(SIZES[1:], 1) for unit in range(size)]


def loss(x: Any, w10: Any, w11: Any, w20: Any, w21: Any, w22: Any) -> Any:
    z = np.stack([w[:-1] @ x + w[-1] for w in (w10, w11)])
    hidden = np.maximum(z, 0.01 * z)
    out = np.stack([1 / (1 + np.exp(-(w[:-1] @ hidden + w[-1]))) for w in (w20, w21, w22)])
    return 0.5 * np.sum((out - x) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NN(SIZES[0])
    net.add_layer(SIZES[1])
    net.add_layer(SIZES[2], module.sigmoid)
    units = dict(zip(NAMES, [unit for layer in net.layers for unit in layer.neurons], strict=True))
    start = {name: rng.normal(size=unit.weights.shape) for name, unit in units.items()}
    for name, unit in units.items():
        unit.weights = start[name].copy()
    x = rng.uniform(size=3)

    def train(x, lr):
        net._predict(x)
        net.backward(x, lr)

    return Call(
        train,
        loss,
        {"x": x, **start},
        lambda _: {name: unit.weights - start[name] for name, unit in units.items()},
        (x, 0.1),
        bind={name: f"net.layers[{int(name[1]) - 1}].neurons[{name[2]}].weights" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "Pabito22/autoencoder-from-scratch",
        "NeuralNet.py",
        build,
        (
            mistake(5, r"1, 0\.01", "0.01, 1", "relu_mask_wrong", "wrong_activation_derivative"),
            mistake(5, r"0\.01", "0", "relu_mask_wrong", "wrong_activation_derivative"),
            mistake(27, r"1 - s", "1 - x", "wrong_activation_derivative", "derivative_at_wrong_point"),
            mistake(243, r"-\(y_true - last_layer_output\)", "(y_true - last_layer_output) ** 2", "loss_derivative_wrong"),
            mistake(
                244, r"last_nets", "last_layer_output", "derivative_of_activated_value", "derivative_at_wrong_point", blame=(243,)
            ),
            mistake(
                261,
                r"current_layer\._get_net_values\(\)",
                "-current_layer._get_net_values()",
                "relu_mask_wrong",
                "derivative_at_wrong_point",
                "sign_flipped",
            ),
            mistake(263, r"f_prim \* ", "", "missing_activation_derivative"),
            mistake(259, r"delta_arr\[del_i\]", "last_layer_output - y_true", "missing_activation_derivative", "wrong_variable"),
            mistake(294, r"delta_arr\[l_ix\], ", "delta_arr[l_ix] ** 2, ", "extra_factor"),
            mistake(295, r"delta_arr\[l_ix\]", "delta_arr[l_ix] / self.input_size", "batch_scale_1_over_N", "extra_factor"),
            mistake(296, r"grad_w, grad_b", "grad_w, 0 * grad_b", "upstream_gradient_dropped", "missing_factor"),
            mistake(292, r"range\(len\(delta_arr\)\)", "range(1, len(delta_arr))", "loop_cut_short"),
            two(
                mistake(5, r"0\.01", "0", "relu_mask_wrong", "wrong_activation_derivative"),
                mistake(295, r"delta_arr\[l_ix\]", "delta_arr[l_ix] / self.input_size", "batch_scale_1_over_N", "extra_factor"),
            ),
        ),
        harmless=(
            Edit(27, r"s \* \(1 - s\)", "s - s * s"),
            Edit(
                294,
                r"np\.outer\(delta_arr\[l_ix\], self\.activations\[l_ix\]\)",
                "delta_arr[l_ix][:, None] * self.activations[l_ix]",
            ),
        ),
        backward={"NeuralNet.py": (237, 302)},
        group="later",
    )
]
