"""steve-z-wang/numpy-neural-nets: parameters, gradients and caches in dictionaries by layer; ReLU and softmax, examples in
columns.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    o = W3 @ np.maximum(W2 @ np.maximum(W1 @ X + b1, 0) + b2, 0) + b3
    return np.mean(np.log(np.sum(np.exp(o), axis=0)) - np.sum(o * Y, axis=0))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = (3, 5, 4, 3)
    parameters = {}
    for k in (1, 2, 3):
        parameters[f"W{k}"] = rng.normal(size=(sizes[k], sizes[k - 1]))
        parameters[f"b{k}"] = rng.normal(size=(sizes[k], 1))
    start = {name: value.copy() for name, value in parameters.items()}
    X, Y = rng.normal(size=(3, 6)), np.eye(3)[:, [0, 2, 1, 1, 0, 2]]

    def train(X, Y, parameters):
        AL, caches = module.forward_propagation(X, parameters)
        grads = module.backward_propagation(AL, Y, caches)
        return module.update_parameters(parameters, grads, 0.1)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda result: {name: result[name] - then for name, then in start.items()},
        (X, Y, parameters),
        bind={name: f"parameters['{name}']" for name in start},
    )


MISTAKES = (
    mistake(35, r"Z\)", "A)", "wrong_variable"),
    mistake(53, r"Z <= 0", "Z < -1", "relu_mask_wrong"),
    mistake(53, r"dZ\[Z <= 0\] = 0", "dZ[dA <= 0] = 0", "relu_mask_wrong", "wrong_variable"),
    mistake(61, r"1/m \* ", "", "batch_scale_1_over_N"),
    mistake(61, r"A_prev\.T", "(A_prev > 0).T", "wrong_activation_in_weight_gradient"),
    mistake(62, r"axis=1, keepdims=True", "keepdims=True", "bias_gradient_reduction"),
    mistake(63, r"W\.T", "dW.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(63, r"np\.dot\(W\.T, dZ\)", "np.dot(W.T, dZ) / m", "batch_scale_1_over_N"),
    mistake(72, r"AL - Y", "-Y / AL", "loss_derivative_wrong", "softmax_jacobian_wrong"),
    mistake(72, r"AL - Y", "(AL - Y) * AL", "loss_derivative_wrong", "extra_factor"),
    mistake(76, r"range\(1, L\)", "range(2, L)", "loop_cut_short"),
    mistake(77, r"caches\[l-1\]", "caches[l-1][0], caches[l-1][1] ** 2 - 0.3", "wrong_variable", "relu_mask_wrong"),
    mistake(78, r"relu_activation_backward\((.*), Z\)", r"\1", "missing_activation_derivative"),
    mistake(79, r"dZ,", "grads['dA' + str(l)],", "missing_activation_derivative", "wrong_variable"),
    mistake(87, r"learning_rate", "learning_rate / l", "batch_scale_1_over_N", "missing_factor"),
    mistake(88, r"- learning_rate", "+ learning_rate", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "steve-z-wang/numpy-neural-nets",
        "n_layers_network.py",
        build,
        (*MISTAKES[1:10], *MISTAKES[11:], two(MISTAKES[4], MISTAKES[15]), two(MISTAKES[5], MISTAKES[9])),
        harmless=(
            Edit(62, r"1/m \* np\.sum\(dZ", "np.mean(dZ"),
            Edit(53, r"dZ\[Z <= 0\] = 0", "dZ = dA * (Z > 0)"),
        ),
        stubs={"matplotlib/__init__.py": "", "matplotlib/pyplot.py": ""},
        backward={"n_layers_network.py": (51, 88)},
        group="tenth",
    )
]
