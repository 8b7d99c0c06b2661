"""usamaimdadsian/softmax-mlp-from-scratch: coursework; softmax regression behind a ReLU, and two layers; SGD, weight decay."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

REG = 0.3


def loss(X: Any, y: Any, W1: Any) -> Any:
    A = np.maximum(X @ W1, 0)
    return np.mean(np.log(np.sum(np.exp(A), axis=1)) - A[np.arange(len(y)), y]) + REG / 2 * np.sum(W1**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from models.sgd import SGD

    model, optimizer = module.SoftmaxRegression(4, 3), SGD(0.1, REG)
    start = {"W1": rng.normal(size=(4, 3))}
    model.weights["W1"] = start["W1"].copy()
    X, y = rng.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])

    def train(X, y):
        model.forward(X, y)
        optimizer.update(model)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {"W1": model.weights["W1"] - start["W1"]},
        (X, y),
        bind={"W1": "model.weights['W1']"},
    )


def net_loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    Z = 1 / (1 + np.exp(-(X @ W1 + b1))) @ W2 + b2
    decay = np.sum(W1**2) + np.sum(b1**2) + np.sum(W2**2) + np.sum(b2**2)
    return np.mean(np.log(np.sum(np.exp(Z), axis=1)) - Z[np.arange(len(y)), y]) + REG / 2 * decay


def net(module: ModuleType, rng: np.random.Generator) -> Call:
    from models.sgd import SGD

    model, optimizer = module.TwoLayerNet(4, 3, 5), SGD(0.1, REG)
    start = {"W1": rng.normal(size=(4, 5)), "b1": rng.normal(size=5), "W2": rng.normal(size=(5, 3)), "b2": rng.normal(size=3)}
    model.weights.update({name: value.copy() for name, value in start.items()})
    X, y = rng.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])

    def train(X, y):
        model.forward(X, y)
        optimizer.update(model)

    return Call(
        train,
        net_loss,
        {"X": X, "y": y, **start},
        lambda _: {name: model.weights[name] - then for name, then in start.items()},
        (X, y),
        bind={name: f"model.weights['{name}']" for name in start},
    )


BASE, OPTIMIZER, SGD = "models/_base_network.py", "models/_base_optimizer.py", "models/sgd.py"
MISTAKES = (
    mistake(81, r"= p$", "= p * p", "loss_derivative_wrong", "extra_factor"),
    mistake(82, r"-= 1", "-= 1 / len(y)", "batch_scale_1_over_N", "loss_derivative_wrong"),
    mistake(82, r",y\]", ",0]", "wrong_index", "loss_derivative_wrong"),
    mistake(85, r"self\.ReLU_dev\(A\)", "A", "wrong_activation_derivative", "wrong_variable"),
    mistake(85, r"self\.ReLU_dev\(A\)", "self.ReLU_dev(p)", "derivative_at_wrong_point", "relu_mask_wrong", "wrong_variable"),
    mistake(86, r"\* dA", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(86, r"1/len\(y\)\*", "", "batch_scale_1_over_N"),
    mistake(86, r"error \* dA", "error + dA", "wrong_activation_derivative"),
    mistake(87, r"X\.T", "np.abs(X).T", "wrong_activation_in_weight_gradient"),
    mistake(87, r"dZ", "error", "missing_activation_derivative", "wrong_variable", "batch_scale_1_over_N"),
    mistake(104, r"np\.heaviside\(X, 0\)", "np.heaviside(X, 1)", "relu_mask_wrong", file=BASE),
    mistake(24, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong", file=OPTIMIZER),
    mistake(24, r"\* model\.weights\[w\]", "* model.weights[w] ** 2", "regularisation_term_wrong", file=OPTIMIZER),
    mistake(24, r"self\.reg", "2 * self.reg", "regularisation_term_wrong", "factor_2", file=OPTIMIZER),
    mistake(14, r"self\.apply_regularization\(model\)", "pass", "regularisation_term_wrong", file=SGD),
)
NET = (
    mistake(94, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong"),
    mistake(96, r"A1\.T", "Z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(96, r"1/len\(y\) \*", "", "batch_scale_1_over_N"),
    mistake(97, r"axis=0", "axis=None", "bias_gradient_reduction"),
    mistake(97, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(99, r"1/len\(y\) \*", "", "batch_scale_1_over_N"),
    mistake(99, r"self\.weights\['W2'\]", "self.gradients['W2']", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(100, r"\*self\.sigmoid_dev\(Z1\)", "", "missing_activation_derivative"),
    mistake(100, r"Z1", "A1", "derivative_of_activated_value", "wrong_variable"),
    mistake(102, r"diff_sigmoid", "dhidden", "missing_activation_derivative", "wrong_variable"),
    mistake(103, r"diff_sigmoid", "dhidden", "missing_activation_derivative", "wrong_variable"),
    mistake(103, r"self\.gradients\['b1'\] = ", "db1 = ", "upstream_gradient_dropped"),
    mistake(78, r"1- sig", "sig", "wrong_activation_derivative", file=BASE),
    mistake(24, r"self\.reg \* ", "", "regularisation_term_wrong", "missing_factor", file=OPTIMIZER),
)
PROGRAMS = [
    Program(
        "usamaimdadsian/softmax-mlp-from-scratch",
        "models/softmax_regression.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[5]), two(MISTAKES[8], MISTAKES[13])),
        harmless=(
            Edit(87, r"np\.dot\(X\.T, dZ\)", "X.T @ dZ"),
            Edit(104, r"np\.heaviside\(X, 0\)", "1.0 * (X > 0)", BASE),
        ),
        more=(BASE, OPTIMIZER, SGD),
        stubs={"models/__init__.py": ""},
        backward={"models/softmax_regression.py": (81, 89), BASE: (70, 106), OPTIMIZER: (23, 24), SGD: (14, 21)},
        group="ninth",
    ),
    Program(
        "usamaimdadsian/softmax-mlp-from-scratch",
        "models/two_layer_nn.py",
        net,
        (*NET, two(NET[1], NET[7]), two(NET[4], NET[12])),
        harmless=(
            Edit(97, r"1/len\(y\) \* np\.sum\(error,axis=0\)", "np.mean(error, axis=0)"),
            Edit(100, r"self\.sigmoid_dev\(Z1\)", "A1 * (1 - A1)"),
        ),
        more=(BASE, OPTIMIZER, SGD),
        stubs={"models/__init__.py": ""},
        backward={"models/two_layer_nn.py": (93, 103), BASE: (70, 80), OPTIMIZER: (23, 24), SGD: (14, 21)},
        group="ninth",
    ),
]
