"""danilyef/RNN-Numpy: an RNN of batches with one target for a whole sequence, and gradients kept for each step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["W", "R", "bs", "V", "by"]


def loss(x: Any, y_true: Any, W: Any, R: Any, bs: Any, V: Any, by: Any) -> Any:
    a = np.zeros((x.shape[1], len(R)))
    for step in x:
        a = np.tanh(step @ W + a @ R + bs.T)
    return np.mean((y_true - (a @ V + by.T)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model, criterion = module.RNN(2, 4, 1), module.MSELoss()
    start = {name: rng.normal(size=getattr(model, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(model, name, value.copy())
    x, y_true = rng.normal(size=(4, 5, 2)), rng.normal(size=(5, 1))

    def train(x, y_true):
        criterion.forward(model.forward(x), y_true)
        model.backward(criterion.backward())
        model.update(0.1)

    return Call(
        train,
        loss,
        {"x": x, "y_true": y_true, **start},
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (x, y_true),
        bind={name: f"model.{name}" for name in NAMES},
    )


SQUARE = r"self\.a\[i\+1\] \* self\.a\[i\+1\]"
PROGRAMS = [
    Program(
        "danilyef/RNN-Numpy",
        "model.py",
        build,
        (
            mistake(61, r"self\.a\[i\+1\]", "self.a[i]", "wrong_time_index"),
            mistake(62, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(63, r" \* \(1 - .*$", "", "missing_activation_derivative"),
            mistake(63, SQUARE, "self.a[i+1]", "wrong_activation_derivative"),
            mistake(65, SQUARE, "self.a[i] * self.a[i]", "wrong_time_index", "derivative_at_wrong_point"),
            mistake(65, r" \* \(1 - .*$", "", "missing_activation_derivative"),
            mistake(65, r"self\.R\.T", "self.R", "transposed"),
            mistake(65, r"delta_t @ self\.R\.T", "d_loss @ self.V.T", "missing_path_through_time", "wrong_variable"),
            mistake(68, r"self\.x\[i\]", "self.x[i - 1]", "wrong_time_index"),
            mistake(69, r"self\.a\[i\]", "self.a[i + 1]", "wrong_time_index"),
            mistake(70, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(85, r"grad\.sum\(axis=0\)", "grad[-1]", "missing_path_through_time", "wrong_time_index"),
            mistake(85, r"\.sum", ".mean", "extra_factor", "batch_scale_1_over_N"),
            mistake(91, r"-=", "+=", "sign_flipped"),
            two(
                mistake(65, r"self\.R\.T", "self.R", "transposed"),
                mistake(62, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(63, SQUARE, "self.a[i+1] ** 2"),
            Edit(68, r"\+=", "="),
            Edit(154, r"-2 \* ", "-"),
        ),
        keep=((1, 2), (5, 5), (8, 156)),
        backward={"model.py": (51, 93)},
        group="newest",
    )
]
