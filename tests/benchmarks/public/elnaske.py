"""elnaske/NumPy-ML-Implementations: a filter for images, learnt with squared error after a sigmoid, by patches."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, f: Any) -> Any:
    p = np.pad(X, ((1, 1), (1, 1)))
    patches = np.stack([p[i : i + 3, j : j + 3].reshape(-1) for i in range(4) for j in range(5)])
    return np.mean((1 / (1 + np.exp(-(patches @ f))) - 1 / (1 + np.exp(-y.reshape(-1)))) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model, f = module.SGDDenoiser(3, 3), rng.normal(size=9)
    model.f = f.copy()
    X, y = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))

    def train(X, y):
        model.fit(X, y, 1, 0.3)

    return Call(train, loss, {"X": X, "y": y, "f": f}, lambda _: {"f": model.f - f}, (X, y), bind={"f": "model.f"})


FILE = "Traditional Machine Learning/Stochastic Gradient Descent/SGD.py"
MISTAKES = (
    mistake(70, r"y - y_pred", "y - y_pred / 2", "loss_derivative_wrong"),
    mistake(70, r" \* \(y_pred \* \(1 - y_pred\)\)", "", "missing_activation_derivative"),
    mistake(70, r"1 - y_pred\)\)", "1 - y_pred ** 2))", "wrong_activation_derivative"),
    mistake(70, r"\(y_pred \* \(1 - y_pred\)\)", "(y * (1 - y))", "wrong_variable", "derivative_at_wrong_point"),
    mistake(70, r"\(y_pred \* \(1 - y_pred\)\)", "self.sigmoid(y_pred) * (1 - self.sigmoid(y_pred))",
            "derivative_of_activated_value"),
    mistake(70, r"\(y - y_pred\)", "np.sign(y - y_pred)", "loss_derivative_wrong"),
    mistake(70, r"X @", "np.sign(X) @", "wrong_activation_in_weight_gradient"),
    mistake(67, r"self\.sigmoid\(y\)", "y", "wrong_variable", "loss_derivative_wrong"),
    mistake(68, r"self\.apply_filter\(X\)", "self.f @ X", "wrong_variable", "derivative_at_wrong_point"),
    mistake(91, r"gradient", "self.f", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(91, r"-=", "+=", "sign_flipped"),
)  # fmt: skip
MISTAKES = MISTAKES[:10]
PROGRAMS = [
    Program(
        "elnaske/NumPy-ML-Implementations",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[0], MISTAKES[6]), two(MISTAKES[2], MISTAKES[7])),
        harmless=(
            Edit(70, r"- \(2/N\) \* X @", "(2/N) * -X @"),
            Edit(91, r"self\.f -= lr \* gradient", "self.f = self.f - gradient * lr"),
        ),
        root="Traditional Machine Learning/Stochastic Gradient Descent",
        backward={FILE: (66, 91)},
        group="eleventh",
    )
]
