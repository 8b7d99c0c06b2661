"""uewik/RBF-Network-for-Function-Approximation: coursework; two Gaussians of distances times widths, sensitivities in a list.

As published the widths move along distances to centres that have moved already.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(inputs: Any, targets: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    a = np.exp(-((np.abs(w1 - inputs[0]) * b1) ** 2))
    return np.sum((targets[0] - (w2 @ a + b2)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    rbf = module.RBF()
    start = {
        "w1": np.array([[-0.7], [0.9]]) + 0.1 * rng.normal(size=(2, 1)),
        "b1": rng.uniform(0.6, 1.4, size=(2, 1)),
        "w2": rng.normal(size=(1, 2)),
        "b2": rng.normal(size=(1, 1)),
    }
    for name, value in start.items():
        setattr(rbf, name, value.copy())
    inputs, targets = rng.uniform(-0.3, 0.3, size=1), rng.normal(size=1)

    def train(inputs, targets):
        for x, y in zip(inputs, targets, strict=True):
            x, y = x.reshape(-1, 1), y.reshape(-1, 1)
            a_list, n_list = rbf.forward(x)
            rbf.update_params(rbf.backward(a_list, n_list, y), a_list, 0.1)

    return Call(
        train,
        loss,
        {"inputs": inputs, "targets": targets, **start},
        lambda _: {name: getattr(rbf, name) - then for name, then in start.items()},
        (inputs, targets),
        bind={name: f"rbf.{name}" for name in start},
    )


MISTAKES = (
    mistake(12, r"\* n ", "", "wrong_activation_derivative", "missing_factor"),
    mistake(12, r"-2", "2", "sign_flipped", "wrong_activation_derivative"),
    mistake(12, r" \* guassian\(n\)", "", "wrong_activation_derivative"),
    mistake(66, r"n_list\[0\]", "a_list[1]", "derivative_of_activated_value", "wrong_variable"),
    mistake(67, r"n_list\[0\]\[1\]", "n_list[0][0]", "wrong_index"),
    mistake(70, r"F_ndarray @ ", "", "missing_activation_derivative"),
    mistake(70, r"self\.w2\.T", "self.w2[:, ::-1].T", "wrong_index"),
    mistake(76, r"a_list\[1\]\.T", "(a_list[1] > 0.5).T", "wrong_activation_in_weight_gradient"),
    mistake(77, r"-=", "+=", "sign_flipped"),
    mistake(79, r"self\.w1\[0\] - a_list\[0\]\[0\]", "a_list[0][0] - self.w1[0]", "sign_flipped"),
    mistake(79, r"self\.b1\[0\] \* ", "", "missing_factor"),
    mistake(80, r"self\.w1\[0\]", "self.w1[1]", "wrong_index"),
    mistake(81, r"list_sensitivity\[0\]\[1\]", "list_sensitivity[0][0]", "wrong_index"),
    mistake(83, r"np\.absolute\(.*$", "self.b1[0]", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(84, r"np\.absolute\((.*)\)$", r"(\1)", "sign_flipped", "missing_factor"),
)
PROGRAMS = [
    Program(
        "uewik/RBF-Network-for-Function-Approximation",
        "Question5.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[8]), two(MISTAKES[9], MISTAKES[13])),
        harmless=(
            Edit(12, r"-2 \* n \* guassian\(n\)", "-(n + n) * np.exp(-n * n)"),
            Edit(77, r"self\.b2 -= learning_rate \* list_sensitivity\[1\]", "self.b2 += -learning_rate * list_sensitivity[1]"),
        ),
        keep=((1, 1), (7, 28), (39, 84)),
        mend=(
            Edit(78, r"^.*$", "        c = self.w1.copy()"),
            Edit(83, r"self\.w1\[0\]\)", "c[0])"),
            Edit(84, r"self\.w1\[1\]\)", "c[1])"),
        ),
        published=("updated_weights_used",),
        blame=(79, 81, 83, 84),
        backward={"Question5.py": (11, 84)},
        group="ninth",
    )
]
