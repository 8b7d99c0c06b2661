"""MarcosAsh/word2vec-numpy: skip-gram with negative sampling in one method; repeated negatives are added up by index."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

CENTRE, CONTEXT, NEGATIVE = 3, 1, [0, 5, 5]


def loss(W_in: Any, W_out: Any) -> Any:
    u = W_in[CENTRE]
    return np.log(1 + np.exp(-np.sum(W_out[CONTEXT] * u))) + np.sum(np.log(1 + np.exp(W_out[NEGATIVE] @ u)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Word2Vec(7, 4)
    start = {name: rng.normal(size=(7, 4)) for name in ("W_in", "W_out")}
    model.W_in, model.W_out = start["W_in"].copy(), start["W_out"].copy()
    return Call(
        model.train_pair,
        loss,
        start,
        lambda _: {name: getattr(model, name) - then for name, then in start.items()},
        (CENTRE, CONTEXT, np.array(NEGATIVE), 0.1),
        bind={name: "self." + name for name in start},
    )


MISTAKES = (
    mistake(97, r"sig_o - 1\.0", "sig_o", "loss_derivative_wrong"),
    mistake(97, r"\+ \(sig_n", "- (sig_n", "sign_flipped"),
    mistake(97, r"sig_n\[:, None\] \* ", "", "missing_factor"),
    mistake(97, r"\.sum\(axis=0\)", ".mean(axis=0)", "batch_scale_1_over_N"),
    mistake(97, r"\* v_o", "* u_c", "wrong_variable"),
    mistake(97, r"sig_n\[:, None\]", "(1.0 - sig_n)[:, None]", "loss_derivative_wrong", "sign_flipped"),
    mistake(100, r"sig_o - 1\.0", "1.0 - sig_o", "sign_flipped", "loss_derivative_wrong"),
    mistake(100, r"sig_o - 1\.0", "s_o - 1.0", "missing_activation_derivative", "wrong_variable", "loss_derivative_wrong"),
    mistake(100, r"\* u_c", "* v_o", "wrong_variable"),
    mistake(103, r"sig_n\[", "(sig_n - 1.0)[", "loss_derivative_wrong"),
    mistake(103, r"u_c\[None, :\]", "V_n", "wrong_variable"),
    mistake(106, r"\[centre_idx\] -=", "[context_idx] -=", "wrong_index"),
    mistake(106, r"grad_u_c", "grad_v_o", "wrong_variable"),
    mistake(107, r"lr \* grad_v_o", "grad_v_o", "missing_factor"),
    mistake(112, r"-lr", "lr", "sign_flipped"),
    mistake(112, r"np\.add\.at\(.*$", "self.W_out[neg_indices] -= lr * grad_V_n", "repeated_index_lost", "gradient_overwritten"),
)
PROGRAMS = [
    Program(
        "MarcosAsh/word2vec-numpy",
        "model.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[8]), two(MISTAKES[2], MISTAKES[15])),
        harmless=(
            Edit(97, r"\(sig_n\[:, None\] \* V_n\)\.sum\(axis=0\)", "sig_n @ V_n"),
            Edit(103, r"sig_n\[:, None\] \* u_c\[None, :\]", "np.outer(sig_n, u_c)"),
        ),
        backward={"model.py": (97, 112)},
        group="tenth",
    )
]
