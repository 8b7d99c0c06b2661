"""sharvenp/MLP-Numpy-Implementation: weights in a list behind a star, deltas in a list, then one loop that updates.

As published the output layer's derivative is missing, and each layer takes what its predecessor had before the activation.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(X_Data: Any, Y_Data: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    h = 1 / (1 + np.exp(-(np.maximum(X_Data @ w1 + b1, 0) @ w2 + b2)))
    out = 1 / (1 + np.exp(-(h @ w3 + b3)))
    return np.sum((Y_Data - out) ** 2) / (2 * len(X_Data))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNet([(3, "*"), (5, "relu"), (4, "sigmoid"), (2, "sigmoid")])
    start = {}
    for k in (1, 2, 3):
        for name, held in (("w", net.weights), ("b", net.biases)):
            start[f"{name}{k}"] = rng.normal(size=held[k].shape)
            held[k] = start[f"{name}{k}"].copy()
    X_Data, Y_Data = rng.normal(size=(6, 3)), rng.uniform(size=(6, 2))

    def train(X_Data, Y_Data):
        net.fit(X_Data, Y_Data, "MSE", 0.1, 0.0, 1, 6)

    return Call(
        train,
        loss,
        {"X_Data": X_Data, "Y_Data": Y_Data, **start},
        lambda _: {n: (net.weights if n[0] == "w" else net.biases)[int(n[1])] - then for n, then in start.items()},
        (X_Data, Y_Data),
        bind={n: f"net.{'weights' if n[0] == 'w' else 'biases'}[{n[1]}]" for n in start},
    )


MISTAKES = (
    mistake(41, r"\(1/y_hat\.shape\[0\]\) \* \(y_hat - y\)", "(1/y_hat.shape[0]) * y_hat", "loss_derivative_wrong"),
    mistake(52, r"'sigmoid', False, x\)", "'sigmoid', False, x) * 0.5", "wrong_activation_derivative", "factor_2"),
    mistake(53, r"1 - ex", "1 - x", "wrong_activation_derivative"),
    mistake(60, r"x<=0", "x<=-1", "relu_mask_wrong"),
    mistake(61, r"= 1", "= 2", "factor_2", "wrong_activation_derivative"),
    mistake(90, r"self\.weights\[k \+ 1\]", "np.abs(self.weights[k + 1])", "wrong_variable"),
    mistake(91, r"curr_delta\.T", "deltas[-1].T * 2", "factor_2", "extra_factor"),
    mistake(92, r"curr_layer", "curr_activation", "derivative_of_activated_value", "wrong_variable"),
    mistake(92, r" \* gradient\.T", " * np.sign(gradient.T)", "upstream_gradient_dropped"),
    mistake(99, r"activations\[k - 1\]", "np.sign(layers[k - 1])", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(99, r"activations\[k - 1\]", "layers[k - 1]", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(100, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(100, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(101, r"-=", "+=", "sign_flipped"),
    mistake(102, r"db \* lr", "self.biases[k] * lr", "gradient_or_update_used_for_weight", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "sharvenp/MLP-Numpy-Implementation",
        "nn.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[11]), two(MISTAKES[5], MISTAKES[13])),
        harmless=(
            Edit(91, r"np\.dot\(w, curr_delta\.T\)", "(curr_delta @ w.T).T"),
            Edit(53, r"ex\*\(1 - ex\)", "ex - ex*ex"),
        ),
        mend=(
            Edit(79, r"$", " * self._activation_function(self.structure[-1][1], True, layers[-1])"),
            Edit(214, r"np\.dot\(curr_layer, w\)", "np.dot(activations[-1], w)"),
        ),
        published=("missing_activation_derivative", "wrong_variable", "wrong_activation_in_weight_gradient"),
        blame=(79, 41, 92, 99, 214),
        stubs={"mnist.py": ANYTHING},
        backward={"nn.py": (35, 102)},
        group="ninth",
    )
]
