"""Whitley7/word2vec-numpy: a continuous bag of words with negative sampling; one step from a long function, vectors
averaged over the context.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

CONTEXT, CENTER, NEGATIVE = [0, 3, 4], 1, [2, 5, 6]


def loss(W_center: Any, W_context: Any) -> Any:
    v_hat = (W_center[0] + W_center[3] + W_center[4]) / 3
    return np.log(1 + np.exp(-np.sum(W_context[CENTER] * v_hat))) + np.sum(np.log(1 + np.exp(W_context[NEGATIVE] @ v_hat)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {name: rng.normal(size=(7, 4)) for name in ("W_center", "W_context")}
    return Call(
        module.step,
        loss,
        start,
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        (start["W_center"].copy(), start["W_context"].copy(), np.array(CONTEXT), CENTER, np.array(NEGATIVE), 0.1, 0.0, 0),
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(248, r"pos_sig - 1\.0", "pos_sig", "loss_derivative_wrong"),
    mistake(248, r"pos_sig - 1\.0", "1.0 - pos_sig", "sign_flipped", "loss_derivative_wrong"),
    mistake(248, r" \+ neg_sigs @ u_neg", "", "upstream_gradient_dropped"),
    mistake(248, r"neg_sigs @ u_neg", "u_neg.sum(axis=0)", "missing_factor"),
    mistake(248, r"neg_sigs @", "(1.0 - neg_sigs) @", "loss_derivative_wrong", "sign_flipped"),
    mistake(249, r"v_hat", "u_c", "wrong_variable"),
    mistake(249, r"v_hat", "W_center[center]", "wrong_variable"),
    mistake(249, r"pos_sig - 1\.0", "-1.0 / pos_sig", "loss_derivative_wrong", "missing_activation_derivative"),
    mistake(250, r"neg_sigs, v_hat", "neg_sigs * (1 - neg_sigs), v_hat", "extra_factor", "loss_derivative_wrong"),
    mistake(250, r"v_hat", "u_c", "wrong_variable"),
    mistake(253, r"lr / len\(ctx_idx\)", "lr", "batch_scale_1_over_N", "missing_factor"),
    mistake(254, r"ctx_idx", "ctx_idx[1:]", "loop_cut_short"),
    mistake(255, r"-=", "+=", "sign_flipped"),
    mistake(255, r"W_center\[idx\]", "W_context[idx]", "wrong_variable", "wrong_index"),
    mistake(256, r"W_context\[center\] -=", "W_center[center] -=", "wrong_variable", "wrong_index"),
    mistake(257, r"grad_un", "grad_uc", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "Whitley7/word2vec-numpy",
        "word2vec.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[10]), two(MISTAKES[6], MISTAKES[8])),
        harmless=(
            Edit(250, r"np\.outer\(neg_sigs, v_hat\)", "neg_sigs[:, None] * v_hat"),
            Edit(248, r"neg_sigs @ u_neg", "np.dot(neg_sigs, u_neg)"),
        ),
        keep=((8, 20), (230, 257)),
        head="def step(W_center, W_context, ctx_idx, center, neg_idx, lr, epoch_loss, epoch_pairs):",
        foot="            return W_center, W_context",
        backward={"word2vec.py": (248, 257)},
        group="tenth",
    )
]
