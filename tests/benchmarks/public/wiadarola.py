"""wiadarola/numpy-mlp: three layers with an outer product for each sample; as published softmax is taken over the whole batch."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

FUNCTIONS = "src/functional.py"


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    z = sigmoid(sigmoid(x @ w1 + b1) @ w2 + b2) @ w3 + b3
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(y)), y])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NumpyMLP(5, 4)
    sizes = {"w1": (3, 5), "b1": 5, "w2": (5, 4), "b2": 4, "w3": (4, 10), "b3": 10}
    start = {name: rng.normal(size=size) for name, size in sizes.items()}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, y = rng.normal(size=(6, 3)), rng.integers(0, 10, size=6)

    def train(net, x, y, lr):
        net(x)
        net.backward(x, y, lr)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        (net, x, y, 0.1),
        bind={name: f"net.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "wiadarola/numpy-mlp",
        "src/model.py",
        build,
        (
            mistake(53, r"F\.softmax\(z3\)", "z3", "softmax_jacobian_wrong", "loss_derivative_wrong", "wrong_variable"),
            mistake(56, r"sigmoid_dz\(z2\)", "sigmoid_dz(a2)", "derivative_of_activated_value"),
            mistake(58, r"dL_dz2", "dL_da2", "missing_activation_derivative", "wrong_variable"),
            mistake(59, r" \* F\.sigmoid_dz\(z1\)", "", "missing_activation_derivative"),
            mistake(62, r"a2, 2", "z2, 2", "wrong_activation_in_weight_gradient"),
            mistake(66, r"dL_dz2$|dL_dz2(?= )", "dL_da2", "missing_activation_derivative", "wrong_variable"),
            mistake(73, r"mean", "sum", "batch_scale_1_over_N", "bias_gradient_reduction"),
            mistake(76, r"- lr", "+ lr", "sign_flipped"),
            mistake(
                18, r"1\.0 - sigmoid\(z\)", "1.0 - z", "wrong_activation_derivative", "derivative_at_wrong_point", file=FUNCTIONS
            ),
            two(
                mistake(62, r"a2, 2", "z2, 2", "wrong_activation_in_weight_gradient"),
                mistake(59, r" \* F\.sigmoid_dz\(z1\)", "", "missing_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(56, r"F\.sigmoid_dz\(z2\)", "a2 * (1 - a2)"),
            Edit(77, r"\.mean\(0\)", ".sum(0) / len(dL_db3)"),
        ),
        more=(FUNCTIONS,),
        mend=(Edit(23, r"\.sum\(\)", ".sum(1, keepdims=True)", FUNCTIONS),),
        published=("softmax_jacobian_wrong", "loss_derivative_wrong"),
        backward={"src/model.py": (53, 77)},
        group="fresh",
    )
]
