"""DpDark/numpy-MLP: lists of weights and biases, tanh in every layer, one pattern at a time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w0: Any, b0: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return 0.5 * np.sum((np.tanh(w2 @ np.tanh(w1 @ np.tanh(w0 @ x + b0) + b1) + b2) - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    mlp = module.MLP([3, 5, 4, 2])
    mlp.biases = [rng.normal(size=b.shape) for b in mlp.biases]
    start = {}
    for k in range(3):
        start[f"w{k}"], start[f"b{k}"] = mlp.weights[k].copy(), mlp.biases[k].copy()
    x, y = rng.normal(size=(3, 1)), rng.uniform(-1, 1, size=(2, 1))
    return Call(
        mlp.grad_updata,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {n: (mlp.weights if n[0] == "w" else mlp.biases)[int(n[1])] - then for n, then in start.items()},
        (x, y, 0.1),
        bind={n: f"self.{'weights' if n[0] == 'w' else 'biases'}[{n[1]}]" for n in start},
    )


MISTAKES = (
    mistake(21, r"self\.tanh\(a\) \* self\.tanh\(a\)", "a * a", "wrong_activation_derivative"),
    mistake(21, r"1 - self\.tanh\(a\) \*", "1 + self.tanh(a) *", "wrong_activation_derivative", "sign_flipped"),
    mistake(43, r" - y", "", "loss_derivative_wrong"),
    mistake(44, r" \* self\.tanh_derivatives\(before_activation\[-1\]\)", "", "missing_activation_derivative"),
    mistake(44, r"before_activation", "after_activation", "derivative_of_activated_value", "derivative_at_wrong_point",
            "wrong_variable"),
    mistake(45, r"= delta", "= error_rate_grad", "missing_activation_derivative", "wrong_variable"),
    mistake(46, r"after_activation\[-2\]", "before_activation[-2]", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(47, r"range\(2, self\.num_layers\)", "range(2, self.num_layers - 1)", "loop_cut_short"),
    mistake(48, r" \* self\.tanh_derivatives.*$", "", "missing_activation_derivative"),
    mistake(48, r"self\.tanh_derivatives", "self.tanh", "wrong_activation_derivative", "wrong_variable"),
    mistake(48, r"np\.dot\(self\.weights\[-l \+ 1\]\.T, delta\)", "np.dot(self.weights[-l + 1].T, delta > 0)",
            "upstream_gradient_dropped"),
    mistake(49, r"= delta", "= delta * before_activation[-l]", "extra_factor"),
    mistake(50, r"after_activation\[-l - 1\]", "np.ones_like(after_activation[-l - 1])", "missing_factor",
            "wrong_activation_in_weight_gradient"),
    mistake(57, r"b \+ grad_b for", "b - grad_b for", "sign_flipped"),
    mistake(59, r"leraning_rate \* grad_w", "leraning_rate * w", "gradient_or_update_used_for_weight", "wrong_variable"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "DpDark/numpy-MLP",
        "MLP-Iris/MLP_model.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[12]), two(MISTAKES[9], MISTAKES[13])),
        harmless=(
            Edit(21, r"self\.tanh\(a\) \* self\.tanh\(a\)", "self.tanh(a) ** 2"),
            Edit(46, r"np\.dot\(delta, after_activation\[-2\]\.T\)", "delta * after_activation[-2].T"),
        ),
        stubs={"k_fold.py": "get_k_fold_data = None\n", "data_processing.py": "data_shuffle = None\n"},
        backward={"MLP-Iris/MLP_model.py": (20, 60)},
        group="tenth",
    )
]
