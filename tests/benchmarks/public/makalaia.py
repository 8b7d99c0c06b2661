"""makalaia/mlp-numpy: a regression network of lists, its backward pass by negative indices, updates as new lists."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    for W, b in ((W1, b1), (W2, b2)):
        x = 1 / (1 + np.exp(-(x @ W + b.T)))
    return np.sum((y - x @ W3 - b3.T) ** 2) / len(y)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    mlp = module.MLP([4, 4, 4, 4])
    mlp.biases = [rng.normal(size=b.shape) for b in mlp.biases]
    start = {f"W{k}": w.copy() for k, w in enumerate(mlp.weights, 1)} | {f"b{k}": b.copy() for k, b in enumerate(mlp.biases, 1)}
    x, y = rng.normal(size=(7, 4)), rng.normal(size=(7, 4))
    lists = {"W": "weights", "b": "biases"}

    def train(x, y, lr):
        mlp.update_batch((x, y), lr)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(mlp, lists[name[0]])[int(name[1]) - 1] - value for name, value in start.items()},
        (x, y, 0.05),
        bind={name: f"mlp.{lists[name[0]]}[{int(name[1]) - 1}]" for name in start},
    )


UTILS = "utils.py"
PROGRAMS = [
    Program(
        "makalaia/mlp-numpy",
        "mlp.py",
        build,
        (
            mistake(12, r"\(y_pred - y\)", "y_pred - y", "loss_derivative_wrong", "factor_2", file=UTILS),
            mistake(23, r"\(1 - sigmoid\(z\)\)", "(1 - z)", "wrong_activation_derivative", "wrong_variable", file=UTILS),
            mistake(56, r"\.sum\(", ".mean(", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(57, r"self\.activations", "self.zs", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(60, r"diff_sigmoid\(z\)", "diff_sigmoid(self.activations[-i])", "derivative_of_activated_value"),
            mistake(60, r"diff_sigmoid", "sigmoid", "wrong_activation_derivative"),
            mistake(61, r" \* dadz", "", "missing_activation_derivative"),
            mistake(61, r"-i \+ 1", "-i", "wrong_index"),
            mistake(63, r"-i - 1", "-i", "wrong_index", "wrong_activation_in_weight_gradient"),
            mistake(64, r"\.T$", "", "transposed"),
            mistake(97, r"lr / m", "lr", "batch_scale_1_over_N"),
            mistake(98, r"b - \(", "b + (", "sign_flipped"),
            two(
                mistake(56, r"\.sum\(", ".mean(", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(64, r"\.T$", "", "transposed"),
            ),
        ),
        harmless=(
            Edit(57, r"np\.dot\(dlda\.T, self\.activations\[-2\]\)\.T", "np.dot(self.activations[-2].T, dlda)"),
            Edit(60, r"diff_sigmoid\(z\)", "sigmoid(z) - sigmoid(z) ** 2"),
            Edit(61, r"np\.dot\(self\.weights\[-i \+ 1\], dlda\.T\)\.T", "np.dot(dlda, self.weights[-i + 1].T)"),
        ),
        more=(UTILS,),
        keep=((2, 2), (6, 103)),
        backward={"mlp.py": (55, 65)},
        group="later",
    )
]
