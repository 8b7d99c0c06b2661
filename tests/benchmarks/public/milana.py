"""milanaivankovich/word2vec-numpy: skip-gram with negative sampling; a step that looks up, scores, and updates rows of two
matrices.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(center: Any, context: Any, negatives: Any, W_in: Any, W_out: Any) -> Any:
    v_c = W_in[center]
    return np.log(1 + np.exp(-np.sum(W_out[context] * v_c))) + np.sum(np.log(1 + np.exp(W_out[negatives] @ v_c)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Word2Vec(7, 4, lr=0.05)
    start = {name: rng.normal(size=(7, 4)) for name in ("W_in", "W_out")}
    model.W_in, model.W_out = start["W_in"].copy(), start["W_out"].copy()
    return Call(
        model.train_step,
        loss,
        {"center": 2, "context": 5, "negatives": [1, 3, 6], **start},
        lambda _: {name: getattr(model, name) - then for name, then in start.items()},
        (2, 5, [1, 3, 6]),
        bind={name: "self." + name for name in start},
    )


MISTAKES = (
    mistake(39, r"score_pos - 1", "score_pos", "loss_derivative_wrong"),
    mistake(39, r"score_pos - 1", "1 - score_pos", "sign_flipped", "loss_derivative_wrong"),
    mistake(39, r"score_pos - 1", "-1 / score_pos", "loss_derivative_wrong", "missing_activation_derivative"),
    mistake(40, r"score_neg", "score_neg - 1", "loss_derivative_wrong"),
    mistake(40, r"score_neg", "score_neg * (1 - score_neg)", "loss_derivative_wrong", "extra_factor"),
    mistake(40, r"score_neg", "1 - score_neg", "loss_derivative_wrong", "sign_flipped"),
    mistake(42, r"grad_pos \* v_o \+ ", "", "upstream_gradient_dropped"),
    mistake(42, r" \+ np", " - np", "sign_flipped"),
    mistake(42, r"np\.dot\(grad_neg, v_n\)", "np.mean(grad_neg[:, None] * v_n, axis=0)", "batch_scale_1_over_N"),
    mistake(42, r"np\.dot\(grad_neg, v_n\)", "np.sum(v_n, axis=0)", "missing_factor", "upstream_gradient_dropped"),
    mistake(47, r"v_c", "self.W_out[context]", "wrong_variable"),
    mistake(48, r"v_c", "self.W_out[context]", "wrong_variable"),
    mistake(48, r"grad_neg, v_c", "np.full(len(negatives), grad_pos), v_c", "wrong_variable"),
    mistake(49, r"-=", "+=", "sign_flipped"),
    mistake(49, r"\[center\] -=", "[context] -=", "wrong_index"),
    mistake(
        48, r"negatives\] -=", "context] -= self.lr * grad_pos * v_c; self.W_out[negatives] -=", "extra_factor", "wrong_index"
    ),
)
PROGRAMS = [
    Program(
        "milanaivankovich/word2vec-numpy",
        "src/word2vec.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[10]), two(MISTAKES[8], MISTAKES[2])),
        harmless=(
            Edit(42, r"np\.dot\(grad_neg, v_n\)", "grad_neg @ v_n"),
            Edit(48, r"np\.outer\(grad_neg, v_c\)", "(grad_neg[:, None] * v_c)"),
        ),
        root="src",
        backward={"src/word2vec.py": (38, 49)},
        group="tenth",
    )
]
