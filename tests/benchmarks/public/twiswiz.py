"""twiswiz/numpy-neural-network: a notebook with layers that update themselves, and a softmax whose derivative is in the loss."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x_train: Any, y_train: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = 1 / (1 + np.exp(-(x_train[0] @ W1 + b1)))
    z = 1 / (1 + np.exp(-(h @ W2 + b2))) @ W3 + b3
    return np.log(np.sum(np.exp(z))) - np.sum(y_train[0] * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Sequential()
    for sizes in ((4, 5), (5, 6), (6, 3)):
        model.add(module.DenseLayer(*sizes))
        model.add(module.ActivationLayer(module.sigmoid, module.sigmoid_prime))
    model.layers[-1] = module.ActivationLayer(module.softmax, None)
    model.compile(module.categorical_cross_entropy, module.categorical_cross_entropy_prime, 0.1)
    homes = {f"W{k + 1}": (2 * k, "weights") for k in range(3)} | {f"b{k + 1}": (2 * k, "bias") for k in range(3)}
    start = {}
    for key, (k, name) in homes.items():
        start[key] = rng.normal(size=getattr(model.layers[k], name).shape)
        setattr(model.layers[k], name, start[key].copy())
    x_train, y_train = rng.normal(size=(1, 4)), np.eye(3)[[1]]

    def train(x_train, y_train, epochs):
        model.fit(x_train, y_train, epochs)

    return Call(
        train,
        loss,
        {"x_train": x_train, "y_train": y_train, **start},
        lambda _: {key: getattr(model.layers[k], name) - start[key] for key, (k, name) in homes.items()},
        (x_train, y_train),
        {"epochs": 2},
        bind={key: f"model.layers[{k}].{name}" for key, (k, name) in homes.items()},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "twiswiz/numpy-neural-network",
        "pynetpy.ipynb",
        build,
        (
            mistake(27, r"self\.input\.T", "(1 - self.input).T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(31, r"np\.sum\(output_gradient, axis=0\)", "np.sum(output_gradient)", "bias_gradient_reduction"),
            mistake(30, r"-=", "+=", "sign_flipped"),
            mistake(33, r"input_gradient", "input_gradient * self.input", "extra_factor", "wrong_activation_derivative"),
            mistake(28, r"output_gradient", "np.ones_like(output_gradient)", "upstream_gradient_dropped"),
            mistake(49, r" \* self\.activation_prime\(self\.input\)", "", "missing_activation_derivative"),
            mistake(49, r"\(self\.input\)", "(self.output)", "derivative_of_activated_value", "wrong_variable"),
            mistake(57, r"\(1 - s\)", "(1 - x)", "wrong_activation_derivative"),
            mistake(68, r"y_pred - y_true", "y_pred * (1 - y_pred) * (y_pred - y_true)", "loss_derivative_wrong", "extra_factor"),
            mistake(68, r"y_pred - y_true", "-y_true / y_pred", "loss_derivative_wrong", "softmax_jacobian_wrong"),
            two(
                mistake(30, r"-=", "+=", "sign_flipped"),
                mistake(57, r"\(1 - s\)", "(1 - x)", "wrong_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(57, r"s \* \(1 - s\)", "s - s ** 2"),
            Edit(27, r"np\.dot\((.*), (.*)\)$", r"\1 @ \2"),
        ),
        group="last",
    )
]
