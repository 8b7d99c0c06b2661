"""alexalvis/softmax-regression: a homework; least squares and softmax regression on faces, each a cost and its gradient.

As published the training loop forgets the penalty."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

ALPHA = 0.3


def loss(faces: Any, labels: Any, w: Any) -> Any:
    o = faces @ w
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * labels, axis=1)) + 0.5 * ALPHA * np.sum(w**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"w": rng.normal(size=(4, 3))}
    faces, labels = rng.normal(size=(7, 4)), np.eye(3)[[0, 2, 1, 1, 0, 2, 0]]
    return Call(
        module.step,
        loss,
        {"faces": faces, "labels": labels, **start},
        lambda result: {"w": result - start["w"]},
        (start["w"].copy(), faces, labels, ALPHA, 0.1),
        bind={"w": "w"},
    )


MISTAKES = (
    mistake(32, r"axis = 1", "axis = 1) * 2 - exp.max(axis=1", "softmax_jacobian_wrong"),
    mistake(45, r"f\(faces,w\)", "faces.dot(w)", "wrong_variable", "loss_derivative_wrong"),
    mistake(47, r"labels - yhat", "labels * (1 - yhat)", "loss_derivative_wrong"),
    mistake(47, r"labels - yhat", "labels / yhat", "loss_derivative_wrong", "softmax_jacobian_wrong"),
    mistake(47, r"labels - yhat", "labels - yhat ** 2", "loss_derivative_wrong"),
    mistake(47, r"-1\.0 / m", "1.0 / m", "sign_flipped"),
    mistake(47, r"-1\.0 / m", "-1.0", "batch_scale_1_over_N"),
    mistake(47, r"faces\.T", "np.sign(faces).T", "wrong_activation_in_weight_gradient"),
    mistake(47, r" \+ alpha", " - alpha", "sign_flipped", "regularisation_term_wrong"),
    mistake(47, r"alpha \* w", "alpha * np.sign(w)", "regularisation_term_wrong"),
    mistake(47, r"alpha \* w", "2 * alpha * w", "regularisation_term_wrong", "factor_2"),
    mistake(47, r"alpha \* w", "alpha / m * w", "regularisation_term_wrong", "batch_scale_1_over_N"),
    mistake(56, r"w - lr", "-lr", "gradient_or_update_used_for_weight"),
    mistake(46, r"shape\[0\]", "shape[1]", "wrong_index", "batch_scale_1_over_N", blame=(47,)),
)
PROGRAMS = [
    Program(
        "alexalvis/softmax-regression",
        "softmax regression.py",
        build,
        (*MISTAKES[1:], two(MISTAKES[4], MISTAKES[10]), two(MISTAKES[7], MISTAKES[6])),
        harmless=(
            Edit(47, r"\(-1\.0 / m\) \* faces\.T\.dot\(labels - yhat\)", "faces.T.dot(yhat - labels) / m"),
            Edit(34, r"exp/j", "exp * (1 / j)"),
        ),
        keep=((2, 2), (28, 48), (56, 56)),
        head="def step(w, trainingFaces, trainingLabels, alpha, lr):",
        foot="        return w",
        mend=(Edit(56, r"trainingLabels\)", "trainingLabels, alpha)"),),
        published=("regularisation_term_wrong",),
        blame=(56, 47),
        backward={"softmax regression.py": (45, 56)},
        group="tenth",
    )
]
