"""Noahb930/DrugRankGCN_NumPy: two graph convolutions whose features are read out together, and a layer over the nodes.

As published what comes from the readout and from the next convolution is averaged, not added."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

GRAPHS = [np.array([[0.0, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 1, 0]]),
          np.array([[0.0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])]  # fmt: skip


def normed(A: Any) -> Any:
    A = A + np.eye(4)
    d = 1 / np.sqrt(np.sum(A, axis=0))
    return A * d * d[:, None]


def loss(x: Any, y: Any, W1: Any, W2: Any, W3: Any, b3: Any) -> Any:
    total = 0.0
    for A, F, t in zip(GRAPHS, x, y, strict=True):
        first = np.tanh(normed(A) @ F @ W1)
        second = np.tanh(normed(A) @ first @ W2)
        out = W3 @ np.concatenate([first, second], axis=1) + b3
        total = total + 0.25 * np.sum((out - t) ** 2)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [
        module.GraphConvolutionLayer(3, 5, "tanh", False),
        module.GraphConvolutionLayer(5, 2, "tanh", False),
        module.ReadoutLayer(),
        module.FullyConnectedLayer(4, 2, "identity", False),
    ]
    held = {"W1": (0, "W"), "W2": (1, "W"), "W3": (3, "W"), "b3": (3, "B")}
    start = {}
    for name, (k, field) in held.items():
        start[name] = 0.8 * rng.normal(size=getattr(layers[k], field).shape)
        setattr(layers[k], field, start[name].copy())
    x, y = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 2, 7))

    def train(x, y):
        out = [{"adjacency_matrix": A, "feature_matrix": F, "readout": []} for A, F in zip(GRAPHS, x, strict=True)]
        for layer in layers:
            out = layer.feedforward(out)
        grads = ([o - t for o, t in zip(out, y, strict=True)],)
        for layer in reversed(layers):
            grads = layer.backprop(0.1, 0.5, *grads)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(layers[k], field) - start[name] for name, (k, field) in held.items()},
        (x, y),
        bind={name: f"layers[{k}].{field}" for name, (k, field) in held.items()},
    )


FILE = "layers.py"
MISTAKES = (
    mistake(33, r"np\.square\(np\.tanh\(input\)\)", "np.tanh(input)", "wrong_activation_derivative"),
    mistake(33, r"np\.square\(np\.tanh\(input\)\)", "np.square(input)", "derivative_at_wrong_point",
            "wrong_activation_derivative"),
    mistake(63, r"self\.W\.T\),dZ", "np.abs(self.W.T)),dZ", "wrong_variable"),
    mistake(64, r"np\.dot\(dZ,X\.T\)", "np.dot(dZ,np.sign(X.T))", "wrong_activation_in_weight_gradient"),
    mistake(64, r"np\.mean", "np.sum", "batch_scale_1_over_N"),
    mistake(65, r"np\.sum\(dZ", "np.mean(dZ", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(67, r"-=", "+=", "sign_flipped"),
    mistake(93, r"dH \+ dR\[-1\]", "dR[-1]", "upstream_gradient_dropped", "missing_factor"),
    mistake(96, r" \* self\.activate_deriv\(Z,self\.activation_func\)", "", "missing_activation_derivative"),
    mistake(97, r"A_norm\.T\.dot\(dZ\)", "dZ", "missing_factor", "wrong_variable"),
    mistake(97, r"else self\.W\.T", "else self.W.T[::-1]", "wrong_index"),
    mistake(98, r"A_norm\.dot\(F\)\.T", "F.T", "missing_factor", "wrong_variable"),
    mistake(98, r"zip\(self\.A_norms, self\.Fs", "zip(self.As, self.Fs", "wrong_variable"),
    mistake(101, r"self\.dW", "self.W", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(155, r"split_idx:split_idx\+F\.shape\[1\]", ":F.shape[1]", "wrong_index"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "Noahb930/DrugRankGCN_NumPy",
        FILE,
        build,
        (*(m for k, m in enumerate(MISTAKES) if k != 14), two(MISTAKES[4], MISTAKES[9]), two(MISTAKES[5], MISTAKES[8])),
        harmless=(
            Edit(98, r"A_norm\.dot\(F\)\.T\.dot\(dZ\)", "(F.T @ A_norm.T @ dZ)"),
            Edit(93, r"dH \+ dR\[-1\]", "dR[-1] + dH"),
        ),
        mend=(
            Edit(93, r"\(dH \+ dR\[-1\]\)/2\.0", "dH + dR[-1]"),
            Edit(158, r"dR\[-1\]", "0 * dR[-1]"),
        ),
        published=("missing_factor", "extra_factor", "factor_2"),
        blame=(93, 158),
        backward={FILE: (25, 163)},
        group="eleventh",
    )
]
