"""parasdahal/deepnet: batch normalisation between dense layers, with a softmax loss that returns its gradient."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, b1: Any, gamma: Any, beta: Any, W2: Any, b2: Any) -> Any:
    a = X @ W1 + b1
    c = a - np.mean(a, axis=0)
    n = np.maximum(gamma * c / np.sqrt(np.mean(c**2, axis=0) + 1e-8) + beta, 0)
    o = n @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - o[np.arange(len(y)), y])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from deepnet.loss import SoftmaxLoss

    layers = [module.FullyConnected(3, 4), module.Batchnorm((4, 1, 1)), module.ReLU(), module.FullyConnected(4, 3)]
    first, norm, _, last = layers
    first.b, last.b = rng.normal(size=(1, 4)), rng.normal(size=(1, 3))
    norm.gamma, norm.beta = rng.uniform(0.5, 2, size=(1, 4)), rng.normal(size=(1, 4))
    X, y = rng.normal(size=(8, 3)), rng.integers(0, 3, size=8)
    values = {"W1": first.W, "b1": first.b, "gamma": norm.gamma, "beta": norm.beta, "W2": last.W, "b2": last.b}

    def train(layers, X, y):
        for layer in layers:
            X = layer.forward(X)
        _, dout = SoftmaxLoss(X, y)
        grads = []
        for layer in reversed(layers):
            dout, grad = layer.backward(dout)
            grads.append(grad)
        return grads

    return Call(
        train,
        loss,
        {"X": X, "y": y, **{name: value.copy() for name, value in values.items()}},
        lambda r: {"W1": r[3][0], "b1": r[3][1], "gamma": r[2][0], "beta": r[2][1], "W2": r[0][0], "b2": r[0][1]},
        (layers, X, y),
        bind={
            "W1": "layers[0].W",
            "b1": "layers[0].b",
            "gamma": "layers[1].gamma",
            "beta": "layers[1].beta",
            "W2": "layers[3].W",
            "b2": "layers[3].b",
        },
    )


LOSS = "deepnet/loss.py"

PROGRAMS = [
    Program(
        "parasdahal/deepnet",
        "deepnet/layers.py",
        build,
        (
            mistake(143, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(142, r"self\.X\.T", "np.abs(self.X.T)", "wrong_activation_in_weight_gradient"),
            mistake(175, r"self\.X_norm", "self.X_flat", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(177, r" \* self\.gamma", "", "missing_factor"),
            mistake(182, r" \+ \(dmu / self\.n_X\)", "", "normalisation_term_missing"),
            mistake(183, r"dvar \* 2", "dvar", "factor_2", "normalisation_term_missing"),
            mistake(183, r"\(dvar", "(0 * dvar", "normalisation_term_missing"),
            mistake(179, r"0\.5", "1.5", "missing_factor", "factor_2", "normalisation_term_missing"),
            mistake(215, r"<= 0", "> 0", "relu_mask_wrong"),
            mistake(215, r"self\.X <= 0", "dX <= 0", "relu_mask_wrong"),
            mistake(43, r"-= 1", "-= 2", "loss_derivative_wrong", "factor_2", file=LOSS),
            two(mistake(177, r" \* self\.gamma", "", "missing_factor"), mistake(215, r"<= 0", "> 0", "relu_mask_wrong")),
        ),
        harmless=(
            Edit(177, r"dout \* self\.gamma", r"self.gamma * dout"),
            Edit(142, r"self\.X\.T @ dout", r"np.einsum('ni,nj->ij', self.X, dout)"),
        ),
        more=(LOSS, "deepnet/utils.py", "deepnet/im2col.py"),
    )
]
