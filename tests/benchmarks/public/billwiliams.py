"""billwiliams/NLP: a course's continuous bag of words with a ReLU layer; columns, means over a batch.

As published the ReLU's derivative cuts off the gradient's negative values, not those of inactive units.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, W2: Any, b1: Any, b2: Any) -> Any:
    z = W2 @ np.maximum(W1 @ x + b1, 0) + b2
    return np.sum(np.log(np.sum(np.exp(z), axis=0)) - np.sum(z * y, axis=0)) / x.shape[1]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {
        "W1": rng.normal(size=(4, 5)),
        "W2": rng.normal(size=(5, 4)),
        "b1": rng.normal(size=(4, 1)),
        "b2": rng.normal(size=(5, 1)),
    }
    x, y = rng.dirichlet(np.ones(5), size=6).T, np.eye(5)[rng.integers(0, 5, size=6)].T

    def train(x, y, W1, W2, b1, b2):
        z, h = module.forward_prop(x, W1, W2, b1, b2)
        yhat = module.softmax(z)
        return module.back_prop(x, yhat, y, h, W1, W2, b1, b2, x.shape[1])

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda result: dict(zip(("W1", "W2", "b1", "b2"), result, strict=True)),
        (x, y, *(value.copy() for value in start.values())),
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(117, r"W2\.T", "np.abs(W2).T", "wrong_variable"),
    mistake(117, r"yhat-y", "y-yhat", "sign_flipped", "loss_derivative_wrong"),
    mistake(117, r"\(yhat-y\)", "yhat", "loss_derivative_wrong", "wrong_variable"),
    mistake(120, r"h > 0", "h <= 0", "relu_mask_wrong"),
    mistake(120, r"h > 0", "l1 < 0", "relu_mask_wrong", "wrong_variable"),
    mistake(120, r"l1 \* \(h > 0\)", "l1", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(120, r"\(h > 0\)", "h", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(123, r"relu_l1", "l1", "missing_activation_derivative", "wrong_variable"),
    mistake(123, r"\(1/batch_size\)\*", "", "batch_scale_1_over_N"),
    mistake(126, r"h\.T", "(h > 0).T", "wrong_activation_in_weight_gradient"),
    mistake(126, r"yhat-y", "yhat*(1-yhat)", "loss_derivative_wrong", "wrong_activation_derivative"),
    mistake(129, r"relu_l1", "l1", "missing_activation_derivative", "wrong_variable"),
    mistake(129, r",axis=1,keepdims=True", "", "bias_gradient_reduction"),
    mistake(132, r"\(1/batch_size\)\*", "", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(132, r"yhat-y", "yhat-1", "loss_derivative_wrong"),
    mistake(135, r"grad_b1, grad_b2", "grad_b1, -grad_b2", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "billwiliams/NLP",
        "word_embeddings/word_embeddings.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[13]), two(MISTAKES[8], MISTAKES[10])),
        harmless=(
            Edit(120, r"h > 0", "np.sign(h)"),
            Edit(132, r"np\.sum\( \(1/batch_size\)\*\(yhat-y\),axis=1,keepdims=True\)", "np.mean(yhat-y, axis=1, keepdims=True)"),
        ),
        keep=((3, 3), (56, 135)),
        mend=(Edit(120, r"np\.maximum\(l1,0\)", "l1 * (h > 0)"),),
        published=("relu_mask_wrong", "wrong_variable"),
        backward={"word_embeddings/word_embeddings.py": (102, 135)},
        group="ninth",
    )
]
