"""AlfonsoJimena/Word2vecWithNumpy: the mean of a context against negative samples, as functions with dicts, scattered updates."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(context_idxs: Any, center_idx: Any, negatives: Any, W_in: Any, W_out: Any) -> Any:
    v = np.mean(W_in[np.array(context_idxs)], axis=0)
    return np.log(1 + np.exp(-(v @ W_out[center_idx]))) + np.sum(np.log(1 + np.exp(W_out[negatives] @ v)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"W_in": rng.normal(size=(7, 3)), "W_out": rng.normal(size=(7, 3))}
    W_in, W_out = (value.copy() for value in start.values())
    context_idxs, center_idx, negatives = [0, 3, 3, 5], 2, np.array([6, 1, 6, 4])

    def train(context_idxs, center_idx, negatives, W_in, W_out, lr):
        _, cache = module.forward_cbow(context_idxs, center_idx, negatives, W_in, W_out)
        module.sgd_update(W_in, W_out, context_idxs, center_idx, negatives, module.backward_cbow(cache), lr)

    return Call(
        train,
        loss,
        {"context_idxs": context_idxs, "center_idx": center_idx, "negatives": negatives, **start},
        lambda _: {"W_in": W_in - start["W_in"], "W_out": W_out - start["W_out"]},
        (context_idxs, center_idx, negatives, W_in, W_out, 0.1),
    )


ROOT = "word2vec_numpy"
MODEL = f"{ROOT}/word2vec/model.py"
PROGRAMS = [
    Program(
        "AlfonsoJimena/Word2vecWithNumpy",
        f"{ROOT}/word2vec/train.py",
        build,
        (
            mistake(119, r" - 1", "", "loss_derivative_wrong", file=MODEL),
            mistake(
                119, r"sigmoid\(score_pos\) - 1", "1 - sigmoid(score_pos)", "sign_flipped", "loss_derivative_wrong", file=MODEL
            ),
            mistake(121, r"sigmoid\(scores_neg\)", "sigmoid(-scores_neg)", "sign_flipped", "loss_derivative_wrong", file=MODEL),
            mistake(
                121,
                r"sigmoid\(scores_neg\)",
                "sigmoid(scores_neg) * (1 - sigmoid(scores_neg))",
                "extra_factor",
                "loss_derivative_wrong",
                file=MODEL,
            ),
            mistake(123, r" \+ g_neg @ u_neg", "", "upstream_gradient_dropped", file=MODEL),
            mistake(123, r"g_pos \* u_o", "g_pos * v_ctx", "wrong_variable", file=MODEL),
            mistake(125, r"v_ctx", "u_o", "wrong_variable", file=MODEL),
            mistake(127, r"np\.outer\(g_neg, v_ctx\)", "g_neg[:, None] * u_neg", "wrong_variable", file=MODEL),
            mistake(127, r"g_neg", "g_neg / len(g_neg)", "batch_scale_1_over_N", "extra_factor", file=MODEL),
            mistake(129, r" / n_context", "", "batch_scale_1_over_N", "missing_factor", file=MODEL),
            mistake(31, r"np\.add\.at\(W_in, context_idxs, (.*)\)$", r"W_in[context_idxs] += \1", "repeated_index_lost"),
            mistake(32, r"-=", "+=", "sign_flipped"),
            mistake(33, r"np\.add\.at\(W_out, negative_idxs, (.*)\)$", r"W_out[negative_idxs] += \1", "repeated_index_lost"),
            mistake(33, r"W_out, negative_idxs", "W_in, negative_idxs", "wrong_variable"),
            two(
                mistake(129, r" / n_context", "", "batch_scale_1_over_N", "missing_factor", file=MODEL),
                mistake(33, r"np\.add\.at\(W_out, negative_idxs, (.*)\)$", r"W_out[negative_idxs] += \1", "repeated_index_lost"),
            ),
        ),
        harmless=(
            Edit(119, r"sigmoid\(score_pos\) - 1", "-sigmoid(-score_pos)", MODEL),
            Edit(127, r"np\.outer\(g_neg, v_ctx\)", "g_neg[:, None] * v_ctx", MODEL),
        ),
        more=(MODEL,),
        root=ROOT,
        stubs={"word2vec/__init__.py": "", "word2vec/sampling.py": ANYTHING, "tqdm.py": ANYTHING},
        backward={MODEL: (110, 135), f"{ROOT}/word2vec/train.py": (31, 33)},
        group="later",
    )
]
