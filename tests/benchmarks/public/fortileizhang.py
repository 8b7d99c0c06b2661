"""FortiLeiZhang/cs231n: solutions of a course; a hinge loss in loops, and layer normalisation between two layers."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def svm_loss(W: Any, X: Any, y: Any) -> Any:
    scores, hot = X @ W, np.eye(4)[y]
    margins = np.maximum(scores - np.sum(hot * scores, axis=1, keepdims=True) + 1, 0)
    return np.sum(margins * (1 - hot)) / len(X) + 0.1 * np.sum(W**2)


def svm(module: ModuleType, rng: np.random.Generator) -> Call:
    W, X, y = rng.normal(size=(5, 4)), rng.normal(size=(7, 5)), rng.integers(0, 4, size=7)
    return Call(
        module.svm_loss_naive,
        svm_loss,
        {"W": W, "X": X, "y": y},
        lambda result: {"W": result[1]},
        (W, X, y, 0.1),
        bind={"W": "W"},
    )


def norm_loss(x: Any, y: Any, w1: Any, b1: Any, gamma: Any, beta: Any, w2: Any, b2: Any) -> Any:
    z = x @ w1 + b1
    centred = z - np.mean(z, axis=1, keepdims=True)
    z = gamma * centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-8) + beta
    z = np.maximum(z, 0) @ w2 + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(3)[y] * z, axis=1))


def norm(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = {"w1": (4, 6), "b1": (6,), "gamma": (6,), "beta": (6,), "w2": (6, 3), "b2": (3,)}
    start = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    x, y = rng.normal(size=(7, 4)), rng.integers(0, 3, size=7)

    def train(x, y, w1, b1, gamma, beta, w2, b2):
        grads = {}
        out, first = module.affine_forward(x, w1, b1)
        out, normed = module.layernorm_forward(out, gamma, beta)
        out, gate = module.relu_forward(out)
        out, last = module.affine_forward(out, w2, b2)
        _, dout = module.softmax_loss(out, y)
        dout, grads["w2"], grads["b2"] = module.affine_backward(dout, last)
        dout = module.relu_backward(dout, gate)
        dout, grads["gamma"], grads["beta"] = module.layernorm_backward(dout, normed)
        _, grads["w1"], grads["b1"] = module.affine_backward(dout, first)
        return grads

    return Call(
        train,
        norm_loss,
        {"x": x, "y": y, **start},
        lambda result: result,
        (x, y, *start.values()),
        bind={name: name for name in start},
    )


PROGRAMS = [
    Program(
        "FortiLeiZhang/cs231n",
        "code/cs231n/assignment1/cs231n/classifiers/linear_svm.py",
        svm,
        (
            mistake(20, r" \+ 1\.0", "", "relu_mask_wrong", "loss_derivative_wrong"),
            mistake(21, r"t > 0", "scores[i, j] > 0", "relu_mask_wrong", "wrong_variable"),
            mistake(24, r"\+= X\[i, :\]", "+= t * X[i, :]", "extra_factor", "loss_derivative_wrong"),
            mistake(24, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps"),
            mistake(27, r"-=", "+=", "sign_flipped"),
            mistake(27, r"cnt \* ", "", "missing_factor", "loss_derivative_wrong"),
            mistake(27, r"y\[i\]\]", "j]", "wrong_index"),
            mistake(30, r" / N", "", "batch_scale_1_over_N"),
            mistake(30, r"2 \* ", "", "factor_2", "regularisation_term_wrong"),
            mistake(30, r" \+ 2 \* reg \* W", "", "regularisation_term_wrong"),
            mistake(15, r"cnt = 0", "cnt = 1", "loss_derivative_wrong", "wrong_index"),
            two(
                mistake(27, r"cnt \* ", "", "missing_factor", "loss_derivative_wrong"),
                mistake(30, r"2 \* ", "", "factor_2", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(30, r"2 \* reg \* W", "reg * (W + W)"),
            Edit(22, r"cnt \+= 1", "cnt = cnt + 1"),
        ),
        keep=((1, 1), (4, 31)),
        root="code/cs231n/assignment1/cs231n/classifiers",
        name="svm",
        group="newest",
    ),
    Program(
        "FortiLeiZhang/cs231n",
        "code/cs231n/assignment2/cs231n/layers.py",
        norm,
        (
            mistake(17, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(28, r"x > 0", "dout > 0", "relu_mask_wrong", "wrong_variable"),
            mistake(180, r" \* gamma", "", "missing_factor"),
            mistake(186, r" \* \(inv_x_std\)", "", "missing_factor", "normalisation_term_missing"),
            mistake(187, r"x_mean_0", "x_hat", "wrong_variable"),
            mistake(191, r"\(- x_std", "(x_std", "sign_flipped"),
            mistake(195, r"0\.5 \* ", "", "factor_2", "missing_factor"),
            mistake(199, r"1 / N \* ", "", "batch_scale_1_over_N", "normalisation_term_missing"),
            mistake(203, r"2 \* ", "", "factor_2"),
            mistake(203, r"\+=", "=", "gradient_overwritten", "upstream_gradient_dropped"),
            mistake(208, r"\(-1\)", "(1)", "sign_flipped"),
            mistake(212, r"Dx \+= .*$", "pass", "normalisation_term_missing"),
            mistake(
                216, r"np\.transpose\(x_hat, \(1, 0\)\)", "np.transpose(x_mean_0, (1, 0))", "wrong_variable", "missing_factor"
            ),
            mistake(438, r"dx\[.*$", "pass", "loss_derivative_wrong"),
            two(
                mistake(17, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(212, r"Dx \+= .*$", "pass", "normalisation_term_missing"),
            ),
        ),
        harmless=(
            Edit(28, r"dout \* \(x > 0\)", "np.where(x > 0, dout, 0)"),
            Edit(191, r"\(- x_std \*\* \(-2\)\)", "-1 / x_std**2"),
            Edit(439, r"dx / N", "dx"),
        ),
        keep=((2, 2), (5, 29), (150, 218), (428, 441)),
        root="code/cs231n/assignment2/cs231n",
        name="layernorm",
        backward={"code/cs231n/assignment2/cs231n/layers.py": (178, 216)},
        group="newest",
    ),
]
