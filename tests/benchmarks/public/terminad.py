"""TerminaD/word2vec-from-scratch: skip-gram in batches, with a cache in attributes and chances of being right."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(center_idx: Any, pos_idx: Any, neg_idx: Any, center_mat: Any, context_mat: Any) -> Any:
    h = center_mat[center_idx]
    near = np.sum(h * context_mat[pos_idx], axis=1)
    far = np.sum(h[:, None, :] * context_mat[neg_idx], axis=2)
    return np.mean(np.log(1 + np.exp(-near)) + np.sum(np.log(1 + np.exp(far)), axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import optimizer

    net = module.Word2VecSGNS(7, 3)
    start = {"center_mat": rng.normal(size=(7, 3)), "context_mat": rng.normal(size=(7, 3))}
    net.center_mat, net.context_mat = (value.copy() for value in start.values())
    mover = optimizer.SGDDecayOptimizer(net, 0.2, 0.1)
    center_idx, pos_idx = np.array([0, 2, 2, 5, 1]), np.array([1, 3, 1, 6, 4])
    neg_idx = np.array([[2, 4], [4, 0], [5, 5], [3, 1], [6, 0]])

    def train(center_idx, pos_idx, neg_idx, progress):
        net.forward(center_idx, pos_idx, neg_idx)
        net.backward()
        mover.step(progress)

    return Call(
        train,
        loss,
        {"center_idx": center_idx, "pos_idx": pos_idx, "neg_idx": neg_idx, **start},
        lambda _: {name: getattr(net, name) - value for name, value in start.items()},
        (center_idx, pos_idx, neg_idx, 0.3),
        bind={name: f"net.{name}" for name in start},
    )


MOVER = "src/optimizer.py"
PROGRAMS = [
    Program(
        "TerminaD/word2vec-from-scratch",
        "src/model.py",
        build,
        (
            mistake(66, r"self\._pos_sigmoid - 1", "1 - self._pos_sigmoid", "sign_flipped", "loss_derivative_wrong"),
            mistake(67, r"1 - self\._neg_sigmoid", "self._neg_sigmoid", "loss_derivative_wrong", "wrong_variable"),
            mistake(
                67,
                r"1 - self\._neg_sigmoid",
                "(1 - self._neg_sigmoid) * self._neg_sigmoid",
                "extra_factor",
                "loss_derivative_wrong",
            ),
            mistake(71, r"self\._pos_embeds", "self._center_embeds", "wrong_variable", blame=(72,)),
            mistake(
                72,
                r"np\.sum\((.*), axis=1\)",
                r"np.mean(\1, axis=1)",
                "batch_scale_1_over_N",
                "bias_gradient_reduction",
                "extra_factor",
                blame=(71,),
            ),
            mistake(
                72, r"np\.sum\((.*)\) / actual_batch_size", r"np.sum(\1 / actual_batch_size)", "batch_scale_1_over_N", blame=(71,)
            ),
            mistake(75, r" / actual_batch_size", "", "batch_scale_1_over_N"),
            mistake(75, r"self\._center_embeds", "self._pos_embeds", "wrong_variable"),
            mistake(78, r"self\._center_embeds\[:, np\.newaxis, :\]", "self._neg_embeds", "wrong_variable"),
            mistake(78, r" / actual_batch_size", " / neg_intermediate.size", "batch_scale_1_over_N"),
            mistake(
                14,
                r"np\.add\.at\(m\.center_mat, m\._center_idx, (.*)\)$",
                r"m.center_mat[m._center_idx] += \1",
                "repeated_index_lost",
                file=MOVER,
            ),
            mistake(16, r"-lr", "lr", "sign_flipped", file=MOVER),
            mistake(
                20,
                r"np\.add\.at\(m\.context_mat, neg_idx_flat, (.*)\)$",
                r"m.context_mat[neg_idx_flat] += \1",
                "repeated_index_lost",
                file=MOVER,
            ),
            mistake(20, r"m\.context_mat, neg", "m.center_mat, neg", "wrong_variable", file=MOVER),
            two(
                mistake(66, r"self\._pos_sigmoid - 1", "1 - self._pos_sigmoid", "sign_flipped", "loss_derivative_wrong"),
                mistake(78, r" / actual_batch_size", " / neg_intermediate.size", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(
                75,
                r"pos_intermediate\[:, np\.newaxis\] \* self\._center_embeds",
                "np.einsum('i,ij->ij', pos_intermediate, self._center_embeds)",
            ),
            Edit(16, r"np\.add\.at\((.*), -lr \* (.*)\)$", r"np.subtract.at(\1, lr * \2)", MOVER),
        ),
        more=(MOVER,),
        root="src",
        backward={"src/model.py": (66, 78), MOVER: (9, 20)},
        group="later",
    )
]
