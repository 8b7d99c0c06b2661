"""shiivashaakeri/Simple-SVM-From-Scratch: the subgradient of a linear SVM, record by record, with the bias as a last weight."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

STRENGTH = 3.0


def loss(W: Any, X_batch: Any, Y_batch: Any) -> Any:
    return 0.5 * np.sum(W**2) + STRENGTH * np.mean(np.maximum(0, 1 - Y_batch * (X_batch @ W)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.regularizationParam = STRENGTH
    W, X_batch, Y_batch = rng.normal(size=4), rng.normal(size=(9, 4)), np.array([1, -1, 1, 1, -1, -1, 1, -1, 1])
    return Call(
        module.calculate_cost_gradient,
        loss,
        {"W": W, "X_batch": X_batch, "Y_batch": Y_batch},
        lambda dw: {"W": dw},
        (W, X_batch, Y_batch),
        bind={"W": "W"},
    )


PROGRAMS = [
    Program(
        "shiivashaakeri/Simple-SVM-From-Scratch",
        "SVM.py",
        build,
        (
            mistake(17, r"= 1 - ", "= ", "loss_derivative_wrong", "relu_mask_wrong"),
            mistake(21, r"== 0", "!= 0", "relu_mask_wrong"),
            mistake(22, r"di = W", "di = 0", "regularisation_term_wrong"),
            mistake(24, r"W - ", "W + ", "sign_flipped", "loss_derivative_wrong"),
            mistake(24, r"regularizationParam \* ", "", "missing_factor", "regularisation_term_wrong"),
            mistake(24, r"Y_batch\[ind\] \* ", "", "missing_factor", "loss_derivative_wrong"),
            mistake(24, r"W - ", "-", "regularisation_term_wrong"),
            mistake(24, r"\* X_batch", "* d * X_batch", "loss_derivative_wrong", "extra_factor"),
            two(
                mistake(22, r"di = W", "di = 0", "regularisation_term_wrong"),
                mistake(24, r"W - ", "W + ", "sign_flipped", "loss_derivative_wrong"),
            ),
        ),
        harmless=(
            Edit(21, r"max\(0, d\) == 0", "d <= 0"),
            Edit(27, r"dw/len\(Y_batch\)", "2*dw/len(Y_batch)"),
        ),
        keep=((2, 2), (11, 28)),
        group="last",
    )
]
