"""achi9629/nn-from-scratch-numpy: layers in rows, gradients held by the model, and an optimizer with a choice of rules."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(3)[Y] * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from util.loss import NLL
    from util.optimizer import Optimizer

    net, criterion = module.MLP([4, 5, 5, 3], Optimizer("Momentum_SGD", lr=0.1)), NLL()
    homes = ["hidden_layer1", "hidden_layer2", "final_layer"]
    layers = [getattr(net, home) for home in homes]
    start = {}
    for k, layer in enumerate(layers, 1):
        start[f"W{k}"], start[f"b{k}"] = rng.normal(size=layer.weight.shape), rng.normal(size=layer.bias.shape)
        layer.weight, layer.bias = start[f"W{k}"].copy(), start[f"b{k}"].copy()
    x, Y = rng.integers(-16, 17, size=(8, 4)) / 8, rng.integers(0, 3, size=8)
    names = {"W": "weight", "b": "bias"}

    def train(x, Y):
        output = net.forward(x)
        criterion.forward(output, Y)
        net.backward(criterion.backward())
        net.step()

    return Call(
        train,
        loss,
        {"x": x, "Y": Y, **start},
        lambda _: {key: getattr(layers[int(key[1]) - 1], names[key[0]]) - value for key, value in start.items()},
        (x, Y),
        bind={key: f"net.{homes[int(key[1]) - 1]}.{names[key[0]]}" for key in start},
    )


LINEAR, ACTIVATIONS, LOSS, OPTIMIZER = "model/model_utils.py", "model/activations.py", "util/loss.py", "util/optimizer.py"
PROGRAMS = [
    Program(
        "achi9629/nn-from-scratch-numpy",
        "model/model.py",
        build,
        (
            mistake(11, r"self\.x > 0", "grad_output > 0", "relu_mask_wrong", "wrong_variable", file=ACTIVATIONS),
            mistake(11, r"\(self\.x > 0\)\.astype\(np\.float32\)", "self.x", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(34, r"self\.relu2", "self.relu1", "relu_mask_wrong", "wrong_variable"),
            mistake(35, r"self\.dz2\)", "da2)", "wrong_variable", "missing_activation_derivative"),
            mistake(36, r"da1", "da2", "wrong_variable", "upstream_gradient_dropped"),
            mistake(22, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LINEAR),
            mistake(22, r"dz, 0, keepdims", "dz, keepdims", "bias_gradient_reduction", file=LINEAR),
            mistake(19, r"grad\[.*$", "pass", "loss_derivative_wrong", file=LOSS),
            mistake(20, r"self\.dW1, self\.db1", "self.dW1, self.db2", "wrong_variable", "wrong_index"),
            mistake(44, r"\+ dW", "- dW", "sign_flipped", "optimizer_rule_wrong", file=OPTIMIZER),
            mistake(45, r"\+ db", "+ (1 - self.momentum1)*db", "optimizer_rule_wrong", "extra_factor", file=OPTIMIZER),
            mistake(
                46,
                r"self\.lr\*layer\.vW",
                "self.lr*layer.weight",
                "gradient_or_update_used_for_weight",
                "wrong_variable",
                file=OPTIMIZER,
            ),
            two(
                mistake(36, r"da1", "da2", "wrong_variable", "upstream_gradient_dropped"),
                mistake(45, r"\+ db", "+ (1 - self.momentum1)*db", "optimizer_rule_wrong", "extra_factor", file=OPTIMIZER),
            ),
        ),
        harmless=(
            Edit(
                11, r"grad_output \* \(self\.x > 0\)\.astype\(np\.float32\)", "np.where(self.x > 0, grad_output, 0)", ACTIVATIONS
            ),
            Edit(22, r"np\.sum\(dz, 0, keepdims = True\)", "dz.sum(axis=0).reshape(1, -1)", LINEAR),
            Edit(20, r"grad /= N", "pass", LOSS),
        ),
        more=(LINEAR, ACTIVATIONS, LOSS, OPTIMIZER),
        always=(Edit(23, r"28\*28", "4"),),
        group="newest",
    )
]
