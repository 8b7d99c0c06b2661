"""kingb12/svm-from-scratch: a step of a linear SVM with hinge loss; the last weight is the bias.

As published the weight decay adds the norm of the weights and not the weights."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, weight: Any) -> Any:
    return 0.5 * np.sum(weight[:-1] ** 2) + 3 * np.mean(np.maximum(1 - y * (X @ weight), 0))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    class Held:
        C = 3.0

        def decision_function(self, X):
            return X @ self.weight

    held = Held()
    weight = held.weight = rng.normal(size=4)
    X = np.concatenate((rng.normal(size=(8, 3)), np.ones((8, 1))), axis=1)
    margins = np.array([-0.8, 0.2, 1.5, 2.5, 0.6, -1.4, 0.4, 3.0])
    y = np.array([1.0, -1, 1, -1, 1, -1, -1, 1])
    X[:, 0] += (y * margins - X @ weight) / weight[0]
    return Call(
        module.step,
        loss,
        {"X": X, "y": y, "weight": weight.copy()},
        lambda _: {"weight": held.weight - weight},
        (held, X, y),
        bind={"weight": "self.weight"},
    )


MISTAKES = (
    mistake(39, r"1 - ", "1 + ", "sign_flipped", "derivative_at_wrong_point"),
    mistake(40, r"> 0", "> 1", "relu_mask_wrong"),
    mistake(40, r"pred_loss > 0", "preds > 0", "relu_mask_wrong", "wrong_variable"),
    mistake(40, r", 1, 0", ", 0, 1", "relu_mask_wrong"),
    mistake(50, r"weight_norm_grad\[-1\] = 0", "pass", "regularisation_term_wrong"),
    mistake(50, r"\[-1\]", "[0]", "regularisation_term_wrong", "wrong_index"),
    mistake(51, r"\*loss_mask\[:, None\]", "", "relu_mask_wrong", "missing_factor"),
    mistake(51, r"self\.C\*", "", "missing_factor"),
    mistake(51, r"-y", "y", "sign_flipped"),
    mistake(51, r"-y\[:, None\]", "-np.ones((len(y), 1))", "missing_factor", "wrong_variable"),
    mistake(51, r"\+ weight", "- weight", "regularisation_term_wrong", "sign_flipped"),
    mistake(51, r" \+ weight_norm_grad", "", "regularisation_term_wrong"),
)
PROGRAMS = [
    Program(
        "kingb12/svm-from-scratch",
        "svm.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[6]), two(MISTAKES[9], MISTAKES[4])),
        harmless=(
            Edit(51, r"self\.C\*\(-y\[:, None\] \* X\)\*loss_mask\[:, None\]", "(self.C * -y * loss_mask)[:, None] * X"),
            Edit(59, r"grads\.mean\(0\)", "grads.sum(0)"),
        ),
        keep=((1, 1), (38, 59)),
        head="def step(self, X, y):",
        foot="            return self.weight",
        always=(Edit(52, r"log_dict.*", "pass"), Edit(55, r"wandb\.run", "False")),
        mend=(Edit(48, r"np\.full\(.*$", "self.weight.copy()"),),
        published=("regularisation_term_wrong", "wrong_variable"),
        blame=(48, 51),
        backward={"svm.py": (38, 59)},
        group="eleventh",
    )
]
