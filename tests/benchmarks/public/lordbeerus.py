"""lordbeerus0505/Logistic-Regression-and-SVM-from-Scratch: course homework; the subgradient of a linear SVM on a whole batch."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(W: Any, X_batch: Any, y_i: Any) -> Any:
    return 0.5 * 0.3 * np.sum(W**2) + np.mean(np.maximum(0, 1 - y_i * (X_batch @ W)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    svm = module.SupportVectorMachine(lambdaValue=0.3)
    W, X_batch, y_i = rng.normal(size=4), rng.normal(size=(9, 4)), np.array([1, -1, 1, 1, -1, -1, 1, -1, 1])
    return Call(
        svm.svmGradientCost,
        loss,
        {"W": W, "X_batch": X_batch, "y_i": y_i},
        lambda delta: {"W": delta},
        (W, X_batch, y_i),
        bind={"W": "W"},
    )


PROGRAMS = [
    Program(
        "lordbeerus0505/Logistic-Regression-and-SVM-from-Scratch",
        "lr_svm.py",
        build,
        (
            mistake(43, r"\*y_i", "", "missing_factor", "relu_mask_wrong", "wrong_variable"),
            mistake(45, r"product<1", "product>1", "relu_mask_wrong"),
            mistake(45, r"product<1", "product<0", "relu_mask_wrong"),
            mistake(45, r"y_i,0", "1,0", "missing_factor", "loss_derivative_wrong"),
            mistake(45, r"y_i,0", "product,0", "wrong_variable", "loss_derivative_wrong"),
            mistake(51, r" - delta_ji", " + delta_ji", "sign_flipped", "loss_derivative_wrong"),
            mistake(51, r"self\.lambdaValue\*W", "self.lambdaValue", "regularisation_term_wrong"),
            mistake(51, r"self\.lambdaValue\*W", "2*self.lambdaValue*W", "factor_2", "regularisation_term_wrong"),
            mistake(51, r"self\.lambdaValue\*W - ", "-", "regularisation_term_wrong"),
            two(
                mistake(45, r"product<1", "product<0", "relu_mask_wrong"),
                mistake(51, r"self\.lambdaValue\*W", "2*self.lambdaValue*W", "factor_2", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(52, r"np\.sum\(delta, axis=0\)/len\(y_i\)", "np.mean(delta, axis=0)"),
            Edit(49, r"netResult\.T\*X_batch", "X_batch * netResult.T"),
        ),
        keep=((13, 14), (21, 71)),
        group="newest",
    )
]
