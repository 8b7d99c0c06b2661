"""mjavadmt/MLP-Numpy: a script on circles; layers in dictionaries, and results of layers in one global dictionary."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X_train: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = W3 @ np.maximum(W2 @ np.maximum(W1 @ X_train + b1, 0) + b2, 0) + b3
    return np.mean(np.log(1 + np.exp(z)) - Y * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = module.make_layers([2, 5, 4, 1])
    start = {name: rng.normal(size=value.shape) for name, value in module.initialize_weights(layers).items()}
    weights = {name: value.copy() for name, value in start.items()}
    X_train, Y = rng.normal(size=(2, 12)), rng.integers(0, 2, size=12)
    module.X_train, module.data_counts = X_train, 12
    module.layer_result = {"r-n-0": X_train, "a-n-0": X_train}

    def train(Y, weights, layers):
        predicted_y = module.all_layer_forward(weights, layers)
        gradient_for_each_layer = module.all_layer_backward(predicted_y, Y, weights, layers)
        module.update_weights(weights, gradient_for_each_layer, 0.1, len(layers))

    return Call(
        train,
        loss,
        {"X_train": X_train, "Y": Y, **start},
        lambda _: {name: weights[name] - value for name, value in start.items()},
        (Y, weights, layers),
        bind={name: f"weights['{name}']" for name in start} | {"X_train": "X_train", "Y": "Y"},
    )


PROGRAMS = [
    Program(
        "mjavadmt/MLP-Numpy",
        "mlp.py",
        build,
        (
            mistake(32, r"1 - sigmoid\(x\)", "1 - x", "wrong_activation_derivative"),
            mistake(33, r"curr_derive \* result", "result", "upstream_gradient_dropped"),
            mistake(38, r"x <= 0", "curr_derive <= 0", "relu_mask_wrong", "wrong_variable"),
            mistake(38, r"x <= 0", "x > 0", "relu_mask_wrong"),
            mistake(113, r"derive_real_neuron", "dA_curr", "missing_activation_derivative", "wrong_variable"),
            mistake(113, r" / data_counts", "", "batch_scale_1_over_N"),
            mistake(114, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(114, r", axis=1", "", "bias_gradient_reduction"),
            mistake(115, r"derive_real_neuron\)", "derive_real_neuron) / data_counts", "batch_scale_1_over_N", "extra_factor"),
            mistake(122, r" - np", " + np", "sign_flipped", "loss_derivative_wrong"),
            mistake(122, r"np\.divide\(y_true, y_predicted\) - ", "-", "loss_derivative_wrong"),
            mistake(
                129, r"a-n-\{current_layer\}", "r-n-{current_layer}", "wrong_activation_in_weight_gradient", "wrong_variable"
            ),
            mistake(130, r"relu_backward if", "sigmoid_backward if", "wrong_activation_derivative", "wrong_variable"),
            mistake(142, r"-=", "+=", "sign_flipped"),
            two(
                mistake(38, r"x <= 0", "curr_derive <= 0", "relu_mask_wrong", "wrong_variable"),
                mistake(114, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
            two(
                mistake(113, r" / data_counts", "", "batch_scale_1_over_N"),
                mistake(122, r" - np", " + np", "sign_flipped", "loss_derivative_wrong"),
            ),
        ),
        harmless=(
            Edit(38, r"tmp_curr_derive\[x <= 0\] = 0", "tmp_curr_derive = tmp_curr_derive * (x > 0)"),
            Edit(
                114,
                r"np\.sum\(derive_real_neuron, axis=1, keepdims=True\) / data_counts",
                "np.mean(derive_real_neuron, axis=1, keepdims=True)",
            ),
        ),
        keep=((4, 4), (23, 142)),
        backward={"mlp.py": (112, 142)},
        group="eighth",
    )
]
