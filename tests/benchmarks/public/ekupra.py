"""EKupra/word2vec-numpy: skip-gram with negative samples as a script with globals, each row updated as soon as possible.

As published the centre's row is a view: later updates of the same pair use its new values.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NEGATIVES = [1, 6, 4]


def loss(center_idx: Any, context_idx: Any, W_in: Any, W_out: Any) -> Any:
    v = W_in[center_idx]
    positive = np.log(1 + np.exp(-np.sum(v * W_out[context_idx])))
    return positive + sum(np.log(1 + np.exp(np.sum(v * W_out[k]))) for k in NEGATIVES)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {name: rng.normal(size=(7, 3)) for name in ("W_in", "W_out")}
    module.W_in, module.W_out = start["W_in"].copy(), start["W_out"].copy()
    module.get_negative_samples = lambda true_idx, K: NEGATIVES
    return Call(
        module.train_step,
        loss,
        {"center_idx": 2, "context_idx": 5, **start},
        lambda _: {name: getattr(module, name) - value for name, value in start.items()},
        (2, 5),
        {"lr": 0.05, "K": 3},
        bind={"W_in": "W_in", "W_out": "W_out"},
    )


PROGRAMS = [
    Program(
        "EKupra/word2vec-numpy",
        "Word2vec.py",
        build,
        (
            mistake(87, r"prob_pos - 1", "prob_pos", "loss_derivative_wrong"),
            mistake(87, r"prob_pos - 1", "(prob_pos - 1) * prob_pos * (1 - prob_pos)", "loss_derivative_wrong", "extra_factor"),
            mistake(88, r"u_pos", "v", "wrong_variable"),
            mistake(89, r"-=", "+=", "sign_flipped"),
            mistake(101, r"prob_neg", "prob_neg - 1", "loss_derivative_wrong"),
            mistake(102, r"W_in\[center_idx\]", "W_in[neg_idx]", "wrong_index"),
            mistake(102, r"u_neg", "u_pos", "wrong_variable"),
            mistake(103, r"error_neg", "error", "wrong_variable"),
            mistake(103, r"-=", "=", "sign_flipped", "optimizer_rule_wrong", "wrong_variable"),
            two(
                mistake(89, r"-=", "+=", "sign_flipped"),
                mistake(103, r"error_neg", "error", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(65, r"1 / \(1 \+ np\.exp\(-x\)\)", "np.exp(x) / (1 + np.exp(x))"),
            Edit(88, r"lr \* \(error \* u_pos\)", "(lr * error) * u_pos"),
        ),
        keep=((1, 1), (63, 65), (79, 107)),
        mend=(Edit(80, r"$", ".copy()"), Edit(81, r"$", ".copy()"), Edit(91, r"v = .*$", "pass"), Edit(105, r"v = .*$", "pass")),
        published=("updated_weights_used", "gradient_or_update_used_for_weight"),
        blame=(80, 88, 89, 91, 103, 105),
        group="last",
    )
]
