"""L1aoXingyu/cs231n-assignment-solution: a multiclass SVM in loops and in matrices, and softmax regression in loops."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

REG = 0.2


def hinge(W: Any, X: Any, y: Any) -> Any:
    scores = X @ W
    margins = np.maximum(0, scores - np.take_along_axis(scores, y[:, None], axis=1) + 1)
    return (np.sum(margins) - len(X)) / len(X) + REG * np.sum(W * W)


def softmax(W: Any, X: Any, y: Any) -> Any:
    scores = X @ W
    right = np.take_along_axis(scores, y[:, None], axis=1)[:, 0]
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - right) + REG * np.sum(W * W)


def build(module: ModuleType, rng: np.random.Generator, name: str = "svm_loss_naive", loss: Any = hinge) -> Call:
    W, X, y = rng.normal(size=(4, 6)), rng.normal(size=(6, 4)), rng.integers(0, 6, size=6)
    return Call(
        getattr(module, name),
        loss,
        {"W": W, "X": X, "y": y},
        lambda result: {"W": result[1]},
        (W, X, y, REG),
        bind={"W": "W"},
    )


def in_matrices(module: ModuleType, rng: np.random.Generator) -> Call:
    return build(module, rng, "svm_loss_vectorized")


def of_softmax(module: ModuleType, rng: np.random.Generator) -> Call:
    return build(module, rng, "softmax_loss_naive", softmax)


FOLDER = "assignment1/cs231n/classifiers/"
SVM, SOFTMAX = FOLDER + "linear_svm.py", FOLDER + "softmax.py"
REPOSITORY = "L1aoXingyu/cs231n-assignment-solution"
PROGRAMS = [
    Program(
        REPOSITORY,
        SVM,
        build,
        (
            mistake(38, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(38, r"X\[i\]", "margin * X[i]", "extra_factor", "loss_derivative_wrong"),
            mistake(39, r"-X\[i\]", "X[i]", "sign_flipped"),
            mistake(39, r"\+= -", "= -", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(39, r"dW\[.*$", "pass", "loss_derivative_wrong"),
            mistake(45, r"dW /= num_train", "pass", "batch_scale_1_over_N"),
            mistake(50, r"2 \* reg", "reg", "factor_2", "regularisation_term_wrong"),
            mistake(50, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
        ),
        harmless=(Edit(39, r"\+= -", "-= "), Edit(45, r"dW /= num_train", "dW = dW / num_train")),
        backward={SVM: (35, 50)},
        group="later",
    ),
    Program(
        REPOSITORY,
        SVM,
        in_matrices,
        (
            mistake(99, r"ds \*= mask", "pass", "relu_mask_wrong", "loss_derivative_wrong"),
            mistake(99, r"\*= mask", "*= scores", "relu_mask_wrong", "extra_factor", "wrong_variable"),
            mistake(100, r"-1 \*", "1 *", "sign_flipped"),
            mistake(100, r" - 1\)", ")", "loss_derivative_wrong", "relu_mask_wrong"),
            mistake(100, r"axis=1", "axis=0", "wrong_index", "bias_gradient_reduction", "loss_derivative_wrong"),
            mistake(101, r" / num_train", "", "batch_scale_1_over_N"),
            mistake(101, r"ds\)", "scores)", "wrong_variable", "loss_derivative_wrong"),
            mistake(102, r"2 \* reg", "reg", "factor_2", "regularisation_term_wrong"),
            mistake(102, r"\* W", "", "regularisation_term_wrong", "missing_factor"),
        ),
        harmless=(
            Edit(101, r"np\.dot\(X\.T, ds\)", "np.dot(ds.T, X).T"),
            Edit(99, r"ds \*= mask", "ds = mask.astype(float)"),
        ),
        backward={SVM: (98, 102)},
        name="matrices",
        group="later",
    ),
    Program(
        REPOSITORY,
        SOFTMAX,
        of_softmax,
        (
            mistake(39, r"range\(", "range(1, ", "loop_cut_short", "wrong_index"),
            mistake(40, r"!=", "==", "loss_derivative_wrong", "wrong_index"),
            mistake(41, r"score\[j\] \* ", "", "loss_derivative_wrong", "missing_factor"),
            mistake(41, r"score\[j\]", "score[y[i]]", "wrong_index", "softmax_jacobian_wrong", "loss_derivative_wrong"),
            mistake(43, r"-=", "+=", "sign_flipped"),
            mistake(43, r"\(1 - score\[j\]\)", "score[j]", "loss_derivative_wrong", "softmax_jacobian_wrong"),
            mistake(43, r"\(1 - score\[j\]\) \* ", "", "loss_derivative_wrong", "missing_factor"),
            mistake(47, r"dW /= .*$", "pass", "batch_scale_1_over_N"),
            mistake(49, r"2 \* reg", "reg", "factor_2", "regularisation_term_wrong"),
        ),
        harmless=(
            Edit(43, r"-= \(1 - score\[j\]\)", "+= (score[j] - 1)"),
            Edit(49, r"2 \* reg \* W", "reg * (W + W)"),
        ),
        backward={SOFTMAX: (39, 49)},
        group="later",
    ),
]
