"""shivchander/denoising-autoencoder-from-scratch: dicts of layers and gradients, momentum by hand, columns of samples.

The published call swaps velocities and gradients, so that the momentum is 0.1 for 0.9; one step is only 9 times as long.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = np.maximum(W2 @ np.maximum(W1 @ X.T + b1, 0) + b2, 0)
    return np.mean((1 / (1 + np.exp(-(W3 @ h + b3))) - y.T) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.AutoencoderNN()
    start = {name: rng.normal(size=value.shape) for name, value in net.initialize_parameters(4, 5, 2, 3).items()}
    net.parameters = {name: value.copy() for name, value in start.items()}
    net.initialize_parameters = lambda *sizes: net.parameters
    X, y = rng.normal(size=(7, 4)), rng.uniform(size=(7, 3))
    return Call(
        net.fit,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: net.parameters[name] - then for name, then in start.items()},
        (X, y, 4, 5, 2, 3),
        {"learning_rate": 0.1, "batch_size": 7, "num_epochs": 2, "plot_error": False},
        bind={name: f"self.parameters[{name!r}]" for name in start},
        once={"num_epochs": 1},
    )


PROGRAMS = [
    Program(
        "shivchander/denoising-autoencoder-from-scratch",
        "autoencoder.py",
        build,
        (
            mistake(98, r" / m", "", "batch_scale_1_over_N"),
            mistake(99, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(107, r"Z <= 0", "dA <= 0", "relu_mask_wrong", "wrong_variable"),
            mistake(107, r"Z <= 0", "Z > 0", "relu_mask_wrong"),
            mistake(114, r" \* \(1 - s\)", "", "missing_factor", "wrong_activation_derivative"),
            mistake(123, r"\(dZ", "(dA", "missing_activation_derivative", "wrong_variable"),
            mistake(
                140, r"2\*\(AL - Y\)", "- np.divide(Y, AL) + np.divide(1 - Y, 1 - AL)", "loss_derivative_wrong", "sign_flipped"
            ),
            mistake(148, r"str\(l \+ 2\)", "str(L)", "wrong_index"),
            mistake(171, r"beta \* v\[(.*)\] \+", r"v[\1] +", "missing_factor"),
            mistake(173, r" - ", " + ", "sign_flipped"),
            two(
                mistake(107, r"Z <= 0", "dA <= 0", "relu_mask_wrong", "wrong_variable"),
                mistake(99, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(114, r"dA \* s \* \(1 - s\)", "dA * (s - s ** 2)"),
            Edit(229, r"v, grads", "grads, v"),
        ),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        backward={"autoencoder.py": (95, 152)},
        group="fresh",
    )
]
