"""TejasGunaghe/Skip-Gram-implementation-from-scratch-: a notebook; a softmax against all words around a word at once.

As published the probabilities are subtracted once, though each word around it has its own softmax in the loss.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(x: Any, y: Any, W: Any, W1: Any) -> Any:
    u = W1.T @ (W.T @ x)
    return np.sum(y) * np.log(np.sum(np.exp(u))) - np.sum(y * u)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.SkipGramModel()
    model.Neuron = 3
    model.InitializeWeights(6, list("abcdef"))
    start = {"W": rng.normal(size=(6, 3)), "W1": rng.normal(size=(3, 6))}
    model.W, model.W1 = start["W"].copy(), start["W1"].copy()
    x, y = np.eye(6)[2], np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])

    def train(x, y):
        model.lr, model.X_train, model.y_train = 0.05, [x], [y]
        model.train(0.0, 1)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (x, y),
        bind={name: f"model.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "TejasGunaghe/Skip-Gram-implementation-from-scratch-",
        "Skip_Gram_Model.ipynb",
        build,
        (
            mistake(110, r"self\.y - np", "self.u - np", "wrong_variable", "loss_derivative_wrong"),
            mistake(110, r" - np\.asarray", " + np.asarray", "sign_flipped", "loss_derivative_wrong"),
            mistake(111, r"error\.T", "self.y.T", "wrong_variable", "loss_derivative_wrong"),
            mistake(111, r"self\.h", "self.W[[0]].T", "wrong_variable", "wrong_index"),
            mistake(112, r"X_train", "y_train", "wrong_variable", "wrong_index"),
            mistake(113, r"self\.W1,error", "self.W1,self.y", "wrong_variable", "loss_derivative_wrong"),
            mistake(113, r"self\.W1,error", "self.W.T,error", "wrong_variable"),
            Mistake(
                (
                    Edit(115, r"self\.W1 = .*$", "pass"),
                    Edit(112, r"$", "\n                self.W1 = self.W1 - self.lr*dLdW1"),
                ),
                ("updated_weights_used",),
                (113, 114),
            ),
            mistake(115, r"self\.W1 - ", "self.W1 + ", "sign_flipped"),
            mistake(116, r"self\.lr\*", "", "missing_factor", "optimizer_rule_wrong"),
            two(
                mistake(111, r"error\.T", "self.y.T", "wrong_variable", "loss_derivative_wrong"),
                mistake(116, r"self\.lr\*", "", "missing_factor", "optimizer_rule_wrong"),
            ),
        ),
        harmless=(
            Edit(111, r"np\.dot\(self\.h,error\.T\)", "np.outer(self.h,error)"),
            Edit(113, r"np\.dot\(self\.W1,error\)\.T", "(self.W1 @ error).T"),
        ),
        keep=((1, 1), (15, 17), (70, 129)),
        mend=(Edit(110, r"self\.y - np", "np.sum(self.y_train[j]) * self.y - np"),),
        published=("loss_derivative_wrong", "missing_factor", "softmax_jacobian_wrong"),
        backward={"Skip_Gram_Model.ipynb": (110, 116)},
        group="newest",
    )
]
