"""cosmoquester/numpy-neural-net: exercise layers with names for their places, a mask of ones, and binary cross-entropy."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

PLACES = {"1": "first", "2": "middle", "3": "last"}


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = np.maximum(1 / (1 + np.exp(-(x @ W1 + b1))) @ W2 + b2, 0)
    z = h @ W3 + b3
    return np.mean(np.log(1 + np.exp(z)) - y * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    first, middle = module.InputLayer(4, 5, module.Sigmoid), module.HiddenLayer(5, 6)
    last = module.SigmoidOutputLayer(6, 1)
    homes = {"1": first, "2": middle, "3": last}
    start = {f"{name}{k}": rng.normal(size=getattr(layer, name).shape) for k, layer in homes.items() for name in "Wb"}
    for key, value in start.items():
        setattr(homes[key[1]], key[0], value.copy())
    x, y = rng.normal(size=(9, 4)), rng.integers(0, 2, size=(9, 1)).astype(float)

    def train(x, y):
        last.forward(middle.forward(first.forward(x)), y)
        first.backward(middle.backward(last.backward()))

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {key: getattr(homes[key[1]], "d" + key[0]) for key in start},
        (x, y),
        bind={key: f"{PLACES[key[1]]}.{key[0]}" for key in start},
    )


PROGRAMS = [
    Program(
        "cosmoquester/numpy-neural-net",
        "numpy_nn/models.py",
        build,
        (
            mistake(157, r">= 0", "< 0", "relu_mask_wrong"),
            mistake(176, r"d_prev \* self\.zero_mask", "d_prev * (d_prev >= 0)", "relu_mask_wrong", "wrong_variable"),
            mistake(176, r" \* self\.zero_mask", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(217, r" \* \(1 - self\.out\)", "", "wrong_activation_derivative", "missing_factor"),
            mistake(217, r"1 - self\.out", "1 - self.out ** 2", "wrong_activation_derivative"),
            mistake(273, r"back, axis=0", "d_prev, axis=0", "missing_activation_derivative", "wrong_variable"),
            mistake(274, r"back\)", "d_prev)", "missing_activation_derivative", "wrong_variable"),
            mistake(358, r" - self\.y / self\.y_hat", " + self.y / self.y_hat", "sign_flipped", "loss_derivative_wrong"),
            mistake(360, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(361, r"np\.sum\(self\.x", "np.mean(self.x", "batch_scale_1_over_N"),
            mistake(411, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(412, r"self\.x\.transpose", "np.square(self.x).transpose", "wrong_activation_in_weight_gradient"),
            mistake(413, r"back,", "d_prev,", "missing_activation_derivative", "wrong_variable"),
            two(
                mistake(157, r">= 0", "< 0", "relu_mask_wrong"),
                mistake(360, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(361, r"np\.sum\(self\.x \* back, axis=0, keepdims=True\)\.T", "self.x.T @ back"),
            Edit(217, r"self\.out \* \(1 - self\.out\)", "(self.out - self.out ** 2)"),
        ),
        more=("numpy_nn/utils.py",),
        stubs={"numpy_nn/__init__.py": ""},
        backward={"numpy_nn/models.py": (356, 415)},
        group="last",
    )
]
