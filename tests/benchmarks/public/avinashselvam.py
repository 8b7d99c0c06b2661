"""avinashselvam/numpy-neural-network: one example at a time; ReLU and its derivative write into what is cached."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = np.maximum(W2 @ np.maximum(W1 @ x + b1, 0) + b2, 0)
    return np.sum((1 / (1 + np.exp(-(W3 @ h + b3))) - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.nn([(3, 6, "relu"), (6, 5, "relu"), (5, 2, "sigmoid")])
    start = {}
    for k in range(3):
        model.weights[k] = rng.normal(size=model.weights[k].shape)
        model.biases[k] = rng.normal(size=model.biases[k].shape) + 0.5
        start[f"W{k + 1}"], start[f"b{k + 1}"] = model.weights[k].copy(), model.biases[k].copy()
    x, y = rng.normal(size=3), np.array([-0.5, 1.5]) + 0.1 * rng.normal(size=2)

    def train(x, y):
        model.backprop(model.forward(x), y, 0.1)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {
            name: (model.weights if name[0] == "W" else model.biases)[int(name[1]) - 1] - then for name, then in start.items()
        },
        (x, y),
        bind={name: f"model.{'weights' if name[0] == 'W' else 'biases'}[{int(name[1]) - 1}]" for name in start},
    )


MISTAKES = (
    mistake(53, r"\(y_pred - y_true\)", "np.abs(y_pred - y_true)", "loss_derivative_wrong", "sign_flipped"),
    mistake(55, r" \* dydz", "", "missing_activation_derivative"),
    mistake(60, r"= dLdz", "= dLdz / len(dLdz)", "batch_scale_1_over_N", "bias_gradient_reduction", "extra_factor"),
    mistake(61, r"self\.activations\[j\]", "(self.activations[j] > 0)", "wrong_activation_in_weight_gradient"),
    mistake(63, r"functions\[j - 1\]", "functions[-1]", "wrong_activation_derivative", "wrong_index"),
    mistake(64, r"= self\.weights\[j\]", "= self.weights[j] - learning_rate*dLdw", "updated_weights_used"),
    mistake(67, r" \* dadz", "", "missing_activation_derivative"),
    mistake(67, r"dLdz\[k\] \* dadz", "dadz", "upstream_gradient_dropped"),
    mistake(67, r"dzda\[k\]", "dzda[0]", "wrong_index"),
    mistake(67, r"in range\(dLdz", "in range(1, dLdz", "loop_cut_short"),
    mistake(70, r"-=", "+=", "sign_flipped"),
    mistake(71, r"dLdw", "self.weights[j]", "gradient_or_update_used_for_weight", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "avinashselvam/numpy-neural-network",
        "nn.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[9]), two(MISTAKES[3], MISTAKES[10])),
        harmless=(
            Edit(53, r"2 \* ", ""),
            Edit(67, r"np\.sum\(.*$", "np.dot(dLdz, dzda) * dadz"),
        ),
        more=("activation_functions.py",),
        keep=((1, 1), (3, 75)),
        backward={"nn.py": (53, 71)},
        group="eleventh",
    )
]
