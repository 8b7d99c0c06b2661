"""praneeth-b/Numpy-MLP: a notebook whose layers return their backward pass as a closure, with gradients that add up."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = np.maximum(np.maximum(X @ W1 + b1, 0) @ W2 + b2, 0)
    return np.mean((h @ W3 + b3 - Y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [module.AffineLayer(4, 6), module.ReLU(), module.AffineLayer(6, 5), module.ReLU(), module.AffineLayer(5, 2)]
    learner = module.DigitLearner(module.Sequential(*layers), module.mse_loss, module.SGDOptimizer(0.1))
    start = {f"{name}{k + 1}": rng.normal(size=getattr(layers[2 * k], name).value.shape) for k in range(3) for name in "Wb"}

    def parameter(key: str) -> Any:
        return getattr(layers[2 * int(key[1]) - 2], key[0])

    for key, value in start.items():
        parameter(key).value = value.copy()
    X, Y = rng.normal(size=(8, 4)), rng.normal(size=(8, 2))

    def train(X, Y):
        learner.fit_batch(X, Y)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {key: parameter(key).value - value for key, value in start.items()},
        (X, Y),
        bind={key: f"learner.model.layers[{2 * int(key[1]) - 2}].{key[0]}.value" for key in start},
    )


PROGRAMS = [
    Program(
        "praneeth-b/Numpy-MLP",
        "mnist_classifier_numpy.ipynb",
        build,
        (
            mistake(279, r"X\.T @ D", "X.T @ D / len(X)", "batch_scale_1_over_N"),
            mistake(279, r"= self\.W\.gradient \+", "= self.W.value +", "wrong_variable", "gradient_or_update_used_for_weight"),
            mistake(281, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(281, r"np\.sum\(D,axis=0\)", "np.sum(D)", "bias_gradient_reduction"),
            mistake(283, r"D @", "np.ones_like(D) @", "upstream_gradient_dropped"),
            mistake(309, r"reversed\(backprops\)", "reversed(backprops[1:])", "loop_cut_short"),
            mistake(318, r"D \* mask$", "D * (D > 0)", "relu_mask_wrong"),
            mistake(318, r"D: D \* mask", "D: D", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(318, r"D: D \* mask", "D: D * ~mask", "relu_mask_wrong"),
            mistake(360, r"2 \* diff", "2 * Y_", "loss_derivative_wrong", "wrong_variable"),
            two(
                mistake(281, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(318, r"D: D \* mask", "D: D * ~mask", "relu_mask_wrong"),
            ),
        ),
        harmless=(
            Edit(318, r"D: D \* mask", "D: np.where(mask, D, 0)"),
            Edit(360, r"2 \* diff / len\(diff\)", "diff"),
        ),
        keep=((3, 3), (201, 342), (358, 360), (385, 403)),
        group="last",
    )
]
