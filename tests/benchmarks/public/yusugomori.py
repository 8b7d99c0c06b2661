"""yusugomori/DeepLearning: a tied autoencoder, and layers that train one another; published with mean gradients of biases."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

MEAN = r"numpy\.mean"


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def autoencoder_loss(x: Any, W: Any, hbias: Any, vbias: Any) -> Any:
    z = sigmoid(sigmoid(x @ W + hbias) @ W.T + vbias)
    return -np.sum(x * np.log(z) + (1 - x) * np.log(1 - z))


def autoencoder(module: ModuleType, rng: np.random.Generator) -> Call:
    x = (rng.uniform(size=(6, 5)) > 0.5).astype(float)
    W, hbias, vbias = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=5)
    before = {"W": W.copy(), "hbias": hbias.copy(), "vbias": vbias.copy()}
    coder = module.dA(x, 5, 3, W, hbias, vbias)
    return Call(
        coder.train,
        autoencoder_loss,
        {"x": x, **before},
        lambda _: {name: getattr(coder, name) - then for name, then in before.items()},
        kwargs={"corruption_level": 0.0},
        bind={name: f"self.{name}" for name in ("W", "hbias", "vbias", "x")},
    )


def mlp_loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.tanh(x @ W1 + b1) @ W2 + b2
    return np.sum(np.log(np.sum(np.exp(o), axis=1))) - np.sum(y * o)


def mlp(module: ModuleType, rng: np.random.Generator) -> Call:
    x, y = rng.normal(size=(6, 3)), np.eye(2)[rng.integers(0, 2, size=6)]
    net = module.MLP(x, y, 3, 4, 2)
    parts = {"1": net.hidden_layer, "2": net.log_layer}
    for part in parts.values():
        part.W, part.b = rng.normal(size=part.W.shape), rng.normal(size=part.b.shape)
    before = {letter + key: getattr(part, letter).copy() for key, part in parts.items() for letter in "Wb"}
    return Call(
        net.train,
        mlp_loss,
        {"x": x, "y": y, **before},
        lambda _: {name: getattr(parts[name[1]], name[0]) - then for name, then in before.items()},
        bind={
            "W1": "self.hidden_layer.W",
            "b1": "self.hidden_layer.b",
            "W2": "self.log_layer.W",
            "b2": "self.log_layer.b",
            "x": "self.x",
            "y": "self.y",
        },
    )


LAYER, OUTPUT = "python/HiddenLayer.py", "python/LogisticRegression.py"

PROGRAMS = [
    Program(
        "yusugomori/DeepLearning",
        "python/dA.py",
        autoencoder,
        (
            mistake(65, r" \* y \* \(1 - y\)", "", "missing_activation_derivative"),
            mistake(65, r"\(1 - y\)", "(1 - z.mean())", "derivative_at_wrong_point", "wrong_variable"),
            mistake(69, r" \+ numpy\.dot\(L_h2.*$", "", "missing_path_through_time", "wrong_variable", "missing_factor"),
            mistake(69, r"tilde_x\.T, L_h1\) \+", "tilde_x.T, L_h1) -", "sign_flipped"),
            mistake(67, r"L_h2", "z - x", "sign_flipped"),
            mistake(68, r"L_h1", "L_h1 * y", "missing_factor", "wrong_variable", "extra_factor"),
            mistake(64, r"x - z", "x - z * (1 - z)", "loss_derivative_wrong", "wrong_variable", "missing_activation_derivative"),
            mistake(74, r"L_vbias", "L_vbias * z", "wrong_variable", "missing_factor", "extra_factor"),
        ),
        more=("python/utils.py",),
        keep=((1, 95),),
        mend=(Edit(73, MEAN, "numpy.sum"), Edit(74, MEAN, "numpy.sum")),
        published=("bias_gradient_reduction", "batch_scale_1_over_N"),
        root="python",
    ),
    Program(
        "yusugomori/DeepLearning",
        "python/MLP.py",
        mlp,
        (
            mistake(64, r"prev_layer\.x", "self.x[:, :1]", "derivative_at_wrong_point", "wrong_variable", file=LAYER),
            mistake(64, r"self\.dactivation\(prev_layer\.x\) \* ", "", "missing_activation_derivative", file=LAYER),
            mistake(69, r"\+=", "-=", "sign_flipped", file=LAYER),
            mistake(
                70, r"d_y", "prev_layer.d_y @ prev_layer.W_old.T", "wrong_variable", "missing_activation_derivative", file=LAYER
            ),
            mistake(22, r"self\.y - p_y_given_x", "self.y - p_y_given_x ** 2", "loss_derivative_wrong", file=OUTPUT),
            mistake(
                26,
                r"= d_y",
                "= d_y * p_y_given_x",
                "loss_derivative_wrong",
                "wrong_variable",
                "missing_factor",
                "extra_factor",
                file=OUTPUT,
            ),
            mistake(17, r"1\. - x \* x", "x * (1. - x)", "wrong_activation_derivative", file="python/utils.py"),
            mistake(25, r", axis=0", "", "bias_gradient_reduction", file=OUTPUT),
        ),
        more=("python/utils.py", LAYER, OUTPUT),
        keep=((1, 48),),
        until={OUTPUT: 63},
        mend=(
            Edit(70, MEAN, "numpy.sum", LAYER),
            Edit(25, MEAN, "numpy.sum", OUTPUT),
            Edit(20, r"^$", "        self.W_old = self.W.copy()", OUTPUT),
            Edit(64, r"prev_layer\.W\.", "prev_layer.W_old.", LAYER),
        ),
        published=("bias_gradient_reduction", "batch_scale_1_over_N", "updated_weights_used"),
        root="python",
    ),
]
