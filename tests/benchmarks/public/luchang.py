"""LuChang-CS/plain-numpy-neural-networks: logistic regression whose shapes are made to fit by a tuple of ones; a step as a
function.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w: Any, b: Any) -> Any:
    p = 1 / (1 + np.exp(-(x @ w + b)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Logistic(4)
    start = {"w": rng.normal(size=4), "b": float(rng.normal())}
    model.w, model.b = start["w"].copy(), start["b"]
    x, y = rng.normal(size=(7, 4)), np.array([1, 0, 0, 1, 1, 0, 1])

    def train(x, y):
        module.logistic_sgd(model, model.backward(x, model.forward(x), y), 0.1)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {"w": model.w - start["w"], "b": model.b - start["b"]},
        (x, y),
        bind={"w": "model.w", "b": "model.b"},
    )


MISTAKES = (
    mistake(29, r"y_hat - y", "y_hat - y ** 2 * 0.5", "loss_derivative_wrong"),
    mistake(29, r"y_hat - y", "y_hat", "loss_derivative_wrong"),
    mistake(29, r"y_hat - y\)", "y_hat - y) * y_hat * (1 - y_hat)", "extra_factor", "loss_derivative_wrong"),
    mistake(29, r"x \*", "np.abs(x) *", "wrong_activation_in_weight_gradient"),
    mistake(29, r"np\.mean", "np.sum", "batch_scale_1_over_N"),
    mistake(29, r"y_hat - y", "y_hat + y", "sign_flipped", "loss_derivative_wrong"),
    mistake(29, r"y_hat - y", "-y / y_hat", "loss_derivative_wrong"),
    mistake(30, r"np\.mean", "np.sum", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(30, r"y_hat - y", "y_hat * y", "loss_derivative_wrong"),
    mistake(30, r"\(y_hat - y\), axis=0", "x[:, :1] * (y_hat - y), axis=0", "extra_factor", "wrong_variable"),
    mistake(36, r"-=", "+=", "sign_flipped"),
    mistake(36, r"dw \*", "logistic_model.w *", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(37, r"db \*", "dw[0] *", "wrong_variable"),
    mistake(37, r"-=", "=", "gradient_or_update_used_for_weight"),
)
ROOT = "1. Logistic Regression/code"
FILE = f"{ROOT}/model/logistic.py"
PROGRAMS = [
    Program(
        "LuChang-CS/plain-numpy-neural-networks",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[12]), two(MISTAKES[3], MISTAKES[7])),
        harmless=(
            Edit(29, r"np\.mean\(x \* \(y_hat - y\), axis=0\)", "((y_hat - y) * x).sum(axis=0) / len(x)"),
            Edit(37, r"logistic_model\.b -=", "logistic_model.b = logistic_model.b -"),
        ),
        more=tuple(f"{ROOT}/model/{name}.py" for name in ("activation", "loss", "init")),
        root=ROOT,
        stubs={"model/model.py": "class Model:\n    pass\n"},
        backward={FILE: (24, 37)},
        group="tenth",
    )
]
