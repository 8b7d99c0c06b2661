"""patrickloeber/MLfromscratch: a linear SVM by steps of single examples; here one example, which is on the wrong side.

As published the bias goes the right way for a score that subtracts it. The loss is that of one example."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, w: Any, b: Any) -> Any:
    return 0.2 * np.sum(w**2) + np.sum(np.maximum(0, 1 - y * (X @ w - b)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    svm = module.SVM(0.05, 0.2, 1)
    svm.w, svm.b = rng.normal(size=4), 0.4
    start = {"w": svm.w.copy(), "b": svm.b}
    X, y = rng.normal(size=(1, 4)), np.array([1.0])
    X[0] -= svm.w * (X[0] @ svm.w - svm.b + 0.7) / (svm.w @ svm.w)
    return Call(
        module.step,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {"w": svm.w - start["w"], "b": svm.b - start["b"]},
        (svm, X, y),
        bind={"w": "self.w", "b": "self.b"},
    )


MISTAKES = (
    mistake(22, r">= 1", "< 1", "relu_mask_wrong"),
    mistake(22, r">= 1", ">= -1", "relu_mask_wrong"),
    mistake(26, r"-=", "+=", "sign_flipped"),
    mistake(27, r"2 \* ", "", "factor_2", "regularisation_term_wrong", blame=(26,)),
    mistake(27, r"2 \* self\.lambda_param \* self\.w - ", "-", "regularisation_term_wrong", blame=(26,)),
    mistake(27, r"- np\.dot", "+ np.dot", "sign_flipped", blame=(26,)),
    mistake(
        27, r"self\.lambda_param \* self\.w", "self.lambda_param * np.sign(self.w)", "regularisation_term_wrong", blame=(26,)
    ),
    mistake(27, r"np\.dot\(x_i, y_\[idx\]\)", "np.abs(x_i)", "sign_flipped", "wrong_variable", blame=(26,)),
    mistake(29, r"-= self\.lr \*", "+= self.lr *", "sign_flipped"),
    mistake(29, r"y_\[idx\]", "(y_[idx] - 2 * self.lambda_param * self.b)", "regularisation_term_wrong", "extra_factor"),
    mistake(29, r"self\.b -= .*$", "pass", "missing_factor", "upstream_gradient_dropped"),
)
PROGRAMS = [
    Program(
        "patrickloeber/MLfromscratch",
        "mlfromscratch/svm.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[8]), two(MISTAKES[6], MISTAKES[10])),
        harmless=(
            Edit(22, r"y_\[idx\] \* \((.*)\) >= 1", r"(\1) * y_[idx] >= 1"),
            Edit(27, r"np\.dot\(x_i, y_\[idx\]\)", "x_i * y_[idx]"),
        ),
        keep=((1, 1), (4, 10), (20, 29)),
        head="def step(self, X, y_):",
        foot="        return self.w",
        backward={"mlfromscratch/svm.py": (20, 29)},
        group="eleventh",
    )
]
