"""TayssirDo/Softmax-regression: the gradient of a softmax regression with rows of classes and weight decay, by functions."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY = 0.4


def loss(weights: Any, x: Any, t: Any) -> Any:
    z = x @ weights.T
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(t * z, axis=1)) + 0.5 * DECAY * np.sum(weights**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    weights, x = rng.normal(size=(3, 4)), rng.normal(size=(8, 4))
    t = np.eye(3)[rng.integers(0, 3, size=8)]
    return Call(
        module.cross_entropy_gradient,
        loss,
        {"weights": weights, "x": x, "t": t},
        lambda grad: {"weights": grad},
        (weights, x, t, DECAY),
        bind={"weights": "weights"},
    )


PROGRAMS = [
    Program(
        "TayssirDo/Softmax-regression",
        "softmax_regression.py",
        build,
        (
            mistake(86, r"h - t", "t - h", "sign_flipped", "loss_derivative_wrong"),
            mistake(86, r"\(h - t\)", "(h * (1 - h) * (h - t))", "loss_derivative_wrong", "extra_factor"),
            mistake(86, r"h - t", "h * (1 - t)", "loss_derivative_wrong", "wrong_variable"),
            mistake(89, r"alpha \* weights", "2 * alpha * weights", "factor_2", "regularisation_term_wrong"),
            mistake(89, r"alpha \* weights", "alpha", "regularisation_term_wrong"),
            mistake(89, r"alpha \* weights", "alpha * np.sign(weights)", "regularisation_term_wrong"),
            mistake(92, r"\(1 / N\) \* w_grad", "w_grad", "batch_scale_1_over_N"),
            mistake(92, r"\(1 / N\) \* w_grad \+ r_grad", "(1 / N) * (w_grad + r_grad)", "regularisation_term_wrong"),
            mistake(92, r"\+ r_grad", "- r_grad", "sign_flipped", "regularisation_term_wrong"),
            two(
                mistake(86, r"h - t", "t - h", "sign_flipped", "loss_derivative_wrong"),
                mistake(89, r"alpha \* weights", "2 * alpha * weights", "factor_2", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(86, r"\(h - t\)\.T @ x", "np.einsum('nk,nd->kd', h - t, x)"),
            Edit(92, r"\(1 / N\) \* w_grad", "w_grad / N"),
        ),
        keep=((1, 1), (35, 92)),
        group="last",
    )
]
