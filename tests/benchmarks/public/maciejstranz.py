"""MaciejStranz/word2vec-from-scratch-numpy: skip-gram with negative sampling, a pair at a time; gradients first, then a step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(negatives: Any, W_in: Any, W_out: Any) -> Any:
    v = W_in[2]
    return np.log(1 + np.exp(-W_out[4] @ v)) + np.sum(np.log(1 + np.exp(W_out[negatives] @ v)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.SkipGramNegativeSampling(7, 4)
    W_in, W_out = rng.normal(size=(7, 4)), rng.normal(size=(7, 4))
    model.W_in, model.W_out = W_in.copy(), W_out.copy()
    negatives = np.array([1, 5, 1, 6])

    def train(negatives):
        _, grad_center, grad_pos, grad_negs = model.forward_backward(2, 4, negatives)
        model.update(2, 4, negatives, grad_center, grad_pos, grad_negs, 0.05)

    return Call(
        train,
        loss,
        {"negatives": negatives, "W_in": W_in, "W_out": W_out},
        lambda _: {"W_in": model.W_in - W_in, "W_out": model.W_out - W_out},
        (negatives,),
        bind={"W_in": "model.W_in", "W_out": "model.W_out"},
    )


MISTAKES = (
    mistake(34, r"\(pos_sig - 1\.0\) \* pos_vec", "pos_sig * pos_vec", "loss_derivative_wrong"),
    mistake(34, r"\* pos_vec \+", "* center_vec +", "wrong_variable"),
    mistake(34, r" \+ \(neg_sigs @ neg_vecs\)", "", "missing_factor", "upstream_gradient_dropped"),
    mistake(34, r"\+ \(neg_sigs", "- (neg_sigs", "sign_flipped"),
    mistake(34, r"neg_sigs @ neg_vecs", "np.mean(neg_sigs[:, None] * neg_vecs, axis=0)", "batch_scale_1_over_N"),
    mistake(35, r"pos_sig - 1\.0", "1.0 - pos_sig", "sign_flipped"),
    mistake(35, r"center_vec", "pos_vec", "wrong_variable"),
    mistake(36, r"neg_sigs\[:, None\]", "(1.0 - neg_sigs)[:, None]", "loss_derivative_wrong"),
    mistake(36, r"center_vec\[None, :\]", "neg_vecs", "wrong_variable"),
    mistake(50, r"\[center_idx\]", "[positive_idx]", "wrong_index"),
    mistake(51, r"grad_pos", "grad_center", "wrong_variable"),
    mistake(53, r"-learning", "learning", "sign_flipped"),
    mistake(53, r"np\.add\.at\(self\.W_out, negative_indices, (.*)\)$", r"self.W_out[negative_indices] += \1",
            "repeated_index_lost"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "MaciejStranz/word2vec-from-scratch-numpy",
        "src/model.py",
        build,
        (*MISTAKES, two(MISTAKES[0], MISTAKES[12]), two(MISTAKES[3], MISTAKES[5])),
        harmless=(
            Edit(34, r"neg_sigs @ neg_vecs", "neg_vecs.T @ neg_sigs"),
            Edit(36, r"neg_sigs\[:, None\] \* center_vec\[None, :\]", "np.outer(neg_sigs, center_vec)"),
        ),
        more=("src/utils.py",),
        backward={"src/model.py": (34, 53)},
        group="eleventh",
    )
]
