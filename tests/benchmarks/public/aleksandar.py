"""Aleksandar301/Word2Vec-custom-paper-implementation: continuous bag of words, negative samples drawn with repetitions.

As published a word that is drawn twice as a negative sample moves once.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

CONTEXT, TARGET, DRAW = [0, 3, 5, 1], 2, 10
NEGATIVE = np.random.RandomState(DRAW).choice(7, size=5, p=np.full(7, 1 / 7))  # what the program draws after this seed


def loss(context: Any, target: Any, W: Any, W_prime: Any) -> Any:
    h = np.mean(W[context], axis=0)
    return np.log(1 + np.exp(-np.sum(W_prime[target] * h))) + np.sum(np.log(1 + np.exp(W_prime[NEGATIVE] @ h)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"W": rng.normal(size=(7, 3)), "W_prime": rng.normal(size=(7, 3))}
    samples = [(CONTEXT, TARGET)]

    def train(samples, W, W_prime):
        np.random.seed(DRAW)  # noqa: NPY002
        return module.train_cbow(samples, W, W_prime, np.full(7, 1 / 7), N=3, K=5, lr=0.1, num_epochs=1)

    return Call(
        train,
        loss,
        {"context": CONTEXT, "target": TARGET, **start},
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        (samples, start["W"].copy(), start["W_prime"].copy()),
        bind={name: name for name in start},
    )


MISTAKES = (
    mistake(262, r"np\.mean", "np.sum", "batch_scale_1_over_N"),
    mistake(284, r" - 1", "", "loss_derivative_wrong"),
    mistake(284, r"sig_pos - 1", "1 - sig_pos", "sign_flipped", "loss_derivative_wrong"),
    mistake(285, r"1 - sig_neg", "sig_neg", "loss_derivative_wrong", "wrong_variable"),
    mistake(285, r"1 - sig_neg", "1 - s_neg", "wrong_variable", "loss_derivative_wrong"),
    mistake(288, r"\* h", "* u_target", "wrong_variable"),
    mistake(289, r"\* h ", "* u_neg ", "wrong_variable"),
    mistake(292, r" \+ np\.dot\(delta_neg, u_neg\)", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(292, r"delta_pos \* u_target", "u_target", "missing_factor"),
    mistake(292, r"delta_pos \* u_target", "delta_pos * h", "wrong_variable"),
    mistake(295, r"/ len\(context_indices\)", "", "batch_scale_1_over_N", "missing_factor"),
    mistake(299, r"-=", "+=", "sign_flipped"),
    mistake(299, r"W_prime\[target\]", "W_prime[context_indices[0]]", "wrong_index"),
    mistake(303, r"in context_indices", "in context_indices[1:]", "loop_cut_short"),
    mistake(304, r"grad_v_context", "W_prime[target]", "wrong_variable", "gradient_or_update_used_for_weight"),
)
PROGRAMS = [
    Program(
        "Aleksandar301/Word2Vec-custom-paper-implementation",
        "word2vec_implementation.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[10]), two(MISTAKES[5], MISTAKES[13])),
        harmless=(
            Edit(292, r"np\.dot\(delta_neg, u_neg\)", "u_neg.T @ delta_neg"),
            Edit(289, r"delta_neg\[:, None\] \* h", "np.outer(delta_neg, h)"),
        ),
        mend=(Edit(300, r"W_prime\[neg_indices\] -= lr \* grad_u_neg", "np.add.at(W_prime, neg_indices, -lr * grad_u_neg)"),),
        published=("repeated_index_lost",),
        backward={"word2vec_implementation.py": (284, 304)},
        group="ninth",
    )
]
