"""Paulnkk/Word2Vec-in-Numpy: skip-gram with negative sampling, one pair a step; published with repeated words lost."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(target_id: Any, pos_context_id: Any, neg_indices: Any, W_in: Any, W_out: Any) -> Any:
    near, far = W_out[pos_context_id] @ W_in[target_id], W_out[neg_indices] @ W_in[target_id]
    return np.log(1 + np.exp(-near)) + np.sum(np.log(1 + np.exp(far)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Word2VecNumPy(7, 3, 0.1)
    start = {"W_in": rng.normal(size=(7, 3)), "W_out": rng.normal(size=(7, 3))}
    net.W_in, net.W_out = start["W_in"].copy(), start["W_out"].copy()
    negatives = np.array([5, 0, 5, 6])
    return Call(
        net.train_step,
        loss,
        {"target_id": 2, "pos_context_id": 4, "neg_indices": negatives, **start},
        lambda _: {"W_in": net.W_in - start["W_in"], "W_out": net.W_out - start["W_out"]},
        (2, 4, negatives),
        bind={"W_in": "self.W_in", "W_out": "self.W_out"},
    )


PROGRAMS = [
    Program(
        "Paulnkk/Word2Vec-in-Numpy",
        "model.py",
        build,
        (
            mistake(31, r"labels\[0\]", "labels[-1]", "wrong_index", "loss_derivative_wrong"),
            mistake(31, r"= 1\.0", "= -1.0", "loss_derivative_wrong", "sign_flipped"),
            mistake(
                34,
                r"predictions - labels",
                "scores - labels",
                "wrong_variable",
                "loss_derivative_wrong",
                "missing_activation_derivative",
            ),
            mistake(
                34,
                r"predictions - labels",
                "(predictions - labels) * predictions * (1 - predictions)",
                "extra_factor",
                "loss_derivative_wrong",
            ),
            mistake(35, r"np\.outer\(errors, u_t\)", "errors[:, None] * v_contexts", "wrong_variable"),
            mistake(35, r"errors", "errors / len(errors)", "batch_scale_1_over_N", "extra_factor"),
            mistake(
                36,
                r"np\.dot\(errors, v_contexts\)",
                "np.dot(errors[:1], v_contexts[:1])",
                "loop_cut_short",
                "upstream_gradient_dropped",
                "wrong_index",
            ),
            mistake(36, r"v_contexts", "grad_W_out", "wrong_variable", "gradient_or_update_used_for_weight"),
            mistake(39, r"-self\.lr", "self.lr", "sign_flipped"),
            mistake(40, r"target_id", "pos_context_id", "wrong_index"),
            mistake(40, r"self\.lr \* ", "", "missing_factor"),
            two(
                mistake(35, r"errors", "errors / len(errors)", "batch_scale_1_over_N", "extra_factor"),
                mistake(40, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(35, r"np\.outer\(errors, u_t\)", "errors.reshape(-1, 1) @ u_t.reshape(1, -1)"),
            Edit(36, r"np\.dot\(errors, v_contexts\)", "v_contexts.T @ errors"),
        ),
        mend=(
            Edit(
                39,
                r"self\.W_out\[all_context_ids\] -= self\.lr \* grad_W_out",
                "np.add.at(self.W_out, all_context_ids, -self.lr * grad_W_out)",
            ),
        ),
        published=("repeated_index_lost",),
        backward={"model.py": (34, 40)},
        group="later",
    )
]
