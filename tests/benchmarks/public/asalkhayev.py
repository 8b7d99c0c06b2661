"""asalkhayev/word2vec-skipgram-numpy: skip-gram with negative samples, one pair for a call, on copies of the rows."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(center_id: Any, context_id: Any, negative_ids: Any, W_in: Any, W_out: Any) -> Any:
    v = W_in[center_id]
    negative = np.sum(np.log(1 + np.exp(W_out[negative_ids] @ v)))
    return np.log(1 + np.exp(-np.sum(v * W_out[context_id]))) + negative


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.SkipGramNegativeSampling(7, 3)
    start = {name: rng.normal(size=(7, 3)) for name in ("W_in", "W_out")}
    model.W_in, model.W_out = start["W_in"].copy(), start["W_out"].copy()
    negative_ids = np.array([1, 6, 1, 4])
    return Call(
        model.train_step,
        loss,
        {"center_id": 2, "context_id": 5, "negative_ids": negative_ids, **start},
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (2, 5, negative_ids, 0.05),
        bind={name: f"self.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "asalkhayev/word2vec-skipgram-numpy",
        "src/model.py",
        build,
        (
            mistake(59, r"pos_sig - 1\.0", "pos_sig", "loss_derivative_wrong"),
            mistake(59, r"pos_sig - 1\.0", "pos_sig * (1.0 - pos_sig)", "loss_derivative_wrong"),
            mistake(61, r"neg_sig", "neg_sig - 1.0", "loss_derivative_wrong"),
            mistake(61, r"neg_sig", "neg_scores", "wrong_variable", "loss_derivative_wrong"),
            mistake(63, r"grad_pos \* u_o", "grad_pos * v_c", "wrong_variable"),
            mistake(63, r"grad_neg\[:, None\] \* ", "", "missing_factor"),
            mistake(63, r"np\.sum", "np.mean", "batch_scale_1_over_N"),
            mistake(63, r" \+ np\.sum", " - np.sum", "sign_flipped"),
            mistake(64, r"v_c", "u_o", "wrong_variable"),
            mistake(65, r"v_c", "u_k", "wrong_variable"),
            mistake(68, r"-=", "+=", "sign_flipped"),
            mistake(
                71, r"self\.W_out\[neg_id\] -=", "self.W_out[neg_id] = u_k[i] -", "repeated_index_lost", "gradient_overwritten"
            ),
            mistake(71, r"grad_u_k\[i\]", "grad_u_k[0]", "wrong_index"),
            two(
                mistake(63, r"np\.sum", "np.mean", "batch_scale_1_over_N"),
                mistake(68, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(63, r"np\.sum\(grad_neg\[:, None\] \* u_k, axis=0\)", "grad_neg @ u_k"),
            Edit(65, r"grad_neg\[:, None\] \* v_c", "np.outer(grad_neg, v_c)"),
        ),
        root="src",
        group="newest",
    )
]
