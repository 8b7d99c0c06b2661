"""casperbh96/Neural-Network-From-Scratch: one sample a step, all values in one dict.

As published it takes the diagonal of softmax's Jacobian for the whole.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(x: Any, y: Any, W1: Any, W2: Any, W3: Any) -> Any:
    e = np.exp(W3 @ sigmoid(W2 @ sigmoid(W1 @ x)))
    return np.mean((e / np.sum(e) - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    dnn = module.DeepNeuralNetwork([3, 5, 4, 3], epochs=1, l_rate=0.5)
    names = ["W1", "W2", "W3"]
    for name in names:
        dnn.params[name] = rng.normal(size=dnn.params[name].shape) * 1.5
    before = {name: dnn.params[name].copy() for name in names}
    x, y = rng.normal(size=3), np.eye(3)[1]

    def train(dnn, x, y):
        output = dnn.forward_pass(x)
        changes_to_w = dnn.backward_pass(y, output)
        dnn.update_network_parameters(changes_to_w)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **before},
        lambda _: {name: dnn.params[name] - then for name, then in before.items()},
        (dnn, x, y),
        bind={name: f"dnn.params['{name}']" for name in names},
    )


PROGRAMS = [
    Program(
        "casperbh96/Neural-Network-From-Scratch",
        "NN_From_Scratch.ipynb",
        build,
        (
            mistake(84, r"output - y_train", "output", "loss_derivative_wrong", "wrong_variable"),
            mistake(85, r"'A2'", "'Z2'", "wrong_activation_in_weight_gradient"),
            mistake(88, r"'Z2'", "'A2'", "derivative_of_activated_value"),
            mistake(88, r", derivative=True", "", "wrong_activation_derivative"),
            mistake(92, r" \* self\.sigmoid.*$", "", "missing_activation_derivative"),
            mistake(93, r"'A0'", "'A0'] ** 2 * params['A0'", "wrong_activation_in_weight_gradient"),
            mistake(88, r"params\['W3'\]\.T", "(params['W3'] - self.l_rate * change_w['W3']).T", "updated_weights_used"),
            mistake(23, r"\*\*2", "", "wrong_activation_derivative"),
            mistake(89, r"error", "error * params['A2']", "wrong_variable", "missing_factor", "extra_factor"),
            two(
                mistake(88, r"'Z2'", "'A2'", "derivative_of_activated_value"),
                mistake(85, r"'A2'", "'Z2'", "wrong_activation_in_weight_gradient"),
            ),
        ),
        harmless=(
            Edit(23, r"\(np\.exp.*$", r"self.sigmoid(x) * (1 - self.sigmoid(x))"),
            Edit(89, r"np\.outer\(error, params\['A1'\]\)", r"error[:, None] * params['A1']"),
        ),
        keep=((3, 3), (12, 110)),
        mend=(Edit(84, r"\* self\.softmax.*$", "; error = output * (error - np.sum(error * output))"),),
        published=("softmax_jacobian_wrong",),
    )
]
