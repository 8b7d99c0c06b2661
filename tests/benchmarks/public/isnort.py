"""isnortkoolaid/MLP-from-scratch: three layers as attributes, written out; the caller makes the gradient of the output."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    o = np.maximum(np.maximum(x @ w1 + b1, 0) @ w2 + b2, 0) @ w3 + b3
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.mlp(4, 6, 5, 3)
    start = {}
    for name in ("w1", "b1", "w2", "b2", "w3", "b3"):
        start[name] = rng.normal(size=getattr(net, name).shape)
        setattr(net, name, start[name].copy())
    x, y = rng.normal(size=(6, 4)), np.eye(3)[[0, 2, 1, 1, 0, 2]]

    def train(x, y):
        output = net.forward(x)
        net.backward(x, (output - y) / len(x))

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        (x, y),
        bind={name: "net." + name for name in start},
    )


UTILS = "utils.py"
MISTAKES = (
    mistake(21, r"self\.z2\)", "self.z2 - 1)", "relu_mask_wrong", "derivative_at_wrong_point"),
    mistake(21, r" \* relu_derivative\(self\.z2\)", "", "missing_activation_derivative"),
    mistake(21, r"dout, self", "self.a3, self", "wrong_variable", "loss_derivative_wrong"),
    mistake(22, r"self\.a2", "self.z2", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(23, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(24, r"relu_derivative\(self\.z1\)", "self.a1", "wrong_activation_derivative", "wrong_variable"),
    mistake(24, r"dz2, self", "np.maximum(dz2, 0), self", "relu_mask_wrong"),
    mistake(25, r"dz2", "np.matmul(dout, self.w3.T)", "missing_activation_derivative", "wrong_variable"),
    mistake(26, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(27, r"dz1", "self.a1 * dz1", "extra_factor"),
    mistake(28, r"dz1", "self.z1", "wrong_variable"),
    mistake(30, r"-=", "+=", "sign_flipped"),
    mistake(32, r"db2", "self.b2", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(33, r"self\.w1 -=", "self.w1 =", "gradient_or_update_used_for_weight"),
    mistake(5, r"input > 0", "input < 0", "relu_mask_wrong", file=UTILS),
    mistake(21, r"= np\.matmul\(dout, self\.w3\.T\)",
            "= np.matmul(dout, (self.w3 - self.learning_rate * np.matmul(self.a2.T, dout)).T)", "updated_weights_used"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "isnortkoolaid/MLP-from-scratch",
        "mlp.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[8]), two(MISTAKES[5], MISTAKES[11])),
        harmless=(
            Edit(21, r"relu_derivative\(self\.z2\)", "(self.a2 > 0)"),
            Edit(27, r"np\.matmul\(x\.T, dz1\)", "x.T @ dz1"),
        ),
        more=(UTILS,),
        backward={"mlp.py": (20, 34), UTILS: (4, 5)},
        group="tenth",
    )
]
