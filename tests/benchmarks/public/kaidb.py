"""kaidb/Softmax-Regression: functions of a softmax regression with weight decay; the cost counts it for each entry."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

DECAY = 0.3


def loss(b: Any, W: Any, X: Any, Y: Any) -> Any:
    z = X @ W + b
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(Y * z, axis=1)) + 0.5 * DECAY * np.sum(W**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"b": rng.normal(size=(1, 3)), "W": rng.normal(size=(4, 3))}
    X, Y = rng.normal(size=(8, 4)), np.eye(3)[rng.integers(0, 3, size=8)]
    return Call(
        module.gradientDescent,
        loss,
        {**start, "X": X, "Y": Y},
        lambda result: {"b": result[0] - start["b"], "W": result[1] - start["W"]},
        (start["b"].copy(), start["W"].copy(), X, Y, DECAY),
        {"num_iterations": 3, "learning_rate": 0.1},
        bind={"b": "b", "W": "W"},
        once={"num_iterations": 1},
    )


PROGRAMS = [
    Program(
        "kaidb/Softmax-Regression",
        "SoftmaxRegression/model_utils.py",
        build,
        (
            mistake(88, r"\(lmbda \* W\)", "(2 * lmbda * W)", "factor_2", "regularisation_term_wrong"),
            mistake(88, r"\+ \(lmbda", "- (lmbda", "sign_flipped", "regularisation_term_wrong"),
            mistake(88, r" \+ \(lmbda \* W\)", "", "regularisation_term_wrong"),
            mistake(88, r"\(1/m \) \* ", "", "batch_scale_1_over_N"),
            mistake(88, r"\(prob -Y\)", "(prob * (1 - prob) * (prob -Y))", "loss_derivative_wrong", "extra_factor"),
            mistake(88, r"\(prob -Y\)", "(prob - 1)", "loss_derivative_wrong", "wrong_variable"),
            mistake(89, r"prob-Y", "Y-prob", "sign_flipped"),
            mistake(89, r"axis=0", "axis=None", "bias_gradient_reduction"),
            mistake(89, r"\(1/m \) \* +np\.sum", "np.sum", "batch_scale_1_over_N", "bias_gradient_reduction"),
            mistake(132, r"db\)", "db + lmbda * b)", "regularisation_term_wrong"),
            two(
                mistake(88, r" \+ \(lmbda \* W\)", "", "regularisation_term_wrong"),
                mistake(89, r"prob-Y", "Y-prob", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(89, r"\(1/m \) \* +np\.sum\(prob-Y, axis=0, keepdims=True\)", "np.mean(prob-Y, axis=0, keepdims=True)"),
            Edit(88, r"\(lmbda \* W\)", "W * lmbda"),
        ),
        root="SoftmaxRegression",
        stubs={
            "sklearn/__init__.py": "",
            "sklearn/preprocessing.py": ANYTHING,
            "tqdm.py": "def tqdm(values):\n    return values\n",
        },
        group="last",
    )
]
