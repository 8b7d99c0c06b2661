"""alvaro-budria/MLP-NumPy: lists of layers, einsum everywhere, leaky ReLU and weight decay in the update."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def act(z: Any) -> Any:
    return np.where(z > 0, z, 0.01 * z)


def loss(X: Any, y: Any, W1: Any, B1: Any, W2: Any, B2: Any, W3: Any, B3: Any) -> Any:
    out = act(act(X @ W1.T + B1) @ W2.T + B2) @ W3.T + B3
    return 0.5 * np.sum((out - y) ** 2) / len(X) + 0.5 * 0.1 * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    my_MLP = module.MLP([4, 4, 4], 4, hidAct="LReLU")
    start = {}
    for k in range(3):
        start[f"W{k + 1}"], start[f"B{k + 1}"] = rng.normal(size=(4, 4)), rng.normal(size=4)
        my_MLP.W[k], my_MLP.B[k] = start[f"W{k + 1}"].copy(), start[f"B{k + 1}"].copy()
    X, y = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))

    def train(X, y):
        my_MLP(X)
        my_MLP.backward(y, lr=0.1, wd=0.1)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: getattr(my_MLP, name[0])[int(name[1]) - 1] - value for name, value in start.items()},
        (X, y),
        bind={name: f"my_MLP.{name[0]}[{int(name[1]) - 1}]" for name in start},
    )


PROGRAMS = [
    Program(
        "alvaro-budria/MLP-NumPy",
        "MLP.py",
        build,
        (
            mistake(31, r" \+ alpha.*$", "", "wrong_activation_derivative", "relu_mask_wrong"),
            mistake(31, r"np\.greater\(z, 0\)", "np.less(z, 0)", "relu_mask_wrong", "wrong_activation_derivative"),
            mistake(83, r"\(output_activations - y\)", "np.sign(output_activations - y)", "loss_derivative_wrong"),
            mistake(110, r"ji,kj", "ij,kj", "transposed"),
            mistake(110, r"W\[-l\+1\]", "W[-l]", "wrong_index"),
            mistake(110, r" \* self\.derivative\[self\.hidAct\]\(self\.Z\[-l\]\)", "", "missing_activation_derivative"),
            mistake(110, r"Z\[-l\]", "D[-l+1]", "relu_mask_wrong", "wrong_variable"),
            mistake(110, r"Z\[-l\]", "Z[-l+1]", "wrong_index", "derivative_at_wrong_point"),
            mistake(125, r"1 - lr \* wd", "1 - wd", "regularisation_term_wrong", "missing_factor"),
            mistake(125, r"\(1 - lr \* wd\) \* ", "", "regularisation_term_wrong"),
            mistake(125, r"lr / self\.D\[-l\]\.shape\[0\]", "lr", "batch_scale_1_over_N"),
            mistake(125, r"A\[-l-1\]", "A[-l]", "wrong_index", "wrong_activation_in_weight_gradient"),
            mistake(126, r"sum\(0\)", "mean(0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(126, r"sum\(0\)", "sum()", "bias_gradient_reduction"),
            mistake(126, r"-= \(lr", "+= (lr", "sign_flipped"),
            two(
                mistake(110, r"ji,kj", "ij,kj", "transposed"),
                mistake(126, r"sum\(0\)", "mean(0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
            two(
                mistake(31, r" \+ alpha.*$", "", "wrong_activation_derivative", "relu_mask_wrong"),
                mistake(125, r"1 - lr \* wd", "1 - wd", "regularisation_term_wrong", "missing_factor"),
            ),
        ),
        harmless=(
            Edit(125, r"np\.einsum.*$", "np.dot(self.D[-l].T, self.A[-l-1])"),
            Edit(126, r"\(lr / self\.D\[-l\]\.shape\[0\]\) \* self\.D\[-l\]\.sum\(0\)", "lr * self.D[-l].mean(axis=0)"),
        ),
        backward={"MLP.py": (83, 126)},
        group="eighth",
    )
]
