"""befunger/numpy-neural-networks: a course assignment; softmax regression in columns with a squared penalty."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W: Any, b: Any, lam: Any) -> Any:
    o = W @ X + b
    return np.mean(np.log(np.sum(np.exp(o), axis=0)) - np.sum(o * Y, axis=0)) + lam * np.sum(W**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=(3, 1))}
    X, Y = rng.normal(size=(4, 6)), np.eye(3)[:, [0, 2, 1, 1, 0, 2]]
    return Call(
        module.ComputeGradients,
        loss,
        {"X": X, "Y": Y, **start, "lam": 0.2},
        lambda result: dict(zip(start, result, strict=True)),
        (X, Y, *start.values(), 0.2),
        bind={"W": "W", "b": "b"},
    )


MISTAKES = (
    mistake(72, r"Y - P_batch", "Y / P_batch", "loss_derivative_wrong", "softmax_jacobian_wrong"),
    mistake(72, r"Y - P_batch", "Y - P_batch * P_batch", "loss_derivative_wrong", "extra_factor"),
    mistake(72, r"- \(Y", "(Y", "sign_flipped", "loss_derivative_wrong"),
    mistake(72, r"P_batch\)", "np.matmul(W, X))", "wrong_variable", "loss_derivative_wrong"),
    mistake(74, r" / nb", "", "batch_scale_1_over_N"),
    mistake(74, r"G_batch", "P_batch", "wrong_variable", "loss_derivative_wrong"),
    mistake(74, r"np\.transpose\(X\)", "np.transpose(np.abs(X))", "wrong_activation_in_weight_gradient"),
    mistake(75, r"2\*lam", "lam", "regularisation_term_wrong", "factor_2"),
    mistake(75, r"\*W", "*np.sign(W)", "regularisation_term_wrong"),
    mistake(75, r"dL_dW \+ ", "dL_dW - ", "sign_flipped", "regularisation_term_wrong"),
    mistake(75, r" \+ 2\*lam\*W", "", "regularisation_term_wrong"),
    mistake(77, r" / nb", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(77, r"G_batch", "Y", "wrong_variable"),
    mistake(77, r"$", " + 2*lam*b", "regularisation_term_wrong"),
)
PROGRAMS = [
    Program(
        "befunger/numpy-neural-networks",
        "code/step1.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[11]), two(MISTAKES[6], MISTAKES[7])),
        harmless=(
            Edit(77, r"np\.matmul\(G_batch, np\.ones\(\(nb, 1\)\)\) / nb", "np.mean(G_batch, axis=1, keepdims=True)"),
            Edit(72, r"- \(Y - P_batch\)", "P_batch - Y"),
        ),
        root="code",
        keep=((5, 5), (40, 79)),
        backward={"code/step1.py": (70, 79)},
        group="tenth",
    )
]
