"""stanislawpawlak/word2vec-numpy: skip-gram with negative samples in a notebook, one centre at a time.

As published a negative sample that is drawn twice is updated once.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(center_id: Any, target_ids: Any, V: Any, U: Any) -> Any:
    z = U[target_ids] @ V[center_id]
    return np.log(1 + np.exp(-z[0])) + np.sum(np.log(1 + np.exp(z[1:])))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Word2Vec(7, 3, 0.05)
    start = {"V": rng.normal(size=(7, 3)), "U": rng.normal(size=(7, 3))}
    model.V, model.U = start["V"].copy(), start["U"].copy()
    target_ids = [5, 1, 6, 1, 0]

    def train(center_id, target_ids):
        probs = model.forward(center_id, target_ids)
        model.backward(probs, target_ids)
        model.update_parameters(center_id, target_ids)

    return Call(
        train,
        loss,
        {"center_id": 2, "target_ids": target_ids, **start},
        lambda _: {"V": model.V - start["V"], "U": model.U - start["U"]},
        (2, target_ids),
        bind={"V": "model.V", "U": "model.U"},
    )


PROGRAMS = [
    Program(
        "stanislawpawlak/word2vec-numpy",
        "word2vec.ipynb",
        build,
        (
            mistake(100, r"y_true\[0\] = 1\.0", "y_true[1] = 1.0", "wrong_index", "loss_derivative_wrong"),
            mistake(100, r"y_true\[0\] = 1\.0", "pass", "loss_derivative_wrong"),
            mistake(101, r"probs - y_true", "(probs - y_true) * probs * (1 - probs)", "loss_derivative_wrong", "extra_factor"),
            mistake(104, r"self\.vc\)", "self.u_candidates[0])", "wrong_variable", "wrong_index"),
            mistake(104, r"self\.errors", "probs", "wrong_variable", "loss_derivative_wrong"),
            mistake(106, r"self\.errors", "probs", "wrong_variable", "loss_derivative_wrong"),
            mistake(106, r"self\.u_candidates\)", "self.u_candidates) / len(probs)", "batch_scale_1_over_N", "extra_factor"),
            mistake(114, r"-=", "+=", "sign_flipped"),
            mistake(114, r"self\.V\[center_id\]", "self.V[target_ids[0]]", "wrong_index"),
            two(
                mistake(104, r"self\.errors", "probs", "wrong_variable", "loss_derivative_wrong"),
                mistake(114, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(104, r"np\.outer\(self\.errors, self\.vc\)", "self.errors[:, None] * self.vc"),
            Edit(106, r"np\.dot\(self\.errors, self\.u_candidates\)", "self.u_candidates.T @ self.errors"),
        ),
        keep=((1, 1), (61, 115)),
        mend=(Edit(113, r"self\.U\[target_ids\] -= (.*)$", r"np.subtract.at(self.U, target_ids, \1)"),),
        published=("repeated_index_lost",),
        group="last",
    )
]
