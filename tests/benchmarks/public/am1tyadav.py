"""am1tyadav/Neural-Network-from-Scratch-Python: a typed package; the model computes all gradients, in columns."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(examples: Any, labels: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = W3 @ np.maximum(W2 @ np.maximum(W1 @ examples + b1, 0) + b2, 0) + b3
    p = 1 / (1 + np.exp(-z))
    entropy = -np.mean(labels * np.log(p + 1e-7) + (1 - labels) * np.log(1 - p + 1e-7))
    return entropy + 0.5 * 0.3 / examples.shape[1] * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from nn.activation import ReLU, Sigmoid
    from nn.layer import Dense
    from nn.loss import BinaryCrossEntropy
    from nn.optimizer import SGD

    dense = [Dense(5), Dense(4), Dense(1)]
    layers = ((dense[0], ReLU()), (dense[1], ReLU()), (dense[2], Sigmoid()))
    model = module.NeuralNetwork(layers, BinaryCrossEntropy(), SGD(0.1), 0.3)
    sizes, start = [3, 5, 4, 1], {}
    for k in range(3):
        start[f"W{k + 1}"], start[f"b{k + 1}"] = rng.normal(size=(sizes[k + 1], sizes[k])), rng.normal(size=(sizes[k + 1], 1))
        dense[k]._weights, dense[k]._bias = start[f"W{k + 1}"].copy(), start[f"b{k + 1}"].copy()
    names = {"W": "_weights", "b": "_bias"}
    examples, labels = rng.normal(size=(3, 8)), rng.integers(0, 2, size=(1, 8)).astype(float)

    def train(examples, labels, epochs):
        model.fit(examples, labels, epochs)

    return Call(
        train,
        loss,
        {"examples": examples, "labels": labels, **start},
        lambda _: {key: getattr(dense[int(key[1]) - 1], names[key[0]]) - value for key, value in start.items()},
        (examples, labels),
        {"epochs": 2},
        bind={key: f"model._layers[{int(key[1]) - 1}][0].{names[key[0]]}" for key in start},
        once={"epochs": 1},
    )


ACTIVATION, LOSS, OPTIMIZER = "nn/activation.py", "nn/loss.py", "nn/optimizer.py"
PROGRAMS = [
    Program(
        "am1tyadav/Neural-Network-from-Scratch-Python",
        "nn/model.py",
        build,
        (
            mistake(100, r"prev_activation\((.*)\)$", r"\1", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(102, r"layer\.output\)\)", "activation(layer.output)))", "derivative_of_activated_value"),
            mistake(102, r"np\.multiply.*$", "da", "missing_activation_derivative"),
            mistake(104, r" / self\._num_examples", "", "batch_scale_1_over_N"),
            mistake(108, r"\+ \(", "- (", "sign_flipped", "regularisation_term_wrong"),
            mistake(108, r"layer\.weights", "np.sign(layer.weights)", "regularisation_term_wrong"),
            mistake(110, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(110, r"axis=1, ", "", "bias_gradient_reduction"),
            mistake(111, r"dz\)", "da)", "wrong_variable", "missing_activation_derivative"),
            mistake(145, r"range\(0,", "range(1,", "loop_cut_short"),
            mistake(19, r"_result\[.*$", "pass", "wrong_activation_derivative", "relu_mask_wrong", file=ACTIVATION),
            mistake(
                29,
                r"1 - self\(input_tensor\)",
                "1 - input_tensor",
                "wrong_activation_derivative",
                "wrong_variable",
                file=ACTIVATION,
            ),
            mistake(30, r"- np\.divide", "+ np.divide", "loss_derivative_wrong", "sign_flipped", file=LOSS, blame=(28, 29)),
            mistake(34, r"-=", "+=", "sign_flipped", file=OPTIMIZER),
            two(
                mistake(110, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(100, r"prev_activation\((.*)\)$", r"\1", "wrong_activation_in_weight_gradient", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(102, r"np\.multiply\(da, (.*)\)$", r"da * \1"),
            Edit(110, r"np\.mean\(dz, axis=1, keepdims=True\)", "dz.mean(axis=1).reshape(-1, 1)"),
            Edit(18, r"input_tensor\.copy\(\)", "np.zeros_like(input_tensor)", ACTIVATION),
        ),
        more=(ACTIVATION, LOSS, OPTIMIZER, "nn/layer.py", "nn/common.py", "nn/callback.py"),
        stubs={"nn/__init__.py": ""},
        backward={"nn/model.py": (91, 111), ACTIVATION: (17, 29)},
        group="newest",
    )
]
