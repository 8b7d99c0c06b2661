"""qandeelabbassi/python-svm-sgd: the averaged subgradient of a linear SVM, sample by sample."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

STRENGTH = 5.0


def loss(W: Any, X_batch: Any, Y_batch: Any) -> Any:
    return 0.5 * W @ W + STRENGTH * np.mean(np.maximum(0, 1 - Y_batch * (X_batch @ W)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.regularization_strength = STRENGTH
    W, X, Y = rng.normal(size=3), rng.normal(size=(7, 3)), rng.choice([-1.0, 1.0], size=7)
    return Call(
        module.calculate_cost_gradient,
        loss,
        {"W": W, "X_batch": X, "Y_batch": Y},
        lambda result: {"W": result},
        (W, X, Y),
    )


PROGRAMS = [
    Program(
        "qandeelabbassi/python-svm-sgd",
        "svm.py",
        build,
        (
            mistake(65, r"1 - ", "1 + ", "sign_flipped", "derivative_at_wrong_point"),
            mistake(69, r"== 0", "> 0", "relu_mask_wrong"),
            mistake(70, r"= W", "= 0", "regularisation_term_wrong"),
            mistake(72, r"W - ", "W + ", "sign_flipped"),
            mistake(72, r"\* Y_batch\[ind\] ", "", "missing_factor"),
            mistake(72, r"W - ", "- ", "regularisation_term_wrong"),
            mistake(73, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(72, r"X_batch\[ind\]", "X_batch[ind - 1]", "wrong_index"),
        ),
        harmless=(
            Edit(69, r"max\(0, d\) == 0", r"d <= 0"),
            Edit(75, r"dw/len\(Y_batch\)", r"dw"),
        ),
        keep=((1, 1), (57, 76)),
    )
]
