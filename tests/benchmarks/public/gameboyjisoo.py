"""gameboyjisoo/MNIST-numpy: a script whose layers know their inputs; weight decay, momentum as an average, softmax against
a global.

As published a layer hands back its new weights, and those are used for the layer before."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY = 0.5


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = W2 @ (1 / (1 + np.exp(-(W1 @ X + b1)))) + b2
    data = np.sum(np.log(np.sum(np.exp(o), axis=0)) - np.sum(o * Y, axis=0)) / 6
    return data + DECAY / 12 * (np.sum(W1**2) + np.sum(W2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.m_training, module.momentum, module.lamda, module.learning_rate = 6, 0.9, DECAY, 1
    X, Y = rng.normal(size=(4, 6)), np.eye(3)[:, [0, 2, 1, 1, 0, 2]]
    module.Y = Y
    layer_one = module.dense_layer(4, 5, X, "sigmoid")
    layer_two = module.dense_layer(5, 3, module.sigmoid(layer_one.equation, "forward"), "softmax")
    start = {}
    for k, layer in ((1, layer_one), (2, layer_two)):
        layer._weights, layer._bias = rng.normal(size=layer._weights.shape), rng.normal(size=layer._bias.shape)
        start[f"W{k}"], start[f"b{k}"] = layer._weights.copy(), layer._bias.copy()

    def train(X):
        layer_one.set_equation_input(X)
        layer_two.set_equation_input(layer_one.forward())
        layer_two.forward()
        next_input, next_input2 = layer_two.backward(0, 0)
        layer_one.backward(next_input, next_input2)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {
            name: getattr((layer_one, layer_two)[int(name[1]) - 1], "_weights" if name[0] == "W" else "_bias") - then
            for name, then in start.items()
        },
        (X,),
        bind={"W1": "layer_one._weights", "b1": "layer_one._bias", "W2": "layer_two._weights", "b2": "layer_two._bias"},
    )


MISTAKES = (
    mistake(63, r" \* \(1-sigmoid\(z, \"forward\"\)\)", "", "wrong_activation_derivative", "missing_factor"),
    mistake(63, r"1-sigmoid\(z, \"forward\"\)", "1-z", "wrong_activation_derivative", "wrong_variable"),
    mistake(100, r"input1, input2", "input1, np.sign(input2)", "upstream_gradient_dropped"),
    mistake(107, r"self\.activation_grad \* ", "", "upstream_gradient_dropped"),
    mistake(107, r"self\.equation, ", "self.activation_result, ", "derivative_of_activated_value", "derivative_at_wrong_point",
            "wrong_variable"),
    mistake(107, r" \* sigmoid\(self\.equation, \"backward\"\)", "", "missing_activation_derivative"),
    mistake(109, r"self\.activation_result - Y", "-Y / self.activation_result", "loss_derivative_wrong",
            "softmax_jacobian_wrong"),
    mistake(109, r"- Y", "+ Y", "loss_derivative_wrong", "sign_flipped"),
    mistake(112, r"self\.equation_grad", "np.abs(self.equation_grad)", "sign_flipped"),
    mistake(112, r"\(1\./m_training\) \* np", "np", "batch_scale_1_over_N"),
    mistake(112, r"lamda \* self\._weights", "lamda * self._weights ** 2", "regularisation_term_wrong"),
    mistake(112, r"lamda \* self\._weights", "2 * lamda * self._weights", "regularisation_term_wrong", "factor_2"),
    mistake(113, r"1\. - momentum", "1. + momentum", "optimizer_rule_wrong", "sign_flipped"),
    mistake(114, r"self\.weight_grad", "temp_weight_grad", "optimizer_rule_wrong", "wrong_variable"),
    mistake(117, r", axis=1, keepdims=True", "", "bias_gradient_reduction"),
    mistake(119, r"self\.bias_grad", "self._bias", "gradient_or_update_used_for_weight", "wrong_variable"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "gameboyjisoo/MNIST-numpy",
        "MNIST_NUMPY.py",
        build,
        (*MISTAKES, two(MISTAKES[0], MISTAKES[10]), two(MISTAKES[8], MISTAKES[14])),
        harmless=(
            Edit(
                117, r"\(1\./m_training\) \* np\.sum\((.*)\)", r"np.sum(self.equation_grad / m_training, axis=1, keepdims=True)"
            ),
            Edit(
                107,
                r"self\.activation_grad \* sigmoid\(self\.equation, \"backward\"\)",
                "sigmoid(self.equation, 'backward') * self.activation_grad",
            ),
        ),
        keep=((8, 8), (58, 133)),
        mend=(
            Edit(130, r"self\.set_equation_grad\(\)", "self.set_equation_grad(); old = self._weights"),
            Edit(133, r"self\._weights\.T", "old.T"),
        ),
        published=("updated_weights_used",),
        blame=(133, 100, 114, 131),
        backward={"MNIST_NUMPY.py": (98, 133)},
        group="tenth",
    )
]
