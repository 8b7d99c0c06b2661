"""Keshav-Bachu/Sigmoid-Numpy-Neural-Network: column layers whose helpers lie in a module of their own; ReLU, then sigmoid
and logarithms.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    p = 1 / (1 + np.exp(-(W3 @ np.maximum(W2 @ np.maximum(W1 @ X + b1, 0) + b2, 0) + b3)))
    return -np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = (3, 7, 6, 1)
    parameters = {}
    for k in (1, 2, 3):
        parameters[f"W{k}"] = 0.5 * rng.normal(size=(sizes[k], sizes[k - 1]))
        parameters[f"b{k}"] = rng.normal(size=(sizes[k], 1))
    start = {name: value.copy() for name, value in parameters.items()}
    X, Y = rng.normal(size=(3, 6)), np.array([[1, 0, 0, 1, 1, 0]])

    def train(X, Y, parameters):
        A_final, cache = module.forward_Prop_Multiple(X, parameters)
        grads = module.backward_Prop_Multiple(A_final, Y, cache)
        module.update_Parameters(parameters, grads, 0.1)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: parameters[name] - then for name, then in start.items()},
        (X, Y, parameters),
        bind={name: f"parameters['{name}']" for name in start},
    )


HELPERS = "Helper_Math_Functions.py"
MISTAKES = (
    mistake(72, r"dZ, A_prev\.T", "dZ, (A_prev / m).T", "batch_scale_1_over_N"),
    mistake(72, r"A_prev\.T", "(A_prev ** 2).T", "wrong_activation_in_weight_gradient"),
    mistake(73, r"1/m \* ", "", "batch_scale_1_over_N"),
    mistake(74, r"db\.reshape\(b\.shape\)", "b", "wrong_variable", "gradient_or_update_used_for_weight"),
    mistake(75, r"W\.T, dZ", "W.T, dZ > 0", "upstream_gradient_dropped"),
    mistake(82, r"cache\[1\]", "cache[1] + dA", "derivative_at_wrong_point"),
    mistake(87, r"dZ, ", "dA, ", "missing_activation_derivative", "wrong_variable"),
    mistake(97, r" - np\.divide\(1", " + np.divide(1", "sign_flipped", "loss_derivative_wrong"),
    mistake(97, r"\(np\.divide.*$", "Y / (A_final + epsilon)", "loss_derivative_wrong"),
    mistake(104, r"\+ 1\)\]", "+ 1)] * 0.5", "factor_2"),
    mistake(107, r"db_hold", "dA_prev_hold.sum()", "bias_gradient_reduction", "wrong_variable"),
    mistake(114, r"-=", "+=", "sign_flipped"),
    mistake(28, r"derivative \* \(1 - derivative\)", "Z * (1 - Z)", "wrong_activation_derivative", file=HELPERS),
    mistake(30, r"dA \* derivative", "derivative", "upstream_gradient_dropped", file=HELPERS),
    mistake(36, r"Z > 0", "Z < 0", "relu_mask_wrong", file=HELPERS),
    mistake(36, r"Z > 0", "dA > 0", "relu_mask_wrong", "wrong_variable", file=HELPERS),
)
PROGRAMS = [
    Program(
        "Keshav-Bachu/Sigmoid-Numpy-Neural-Network",
        "Sigmoid_Neural_Network.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[12]), two(MISTAKES[1], MISTAKES[15])),
        harmless=(
            Edit(28, r"derivative \* \(1 - derivative\)", "derivative - derivative ** 2", HELPERS),
            Edit(73, r"1/m \* np\.sum", "np.mean"),
        ),
        more=(HELPERS,),
        stubs={"matplotlib/__init__.py": "", "matplotlib/pyplot.py": ""},
        backward={"Sigmoid_Neural_Network.py": (68, 116), HELPERS: (23, 38)},
        group="tenth",
    )
]
