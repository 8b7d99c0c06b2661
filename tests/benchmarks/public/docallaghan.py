"""docallaghan/logistic-regression-from-scratch: coursework; one against the rest for each class, weight decay."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(X: Any, y: Any, w: Any, l2_strength: Any) -> Any:
    z = np.hstack([np.ones((len(X), 1)), X]) @ w
    cost = np.sum(np.log(1 + np.exp(z)) - np.eye(3)[y] * z)
    return cost / len(X) + l2_strength / (2 * len(X)) * np.sum(w[1:] ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.LogisticRegression(learning_rate=0.1, max_iter=1, l2_strength=2.0)
    w = rng.normal(size=(4, 3))
    model.w, model.initial_weights_set = w.copy(), True
    X, y = rng.normal(size=(8, 3)), np.array([0, 2, 1, 1, 0, 2, 2, 1])
    return Call(
        model.fit,
        loss,
        {"X": X, "y": y, "w": w, "l2_strength": 2.0},
        lambda _: {"w": model.w - w},
        (X, y),
        bind={"w": "self.w", "X": "X", "y": "y", "l2_strength": "self.l2_strength"},
    )


PROGRAMS = [
    Program(
        "docallaghan/logistic-regression-from-scratch",
        "logistic_regression.py",
        build,
        (
            mistake(63, r"w\[:,index\]\)", "w[:,0].copy())", "wrong_index"),
            mistake(194, r"range\(self", "range(1, self", "loop_cut_short"),
            mistake(195, r"j == 0", "j == 1", "regularisation_term_wrong", "wrong_index"),
            mistake(196, r"h_z - y", "y - h_z", "sign_flipped", "loss_derivative_wrong"),
            mistake(196, r"np\.mean", "np.sum", "batch_scale_1_over_N", "bias_gradient_reduction"),
            mistake(196, r"h_z - y", "z - y", "wrong_variable", "loss_derivative_wrong"),
            mistake(198, r" / self\.num_samples_training", "", "regularisation_term_wrong", "batch_scale_1_over_N"),
            mistake(198, r"w\[j\]", "w[0]", "wrong_index", "regularisation_term_wrong"),
            mistake(198, r"w\[j\]", "w[j]**2", "regularisation_term_wrong"),
            mistake(199, r"\+ l2", "- l2", "sign_flipped", "regularisation_term_wrong"),
            mistake(199, r"np\.mean", "np.sum", "batch_scale_1_over_N"),
            mistake(199, r"h_z - y", "h_z * (1 - h_z) * (h_z - y)", "loss_derivative_wrong", "extra_factor"),
            mistake(199, r"X\[:,j\]", "X[:,j-1]", "wrong_index"),
            Mistake(
                (Edit(195, r"^", "                h_z = self.__logistic(self.__net_input(X, w))\n"),),
                ("updated_weights_used",),
                (194, 195),
            ),
            two(
                mistake(196, r"np\.mean", "np.sum", "batch_scale_1_over_N", "bias_gradient_reduction"),
                mistake(198, r"w\[j\]", "w[0]", "wrong_index", "regularisation_term_wrong"),
            ),
            two(
                mistake(199, r"X\[:,j\]", "X[:,j-1]", "wrong_index"),
                mistake(195, r"j == 0", "j == 1", "regularisation_term_wrong", "wrong_index"),
            ),
        ),
        harmless=(
            Edit(199, r"np\.mean\(\(h_z - y\) \* X\[:,j\]\)", "np.dot(h_z - y, X[:,j]) / len(y)"),
            Edit(196, r"np\.mean\(\(h_z - y\) \* X\[:,j\]\)", "np.mean(h_z - y)"),
        ),
        backward={"logistic_regression.py": (186, 199)},
        group="eighth",
    )
]
