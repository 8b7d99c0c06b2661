"""philip-1520/numpy-mlp: layers that learn in their backward step, with whole Jacobians of the activations, one example.

As published the Jacobian of ReLU is the identity, and the gradient of the input sees the weights after their step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.maximum(x @ W1 + b1, 0) @ W2 + b2
    return np.log(np.sum(np.exp(o))) - o[1]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from activation_function import ReLU, Softmax
    from loss_function import SparseCategoricalCrossentropy

    layers = [module.Layer(3), module.Layer(6, ReLU), module.Layer(3, Softmax)]
    net = module.MultilayerPerceptron(layers, 0.1, SparseCategoricalCrossentropy)
    start = {"W1": rng.normal(size=(3, 6)), "b1": rng.normal(size=6), "W2": rng.normal(size=(6, 3)), "b2": rng.normal(size=3)}
    for name, value in start.items():
        setattr(layers[int(name[1])], name[0], value.copy())
    x = rng.normal(size=3)

    def train(x):
        net.train([x], [1], 1)

    return Call(
        train,
        loss,
        {"x": x, **start},
        lambda _: {name: getattr(layers[int(name[1])], name[0]) - value for name, value in start.items()},
        (x,),
        bind={name: f"layers[{name[1]}].{name[0]}" for name in start},
    )


FILE, ACT, LOSS = "mlp.py", "activation_function.py", "loss_function.py"
MISTAKES = (
    mistake(26, r"y\*\(1-y\)", "y*(1+y)", "softmax_jacobian_wrong", "wrong_activation_derivative", file=ACT),
    mistake(25, r"np\.outer\(y, -y\)", "np.zeros((len(y), len(y)))", "softmax_jacobian_wrong", file=ACT),
    mistake(25, r"-y", "y", "softmax_jacobian_wrong", "sign_flipped", file=ACT),
    mistake(12, r"loss\[target\]", "loss[target - 1]", "wrong_index", file=LOSS),
    mistake(12, r"loss\[target\] = -1/y\[target\]", "loss = y.copy(); loss[target] -= 1", "loss_derivative_wrong", "extra_factor",
            file=LOSS),
    mistake(113, r"grad_signal @ self\.activation_function\.derivative\(self\.z\)", "grad_signal",
            "missing_activation_derivative"),
    mistake(113, r"derivative\(self\.z\)", "derivative(self.y - 0.1)",
            "derivative_of_activated_value", "derivative_at_wrong_point"),
    mistake(115, r"self\.x", "np.sign(self.x)", "wrong_activation_in_weight_gradient"),
    mistake(115, r"delta\)", "grad_signal)", "missing_activation_derivative", "wrong_variable"),
    mistake(116, r"delta", "grad_signal", "missing_activation_derivative", "wrong_variable"),
    mistake(119, r"-=", "+=", "sign_flipped"),
    mistake(120, r"-=", "+=", "sign_flipped"),
    mistake(122, r"delta", "grad_signal", "missing_activation_derivative", "wrong_variable"),
    mistake(55, r"self\.learning_rate \* grad_signal", "grad_signal - self.learning_rate * grad_signal ** 2", "extra_factor"),
)  # fmt: skip
MISTAKES = MISTAKES[:13]
PROGRAMS = [
    Program(
        "philip-1520/numpy-mlp",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[7], MISTAKES[9]), two(MISTAKES[1], MISTAKES[11])),
        harmless=(
            Edit(119, r"self\.W -= grad_w", "self.W = self.W - grad_w"),
            Edit(115, r"np\.outer\(self\.x, delta\)", "self.x[:, None] * delta"),
        ),
        more=(ACT, LOSS),
        mend=(
            Edit(12, r"np\.fill_diagonal\(d, max\(0, 1\)\)", "np.fill_diagonal(d, z >= 0)", ACT),
            Edit(118, r"self\.W", "self.W.copy()"),
        ),
        published=("relu_mask_wrong", "missing_activation_derivative", "wrong_activation_derivative", "updated_weights_used"),
        blame=(12, 118),
        backward={FILE: (113, 122), ACT: (10, 27), LOSS: (10, 13)},
        group="eleventh",
    )
]
