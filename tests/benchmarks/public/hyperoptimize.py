"""hyperoptimize/numpy-neural-network: three layers with ReLU and weight decay, each gradient clipped by its norm.

As published the gradient of the second weights takes the output of its layer, not the input."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    x = x / np.sqrt(np.sum(x**2))
    o = np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3
    data = np.sum(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * y, axis=1))
    return data + 0.15 * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNetwork(3, 3, 5, 0.1, 0.3)
    names = ("W1", "b1", "W2", "b2", "W3", "b3")
    start = {name: rng.normal(size=getattr(net, name).shape) + (0.3 if name[0] == "b" else 0) for name in names}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, y = rng.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]]

    def train(x, y):
        return net.fit(x, y)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (x, y),
        bind={name: f"net.{name}" for name in start},
    )


FILE, GRAD = "src/NeuralNetwork.py", "src/gradients.py"
MISTAKES = (
    mistake(64, r"- \( self\.Y - self\.pred \)", "( self.Y - self.pred )", "sign_flipped", "loss_derivative_wrong"),
    mistake(64, r"self\.Y - self\.pred", "( self.Y - self.pred ) * self.pred", "extra_factor", "loss_derivative_wrong",
            "softmax_jacobian_wrong"),
    mistake(66, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
    mistake(66, r"self\.W3", "self.deltaW3", "regularisation_term_wrong", "wrong_variable"),
    mistake(67, r"delta3\.T", "self.pred.T", "wrong_variable"),
    mistake(71, r" \* relu_grad\( z2 \)", "", "missing_activation_derivative"),
    mistake(71, r"self\.W3\.T", "self.deltaW3.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(73, r"self\.reg_lam \* ", "2 * self.reg_lam * ", "factor_2", "regularisation_term_wrong"),
    mistake(74, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(78, r"relu_grad\( z1 \)", "relu_grad( z2 )", "relu_mask_wrong", "wrong_variable"),
    mistake(79, r"self\.X\.T", "np.sign( self.X.T )", "wrong_activation_in_weight_gradient"),
    mistake(81, r"delta1, axis=0", "delta1", "bias_gradient_reduction"),
    mistake(85, r" / self\.num_examples", "", "batch_scale_1_over_N"),
    mistake(101, r"self\.deltab2", "self.b2", "gradient_or_update_used_for_weight", "wrong_variable"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "hyperoptimize/numpy-neural-network",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[8]), two(MISTAKES[5], MISTAKES[10])),
        harmless=(
            Edit(64, r"- \( self\.Y - self\.pred \)", "self.pred - self.Y"),
            Edit(67, r"np\.dot\( delta3\.T, np\.ones\( \( self\.num_examples, \) \) \)", "np.sum( delta3, axis=0 )"),
        ),
        more=(GRAD, "src/activations.py", "src/utils.py"),
        root="src",
        mend=(Edit(72, r"self\.a2\.T", "self.a1.T"),),
        published=("wrong_variable", "wrong_activation_in_weight_gradient"),
        backward={FILE: (64, 107)},
        group="eleventh",
    )
]
