"""EdoardoPona/Numpy-Neural-Networks-: a shallow network of named attributes, sums in long doubles, a linear output and half
a square.

As published no bias enters the forward pass, and the hidden delta has a derivative of an output that has none."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, t: Any, w0: Any, b0: Any, w1: Any, b1: Any) -> Any:
    h = 1 / (1 + np.exp(-(x @ w0 + b0)))
    return 0.5 * np.sum((h @ w1 + b1 - t) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.ShallowNeuralNetwork()
    shapes = {"w0": (4, 5), "b0": (5,), "w1": (5, 3), "b1": (3,)}
    start = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, t = rng.normal(size=(6, 4)), rng.normal(size=(6, 3))

    def train(x, t):
        net.forward(x)
        return net.backwards(t)

    return Call(
        train,
        loss,
        {"x": x, "t": t, **start},
        lambda result: {name: result[int(name[1])]["wb".index(name[0])] for name in start},
        (x, t),
        bind={name: "net." + name for name in start},
    )


MISTAKES = (
    mistake(59, r"1 - sigmoid\(x\)", "1 - x", "wrong_activation_derivative"),
    mistake(59, r"sigmoid\(x\) \* ", "", "wrong_activation_derivative", "missing_factor"),
    mistake(149, r"self\.out - t", "self.out * (self.out - t)", "extra_factor", "loss_derivative_wrong"),
    mistake(149, r"self\.out - t", "self.out - t ** 2", "loss_derivative_wrong"),
    mistake(151, r"self\.h0\.T", "self.a0.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(151, r"e\)", "e / len(e))", "batch_scale_1_over_N"),
    mistake(152, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(152, r"np\.sum\(e", "np.sum(self.out", "wrong_variable"),
    mistake(154, r"d_sigmoid\(self\.a0\)", "d_sigmoid(self.h0)", "derivative_of_activated_value", "derivative_at_wrong_point",
            "wrong_variable"),
    mistake(154, r" \* d_sigmoid\(self\.a0\)", "", "missing_activation_derivative"),
    mistake(154, r"d_sigmoid\(self\.a0\)", "sigmoid(self.a0)", "wrong_activation_derivative", "wrong_variable"),
    mistake(155, r"delta0", "self.h0", "wrong_variable"),
    mistake(155, r"self\.x\.T", "np.abs(self.x).T", "wrong_activation_in_weight_gradient"),
    mistake(156, r"axis=0", "axis=None", "bias_gradient_reduction"),
    mistake(158, r"\(dJdw0, dJdb0\)", "(-dJdw0, dJdb0)", "sign_flipped"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "EdoardoPona/Numpy-Neural-Networks-",
        "NeuralNet.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[13]), two(MISTAKES[1], MISTAKES[7])),
        harmless=(
            Edit(59, r"sigmoid\(x\) \* \(1 - sigmoid\(x\)\)", "sigmoid(x) - sigmoid(x) ** 2"),
            Edit(151, r"np\.dot\(self\.h0\.T, e\)", "self.h0.T @ e"),
        ),
        keep=((1, 2), (46, 59), (128, 158)),
        mend=(
            Edit(140, r"self\.w0\)", "self.w0) + self.b0"),
            Edit(143, r"self\.w1\)", "self.w1) + self.b1"),
            Edit(154, r"e \* d_sigmoid\(self\.a1\)", "e"),
        ),
        published=("extra_factor",),
        blame=(154, 140, 143, 152, 156),
        backward={"NeuralNet.py": (148, 158)},
        group="tenth",
    )
]
