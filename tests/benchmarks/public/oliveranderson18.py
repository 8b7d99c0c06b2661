"""oliverAnderson18/numpy-word2vec: skip-gram with negative sampling, a batch at a time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(centers: Any, contexts: Any, negatives: Any, W1: Any, W2: Any) -> Any:
    v = W1[centers]
    good = np.sum(v * W2[contexts], axis=1)
    bad = np.sum(v[:, None, :] * W2[negatives], axis=2)
    return np.sum(np.log(1 + np.exp(-good))) + np.sum(np.log(1 + np.exp(bad)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Word2Vec(8, 3, 0.05)
    W1, W2 = rng.normal(size=(8, 3)), rng.normal(size=(8, 3))
    model.W1, model.W2 = W1.copy(), W2.copy()
    centers, contexts = np.array([1, 2, 1, 4, 2]), np.array([3, 3, 0, 5, 7])
    negatives = np.array([[6, 0], [5, 5], [2, 7], [0, 6], [3, 1]])
    return Call(
        model.train_step,
        loss,
        {"centers": centers, "contexts": contexts, "negatives": negatives, "W1": W1, "W2": W2},
        lambda _: {"W1": model.W1 - W1, "W2": model.W2 - W2},
        (centers, contexts, negatives),
        bind={"W1": "self.W1", "W2": "self.W2"},
    )


MISTAKES = (
    mistake(44, r"pos_probs - 1", "pos_probs", "loss_derivative_wrong"),
    mistake(44, r"pos_probs - 1", "1 - pos_probs", "sign_flipped"),
    mistake(45, r"neg_probs", "1 - neg_probs", "loss_derivative_wrong"),
    mistake(45, r"= neg_probs", "= neg_probs * (1 - neg_probs)", "extra_factor", "loss_derivative_wrong"),
    mistake(54, r"\* v_w", "* v_c", "wrong_variable"),
    mistake(55, r"np\.add\.at\(self\.W2, contexts, (.*)\)$", r"self.W2[contexts] += \1", "repeated_index_lost"),
    mistake(58, r"v_w\[:, np\.newaxis, :\]", "v_n", "wrong_variable"),
    mistake(59, r"negatives, -self", "negatives, self", "sign_flipped"),
    mistake(59, r"np\.add\.at\(self\.W2, negatives, (.*)\)$", r"self.W2[negatives] += \1", "repeated_index_lost"),
    mistake(62, r" \+ np\.einsum\(.*$", "", "missing_factor", "upstream_gradient_dropped"),
    mistake(62, r"\+ np", "- np", "sign_flipped"),
    mistake(62, r"grad_neg, v_n", "grad_neg, self.W2[negatives]", "updated_weights_used"),
    mistake(62, r"grad_pos \* v_c", "grad_pos * v_w", "wrong_variable"),
    mistake(63, r"np\.add\.at\(self\.W1, centers, (.*)\)$", r"self.W1[centers] += \1", "repeated_index_lost"),
)
PROGRAMS = [
    Program(
        "oliverAnderson18/numpy-word2vec",
        "model.py",
        build,
        (*MISTAKES, two(MISTAKES[0], MISTAKES[8]), two(MISTAKES[7], MISTAKES[12])),
        harmless=(
            Edit(62, r"np\.einsum\('bn,bne->be', grad_neg, v_n\)", "np.sum(grad_neg[:, :, None] * v_n, axis=1)"),
            Edit(54, r"grad_pos \* v_w", "v_w * grad_pos"),
        ),
        backward={"model.py": (44, 63)},
        group="eleventh",
    )
]
