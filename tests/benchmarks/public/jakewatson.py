"""jakewatson91/numpy-nn: a course's notebook; one hidden layer, softmax, and an update inside backprop.

As published the weight decay of the loss is missing in the gradients.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

ALPHA = 0.3


def loss(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    z = np.maximum(x @ w1 + b1, 0) @ w2 + b2
    data = np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(y)), y])
    return data + ALPHA / 2 * (np.sum(w1**2) + np.sum(w2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.alpha = ALPHA
    model = module.NN(4, 5, 3)
    start = {}
    for name in ("w1", "b1", "w2", "b2"):
        start[name] = rng.normal(size=getattr(model, name).shape)
        setattr(model, name, start[name].copy())
    x, y = rng.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])

    def train(x, y):
        z, a, _, y_pred = model.forward(x)
        model.loss_fn(len(x), y, y_pred, ALPHA)
        model.backprop(len(x), y, y_pred, x, z, a, 0.1)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(model, name) - then for name, then in start.items()},
        (x, y),
        bind={name: f"model.{name}" for name in start},
    )


MISTAKES = (
    mistake(54, r", y\] = 1", ", 0] = 1", "wrong_index", "loss_derivative_wrong"),
    mistake(57, r"y_pred - y_onehot", "y_pred * (1 - y_onehot)", "loss_derivative_wrong"),
    mistake(57, r" / y_pred\.shape\[0\]", "", "batch_scale_1_over_N"),
    mistake(58, r"a\.T", "z.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(58, r" \+ alpha \* self\.w2", "", "regularisation_term_wrong"),
    mistake(59, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(60, r"d_z2 @", "y_pred @", "wrong_variable", "upstream_gradient_dropped"),
    mistake(60, r"self\.w2\.T", "d_w2.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(61, r"z > 0", "a >= 0", "relu_mask_wrong"),
    mistake(61, r" \* \(z > 0\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(61, r"\(z > 0\)", "a * (z > 0)", "extra_factor", "wrong_activation_derivative"),
    mistake(62, r"x\.T @ d_z1", "x.T @ d_a", "missing_activation_derivative", "wrong_variable"),
    mistake(62, r"alpha \* self\.w1", "alpha * np.abs(self.w1)", "regularisation_term_wrong"),
    mistake(63, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(66, r"-= lr", "+= lr", "sign_flipped"),
    mistake(69, r"d_b2", "d_b2 * self.b2", "extra_factor", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "jakewatson91/numpy-nn",
        "numpy_nn.ipynb",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[9]), two(MISTAKES[5], MISTAKES[14])),
        harmless=(
            Edit(61, r"d_a \* \(z > 0\)", "np.where(a > 0, d_a, 0)"),
            Edit(59, r"np\.sum\(d_z2, axis=0, keepdims=True\)", "d_z2.sum(0).reshape(1, -1)"),
        ),
        keep=((1, 1), (20, 69)),
        mend=(Edit(58, r"a\.T @ d_z2", "a.T @ d_z2 + alpha * self.w2"), Edit(62, r"x\.T @ d_z1", "x.T @ d_z1 + alpha * self.w1")),
        published=("regularisation_term_wrong",),
        backward={"numpy_nn.ipynb": (53, 69)},
        group="ninth",
    )
]
