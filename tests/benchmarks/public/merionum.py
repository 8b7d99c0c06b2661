"""merionum/numpy-neural-networks: course work; fully connected layers with ReLU inside, also after the last; gradients add up.

Softmax with cross-entropy divides the loss by the batch and not its gradient: one factor for all but the weight decay."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0)
    data = np.sum(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * np.eye(4)[y], axis=1))
    return data + 0.3 * (np.sum(W1**2) + np.sum(W2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    first, last = module.FullyConnectedLayer(3, 6), module.FullyConnectedLayer(6, 4)
    held = {"W1": first.W, "b1": first.B, "W2": last.W, "b2": last.B}
    start = {}
    for name, parameter in held.items():
        start[name] = rng.normal(size=parameter.value.shape) + (0.4 if name[0] == "b" else 0)
        parameter.value = start[name].copy()
    x, y = rng.normal(size=(6, 3)), np.array([0, 3, 1, 2, 0, 3])

    def train(x, y):
        _, d = module.softmax_with_cross_entropy(last.forward(first.forward(x)), y)
        first.backward(last.backward(d))
        for layer in (first, last):
            layer.W.grad += module.l2_regularization(layer.W.value, 0.3)[1]

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: parameter.grad for name, parameter in held.items()},
        (x, y),
        bind={"W1": "first.W.value", "b1": "first.B.value", "W2": "last.W.value", "b2": "last.B.value"},
    )


MISTAKES = (
    mistake(17, r"2 \* ", "", "factor_2", "regularisation_term_wrong"),
    mistake(17, r"\* W", "* np.sign(W)", "regularisation_term_wrong"),
    mistake(17, r"= 2", "= -2", "sign_flipped", "regularisation_term_wrong"),
    mistake(52, r"sm - dprediction", "sm", "loss_derivative_wrong"),
    mistake(
        52, r"sm - dprediction", "sm * (sm - dprediction)", "loss_derivative_wrong", "extra_factor", "softmax_jacobian_wrong"
    ),
    mistake(51, r"= 1", "= 2", "factor_2", "loss_derivative_wrong", blame=(50,)),
    mistake(91, r"<= 0", "<= 1", "relu_mask_wrong"),
    mistake(91, r"self\.hidden <= 0", "d_out <= 0", "relu_mask_wrong", "wrong_variable"),
    mistake(91, r"d_out\[.*$", "pass", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(125, r"self\.W\.value\.T", "np.sign(self.W.value.T)", "wrong_variable"),
    mistake(126, r"self\.X\.T", "np.sign(self.X.T)", "wrong_activation_in_weight_gradient"),
    mistake(127, r"np\.sum\(d_out, axis=0\)", "np.mean(d_out, axis=0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(127, r"np\.sum\(d_out, axis=0\)", "np.sum(d_out)", "bias_gradient_reduction"),
)
PROGRAMS = [
    Program(
        "merionum/numpy-neural-networks",
        "layers.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[11]), two(MISTAKES[6], MISTAKES[10])),
        harmless=(
            Edit(126, r"np\.dot\(self\.X\.T, d_out\)", "self.X.T @ d_out"),
            Edit(91, r"d_out\[self\.hidden <= 0\] = 0", "d_out *= self.hidden > 0"),
        ),
        until={"layers.py": 133},
        backward={"layers.py": (16, 129)},
        group="eleventh",
    )
]
