"""JoshElkind/from-scratch-NumPy-GAN-alphabet-images-: dense layers of two nets that move while the generator's loss goes back."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

NAMES = [f"{kind}{i}" for i in range(1, 5) for kind in "Wb"]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def loss(z: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, W4: Any, b4: Any) -> Any:
    fake = sigmoid(np.maximum(z @ W1 + b1, 0) @ W2 + b2)
    return np.mean(np.log(1 + np.exp(-(np.maximum(fake @ W3 + b3, 0) @ W4 + b4))))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    gan = module.GAN(3, 5, 4, 0.05)
    layers = [*gan.generator.layers, *gan.discriminator.layers]
    start = {}
    for i, layer in enumerate(layers, 1):
        layer.W, layer.b = rng.normal(size=layer.W.shape), rng.normal(size=layer.b.shape)
        start[f"W{i}"], start[f"b{i}"] = layer.W.copy(), layer.b.copy()
    z = rng.normal(size=(6, 3))

    def train(z):
        judged = gan.discriminator.forward(gan.generator.forward(z))
        grad = module.binary_cross_entropy_grad(judged, np.ones((len(z), 1)))
        gan.generator.backward(gan.discriminator.backward(grad, gan.lr), gan.lr)

    homes = ["gan.generator.l1", "gan.generator.l2", "gan.discriminator.l1", "gan.discriminator.l2"]
    return Call(
        train,
        loss,
        {"z": z, **start},
        lambda _: {name: getattr(layers[int(name[1]) - 1], name[0]) - value for name, value in start.items()},
        (z,),
        bind={name: f"{homes[int(name[1]) - 1]}.{name[0]}" for name in NAMES},
    )


UTILS = "utils.py"
PROGRAMS = [
    Program(
        "JoshElkind/from-scratch-NumPy-GAN-alphabet-images-",
        "gan.py",
        build,
        (
            mistake(20, r"self\.input\.T", "(self.input / len(self.input)).T", "batch_scale_1_over_N"),
            mistake(21, r"np\.sum\(grad_output, axis=0, keepdims=True\)", "np.sum(grad_output)", "bias_gradient_reduction"),
            mistake(21, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(19, r"self\.W\.T", "(self.W - lr * self.input.T @ grad_output).T", "updated_weights_used"),
            mistake(23, r"-=", "+=", "sign_flipped"),
            mistake(
                39,
                r"sigmoid_deriv\(self\.l2\.output\)",
                "sigmoid_deriv(sigmoid(self.l2.output))",
                "derivative_of_activated_value",
            ),
            mistake(39, r" \* sigmoid_deriv\(self\.l2\.output\)", "", "missing_activation_derivative"),
            mistake(40, r"relu_deriv\(self\.l1\.output\)", "relu_deriv(grad)", "relu_mask_wrong", "wrong_variable"),
            mistake(40, r" \* relu_deriv\(self\.l1\.output\)", "", "relu_mask_wrong", "missing_activation_derivative"),
            mistake(56, r"sigmoid_deriv", "relu_deriv", "wrong_activation_derivative"),
            mistake(57, r"grad \* ", "", "upstream_gradient_dropped"),
            mistake(14, r"x > 0", "x < 0", "relu_mask_wrong", file=UTILS),
            mistake(8, r"s \* \(1 - s\)", "s * s", "wrong_activation_derivative", file=UTILS),
            mistake(22, r" / \(preds \* \(1 - preds\) \+ epsilon\)", "", "loss_derivative_wrong", "missing_factor", file=UTILS),
            two(
                mistake(21, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(56, r"sigmoid_deriv", "relu_deriv", "wrong_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(20, r"self\.input\.T @ grad_output", "np.dot(self.input.T, grad_output)"),
            Edit(8, r"s \* \(1 - s\)", "s - s * s", UTILS),
        ),
        more=(UTILS,),
        stubs={"dataset.py": ANYTHING},
        backward={"gan.py": (18, 58), UTILS: (6, 22)},
        group="later",
    )
]
