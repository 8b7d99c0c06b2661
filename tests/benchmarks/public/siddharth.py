"""siddharth-agrawal/Sparse-Autoencoder: all parameters in one flat vector, a sparsity penalty, and `np.matrix`."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

VISIBLE, HIDDEN, RHO, LAMDA, BETA = 5, 3, 0.1, 0.01, 0.5


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(theta: Any, input: Any) -> Any:
    size = VISIBLE * HIDDEN
    W1, W2 = theta[:size].reshape(HIDDEN, VISIBLE), theta[size : 2 * size].reshape(VISIBLE, HIDDEN)
    b1, b2 = theta[2 * size : 2 * size + HIDDEN].reshape(HIDDEN, 1), theta[2 * size + HIDDEN :].reshape(VISIBLE, 1)
    hidden = sigmoid(W1 @ input + b1)
    output = sigmoid(W2 @ hidden + b2)
    m = input.shape[1]
    mean = np.sum(hidden, axis=1) / m
    sparsity = np.sum(RHO * np.log(RHO / mean) + (1 - RHO) * np.log((1 - RHO) / (1 - mean)))
    decay = np.sum(W1**2) + np.sum(W2**2)
    return 0.5 * np.sum((output - input) ** 2) / m + 0.5 * LAMDA * decay + BETA * sparsity


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    encoder = module.SparseAutoencoder(VISIBLE, HIDDEN, RHO, LAMDA, BETA)
    theta, data = rng.normal(size=encoder.theta.shape), rng.uniform(size=(VISIBLE, 6))
    return Call(
        encoder.sparseAutoencoderCost, loss, {"theta": theta, "input": data}, lambda result: {"theta": result[1]}, (theta, data)
    )


PROGRAMS = [
    Program(
        "siddharth-agrawal/Sparse-Autoencoder",
        "sparseAutoencoder.py",
        build,
        (
            mistake(99, r"\+ \(\(1", "- ((1", "sign_flipped", "regularisation_term_wrong"),
            mistake(99, r"-\(self", "(self", "sign_flipped", "regularisation_term_wrong"),
            mistake(101, r", numpy\.multiply.*$", ", 1 - output_layer)", "wrong_activation_derivative"),
            mistake(101, r"diff, ", "output_layer, ", "wrong_variable", "loss_derivative_wrong"),
            mistake(102, r" \+ numpy\.transpose.*\)\), $", ", ", "regularisation_term_wrong"),
            mistake(103, r"1 - hidden_layer", "1 - hidden_layer ** 2", "wrong_activation_derivative"),
            mistake(
                108,
                r"input",
                "hidden_layer[:1] * input",
                "wrong_activation_in_weight_gradient",
                "missing_factor",
                "wrong_variable",
                "extra_factor",
            ),
            mistake(111, r"del_out", "diff", "missing_activation_derivative", "wrong_variable"),
            mistake(113, r" \+ self\.lamda \* W1", "", "regularisation_term_wrong"),
            mistake(114, r" / input\.shape\[1\]", "", "batch_scale_1_over_N"),
            mistake(115, r" / input\.shape\[1\]", "", "batch_scale_1_over_N"),
            mistake(114, r"W2$", "W2 / 2", "regularisation_term_wrong", "factor_2"),
            two(
                mistake(113, r" \+ self\.lamda \* W1", "", "regularisation_term_wrong"),
                mistake(111, r"del_out", "diff", "missing_activation_derivative", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(101, r"numpy\.multiply\(output_layer, 1 - output_layer\)", r"output_layer - output_layer ** 2"),
            Edit(113, r"self\.lamda \* W1", r"W1 * self.lamda"),
            Edit(110, r"numpy\.sum\(del_hid, axis = 1\)", r"del_hid.sum(axis = 1)"),
        ),
        keep=((1, 130),),
        stubs={"matplotlib/__init__.py": "", "matplotlib/pyplot.py": ANYTHING},
    )
]
