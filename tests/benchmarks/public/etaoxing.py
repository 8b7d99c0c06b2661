"""etaoxing/numpy-neural-nets: layers that get their own input back, columns of samples, activations with a `deriv` switch.

As published the bias has a mean where the weights have a sum.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = np.tanh(W2 @ np.tanh(W1 @ X.T + b1) + b2)
    return 0.5 * np.sum((1 / (1 + np.exp(-(W3 @ h + b3))) - y.T) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.MLP(4, 3, [5, 6], activation="tanh", final_activation="sigmoid")
    parts = {"W": "weight", "b": "bias"}
    homes = {f"{part}{k + 1}": (k, name) for k in range(3) for part, name in parts.items()}
    start = {}
    for key, (k, name) in homes.items():
        start[key] = rng.normal(size=getattr(net.layers[k], name).shape)
        setattr(net.layers[k], name, start[key].copy())
    X, y = rng.normal(size=(6, 4)), rng.uniform(size=(6, 3))

    def train(X, y, epochs, lr):
        net.train(X, y, epochs, 6, lr)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {key: getattr(net.layers[k], name) - start[key] for key, (k, name) in homes.items()},
        (X, y),
        {"epochs": 2, "lr": 0.1},
        bind={key: f"net.layers[{k}].{name}" for key, (k, name) in homes.items()},
        once={"epochs": 1},
    )


LAYERS, FUNCTIONS = "layers.py", "functions.py"
PROGRAMS = [
    Program(
        "etaoxing/numpy-neural-nets",
        "nets.py",
        build,
        (
            mistake(10, r"1 - sigmoid\(z\)", "1 - z", "wrong_activation_derivative", file=FUNCTIONS),
            mistake(15, r" \*\* 2", "", "wrong_activation_derivative", file=FUNCTIONS),
            mistake(15, r"np\.tanh\(z\)", "z", "derivative_of_activated_value", "wrong_activation_derivative", file=FUNCTIONS),
            mistake(
                52,
                r"y_pred - y_true",
                "(y_pred - y_true) / (y_pred * (1 - y_pred))",
                "loss_derivative_wrong",
                "extra_factor",
                file=FUNCTIONS,
            ),
            mistake(19, r" \* self\.act\(z, deriv=True\)", "", "missing_activation_derivative", file=LAYERS),
            mistake(19, r"\(z, deriv", "(self.act(z), deriv", "derivative_of_activated_value", file=LAYERS),
            mistake(20, r"@ dz", "@ (dz * (da > 0))", "extra_factor", "wrong_variable", file=LAYERS),
            mistake(22, r"x\.T", "np.tanh(x).T", "wrong_activation_in_weight_gradient", "extra_factor", file=LAYERS),
            mistake(68, r"-=", "+=", "sign_flipped"),
            mistake(61, r"range\(self\.num_layers\)", "range(1, self.num_layers)", "loop_cut_short"),
            two(
                mistake(15, r" \*\* 2", "", "wrong_activation_derivative", file=FUNCTIONS),
                mistake(68, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(22, r"dz @ x\.T", "np.dot(dz, x.T)", LAYERS),
            Edit(52, r"y_pred - y_true", "2 * (y_pred - y_true)", FUNCTIONS),
        ),
        more=(LAYERS, FUNCTIONS),
        mend=(Edit(23, r"np\.mean", "np.sum", LAYERS),),
        published=("bias_gradient_reduction", "batch_scale_1_over_N"),
        group="last",
    )
]
