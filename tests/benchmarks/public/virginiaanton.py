"""virginiaanton/word2vec-from-scratch: a notebook; skip-gram with negative samples drawn with replacement.

As published a word drawn twice as a negative sample is updated once.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two

NEGATIVE = np.array([0, 3, 3, 5])


def loss(target: Any, context: Any, negativeSamples: Any, W1: Any, W2: Any) -> Any:
    scores = W2 @ W1[target]
    return np.log(1 + np.exp(-scores[context])) + np.sum(np.log(1 + np.exp(scores[negativeSamples])))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.skipGramModel(6, 3, 3, 0.1)
    start = {"W1": rng.normal(size=(6, 3)), "W2": rng.normal(size=(6, 3))}
    model.W1, model.W2 = start["W1"].copy(), start["W2"].copy()

    def train(target, context, negativeSamples):
        t, sigPos, sigNeg = model.forwardprop(target, context, negativeSamples)
        model.backwardprop(target, context, negativeSamples, t, sigPos, sigNeg)

    return Call(
        train,
        loss,
        {"target": 1, "context": 4, "negativeSamples": NEGATIVE, **start},
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (1, 4, NEGATIVE),
        bind={name: f"model.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "virginiaanton/word2vec-from-scratch",
        "02_skipgram.ipynb",
        build,
        (
            mistake(105, r" - 1\.0", "", "loss_derivative_wrong"),
            mistake(105, r"sigPos - 1\.0", "1.0 - sigPos", "sign_flipped", "loss_derivative_wrong"),
            mistake(106, r"sigNeg", "sigNeg - 1.0", "loss_derivative_wrong"),
            mistake(106, r"sigNeg", "-sigNeg", "sign_flipped", "loss_derivative_wrong"),
            mistake(109, r"self\.W2\[context\]", "self.W1[context]", "wrong_variable"),
            mistake(
                109,
                r" \+ np\.dot\(.*\]\)\)",
                ")",
                "normalisation_term_missing",
                "missing_path_through_time",
                "loss_derivative_wrong",
            ),
            mistake(109, r"\+ np", "- np", "sign_flipped"),
            mistake(
                109,
                r"np\.dot\(delta_neg, self\.W2\[negativeSamples\]\)",
                "np.mean(delta_neg[:, None] * self.W2[negativeSamples], axis=0)",
                "batch_scale_1_over_N",
            ),
            mistake(112, r"\* t$", "* self.W2[context]", "wrong_variable"),
            mistake(113, r"\* t", "* delta_pos * t", "extra_factor"),
            mistake(114, r"-=", "+=", "sign_flipped"),
            mistake(114, r"W1\[target\]", "W1[context]", "wrong_index"),
            Mistake(
                (
                    Edit(112, r"self\.W2.*$", "pass"),
                    Edit(106, r"$", "\n        self.W2[context] -= self.lr * delta_pos * t"),
                ),
                ("updated_weights_used",),
                (106, 107, 109, 110),
            ),
            two(
                mistake(106, r"sigNeg", "-sigNeg", "sign_flipped", "loss_derivative_wrong"),
                mistake(112, r"\* t$", "* self.W2[context]", "wrong_variable"),
            ),
            two(
                mistake(105, r" - 1\.0", "", "loss_derivative_wrong"),
                mistake(114, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(109, r"np\.dot\(delta_neg, self\.W2\[negativeSamples\]\)", "self.W2[negativeSamples].T @ delta_neg"),
            Edit(105, r"sigPos - 1\.0", "-(1.0 - sigPos)"),
        ),
        keep=((2, 2), (26, 127)),
        mend=(
            Edit(
                113,
                r"self\.W2\[negativeSamples\] -= (.*)$",
                r"np.subtract.at(self.W2, negativeSamples, \1)",
            ),
        ),
        published=("repeated_index_lost",),
        backward={"02_skipgram.ipynb": (105, 114)},
        group="eighth",
    )
]
