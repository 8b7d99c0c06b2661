"""kaushu42/cnn-numpy: functions of a classifier with ReLU and softmax, a dict of its layers, and columns of biases."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

NAMES = ["w2", "b2", "w1", "b1"]


def loss(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    z = np.maximum(x @ w1.T + b1.T, 0) @ w2.T + b2.T
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    x, y = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(0, 3, size=7)]
    w1, b1, w2, b2 = (rng.normal(size=size) for size in ((5, 4), (5, 1), (3, 5), (3, 1)))

    def train(x, y, w1, b1, w2, b2):
        cache = module.forward(x, w1, b1, w2, b2)
        return module.backward(y, w2, b2, w1, b1, x, cache)

    return Call(
        train,
        loss,
        {"x": x, "y": y, "w1": w1, "b1": b1, "w2": w2, "b2": b2},
        lambda result: dict(zip(NAMES, result, strict=True)),
        (x, y, w1, b1, w2, b2),
        bind={name: name for name in NAMES},
    )


PROGRAMS = [
    Program(
        "kaushu42/cnn-numpy",
        "ann.py",
        build,
        (
            mistake(70, r"a2 - y", "z2 - y", "wrong_variable", "loss_derivative_wrong"),
            mistake(70, r"a2 - y", "(a2 - y) * a2 * (1 - a2)", "loss_derivative_wrong", "extra_factor"),
            mistake(71, r"1/m \* ", "", "batch_scale_1_over_N"),
            mistake(71, r"a1\)", "z1)", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(72, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(73, r"dz2\.dot", "a2.dot", "wrong_variable"),
            mistake(74, r"dz1\[z1<0\] = 0", "pass", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(74, r"z1<0", "z1>0", "relu_mask_wrong"),
            mistake(74, r"z1<0", "dz1<0", "relu_mask_wrong", "wrong_variable"),
            mistake(76, r"axis = 0, ", "", "bias_gradient_reduction"),
            two(
                mistake(71, r"a1\)", "z1)", "wrong_activation_in_weight_gradient", "wrong_variable"),
                mistake(74, r"z1<0", "z1>0", "relu_mask_wrong"),
            ),
        ),
        harmless=(
            Edit(72, r"np\.mean\(dz2, axis = 0, keepdims = True\)", "dz2.sum(axis = 0, keepdims = True) / m"),
            Edit(74, r"dz1\[z1<0\] = 0", "dz1 = dz1 * (z1 > 0)"),
        ),
        more=("activations.py",),
        always=(Edit(3, r"^$", "import numpy as np", "activations.py"),),
        stubs={
            "sklearn/__init__.py": "",
            **dict.fromkeys(
                [f"sklearn/{name}.py" for name in ("datasets", "utils", "model_selection", "preprocessing")], ANYTHING
            ),
            "matplotlib/__init__.py": "",
            "matplotlib/pyplot.py": ANYTHING,
        },
        group="last",
    )
]
