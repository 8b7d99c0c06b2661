"""mayank2498/Skip-Gram-model-using-numpy: all words around one with a full softmax; published with one sum of chances for all.

The published loss has a log of the sum for each word of the context, its gradient has only one.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, t: Any, W: Any, W1: Any) -> Any:
    u = W1.T @ (W.T @ x)
    return np.sum(t) * np.log(np.sum(np.exp(u))) - t @ u


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.word2vec()
    net.N, net.alpha = 3, 0.05
    net.initialize(6, list("abcdef"))
    start = {"W": net.W.copy(), "W1": net.W1.copy()}
    x, t = np.eye(6)[2], np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])

    def train(x, t):
        net.feed_forward(x)
        net.backpropagate(x, t)

    return Call(
        train,
        loss,
        {"x": x, "t": t, **start},
        lambda _: {"W": net.W - start["W"], "W1": net.W1 - start["W1"]},
        (x, t),
        bind={"W": "net.W", "W1": "net.W1"},
    )


PROGRAMS = [
    Program(
        "mayank2498/Skip-Gram-model-using-numpy",
        "word2vec.py",
        build,
        (
            mistake(38, r" - np\.asarray", " + np.asarray", "sign_flipped", "loss_derivative_wrong"),
            mistake(38, r"self\.y \*", "self.u *", "wrong_variable", "loss_derivative_wrong"),
            mistake(
                38,
                r"self\.y \* np\.sum\(t\) - np\.asarray\(t\)\.reshape\(self\.V,1\)",
                r"(self.y * np.sum(t) - np.asarray(t).reshape(self.V,1)) * self.y",
                "extra_factor",
                "loss_derivative_wrong",
            ),
            mistake(41, r"self\.h,e\.T", "self.h,self.y.T", "wrong_variable", "loss_derivative_wrong"),
            mistake(41, r"self\.h", "self.h / self.V", "batch_scale_1_over_N", "extra_factor"),
            mistake(43, r"np\.dot\(self\.W1,e\)", "self.h", "wrong_variable", "upstream_gradient_dropped"),
            mistake(43, r"self\.W1,e", "dLdW1,e", "gradient_or_update_used_for_weight", "wrong_variable"),
            mistake(44, r"- self\.alpha", "+ self.alpha", "sign_flipped"),
            mistake(45, r"self\.W - self\.alpha", "self.W - self.alpha * self.alpha", "extra_factor"),
            two(
                mistake(41, r"self\.h", "self.h / self.V", "batch_scale_1_over_N", "extra_factor"),
                mistake(45, r"- self\.alpha", "+ self.alpha", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(41, r"np\.dot\(self\.h,e\.T\)", "np.outer(self.h, e)"),
            Edit(43, r"np\.dot\(X, np\.dot\(self\.W1,e\)\.T\)", "X @ (e.T @ self.W1.T)"),
        ),
        keep=((1, 1), (5, 61)),
        mend=(Edit(38, r"self\.y", "self.y * np.sum(t)"),),
        published=("loss_derivative_wrong", "missing_factor"),
        backward={"word2vec.py": (37, 45)},
        group="later",
    )
]
