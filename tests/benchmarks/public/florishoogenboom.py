"""FlorisHoogenboom/numpy-net: dense layers whose gradients are kept for each sample; a softmax with its whole Jacobian.

As published the mean of the bias gradient is over units, too, and the errors are repeated in another order than the states.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.tanh(X @ W1.T + b1) @ W2.T + b2
    return -np.mean(np.sum(y * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))), axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from numpynet.activation_functions import Softmax, Tanh
    from numpynet.layers import Dense
    from numpynet.loss_functions import CrossEntropy

    net = module.Network(CrossEntropy())
    net.add(Dense(3, 3, Tanh()))
    net.add(Dense(3, 3, Softmax()))
    start = {}
    for k, layer in enumerate(net.layers, 1):
        start[f"W{k}"], start[f"b{k}"] = rng.normal(size=(3, 3)), rng.normal(size=3)
        layer.W, layer.b = start[f"W{k}"].copy(), start[f"b{k}"].copy()
    X, y = rng.normal(size=(5, 3)), np.eye(3)[rng.integers(0, 3, size=5)]
    return Call(
        net.fit_batch,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {key: getattr(net.layers[int(key[1]) - 1], key[0]) - value for key, value in start.items()},
        (X, y, 0.1),
        bind={key: f"self.layers[{int(key[1]) - 1}].{key[0]}" for key in start},
    )


LAYERS, LOSSES, ACTIVATIONS = "numpynet/layers.py", "numpynet/loss_functions.py", "numpynet/activation_functions.py"
PROGRAMS = [
    Program(
        "FlorisHoogenboom/numpy-net",
        "numpynet/network.py",
        build,
        (
            mistake(15, r"- np.*$", "input - target", "loss_derivative_wrong", file=LOSSES),
            mistake(15, r"1/input", "1/input**2", "loss_derivative_wrong", file=LOSSES),
            mistake(31, r"np\.square\(np\.tanh\(input\)\)", "np.tanh(input)", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(31, r"np\.tanh\(input\)", "np.tanh(np.tanh(input))", "derivative_of_activated_value", file=ACTIVATIONS),
            mistake(67, r"diag - outer", "diag", "softmax_jacobian_wrong", file=ACTIVATIONS),
            mistake(67, r"diag - outer", "diag * (1 - outer)", "softmax_jacobian_wrong", file=ACTIVATIONS),
            mistake(54, r"activ_func_grad \* ", "", "missing_activation_derivative", file=LAYERS),
            mistake(56, r"stimulus_error", "next_layer_errors", "wrong_variable", "missing_activation_derivative", file=LAYERS),
            mistake(58, r"\.\.\.ji", "...ij", "transposed", file=LAYERS),
            mistake(
                58, r"W, stimulus_error", "W, next_layer_errors", "wrong_variable", "missing_activation_derivative", file=LAYERS
            ),
            mistake(42, r"- learning_rate", "+ learning_rate", "sign_flipped"),
            mistake(42, r"mean\(axis=0\)", "sum(axis=0)", "batch_scale_1_over_N"),
            mistake(43, r"grad_b\.mean", "grad_b.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            two(
                mistake(67, r"diag - outer", "diag", "softmax_jacobian_wrong", file=ACTIVATIONS),
                mistake(42, r"mean\(axis=0\)", "sum(axis=0)", "batch_scale_1_over_N"),
            ),
            two(
                mistake(58, r"\.\.\.ji", "...ij", "transposed", file=LAYERS),
                mistake(43, r"- learning_rate", "+ learning_rate", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(58, r"np\.einsum\('\.\.\.ji,\.\.\.j', self\.W, stimulus_error\)", "stimulus_error @ self.W", LAYERS),
            Edit(31, r"1 - np\.square\(np\.tanh\(input\)\)", "np.cosh(input)**-2.0", ACTIVATIONS),
        ),
        more=(LAYERS, LOSSES, ACTIVATIONS, "numpynet/util.py", "numpynet/__init__.py"),
        mend=(Edit(43, r"axis=\(0,1\)", "axis=0"), Edit(61, r"stimulus_error\.T", "stimulus_error", LAYERS)),
        published=("bias_gradient_reduction", "transposed", "wrong_index"),
        backward={"numpynet/network.py": (31, 43), LAYERS: (40, 65), LOSSES: (15, 15), ACTIVATIONS: (29, 67)},
        group="eighth",
    )
]
