"""stephencwelch/Neural-Networks-Demystified: the small regularised network of the last lesson, without biases."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, W2: Any) -> Any:
    a = 1 / (1 + np.exp(-(X @ W1)))
    out = 1 / (1 + np.exp(-(a @ W2)))
    return 0.5 * np.sum((y - out) ** 2) / len(X) + 0.3 / 2 * (np.sum(W1**2) + np.sum(W2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Neural_Network(Lambda=0.3)
    X, y = rng.uniform(size=(5, 2)), rng.uniform(size=(5, 1))
    return Call(
        net.costFunctionPrime,
        loss,
        {"X": X, "y": y, "W1": net.W1.copy(), "W2": net.W2.copy()},
        lambda grads: {"W1": grads[0], "W2": grads[1]},
        (X, y),
        bind={"W1": "self.W1", "W2": "self.W2"},
    )


FILE = "Part 7 Overfitting, Testing, and Regularization.ipynb"
PROGRAMS = [
    Program(
        "stephencwelch/Neural-Networks-Demystified",
        FILE,
        build,
        (
            mistake(194, r"\*\*2", "", "wrong_activation_derivative"),
            mistake(206, r"-\(y", "(y", "sign_flipped", "loss_derivative_wrong"),
            mistake(206, r"self\.z3", "self.yHat", "derivative_of_activated_value", "derivative_at_wrong_point"),
            mistake(206, r", self\.sigmoidPrime\(self\.z3\)", ", 1", "missing_activation_derivative"),
            mistake(208, r"/X\.shape\[0\]", "", "batch_scale_1_over_N"),
            mistake(208, r" \+ self\.Lambda\*self\.W2", "", "regularisation_term_wrong"),
            mistake(208, r"a2", "z2", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(210, r"delta3", "self.yHat", "wrong_variable", "upstream_gradient_dropped"),
            mistake(210, r"self\.z2", "self.a2", "derivative_of_activated_value", "derivative_at_wrong_point"),
            mistake(210, r"\*self\.sigmoidPrime\(self\.z2\)", "", "missing_activation_derivative"),
            mistake(212, r"self\.Lambda", "2*self.Lambda", "factor_2", "regularisation_term_wrong"),
            mistake(212, r"X\.shape\[0\]", "X.shape[1]", "batch_scale_1_over_N", "wrong_index"),
            two(
                mistake(208, r" \+ self\.Lambda\*self\.W2", "", "regularisation_term_wrong"),
                mistake(210, r"self\.z2", "self.a2", "derivative_of_activated_value", "derivative_at_wrong_point"),
            ),
        ),
        harmless=(
            Edit(194, r"np\.exp\(-z\).*$", "self.sigmoid(z)*(1-self.sigmoid(z))"),
            Edit(206, r"-\(y-self\.yHat\)", "self.yHat-y"),
            Edit(212, r"np\.dot\(X\.T, delta2\)/X\.shape\[0\]", "np.dot(X.T/X.shape[0], delta2)"),
        ),
        keep=((4, 4), (166, 234)),
        always=(Edit(4, r"from.*$", "import numpy as np"),),
        backward={FILE: (206, 212)},
        group="later",
    )
]
