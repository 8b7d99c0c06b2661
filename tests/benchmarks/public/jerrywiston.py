"""jerrywiston/Neural-Network-Numpy: a class that is fed by placeholders, biases by products with ones, three outputs."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.maximum(x @ W1 + b1, 0) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NN(4, 6, 3, "softmax")
    start = {name: rng.normal(size=getattr(net, name).shape) for name in ("W1", "b1", "W2", "b2")}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, y = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(0, 3, size=7)]

    def train(nn, x_batch, y_batch):
        nn.feed({"x": x_batch, "y": y_batch})
        nn.forward()
        nn.backward()
        nn.update(1e-2)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (net, x, y),
        bind={name: f"nn.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "jerrywiston/Neural-Network-Numpy",
        "NeuralNetwork.py",
        build,
        (
            mistake(
                43,
                r"\(self\.y - self\.placeholder\[\"y\"\]\)",
                '(self.y - self.placeholder["y"]) * self.y * (1 - self.y)',
                "loss_derivative_wrong",
                "extra_factor",
                "softmax_jacobian_wrong",
                "wrong_activation_derivative",
            ),
            mistake(44, r"\(self\.grad_a2\)$", "(self.grad_a2) / n", "batch_scale_1_over_N"),
            mistake(45, r"self\.h1", "self.a1", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(46, r"self\.grad_a2\.dot", "self.y.dot", "wrong_variable", "loss_derivative_wrong"),
            mistake(48, r"self\.a1 < 0", "self.grad_a1 < 0", "relu_mask_wrong"),
            mistake(48, r"<", ">", "relu_mask_wrong"),
            mistake(48, r"\] = 0", "] = 1", "relu_mask_wrong"),
            mistake(49, r"self\.grad_a1", "self.grad_h1", "missing_activation_derivative", "wrong_variable"),
            mistake(50, r"self\.grad_a1", "self.grad_h1", "missing_activation_derivative", "wrong_variable"),
            mistake(56, r"- learning_rate", "+ learning_rate", "sign_flipped"),
            mistake(57, r"learning_rate \* ", "", "missing_factor"),
            two(
                mistake(44, r"\(self\.grad_a2\)$", "(self.grad_a2) / n", "batch_scale_1_over_N"),
                mistake(48, r"<", ">", "relu_mask_wrong"),
            ),
        ),
        harmless=(
            Edit(44, r"np\.ones\(\(n, 1\)\)\.T\.dot\(self\.grad_a2\)", "self.grad_a2.sum(axis=0, keepdims=True)"),
            Edit(45, r"self\.h1\.T\.dot\(self\.grad_a2\)", "self.grad_a2.T.dot(self.h1).T"),
            Edit(48, r"<", "<="),
        ),
        group="later",
    )
]
