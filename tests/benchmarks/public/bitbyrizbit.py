"""bitbyrizbit/ml-from-scratch-numpy: a network with a ReLU layer and one sigmoid, and logistic regression with an L1 penalty."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    return np.mean(np.log(1 + np.exp(z)) - y * z)


def loss_lasso(X: Any, y: Any, w: Any, b: Any) -> Any:
    z = X @ w + b
    return np.mean(np.log(1 + np.exp(z)) - y * z) + 0.2 * np.sum(np.abs(w))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNetwork(3, 5, 0.1, 1)
    start = {"W1": (3, 5), "b1": (1, 5), "W2": (5, 1), "b2": (1, 1)}
    start = {name: rng.normal(size=shape) for name, shape in start.items()}
    for name, value in start.items():
        setattr(getattr(net, f"layer{name[1]}"), name[0], value.copy())
    X, y = rng.normal(size=(6, 3)), np.array([[0.0], [1], [1], [0], [1], [0]])

    def train(X, y):
        net.fit(X, y)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: getattr(getattr(net, f"layer{name[1]}"), name[0]) - value for name, value in start.items()},
        (X, y),
        bind={name: f"net.layer{name[1]}.{name[0]}" for name in start},
    )


def build_lasso(module: ModuleType, rng: np.random.Generator) -> Call:
    class Model:
        lambda_, penalty, n_iterations, learning_rate = 0.2, "l1", 1, 0.1
        w, b = None, 0.4

        def forward(self, X):
            return 1 / (1 + np.exp(-(X @ self.w + self.b)))

    model, start = Model(), rng.normal(size=4)
    model.w = start.copy()
    X, y = rng.normal(size=(7, 4)), np.array([0.0, 1, 1, 0, 1, 0, 1])
    optimizer = module.GradientDescentOptimizer()

    def train(X, y):
        optimizer.train(model, X, y)

    return Call(
        train,
        loss_lasso,
        {"X": X, "y": y, "w": start, "b": 0.4},
        lambda _: {"w": model.w - start, "b": model.b - 0.4},
        (X, y),
        bind={"w": "model.w", "b": "model.b"},
    )


N, R = "neural-network/src/", "regularized-logistic-regression/src/"
LAYERS, ACT, REG = N + "layers.py", N + "activations.py", R + "regularization.py"
NET = (
    mistake(16, r"> 0", "> 0.5", "relu_mask_wrong", file=ACT),
    mistake(16, r"\(z > 0\)\.astype\(float\)", "np.maximum(0, z)", "wrong_activation_derivative", "relu_mask_wrong", file=ACT),
    mistake(19, r" / m", "", "batch_scale_1_over_N", file=LAYERS),
    mistake(19, r"self\.input\.T", "np.sign(self.input.T)", "wrong_activation_in_weight_gradient", file=LAYERS),
    mistake(20, r" / m", "", "batch_scale_1_over_N", "bias_gradient_reduction", file=LAYERS),
    mistake(20, r"np\.sum\(dZ, axis=0, keepdims=True\)", "np.sum(dZ, keepdims=True)", "bias_gradient_reduction", file=LAYERS),
    mistake(21, r"self\.W\.T", "dW.T", "gradient_or_update_used_for_weight", "wrong_variable", file=LAYERS),
    mistake(32, r"A2 - y", "(A2 - y) * A2 * (1 - A2)", "loss_derivative_wrong", "extra_factor"),
    mistake(32, r"A2 - y", "A2", "loss_derivative_wrong"),
    mistake(36, r" \* relu_derivative\(self\.layer1\.Z\)", "", "missing_activation_derivative"),
    mistake(36, r"relu_derivative\(self\.layer1\.Z\)", "sigmoid_derivative(A1)", "wrong_activation_derivative"),
    mistake(41, r"-=", "+=", "sign_flipped"),
    mistake(43, r"dW1", "self.layer1.W", "gradient_or_update_used_for_weight", "wrong_variable"),
)
LASSO = (
    mistake(44, r"y_pred - y", "y - y_pred", "sign_flipped"),
    mistake(44, r"\(1 / m\) \* ", "", "batch_scale_1_over_N"),
    mistake(44, r"\(y_pred - y\)", "((y_pred - y) * y_pred)", "extra_factor", "loss_derivative_wrong"),
    mistake(45, r"\(1 / m\) \* ", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
    mistake(45, r"y_pred - y", "y_pred", "loss_derivative_wrong"),
    mistake(48, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
    mistake(48, r"\+=", "=", "gradient_overwritten", "upstream_gradient_dropped"),
    mistake(51, r"\* dw", "* model.w", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(52, r"-=", "+=", "sign_flipped"),
    mistake(54, r"np\.sign\(w\)", "w", "regularisation_term_wrong", file=REG),
    mistake(54, r"np\.sign\(w\)", "np.abs(w)", "regularisation_term_wrong", file=REG),
    mistake(54, r"self\.lambda_ \* ", "", "regularisation_term_wrong", "missing_factor", file=REG),
)
PROGRAMS = [
    Program(
        "bitbyrizbit/ml-from-scratch-numpy",
        N + "model.py",
        build,
        (*NET, two(NET[2], NET[10]), two(NET[8], NET[4])),
        harmless=(
            Edit(19, r"\(self\.input\.T @ dZ\) / m", "self.input.T @ (dZ / m)", LAYERS),
            Edit(20, r"np\.sum\(dZ, axis=0, keepdims=True\) / m", "np.mean(dZ, axis=0, keepdims=True)", LAYERS),
        ),
        more=(LAYERS, ACT, N + "losses.py"),
        backward={N + "model.py": (32, 44), LAYERS: (17, 23), ACT: (9, 17)},
        name="net",
        group="eleventh",
    ),
    Program(
        "bitbyrizbit/ml-from-scratch-numpy",
        R + "optimizer.py",
        build_lasso,
        (*LASSO, two(LASSO[1], LASSO[11]), two(LASSO[4], LASSO[5])),
        harmless=(
            Edit(45, r"\(1 / m\) \* np\.sum\(y_pred - y\)", "np.mean(y_pred - y)"),
            Edit(54, r"self\.lambda_ \* np\.sign\(w\)", "np.sign(w) * self.lambda_", REG),
        ),
        more=(REG, R + "losses.py"),
        backward={R + "optimizer.py": (43, 52), REG: (45, 56)},
        name="lasso",
        group="eleventh",
    ),
]
