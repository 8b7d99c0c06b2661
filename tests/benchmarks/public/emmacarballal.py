"""emma-carballal/word2vec-numpy: skip-gram with negative samples in batches, gradients in a dict, scattered updates."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(targets: Any, contexts: Any, negatives: Any, W: Any, C: Any) -> Any:
    w, c, n = W[targets], C[contexts], C[negatives]
    positive = np.sum(np.log(1 + np.exp(-np.sum(w * c, axis=1))))
    return positive + np.sum(np.log(1 + np.exp(np.sum(n * w[:, None, :], axis=2))))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Word2Vec(8, 3, 0, np.float64)
    start = {"W": rng.normal(size=(8, 3)), "C": rng.normal(size=(8, 3))}
    model.W, model.C = start["W"].copy(), start["C"].copy()
    targets, contexts = np.array([2, 5, 2, 7]), np.array([1, 1, 3, 6])
    negatives = np.array([[0, 4], [4, 3], [0, 0], [5, 1]])

    def train(targets, contexts, negatives, lr):
        _, grads = model.forward_backward(targets, contexts, negatives)
        model.sgd_step(grads, lr)

    return Call(
        train,
        loss,
        {"targets": targets, "contexts": contexts, "negatives": negatives, **start},
        lambda _: {"W": model.W - start["W"], "C": model.C - start["C"]},
        (targets, contexts, negatives, 0.05),
        bind={"W": "model.W", "C": "model.C"},
    )


PROGRAMS = [
    Program(
        "emma-carballal/word2vec-numpy",
        "model.py",
        build,
        (
            mistake(145, r"sig_pos - 1\.0", "sig_pos", "loss_derivative_wrong"),
            mistake(145, r"sig_pos - 1\.0", "(sig_pos - 1.0) * sig_pos", "loss_derivative_wrong", "extra_factor"),
            mistake(146, r"sig_neg", "sig_neg - 1.0", "loss_derivative_wrong"),
            mistake(150, r"\* c ", "* w ", "wrong_variable", blame=(149, 151)),
            mistake(151, r"\.sum\(axis=1\)", ".mean(axis=1)", "batch_scale_1_over_N", "extra_factor", blame=(149, 150)),
            mistake(151, r"\+ \(", "- (", "sign_flipped", blame=(149, 150)),
            mistake(155, r"\* w", "* c", "wrong_variable"),
            mistake(158, r"w\[:, np\.newaxis, :\]", "n", "wrong_variable"),
            mistake(188, r"np\.add\.at\(self\.W, targets, +(.*)\)$", r"self.W[targets] += \1", "repeated_index_lost"),
            mistake(197, r"np\.add\.at\(self\.C, neg_flat, (.*)\)$", r"self.C[neg_flat] += \1", "repeated_index_lost"),
            mistake(191, r"self\.C", "self.W", "wrong_variable"),
            two(
                mistake(155, r"\* w", "* c", "wrong_variable"),
                mistake(188, r"np\.add\.at\(self\.W, targets, +(.*)\)$", r"self.W[targets] += \1", "repeated_index_lost"),
            ),
        ),
        harmless=(
            Edit(145, r"sig_pos - 1\.0", "-sigmoid(-z_pos)"),
            Edit(158, r"d_neg\[:, :, np\.newaxis\] \* w\[:, np\.newaxis, :\]", "np.einsum('bk,bd->bkd', d_neg, w)"),
        ),
        group="last",
    )
]
