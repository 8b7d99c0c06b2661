"""Hornobster/Numpy-Neural-Net: blobs with values and gradients that layers share; an interpolation of two branches, sine,
softmax by its Jacobian.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, a: Any) -> Any:
    mixed = (1 - a) * np.sin(x @ w1 + b1) + a * np.maximum(x @ w2 + b2, 0)
    o = mixed @ w3 + b3
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    images, labels = module.Input(6, 3), module.Input(6, 3)
    fc1, fc2 = module.InnerProduct(images, 5), module.InnerProduct(images, 5)
    sine, relu = module.Sin(fc1), module.ReLu(fc2)
    mix = module.LinearInterpolation(sine, relu)
    fc3 = module.InnerProduct(mix, 3)
    softmax = module.Softmax(fc3)
    last = module.CrossEntropyLoss(softmax, labels)
    layers = [fc1, fc2, sine, relu, mix, fc3, softmax, last]
    held = {}
    for layer in layers:
        layer.init_params()
    for k, layer in ((1, fc1), (2, fc2), (3, fc3)):
        held[f"w{k}"], held[f"b{k}"] = layer.weights, layer.bias
    held["a"] = mix.a
    for name, variable in held.items():
        if name != "a":
            variable.value = rng.normal(size=variable.value.shape)
    mix.a.value = 0.3
    start = {name: np.copy(variable.value) for name, variable in held.items()}
    images.top.value, labels.top.value = rng.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]]

    def train():
        for layer in layers:
            layer.forward()
        for layer in layers:
            layer.reset_gradient()
        for layer in layers[::-1]:
            layer.backward()

    return Call(
        train,
        loss,
        {"x": images.top.value, "y": labels.top.value, **start},
        lambda _: {name: variable.grad for name, variable in held.items()},
        bind={f"{n[0]}{k}": f"fc{k}.{n}.value" for k in (1, 2, 3) for n in ("weights", "bias")} | {"a": "mix.a.value"},
    )


MISTAKES = (
    mistake(68, r"self\.top\.grad, self", "self.top.value, self", "wrong_variable", "upstream_gradient_dropped"),
    mistake(68, r"self\.weights\.value", "self.weights.grad", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(70, r"range\(self", "range(1, self", "loop_cut_short"),
    mistake(71, r"\+=", "=", "gradient_overwritten"),
    mistake(71, r"self\.top\.grad\[i,", "self.top.grad[0,", "wrong_index"),
    mistake(76, r", axis=0", "", "bias_gradient_reduction"),
    mistake(76, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(103, r"\(1\.0 - self\.a\.value\)", "self.a.value", "wrong_variable"),
    mistake(104, r"self\.a\.value \* ", "", "missing_factor"),
    mistake(105, r"self\.bottom2\.value - self\.bottom1\.value", "self.bottom2.value + self.bottom1.value", "sign_flipped"),
    mistake(119, r"np\.cos", "np.sin", "wrong_activation_derivative"),
    mistake(119, r"np\.cos\(self\.bottom\.value\)", "np.cos(self.top.value)", "derivative_of_activated_value",
            "derivative_at_wrong_point", "wrong_variable"),
    mistake(133, r"self\.bottom\.value > 0", "self.bottom.value", "relu_mask_wrong", "wrong_activation_derivative"),
    mistake(171, r" \* \(1 - self\.top\.value\[x\]\[i\]\)", "", "softmax_jacobian_wrong"),
    mistake(173, r"- self", "self", "softmax_jacobian_wrong", "sign_flipped"),
    mistake(245, r" / self\.bottom\.value", "", "loss_derivative_wrong"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "Hornobster/Numpy-Neural-Net",
        "layers.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[12]), two(MISTAKES[9], MISTAKES[10])),
        harmless=(
            Edit(68, r"np\.dot\(self\.top\.grad, self\.weights\.value\.transpose\(\)\)", "self.top.grad @ self.weights.value.T"),
            Edit(133, r"np\.multiply\(\(self\.bottom\.value > 0\), self\.top\.grad\)", "self.top.grad * (self.top.value > 0)"),
        ),
        backward={"layers.py": (67, 245)},
        group="tenth",
    )
]
