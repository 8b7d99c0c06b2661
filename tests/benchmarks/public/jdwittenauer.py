"""jdwittenauer/ipython-notebooks: course exercises on matrices, a network in a loop over samples and two logistic regressions."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

SIZES = (3, 4, 2)


def network(params: Any, X: Any, y: Any) -> Any:
    theta1, theta2 = params[:16].reshape(4, 4), params[16:].reshape(2, 5)
    a = 1 / (1 + np.exp(-(X @ theta1[:, 1:].T + theta1[:, 0])))
    z = a @ theta2[:, 1:].T + theta2[:, 0]
    decay = np.sum(theta1[:, 1:] ** 2) + np.sum(theta2[:, 1:] ** 2)
    return (np.sum(np.log(1 + np.exp(z)) - y * z) + 0.7 / 2 * decay) / len(X)


def logistic(theta: Any, X: Any, y: Any) -> Any:
    z = X @ theta
    return (np.sum(np.log(1 + np.exp(z)) - y[:, 0] * z) + 0.7 / 2 * np.sum(theta[1:] ** 2)) / len(X)


def of_network(module: ModuleType, rng: np.random.Generator) -> Call:
    params, X, y = rng.normal(size=26), rng.normal(size=(6, 3)), rng.integers(0, 2, size=(6, 2)).astype(float)
    return Call(
        module.backprop,
        network,
        {"params": params, "X": X, "y": y},
        lambda result: {"params": result[1]},
        (params, *SIZES, X, y, 0.7),
        bind={"params": "params"},
    )


def of_logistic(module: ModuleType, rng: np.random.Generator, function: str = "gradient") -> Call:
    theta, X = rng.normal(size=4), np.insert(rng.normal(size=(7, 3)), 0, 1.0, axis=1)
    y = rng.integers(0, 2, size=(7, 1)).astype(float)
    return Call(
        getattr(module, function),
        logistic,
        {"theta": theta, "X": X, "y": y},
        lambda result: {"theta": result},
        (theta, X, y, 0.7),
        bind={"theta": "theta"},
    )


def in_a_loop(module: ModuleType, rng: np.random.Generator) -> Call:
    return of_logistic(module, rng, "gradient_with_loop")


FOLDER = "notebooks/ml/"
PROGRAMS = [
    Program(
        "jdwittenauer/ipython-notebooks",
        FOLDER + "ML-Exercise4.ipynb",
        of_network,
        (
            mistake(100, r"np\.multiply.*$", "1 - np.power(sigmoid(z), 2)", "wrong_activation_derivative"),
            mistake(100, r"sigmoid\(z\), \(1", "z, (1", "wrong_activation_derivative", "wrong_variable"),
            mistake(190, r"ht - yt", "np.multiply(ht - yt, np.multiply(ht, 1 - ht))", "loss_derivative_wrong", "extra_factor"),
            mistake(193, r", sigmoid_gradient\(z2t\)", ", np.ones(z2t.shape)", "missing_activation_derivative"),
            mistake(
                193,
                r"sigmoid_gradient\(z2t\)",
                "sigmoid_gradient(a2t)",
                "derivative_of_activated_value",
                "derivative_at_wrong_point",
            ),
            mistake(195, r"delta1 \+", "", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(195, r"d2t\[:,1:\]", "d2t[:,:-1]", "wrong_index"),
            mistake(198, r"/ m", "/ 1", "batch_scale_1_over_N"),
            mistake(
                202,
                r"\(theta1\[:,1:\] \* learning_rate\) / m",
                "theta1[:,1:] * learning_rate",
                "regularisation_term_wrong",
                "batch_scale_1_over_N",
            ),
            mistake(203, r"\+ \(theta2", "- (theta2", "regularisation_term_wrong", "sign_flipped"),
            mistake(203, r" \+ \(theta2.*$", "", "regularisation_term_wrong"),
            mistake(
                203,
                r"delta2\[:,1:\] = delta2\[:,1:\] \+ \(theta2\[:,1:\]",
                "delta2[:,:] = delta2 + (theta2",
                "regularisation_term_wrong",
            ),
        ),
        harmless=(
            Edit(100, r"return .*$", "return np.multiply(sigmoid(z), sigmoid(-z))"),
            Edit(193, r"\(theta2\.T \* d3t\.T\)\.T", "d3t * theta2"),
            Edit(196, r"d3t\.T \* a2t", "np.outer(d3t, a2t)"),
        ),
        keep=((1, 1), (18, 29), (99, 100), (154, 208)),
        backward={FOLDER + "ML-Exercise4.ipynb": (183, 206)},
        group="later",
    ),
    Program(
        "jdwittenauer/ipython-notebooks",
        FOLDER + "ML-Exercise3.ipynb",
        of_logistic,
        (
            mistake(45, r" - y", "", "loss_derivative_wrong", "wrong_variable"),
            mistake(45, r"sigmoid\(X \* theta\.T\)", "X * theta.T", "loss_derivative_wrong", "missing_factor", "wrong_variable"),
            mistake(47, r" \+ \(\(learningRate.*$", "", "regularisation_term_wrong"),
            mistake(47, r"learningRate / len\(X\)", "learningRate", "regularisation_term_wrong", "batch_scale_1_over_N"),
            mistake(47, r"\+ \(\(learningRate", "- ((learningRate", "regularisation_term_wrong", "sign_flipped"),
            mistake(47, r"\(X\.T \* error\) / len\(X\)", "X.T * error", "batch_scale_1_over_N"),
            mistake(50, r"np\.sum.*$", "grad[0, 0]", "regularisation_term_wrong"),
            mistake(50, r" / len\(X\)", "", "batch_scale_1_over_N"),
            mistake(50, r"X\[:,0\]", "X[:,1]", "wrong_index"),
        ),
        harmless=(
            Edit(47, r"\(\(X\.T \* error\) / len\(X\)\)\.T", "error.T * X / len(X)"),
            Edit(50, r"np\.sum\(np\.multiply\(error, X\[:,0\]\)\) / len\(X\)", "np.mean(error)"),
        ),
        keep=((1, 1), (10, 11), (39, 52)),
        backward={FOLDER + "ML-Exercise3.ipynb": (45, 50)},
        group="later",
    ),
    Program(
        "jdwittenauer/ipython-notebooks",
        FOLDER + "ML-Exercise3.ipynb",
        in_a_loop,
        (
            mistake(
                28,
                r"error = sigmoid\(X \* theta\.T\) - y",
                "error = np.multiply(sigmoid(X * theta.T) - y, y)",
                "loss_derivative_wrong",
                "extra_factor",
            ),
            mistake(30, r"parameters", "1, parameters", "loop_cut_short"),
            mistake(31, r"error", "-error", "sign_flipped"),
            mistake(31, r"X\[:,i\]", "X[:,0]", "wrong_index"),
            mistake(33, r"i == 0", "i == 1", "regularisation_term_wrong", "wrong_index"),
            mistake(34, r" / len\(X\)", "", "batch_scale_1_over_N"),
            mistake(36, r"theta\[0,i\]", "theta[0,0]", "regularisation_term_wrong", "wrong_index"),
            mistake(36, r"np\.sum\(term\) / len\(X\)", "np.mean(term) / len(X)", "batch_scale_1_over_N"),
            mistake(36, r"learningRate / len\(X\)", "learningRate", "regularisation_term_wrong", "batch_scale_1_over_N"),
        ),
        harmless=(
            Edit(31, r"np\.multiply\(error, X\[:,i\]\)", "X[:,i].T * error"),
            Edit(34, r"np\.sum\(term\) / len\(X\)", "np.mean(term)"),
        ),
        keep=((1, 1), (10, 11), (20, 38)),
        always=(Edit(36, r"theta\[:,i\]\)", "theta[0,i])"),),
        name="loop",
        group="later",
    ),
]
