"""RyanDsilva/nn-from-scratch: packages of layers, losses and an optimizer that returns all it keeps."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x_train: Any, y_train: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = np.tanh(x_train[0] @ W1 + b1)
    return np.mean((1 / (1 + np.exp(-(h @ W2 + b2))) @ W3 + b3 - y_train[0]) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from activations.activation_functions import Sigmoid, Tanh, dSigmoid, dTanh
    from core.activation_layer import Activation
    from core.dense import Dense
    from loss.loss_functions import MSE, dMSE
    from optimizers.optimizer_functions import GradientDescent

    net = module.Network()
    for layer in (Dense(4, 5), Activation(Tanh, dTanh), Dense(5, 3), Activation(Sigmoid, dSigmoid), Dense(3, 2)):
        net.add(layer)
    net.useLoss(MSE, dMSE)
    net.useOptimizer(GradientDescent(), 0.1, 0.9)
    homes = {f"W{k + 1}": (2 * k, "weights") for k in range(3)} | {f"b{k + 1}": (2 * k, "bias") for k in range(3)}
    start = {}
    for key, (k, name) in homes.items():
        start[key] = rng.normal(size=getattr(net.layers[k], name).shape)
        setattr(net.layers[k], name, start[key].copy())
    x_train, y_train = rng.normal(size=(1, 1, 4)), rng.normal(size=(1, 1, 2))

    def train(x_train, y_train, epochs):
        net.fit(x_train, y_train, epochs)

    return Call(
        train,
        loss,
        {"x_train": x_train, "y_train": y_train, **start},
        lambda _: {key: getattr(net.layers[k], name) - start[key] for key, (k, name) in homes.items()},
        (x_train, y_train),
        {"epochs": 3},
        bind={key: f"net.layers[{k}].{name}" for key, (k, name) in homes.items()},
        once={"epochs": 1},
    )


DENSE, ACTIVATION, FUNCTIONS = "core/dense.py", "core/activation_layer.py", "activations/activation_functions.py"
LOSS, OPTIMIZER = "loss/loss_functions.py", "optimizers/optimizer_functions.py"
PROGRAMS = [
    Program(
        "RyanDsilva/nn-from-scratch",
        "core/network.py",
        build,
        (
            mistake(39, r"reversed\(self\.layers\)", "reversed(self.layers[1:])", "loop_cut_short"),
            mistake(15, r"self\.dactivation\(self\.input\) \* ", "", "missing_activation_derivative", file=ACTIVATION),
            mistake(15, r"self\.input", "self.output", "derivative_of_activated_value", "wrong_variable", file=ACTIVATION),
            mistake(15, r" \* output_error", " + output_error", "wrong_variable", "upstream_gradient_dropped", file=ACTIVATION),
            mistake(23, r"self\.input\.T", "(self.input ** 2).T", "wrong_activation_in_weight_gradient", file=DENSE),
            mistake(24, r"output_error", "np.sum(output_error)", "bias_gradient_reduction", file=DENSE),
            mistake(46, r"\(1-Sigmoid\(X\)\)", "(1-X)", "wrong_activation_derivative", file=FUNCTIONS),
            mistake(54, r"np\.power\(np\.tanh\(X\), 2\)", "np.power(X, 2)", "wrong_activation_derivative", file=FUNCTIONS),
            mistake(8, r"yhat-y\)", "yhat)", "loss_derivative_wrong", file=LOSS),
            mistake(21, r"- learning_rate", "+ learning_rate", "sign_flipped", file=OPTIMIZER),
            two(
                mistake(24, r"output_error", "np.sum(output_error)", "bias_gradient_reduction", file=DENSE),
                mistake(54, r"np\.power\(np\.tanh\(X\), 2\)", "np.power(X, 2)", "wrong_activation_derivative", file=FUNCTIONS),
            ),
        ),
        harmless=(
            Edit(23, r"np\.dot\(self\.input\.T, output_error\)", "np.outer(self.input, output_error)", DENSE),
            Edit(46, r"Sigmoid\(X\) \* \(1-Sigmoid\(X\)\)", "Sigmoid(X) - Sigmoid(X) ** 2", FUNCTIONS),
        ),
        more=("core/layer.py", DENSE, ACTIVATION, FUNCTIONS, LOSS, OPTIMIZER, "config.py"),
        until={LOSS: 17},
        stubs={f"{name}/__init__.py": "" for name in ("core", "activations", "loss", "optimizers")},
        group="last",
    )
]
