"""jansowa/ml-numpy-algorithms: Poisson regression, a coefficient at a time, and softmax regression, a class at a time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

Y = np.eye(3)[[0, 2, 1, 1, 0, 2]]


def loss_poisson(X: Any, y: Any, start: Any) -> Any:
    z = X @ start[1:] + start[0]
    return np.sum(np.exp(z) - y * z)


def loss_softmax(X: Any, start: Any) -> Any:
    o = X @ np.transpose(start[:, 1:]) + start[:, 0]
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * Y, axis=1))


def build_poisson(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.PoissonRegression()
    X, y, start = rng.normal(size=(6, 3)), rng.uniform(1, 4, size=6), 0.5 * rng.normal(size=4)

    def train(X, y, start):
        model.fit(X, y, start, 1, 0.1)
        return model._beta - start

    return Call(train, loss_poisson, {"X": X, "y": y, "start": start}, lambda result: {"start": result}, (X, y, start))


def build_softmax(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.SoftmaxRegression()
    X, start = rng.normal(size=(6, 3)), rng.normal(size=(3, 4))

    def train(X, start):
        model.fit(X, Y, start, 0.1, 1)
        return model._SoftmaxRegression__theta - start

    return Call(train, loss_softmax, {"X": X, "start": start}, lambda result: {"start": result}, (X, start))


P, S = "poisson_regression.py", "softmax_regression.py"
POISSON = (
    mistake(15, r"np\.exp\(beta\.dot\(X\.T\)\)", "beta.dot(X.T)", "wrong_variable", "loss_derivative_wrong"),
    mistake(19, r"\* x_j", "* np.sign(x_j)", "wrong_activation_in_weight_gradient"),
    mistake(19, r"y - y_hat", "y - y_hat / 2", "loss_derivative_wrong"),
    mistake(19, r"\(y - y_hat\)", "(y - y_hat) * y_hat", "extra_factor", "loss_derivative_wrong"),
    mistake(19, r"\(y - y_hat\)", "y", "loss_derivative_wrong"),
    mistake(19, r"\(\(y - y_hat\) \* x_j\)\.sum\(\)", "(y - y_hat).sum() * x_j.sum()", "wrong_variable"),
    mistake(19, r"beta_j \+ lr", "beta_j - lr * beta_j + lr", "extra_factor", "regularisation_term_wrong"),
    mistake(28, r"range\(self\._beta", "range(1, self._beta", "loop_cut_short"),
    mistake(31, r"X_np\[:, beta_idx\]", "X_np[:, beta_idx - 1]", "wrong_index"),
    mistake(31, r"y_hat", "y_hat ** 2", "extra_factor", "loss_derivative_wrong"),
)
SOFT = (
    mistake(33, r"X\[i\]", "X[i - 1]", "wrong_index"),
    mistake(33, r"X\[i\] \*", "np.sign(X[i]) *", "wrong_activation_in_weight_gradient"),
    mistake(35, r"class_idx\)", "class_idx - 1)", "wrong_index"),
    mistake(36, r"- Softmax", "+ Softmax", "sign_flipped", "loss_derivative_wrong"),
    mistake(36, r"- Softmax", "- 0.5 * Softmax", "loss_derivative_wrong"),
    mistake(37, r"range\(m\)", "range(m - 1)", "loop_cut_short"),
    mistake(39, r"theta\[class_idx\]", "0.9 * theta[class_idx]", "extra_factor", "regularisation_term_wrong"),
    mistake(44, r"theta\[j\]\.T", "theta[class_idx].T", "wrong_index"),
    mistake(44, r" / np\.sum\(.*$", "", "missing_factor"),
    mistake(53, r"1 if y\.argmax\(\) == class_idx else 0", "1", "loss_derivative_wrong"),
)
PROGRAMS = [
    Program(
        "jansowa/ml-numpy-algorithms",
        P,
        build_poisson,
        (*POISSON, two(POISSON[2], POISSON[8]), two(POISSON[3], POISSON[7])),
        harmless=(
            Edit(19, r"\(\(y - y_hat\) \* x_j\)\.sum\(\)", "np.dot(y - y_hat, x_j)"),
            Edit(34, r"temp_beta", "temp_beta.copy()"),
        ),
        until={P: 39},
        always=(
            Edit(21, r"y: ArrayLike, ", "y: ArrayLike, start, "),
            Edit(23, r"np\.zeros\(X_np\.shape\[1\]\)", "start.copy()"),
            Edit(24, r"np\.zeros\(X_np\.shape\[1\]\)", "start.copy()"),
        ),
        backward={P: (19, 32)},
        group="eleventh",
    ),
    Program(
        "jansowa/ml-numpy-algorithms",
        S,
        build_softmax,
        (*SOFT, two(SOFT[1], SOFT[4]), two(SOFT[0], SOFT[2])),
        harmless=(
            Edit(39, r"\(lr / m\) \* grad", "lr * grad / m"),
            Edit(17, r"temp_theta", "temp_theta.copy()"),
        ),
        until={S: 54},
        always=(
            Edit(8, r"y: np\.array, ", "y: np.array, start, "),
            Edit(12, r"np\.ones\(.*\)$", "start.copy()"),
            Edit(13, r"np\.ones\(.*\)$", "start.copy()"),
        ),
        backward={S: (31, 53)},
        group="eleventh",
    ),
]
