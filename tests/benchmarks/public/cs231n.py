"""jariasf/CS231n: the two-layer net of the first assignment, loss and gradients in one method."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

REG = 0.3


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - o[np.arange(len(y)), y]) + REG * (np.sum(W1**2) + np.sum(W2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.TwoLayerNet(4, 5, 3, std=1.0)
    for name in ("b1", "b2"):
        net.params[name] = rng.normal(size=net.params[name].shape)
    X, y = rng.normal(size=(6, 4)), rng.integers(0, 3, size=6)
    point = {name: value.copy() for name, value in net.params.items()}
    return Call(net.loss, loss, {"X": X, "y": y, **point}, lambda result: result[1], (X, y), {"reg": REG})


PROGRAMS = [
    Program(
        "jariasf/CS231n",
        "assignment1/cs231n/classifiers/neural_net.py",
        build,
        (
            mistake(114, r"-= 1", "-= 0.5", "loss_derivative_wrong", "factor_2"),
            mistake(118, r"X2\.T", "fc1.T", "wrong_activation_in_weight_gradient"),
            mistake(121, r"axis=0", "axis=0) * len(X", "batch_scale_1_over_N", "bias_gradient_reduction"),
            mistake(125, r"fc1>0", "dW1>0", "relu_mask_wrong"),
            mistake(125, r" \* \(fc1>0\)", "", "relu_mask_wrong", "missing_activation_derivative"),
            mistake(129, r"dfc1", "(X2 * dfc1)", "missing_factor", "wrong_variable", "extra_factor"),
            mistake(132, r"2 \* ", "", "regularisation_term_wrong", "factor_2"),
            mistake(133, r"\+=", "-=", "regularisation_term_wrong", "sign_flipped"),
            two(
                mistake(118, r"X2\.T", "fc1.T", "wrong_activation_in_weight_gradient"),
                mistake(132, r"2 \* ", "", "regularisation_term_wrong", "factor_2"),
            ),
        ),
        harmless=(
            Edit(125, r"fc1>0", r"X2>0"),
            Edit(121, r"softmax_matrix\.sum\(axis=0\)", r"np.ones(N).dot(softmax_matrix)"),
        ),
        stubs={"matplotlib/__init__.py": "", "matplotlib/pyplot.py": ANYTHING},
        group="tuned",
    )
]
