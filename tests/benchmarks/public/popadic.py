"""n-popadic/word2vec-numpy: skip-gram with negative sampling in batches, gradients added to repeated rows."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

CENTERS, POSITIVES = np.array([1, 4, 1, 0]), np.array([2, 5, 3, 2])
NEGATIVES = np.array([[3, 6, 0], [1, 3, 3], [6, 5, 4], [1, 4, 6]])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(W: Any, W_prim: Any) -> Any:
    center = W[CENTERS]
    negative = np.sum(center[:, None, :] * W_prim[NEGATIVES], axis=2)
    return -np.sum(np.log(sigmoid(np.sum(center * W_prim[POSITIVES], axis=1)))) - np.sum(np.log(sigmoid(-negative)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.SkipGramNS(7, 3)
    start = {"W": rng.normal(size=(7, 3)), "W_prim": rng.normal(size=(7, 3))}
    model.W, model.W_prim = start["W"].copy(), start["W_prim"].copy()

    def train(model, centers, positives, negatives, lr):
        _, *gradients = model.forward_backward(centers, positives, negatives)
        model.update(centers, positives, negatives, *gradients, lr)

    return Call(
        train,
        loss,
        start,
        lambda _: {name: getattr(model, name) - then for name, then in start.items()},
        (model, CENTERS, POSITIVES, NEGATIVES, 0.05),
        bind={name: f"model.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "n-popadic/word2vec-numpy",
        "model.py",
        build,
        (
            mistake(39, r"pos_sigmoid - 1", "1 - pos_sigmoid", "sign_flipped", "loss_derivative_wrong"),
            mistake(
                41, r"1 - neg_sigmoid", "neg_sigmoid", "loss_derivative_wrong", "wrong_activation_derivative", "wrong_variable"
            ),
            mistake(45, r"w_i", "w_o", "wrong_variable"),
            mistake(47, r"\* w_i\[:, np\.newaxis, :\]", "* w_j", "wrong_variable"),
            mistake(53, r"\+=", "=", "upstream_gradient_dropped", "gradient_accumulated_across_steps", "wrong_variable"),
            mistake(53, r"np\.sum", "np.mean", "batch_scale_1_over_N", "missing_factor"),
            mistake(60, r"np\.add\.at\(self\.W, centers, (.*)\)", r"self.W[centers] += \1", "repeated_index_lost"),
            mistake(62, r"np\.add\.at\(self\.W_prim, negatives, (.*)\)", r"self.W_prim[negatives] += \1", "repeated_index_lost"),
            mistake(61, r"-lr", "lr", "sign_flipped"),
            two(
                mistake(53, r"np\.sum", "np.mean", "batch_scale_1_over_N", "missing_factor"),
                mistake(45, r"w_i", "w_o", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(41, r"1 - neg_sigmoid", "sigmoid(neg_scores)"),
            Edit(53, r"np\.sum\(.*axis=1\)", "np.einsum('bk,bkn->bn', grad_neg, w_j)"),
        ),
        backward={"model.py": (39, 62)},
        group="fresh",
    )
]
