"""KennCoder7/MLP-numpy: dicts of layers, one sample a pass, decay and momentum; its first layer is published wrong."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    x = X
    for W, b in ((W1, b1), (W2, b2)):
        x = 1 / (1 + np.exp(-(x @ W.T + b)))
    z = x @ W3.T + b3
    decay = sum(np.sum(p**2) for p in (W1, b1, W2, b2, W3, b3))
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(Y * z, axis=1)) + 0.05 / 2 * decay


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    mlp = module.MLP(4, 3, [5, 4], "sigmoid", regularization_parameter=0.05)
    start = {f"{kind}{k}": getattr(mlp, kind)[k].copy() for k in (1, 2, 3) for kind in "Wb"}
    X, Y = rng.normal(size=(6, 4)), np.eye(3)[rng.integers(0, 3, size=6)]

    def train(mlp, X, Y, max_epoch):
        mlp.fit(X, Y)
        mlp.train_SGD(0.1, max_epoch=max_epoch, batch_size=len(X), shuffle=False, interval=0)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: getattr(mlp, name[0])[int(name[1])] - value for name, value in start.items()},
        (mlp, X, Y),
        {"max_epoch": 3},
        bind={name: f"mlp.{name[0]}[{name[1]}]" for name in start},
        once={"max_epoch": 1},
    )


PROGRAMS = [
    Program(
        "KennCoder7/MLP-numpy",
        "models/MLP.py",
        build,
        (
            mistake(100, r"\(1 - sigmoid\(x\)\) \* sigmoid\(x\)", "1 - sigmoid(x) ** 2", "wrong_activation_derivative"),
            mistake(143, r"len\(target\)", "len(target) - 1", "loop_cut_short", "wrong_index"),
            mistake(145, r" - 1$", "", "loss_derivative_wrong"),
            mistake(147, r"self\.a\[self\.layer_nums\]\[i\]$", "0", "loss_derivative_wrong"),
            mistake(152, r"self\.e\[", "self.a[", "wrong_variable", "upstream_gradient_dropped"),
            mistake(154, r"self\.z\[layer\]", "self.a[layer]", "derivative_of_activated_value", "derivative_at_wrong_point"),
            mistake(161, r" = ", " += ", "gradient_accumulated_across_steps"),
            mistake(162, r"self\.e\[layer\]", "self.e[layer] * self.a[layer]", "extra_factor"),
            mistake(176, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(179, r"\+=", "-=", "regularisation_term_wrong", "sign_flipped"),
            mistake(180, r"db\[layer\].*$", "pass", "regularisation_term_wrong"),
            mistake(192, r" / sample_nums", "", "batch_scale_1_over_N"),
            mistake(194, r"\+=", "-=", "sign_flipped"),
        ),
        harmless=(
            Edit(100, r"\(1 - sigmoid\(x\)\) \* sigmoid\(x\)", "sigmoid(x) - sigmoid(x) ** 2"),
            Edit(
                152,
                r"np\.dot\(self\.W\[layer \+ 1\]\.transpose\(1, 0\), self\.e\[layer \+ 1\]\)",
                "self.e[layer + 1] @ self.W[layer + 1]",
            ),
            Edit(161, r"np\.outer\(self\.e\[layer\], self\.a\[layer - 1\]\)", "self.e[layer][:, None] * self.a[layer - 1]"),
        ),
        more=("models/tool.py",),
        root="models",
        mend=(Edit(153, r"layer != 1", "layer >= 1"),),
        published=("missing_activation_derivative", "wrong_index"),
        blame=(151, 152, 153, 154, 156),
        backward={"models/MLP.py": (151, 184)},
        group="later",
    )
]
