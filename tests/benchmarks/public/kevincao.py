"""Kevin-Cao96/RBF-Network: its neural network with one hidden layer; probabilities minus targets, means over the examples."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(y)), y])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.ANN(4, 5, 3, 0.1)
    start = {}
    for name in ("W1", "b1", "W2", "b2"):
        start[name] = rng.normal(size=getattr(model, name).shape)
        setattr(model, name, start[name].copy())
    X, y = rng.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])
    return Call(
        model.train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: getattr(model, name) - then for name, then in start.items()},
        (X, y, 1),
        bind={name: f"self.{name}" for name in start},
    )


MISTAKES = (
    mistake(31, r"probs - y_one_hot", "probs", "loss_derivative_wrong"),
    mistake(31, r"probs - y_one_hot", "logits - y_one_hot", "loss_derivative_wrong", "wrong_variable"),
    mistake(32, r"self\.a1\.T", "self.z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(32, r" / n", "", "batch_scale_1_over_N"),
    mistake(33, r"np\.sum\(dz2, axis=0", "np.sum(probs, axis=0", "wrong_variable", "loss_derivative_wrong"),
    mistake(33, r" / n", "", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(35, r"dz2 @", "probs @", "wrong_variable", "upstream_gradient_dropped"),
    mistake(36, r" \* \(self\.z1 > 0\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(36, r"self\.z1 > 0", "da1 > 0", "relu_mask_wrong", "wrong_variable"),
    mistake(36, r"da1 \* \(self\.z1 > 0\)", "np.maximum(da1, 0)", "relu_mask_wrong"),
    mistake(37, r"dz1 / n", "dz1 / n ** 2", "batch_scale_1_over_N"),
    mistake(37, r"X\.T", "X[::-1].T", "wrong_index"),
    mistake(38, r"axis=0, ", "", "bias_gradient_reduction"),
    mistake(40, r"dW2", "(dW2 + 0.1 * self.W2)", "regularisation_term_wrong"),
    mistake(42, r"-=", "+=", "sign_flipped"),
    mistake(43, r"db1", "self.b1", "gradient_or_update_used_for_weight", "wrong_variable"),
    Mistake(
        (Edit(35, r"self\.W2\.T", "(self.W2 - self.lr * dW2).T"),),
        ("updated_weights_used",),
        (35,),
    ),
)
PROGRAMS = [
    Program(
        "Kevin-Cao96/RBF-Network",
        "Ann/ann.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[7]), two(MISTAKES[6], MISTAKES[12])),
        harmless=(
            Edit(36, r"self\.z1 > 0", "self.a1 > 0"),
            Edit(33, r"np\.sum\(dz2, axis=0, keepdims=True\) / n", "dz2.mean(axis=0, keepdims=True)"),
        ),
        backward={"Ann/ann.py": (31, 43)},
        group="ninth",
    )
]
