"""beckernick/logistic_regression_from_scratch: one function with a loop, weights made inside, gradient ascent."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def loss(features: Any, target: Any, weights: Any) -> Any:
    scores = weights[0] + features @ weights[1:]
    return np.sum(np.log(1 + np.exp(scores)) - target * scores)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    features, target = rng.normal(size=(9, 3)), (np.arange(9) % 2).astype(float)
    return Call(
        module.logistic_regression,
        loss,
        {"features": features, "target": target, "weights": np.zeros(4)},
        lambda weights: {"weights": weights},
        (features, target),
        {"num_steps": 3, "learning_rate": 0.1, "add_intercept": True},
        bind={"weights": "weights"},
        once={"num_steps": 1},
    )


PROGRAMS = [
    Program(
        "beckernick/logistic_regression_from_scratch",
        "logistic_regression_scratch.ipynb",
        build,
        (
            mistake(35, r"target - predictions", "target - scores", "loss_derivative_wrong", "wrong_variable"),
            mistake(35, r"predictions", "np.round(predictions)", "loss_derivative_wrong", "wrong_variable"),
            mistake(35, r"target - predictions", "target + predictions", "loss_derivative_wrong", "sign_flipped"),
            mistake(37, r"output_error_signal", "predictions", "wrong_variable"),
            mistake(37, r"output_error_signal", "np.abs(output_error_signal)", "wrong_variable", "loss_derivative_wrong"),
            mistake(38, r"gradient", "np.mean(gradient)", "bias_gradient_reduction", "wrong_variable"),
        ),
        harmless=(
            Edit(37, r"np\.dot\(features\.T, output_error_signal\)", "np.dot(output_error_signal, features)"),
            Edit(38, r"\+= learning_rate", "-= -learning_rate"),
        ),
        keep=((1, 1), (17, 44)),
        always=(Edit(30, r"xrange", "range"), Edit(42, r"print .*$", "pass")),
        group="fresh",
    )
]
