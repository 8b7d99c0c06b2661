"""HamzaGbada/GCN-Numpy: a graph convolutional network whose layers hand gradients on through the optimizer; weight decay.

As published softmax is over all nodes and classes, and layers without an activation have tanh's derivative.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY = 0.6


def loss(A: Any, X: Any, labels: Any, W1: Any, W2: Any, W3: Any, b3: Any) -> Any:
    H = A @ np.tanh(A @ X @ W1.T) @ W2.T
    p = H @ W3.T + b3.T
    data = np.sum(np.log(np.sum(np.exp(p), axis=1)) - np.sum(p * labels, axis=1))
    return (data + DECAY / 2 * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))) / len(X)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from src.optimizer import Gradient_Descent_Optimizer

    net = module.GCN_Network(3, 3, 1, [4], np.tanh)
    optimizer = Gradient_Descent_Optimizer(alpha=0.1, w=DECAY)
    start = {
        "W1": rng.normal(size=(4, 3)),
        "W2": rng.normal(size=(4, 4)),
        "W3": rng.normal(size=(3, 4)),
        "b3": rng.normal(size=(3, 1)),
    }
    held = {"W1": (0, "W"), "W2": (1, "W"), "W3": (2, "W"), "b3": (2, "b")}
    for name, (k, key) in held.items():
        setattr(net.layers[k], key, start[name].copy())
    links = rng.uniform(size=(5, 5)) < 0.4
    links = (links | links.T | np.eye(5, dtype=bool)).astype(float)
    degree = 1 / np.sqrt(links.sum(axis=1))
    A, X, labels = degree[:, None] * links * degree, rng.normal(size=(5, 3)), np.eye(3)[[0, 2, 1, 1, 0]]

    def train(A, X, labels):
        optimizer(net.forward(A, X), labels)
        for layer in reversed(net.layers):
            layer.backward(optimizer, update=True)

    return Call(
        train,
        loss,
        {"A": A, "X": X, "labels": labels, **start},
        lambda _: {name: getattr(net.layers[k], key) - start[name] for name, (k, key) in held.items()},
        (A, X, labels),
        bind={name: f"net.layers[{k}].{key}" for name, (k, key) in held.items()},
    )


LAYERS, NETWORK, OPTIMIZER = "src/layers.py", "src/NeuralNetwork.py", "src/optimizer.py"
MISTAKES = (
    mistake(56, r"self\._H\.T\) \*\* 2", "self._H.T)", "wrong_activation_derivative", file=LAYERS),
    mistake(57, r"np\.multiply\(optim\.out, d_th\)", "optim.out", "missing_activation_derivative", file=LAYERS),
    mistake(57, r"np\.multiply\(optim\.out, d_th\)", "d_th * np.ones_like(optim.out)", "upstream_gradient_dropped", file=LAYERS),
    mistake(59, r"np\.dot\(self\._A, (.*)\)$", r"\1", "missing_factor", file=LAYERS),
    mistake(59, r"self\.W\)", "self.W ** 2)", "wrong_variable", "extra_factor", file=LAYERS),
    mistake(60, r"self\.grad", "d2", "upstream_gradient_dropped", "wrong_variable", file=LAYERS),
    mistake(62, r"d2\.T", "np.abs(d2).T", "wrong_variable", file=LAYERS),
    mistake(62, r" / optim\.bs", "", "batch_scale_1_over_N", file=LAYERS),
    mistake(
        63,
        r"self\.W \* optim\.w / optim\.bs",
        "self.W * optim.w",
        "regularisation_term_wrong",
        "batch_scale_1_over_N",
        file=LAYERS,
    ),
    mistake(66, r"dW \+ dW_wd", "dW", "regularisation_term_wrong", file=LAYERS),
    mistake(102, r"optim\.y_pred - optim\.y_true", "optim.y_pred * (1 - optim.y_true)", "loss_derivative_wrong", file=LAYERS),
    mistake(105, r"d1, self\.W", "optim.y_pred, self.W", "wrong_variable", "loss_derivative_wrong", file=LAYERS),
    mistake(108, r"self\._X\.T", "np.abs(self._X).T", "wrong_activation_in_weight_gradient", file=LAYERS),
    mistake(
        109, r"d1\.T\.sum\(axis=1, keepdims=True\)", "d1.T.mean(axis=1, keepdims=True)", "bias_gradient_reduction", file=LAYERS
    ),
    mistake(114, r"dW \+ dW_wd", "dW - dW_wd", "sign_flipped", "regularisation_term_wrong", file=LAYERS),
    mistake(115, r"-=", "+=", "sign_flipped", file=LAYERS),
)
PROGRAMS = [
    Program(
        "HamzaGbada/GCN-Numpy",
        NETWORK,
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[13]), two(MISTAKES[1], MISTAKES[12])),
        harmless=(
            Edit(59, r"np\.dot\(self\._A, np\.dot\(d2, self\.W\)\)", "self._A @ d2 @ self.W", LAYERS),
            Edit(109, r"d1\.T\.sum\(axis=1, keepdims=True\)", "d1.sum(axis=0)[:, None]", LAYERS),
        ),
        keep=((1, 14), (16, 22), (24, 27), (29, 45)),
        more=(LAYERS, OPTIMIZER),
        stubs={"src/__init__.py": ""},
        mend=(
            Edit(56, r"$", " * (self.activation is not None)", LAYERS),
            Edit(94, r"softmax\(proj\)", "softmax(proj, axis=0)", LAYERS),
        ),
        published=("softmax_jacobian_wrong", "wrong_activation_derivative", "extra_factor", "loss_derivative_wrong"),
        blame=(56, 57, 94, 102),
        backward={LAYERS: (55, 117)},
        group="ninth",
    )
]
