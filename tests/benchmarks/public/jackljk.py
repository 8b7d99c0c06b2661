"""jackljk/Neural-Network-with-Softmax-Regression-from-Scratch-on-MNIST: homework, with biases as a first row of the weights.

Momentum and L2 are in the backward pass of a layer. As published each earlier layer divides by the number of records again.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Mistake, Program, mistake, two


def loss(x: Any, targets: Any, w0: Any, w1: Any, w2: Any) -> Any:
    a = np.tanh(x @ w0[1:] + w0[0])
    a = np.tanh(a @ w1[1:] + w1[0])
    z = a @ w2[1:] + w2[0]
    entropy = np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(targets * z, axis=1))
    return entropy + 0.05 * (np.sum(w0[1:] ** 2) + np.sum(w1[1:] ** 2) + np.sum(w2[1:] ** 2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    config = {"layer_specs": [4, 5, 6, 3], "activation": "tanh", "learning_rate": 0.1, "batch_size": 7}
    config |= {"momentum": True, "momentum_gamma": 0.9, "regularization_type": "L2", "L2_penalty": 0.05}
    net = module.Neuralnetwork(config)
    net.regularization_type = "l2"
    start = {f"w{k}": rng.normal(size=layer.w.shape) for k, layer in enumerate(net.layers)}
    for k, layer in enumerate(net.layers):
        layer.w = start[f"w{k}"].copy()
    x, targets = rng.normal(size=(7, 4)), np.eye(3)[[0, 2, 1, 1, 0, 2, 0]]

    def train(x, targets):
        net.forward(x, targets)
        net.backward()

    return Call(
        train,
        loss,
        {"x": x, "targets": targets, **start},
        lambda _: {key: net.layers[int(key[1])].w - value for key, value in start.items()},
        (x, targets),
        bind={key: f"net.layers[{key[1]}].w" for key in start},
    )


PROGRAMS = [
    Program(
        "jackljk/Neural-Network-with-Softmax-Regression-from-Scratch-on-MNIST",
        "neuralnet.py",
        build,
        (
            mistake(101, r"np\.tanh\(x\) \*\* 2", "np.tanh(x)", "wrong_activation_derivative"),
            mistake(166, r" \* self\.activation\.backward\(self\.a\)", "", "missing_activation_derivative"),
            mistake(166, r"self\.a\)", "self.z)", "derivative_of_activated_value", "wrong_variable"),
            mistake(167, r"/self\.x\.shape\[0\]", "", "batch_scale_1_over_N"),
            mistake(167, r"delta\)", "deltaCur)", "missing_activation_derivative", "wrong_variable"),
            mistake(173, r"2 \* ", "", "factor_2", "regularisation_term_wrong"),
            mistake(175, r"-=", "+=", "sign_flipped", "regularisation_term_wrong"),
            mistake(174, r"bias_buffer, reg_grad", "reg_grad, bias_buffer", "wrong_index", "regularisation_term_wrong"),
            mistake(194, r"w\[1:\]", "w[:-1]", "wrong_index"),
            mistake(194, r"delta, ", "deltaCur, ", "missing_activation_derivative", "wrong_variable"),
            Mistake(
                (
                    Edit(198, r"$", "\n        new_delta = np.dot(delta, self.w[1:].T)"),
                    Edit(194, r"new_delta = .*$", "pass"),
                ),
                ("updated_weights_used",),
                (198, 199),
            ),
            mistake(281, r"self\.targets - self\.y", "(self.targets - self.y) * self.y", "loss_derivative_wrong", "extra_factor"),
            mistake(281, r"self\.targets - self\.y", "self.y - self.targets", "sign_flipped", "loss_derivative_wrong"),
            two(
                mistake(173, r"2 \* ", "", "factor_2", "regularisation_term_wrong"),
                mistake(194, r"w\[1:\]", "w[:-1]", "wrong_index"),
            ),
        ),
        harmless=(
            Edit(101, r"np\.tanh\(x\) \*\* 2", "np.tanh(x) * np.tanh(x)"),
            Edit(167, r"np\.dot\(self\.x\.T, delta\)", "(self.x.T @ delta)"),
        ),
        mend=(Edit(287, r"delta /= .*$", "pass"),),
        published=("batch_scale_1_over_N", "extra_factor"),
        stubs={"util.py": ANYTHING},
        backward={"neuralnet.py": (166, 194)},
        group="newest",
    )
]
