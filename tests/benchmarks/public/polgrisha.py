"""polgrisha/word2vec-numpy: CBOW with negative sampling as a script; published with the window for the number of words in it."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

ENCODED, AT, NEGATIVES = [4, 1, 7, 2, 5], 2, [0, 3, 6]
CONTEXT = [4, 1, 2, 5]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(embedding_matrix: Any, output_matrix: Any) -> Any:
    hidden = np.mean(embedding_matrix[CONTEXT], axis=0)
    scores = hidden @ output_matrix[:, NEGATIVES]
    return -np.log(sigmoid(hidden @ output_matrix[:, ENCODED[AT]])) - np.sum(np.log(sigmoid(-scores)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    embedding, output = rng.normal(size=(8, 3)), rng.normal(size=(3, 8))
    before = {"embedding_matrix": embedding.copy(), "output_matrix": output.copy()}
    after = {"embedding_matrix": embedding, "output_matrix": output}
    return Call(
        module.program,
        loss,
        before,
        lambda _: {name: after[name] - then for name, then in before.items()},
        (ENCODED, AT, embedding, output, np.array([2]), np.array([NEGATIVES]), 100),
    )


PROGRAMS = [
    Program(
        "polgrisha/word2vec-numpy",
        "word2vec.ipynb",
        build,
        (
            mistake(74, r" - 1", " + 1", "sign_flipped", "loss_derivative_wrong"),
            mistake(78, r" - 1\)", ")", "loss_derivative_wrong", "missing_factor"),
            mistake(79, r"sigmoid\(negative_scores\)", "sigmoid(-negative_scores)", "sign_flipped", "wrong_variable"),
            mistake(78, r"target_vector", "-target_vector", "sign_flipped"),
            mistake(
                83, r"sigmoid\(negative_scores\)", "negative_scores", "missing_activation_derivative", "loss_derivative_wrong"
            ),
            mistake(145, r"negatives\] -=", "negatives] +=", "sign_flipped"),
            mistake(
                146,
                r"context_gradients,",
                "context_gradients * window_size,",
                "missing_factor",
                "batch_scale_1_over_N",
                "extra_factor",
            ),
            mistake(138, r"hidden_vector\)", "target_vector)", "wrong_variable"),
        ),
        harmless=(
            Edit(74, r"\(sigmoid\(target_score\) - 1\)", r"-sigmoid(-target_score)"),
            Edit(
                83,
                r"sigmoid\(negative_scores\)\[np\.newaxis, :\] \* hidden_vector\[:, np\.newaxis\]",
                r"np.outer(hidden_vector, sigmoid(negative_scores))",
            ),
        ),
        keep=((5, 5), (11, 21), (69, 86), (106, 146)),
        head="def program(encoded, j, embedding_matrix, output_matrix, precomputed_windows, precomputed_negatives, "
        "total_steps, step=0):",
        always=(Edit(135, r"losses\.append\(loss\)", "pass"),),
        mend=(Edit(139, r"window_size\)", "len(context))"),),
        published=("factor_2", "missing_factor", "batch_scale_1_over_N", "wrong_variable"),
    )
]
