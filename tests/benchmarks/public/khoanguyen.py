"""khoanguyen-blip/nn-depth-study: layers, activations and a cross entropy in files of their own; sums over the batch."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = np.maximum(np.maximum(X @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3
    return np.sum(np.log(1 + np.exp(z)) - y * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from module.dynamic_architect import Neural_Network
    from module.losses import BCE

    model = Neural_Network([3, 3, 3, 1]).layers
    start = {}
    for k in (1, 2, 3):
        layer = model[2 * k - 2]
        start[f"W{k}"], start[f"b{k}"] = rng.normal(size=layer.W.shape), rng.normal(size=layer.b.shape)
        layer.W, layer.b = start[f"W{k}"].copy(), start[f"b{k}"].copy()
    X, y = rng.normal(size=(8, 3)), rng.integers(0, 2, size=(8, 1)).astype(float)
    return Call(
        module.train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: getattr(model[2 * int(name[1]) - 2], name[0]) - value for name, value in start.items()},
        (model, BCE(), X, y),
        {"epochs": 1, "batch_size": 8, "lr": 0.01},
        bind={name: f"model[{2 * int(name[1]) - 2}].{name[0]}" for name in start},
    )


ACTIVATIONS, LAYERS, LOSSES = "module/activations.py", "module/layers.py", "module/losses.py"
PROGRAMS = [
    Program(
        "khoanguyen-blip/nn-depth-study",
        "module/train_loop.py",
        build,
        (
            mistake(8, r"self\.Z > 0", "dA > 0", "relu_mask_wrong", "wrong_variable", file=ACTIVATIONS),
            mistake(8, r"\(self\.Z > 0\)", "self.Z", "relu_mask_wrong", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(8, r" \* \(self\.Z > 0\)", "", "missing_activation_derivative", file=ACTIVATIONS),
            mistake(17, r"\*\(1-self\.A\)", "", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(17, r"1-self\.A", "1-self.A**2", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(29, r"self\.X\.T @ dZ", "self.X.T @ dZ / len(dZ)", "batch_scale_1_over_N", file=LAYERS),
            mistake(30, r"sum\(", "mean(", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(30, r"axis=0,", "", "bias_gradient_reduction", file=LAYERS),
            mistake(
                31, r"dZ @ self\.W\.T", "(dZ - self.db) @ self.W.T", "upstream_gradient_dropped", "wrong_variable", file=LAYERS
            ),
            mistake(36, r"\) - \(self\.y\)", ") + (self.y)", "sign_flipped", "loss_derivative_wrong", file=LOSSES),
            mistake(36, r"\(1-self\.y\)/\(1-self\.y_hat\) - ", "-", "loss_derivative_wrong", file=LOSSES),
            mistake(36, r"/\(self\.y_hat\)", "", "loss_derivative_wrong", "missing_factor", file=LOSSES),
            mistake(58, r"-= lr\*layer\.dW", "-= lr*layer.W", "gradient_or_update_used_for_weight", "wrong_variable"),
            mistake(59, r"-=", "+=", "sign_flipped"),
            Mistake(
                (
                    Edit(58, r"layer\.W -= lr\*layer\.dW", "pass"),
                    Edit(30, r"$", "\n        self.W -= 0.01*self.dW", LAYERS),
                ),
                ("updated_weights_used",),
                (30, 31, 32),
            ),
            two(
                mistake(8, r"self\.Z > 0", "dA > 0", "relu_mask_wrong", "wrong_variable", file=ACTIVATIONS),
                mistake(30, r"sum\(", "mean(", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            ),
            two(
                mistake(17, r"1-self\.A", "1-self.A**2", "wrong_activation_derivative", file=ACTIVATIONS),
                mistake(59, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(8, r"dA \* \(self\.Z > 0\)", "np.where(self.Z > 0, dA, 0)", ACTIVATIONS),
            Edit(36, r"= .*$", "= (self.y_hat - self.y)/(self.y_hat*(1-self.y_hat))", LOSSES),
        ),
        more=(ACTIVATIONS, LAYERS, LOSSES, "module/dynamic_architect.py"),
        backward={"module/train_loop.py": (47, 59), ACTIVATIONS: (7, 17), LAYERS: (28, 31), LOSSES: (36, 37)},
        group="eighth",
    )
]
