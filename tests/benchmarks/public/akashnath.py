"""Akash-nath29/Autoencoder-from-scratch: an encoder and a decoder that step in turn; leaky ReLU, sigmoid.

As published the encoder is given its weights times the data in place of a gradient, and its derivative is that of ReLU."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = x @ W1.T + b1.T
    o = np.where(z > 0, z, 0.01 * z) @ W2.T + b2.T
    return np.sum(np.log(1 + np.exp(o)) - y * o) / 6


class Step:
    """Plain descent in place of the optimizer of the program."""

    lr = 0.1

    def update(self, value, grad, m, v):
        return value - self.lr * grad, m, v


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.Autoencoder(4, 3, Step())
    held = {"W1": model.encoder, "b1": model.encoder, "W2": model.decoder, "b2": model.decoder}
    start = {}
    for name, owner in held.items():
        start[name] = rng.normal(size=getattr(owner, name).shape)
        setattr(owner, name, start[name].copy())
    x = rng.uniform(size=(6, 4))

    def train(x, y):
        model.forward(x)
        model.backward(y)

    return Call(
        train,
        loss,
        {"x": x, "y": x.copy(), **start},
        lambda _: {name: getattr(owner, name) - start[name] for name, owner in held.items()},
        (x, x.copy()),
        bind={"W1": "model.encoder.W1", "b1": "model.encoder.b1", "W2": "model.decoder.W2", "b2": "model.decoder.b2"},
    )


E, D = "model/encoder.py", "model/decoder.py"
MISTAKES = (
    mistake(22, r"self\.a2 - y", "self.a2", "loss_derivative_wrong", file=D),
    mistake(22, r"self\.a2 - y", "(self.a2 - y) * self.a2 * (1 - self.a2)", "loss_derivative_wrong", "extra_factor", file=D),
    mistake(23, r"self\.x\)", "np.sign(self.x))", "wrong_activation_in_weight_gradient", file=D),
    mistake(23, r" / m", "", "batch_scale_1_over_N", file=D),
    mistake(24, r"np\.sum\(self\.dz2", "np.mean(self.dz2", "bias_gradient_reduction", "batch_scale_1_over_N", file=D),
    mistake(24, r"axis=0, keepdims=True\)\.T", "keepdims=True)", "bias_gradient_reduction", file=D),
    mistake(23, r" \* np\.where.*$", "", "missing_activation_derivative", "relu_mask_wrong", file=E),
    mistake(23, r"self\.a1 > 0", "self.a1 > 1", "relu_mask_wrong", file=E),
    mistake(23, r"dz1_raw\.T", "np.sign(dz1_raw.T)", "upstream_gradient_dropped", file=E),
    mistake(24, r"self\.dz1\.T", "dz1_raw", "missing_activation_derivative", "wrong_variable", file=E),
    mistake(25, r"self\.dz1", "dz1_raw.T", "missing_activation_derivative", "wrong_variable", file=E),
    mistake(28, r"self\.dW1", "self.W1", "gradient_or_update_used_for_weight", "wrong_variable", file=E),
)
PROGRAMS = [
    Program(
        "Akash-nath29/Autoencoder-from-scratch",
        "model/autoencoder.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[10]), two(MISTAKES[3], MISTAKES[7])),
        harmless=(
            Edit(23, r"np\.dot\(self\.dz2\.T, self\.x\)", "self.dz2.T @ self.x", D),
            Edit(25, r"np\.sum\(self\.dz1, axis=0, keepdims=True\)\.T / m", "np.mean(self.dz1, axis=0, keepdims=True).T", E),
        ),
        more=(E, D, "functions/utils.py", "functions/activations.py", "functions/loss_functions.py"),
        stubs={"matplotlib/__init__.py": "", "matplotlib/pyplot.py": ""},
        mend=(
            Edit(
                49,
                r"self\.decoder\.backward\(y\)",
                "self.decoder.backward(y); self.encoder.back = self.decoder.dz2 @ self.decoder.W2",
            ),
            Edit(22, r"np\.dot\(self\.W1, self\.x\.T\)", "self.back.T", E),
            Edit(23, r"\(self\.a1 > 0\)", "np.where(self.a1 > 0, 1, 0.01)", E),
        ),
        published=("wrong_variable", "upstream_gradient_dropped", "relu_mask_wrong", "wrong_activation_derivative"),
        blame=(22, 22, 23),
        backward={E: (20, 29), D: (20, 28)},
        group="eleventh",
    )
]
