"""ft1148137/NN_Playground: two layers with ReLU as a script.

As published the second layer sees what is before the ReLU, and its gradient what is after it."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w1: Any, w2: Any) -> Any:
    return np.sum((np.maximum(x @ w1, 0) @ w2 - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"w1": rng.normal(size=(4, 6)), "w2": rng.normal(size=(6, 3))}
    held = {name: value.copy() for name, value in start.items()}
    x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    return Call(
        module.step,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: held[name] - start[name] for name in start},
        (x, y, held["w1"], held["w2"], 0.01),
    )


FILE = "basic_nn/two_layer_nn_with_numpy.py"
MISTAKES = (
    mistake(21, r"y_pred - y", "y - y_pred", "sign_flipped"),
    mistake(21, r"y_pred - y\)", "y_pred)", "loss_derivative_wrong"),
    mistake(21, r"\(y_pred - y\)", "np.sign(y_pred - y)", "loss_derivative_wrong"),
    mistake(22, r"h_relu\.T", "h.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(22, r"grad_y_pred", "(y_pred - y)", "factor_2", "missing_factor"),
    mistake(23, r"w2\.T", "grad_w2.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(25, r"grad_h\[h<0\] = 0", "pass", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(25, r"h<0", "h>0", "relu_mask_wrong", "sign_flipped"),
    mistake(25, r"h<0", "grad_h<0", "relu_mask_wrong", "wrong_variable"),
    mistake(26, r"grad_h\)", "grad_h_relu)", "missing_activation_derivative", "wrong_variable"),
    mistake(26, r"x\.T", "np.abs(x.T)", "wrong_activation_in_weight_gradient"),
    mistake(27, r"-=", "+=", "sign_flipped"),
    mistake(28, r"grad_w2", "w2", "gradient_or_update_used_for_weight", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "ft1148137/NN_Playground",
        FILE,
        build,
        (*MISTAKES[1:], two(MISTAKES[3], MISTAKES[6]), two(MISTAKES[4], MISTAKES[10])),
        harmless=(
            Edit(21, r"2\.0 \* \(y_pred - y\)", "2.0 * y_pred - 2.0 * y"),
            Edit(25, r"grad_h\[h<0\] = 0", "grad_h = grad_h * (h > 0)"),
        ),
        keep=((1, 1), (14, 28)),
        head="def step(x, y, w1, w2, learning_reate, iter=0):",
        foot="    return loss",
        mend=(Edit(16, r"h\.dot", "h_relu.dot"),),
        published=("wrong_variable", "wrong_activation_in_weight_gradient"),
        blame=(16, 23),
        backward={FILE: (22, 29)},
        group="eleventh",
    )
]
