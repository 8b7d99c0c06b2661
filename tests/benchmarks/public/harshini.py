"""harshini-puduri/Word2Vec-cbow-from-scratch: a script for a bag of words with a full softmax, on module globals."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(context: Any, target: Any, W1: Any, W2: Any) -> Any:
    u = W2.T @ (W1.T @ np.mean(np.eye(7)[context], axis=0))
    return np.log(np.sum(np.exp(u))) - u[target]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.vocab, module.word2idx, module.learning_rate = range(7), {k: k for k in range(7)}, 0.05
    start = {"W1": rng.normal(size=(7, 3)), "W2": rng.normal(size=(3, 7))}
    module.W1, module.W2 = start["W1"].copy(), start["W2"].copy()
    context, target = [1, 4, 1, 6], 5

    def train(context, target):
        y_pred, h, x = module.forward_pass(context)
        module.back_propagation(y_pred, h, x, target)

    return Call(
        train,
        loss,
        {"context": context, "target": target, **start},
        lambda _: {name: getattr(module, name) - value for name, value in start.items()},
        (context, target),
        bind={name: name for name in start},
    )


PROGRAMS = [
    Program(
        "harshini-puduri/Word2Vec-cbow-from-scratch",
        "cbow_from_scratch.py",
        build,
        (
            mistake(56, r" - one_hot_vector\(target\)", "", "loss_derivative_wrong"),
            mistake(56, r"e = (.*)$", r"e = (\1) * y_pred * (1 - y_pred)", "loss_derivative_wrong", "extra_factor"),
            mistake(57, r"h,e", "h, y_pred", "wrong_variable", "loss_derivative_wrong"),
            mistake(57, r"h,e", "W1[word2idx[target]],e", "wrong_variable", "wrong_index"),
            mistake(58, r"\(x, ", "(x > 0, ", "missing_factor", "batch_scale_1_over_N"),
            mistake(58, r"\(x, ", "(one_hot_vector(target), ", "wrong_variable", "wrong_index"),
            mistake(58, r"W2, e", "W2, y_pred", "wrong_variable", "loss_derivative_wrong"),
            Mistake(
                (
                    Edit(60, r"W2 -= .*$", "pass"),
                    Edit(57, r"$", "\n    W2 -= learning_rate * dW2"),
                ),
                ("updated_weights_used",),
                (58, 59),
            ),
            mistake(59, r"-=", "+=", "sign_flipped"),
            mistake(59, r"learning_rate \* ", "", "missing_factor", "optimizer_rule_wrong"),
            mistake(60, r"dW2", "W2", "gradient_or_update_used_for_weight", "wrong_variable"),
            two(
                mistake(58, r"W2, e", "W2, y_pred", "wrong_variable", "loss_derivative_wrong"),
                mistake(59, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(58, r"np\.outer\(x, np\.dot\(W2, e\)\)", "x[:, None] * (W2 @ e)"),
            Edit(60, r"W2 -= learning_rate \* dW2", "W2 = W2 - learning_rate * dW2"),
        ),
        keep=((1, 1), (28, 35), (47, 60)),
        group="newest",
    )
]
