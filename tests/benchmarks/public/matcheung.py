"""matcheung3/numpy-neural-net: a homework script; two ReLU layers and softmax, gradients gathered over the patterns of a
minibatch.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ("W1", "b1", "W2", "b2", "W3", "b3")


def loss(X_batch: Any, y_batch: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    o = np.maximum(np.maximum(X_batch @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y_batch, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = (3, 4, 5, 3)
    weights = {f"W{k}": rng.normal(size=(sizes[k - 1], sizes[k])) for k in (1, 2, 3)}
    biases = {f"b{k}": rng.normal(size=(1, sizes[k])) for k in (1, 2, 3)}
    start = {name: value.copy() for name, value in (weights | biases).items()}
    X_batch, y_batch = rng.normal(size=(5, 3)), np.eye(3)[[0, 2, 1, 1, 0]]
    return Call(
        module.step,
        loss,
        {"X_batch": X_batch, "y_batch": y_batch, **start},
        lambda _: {name: (weights | biases)[name] - start[name] for name in NAMES},
        (X_batch, y_batch, weights, biases, 0.1, 5),
        bind={name: f"{'weights' if name[0] == 'W' else 'biases'}['{name}']" for name in NAMES},
    )


MISTAKES = (
    mistake(9, r"x > 0, 1, 0", "x > 0, x, 0", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(113, r"y_batch\[i\]", "y_batch[0]", "wrong_index", "loss_derivative_wrong"),
    mistake(114, r"= error", "= error * predicted_output * (1 - predicted_output)", "extra_factor", "loss_derivative_wrong"),
    mistake(116, r"= d_predicted_output", "= predicted_output", "wrong_variable", "loss_derivative_wrong"),
    mistake(117, r"relu_derivative\(hidden_layer_2_output\)", "hidden_layer_2_output", "wrong_activation_derivative"),
    mistake(119, r"= d_hidden_layer_2_output", "= hidden_layer_2_error", "missing_activation_derivative", "wrong_variable"),
    mistake(120, r"hidden_layer_1_error \* ", "", "upstream_gradient_dropped"),
    mistake(123, r"\+=", "=", "gradient_overwritten"),
    mistake(123, r"hidden_layer_2_output", "hidden_layer_2_input", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(124, r"d_hidden_layer_2_output", "hidden_layer_2_error", "missing_activation_derivative", "wrong_variable"),
    mistake(125, r"X_batch\[i\]", "X_batch[i - 1]", "wrong_index"),
    mistake(127, r"\+=", "-=", "sign_flipped"),
    mistake(128, r"d_hidden_layer_1_output", "hidden_layer_1_error", "missing_activation_derivative", "wrong_variable"),
    mistake(132, r"dW2_accum", "dW2_accum / batch_size", "batch_scale_1_over_N"),
    mistake(134, r"db3_accum", "d_predicted_output", "wrong_variable"),
    mistake(135, r" / batch_size", "", "batch_scale_1_over_N"),
)
PROGRAMS = [
    Program(
        "matcheung3/numpy-neural-net",
        "nn_from_scratch.py",
        build,
        (*MISTAKES, two(MISTAKES[7], MISTAKES[12]), two(MISTAKES[9], MISTAKES[15])),
        harmless=(
            Edit(117, r"relu_derivative\(hidden_layer_2_output\)", "(hidden_layer_2_input > 0)"),
            Edit(123, r"\.reshape\(-1, 1\)\.dot\(d_predicted_output\.reshape\(1, -1\)\)", ".T @ d_predicted_output"),
        ),
        keep=((1, 21), (92, 136)),
        head="def step(X_batch, y_batch, weights, biases, learning_rate, batch_size, total_loss=0):",
        foot="",
        backward={"nn_from_scratch.py": (113, 136)},
        group="tenth",
    )
]
