"""CannonWilson/numpy-autoencoder: an autoencoder of sigmoid layers in lists; the last error is output minus input.

As published the biases move by means over a batch, the weights by sums.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    z = 1 / (1 + np.exp(-(h @ w2 + b2))) @ w3 + b3
    return np.sum(np.log(1 + np.exp(z)) - x * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.AutoEncoder(1, 6, 0.1, [4, 3], [4], 2, "sigmoid")
    start = {}
    for k in range(3):
        start[f"w{k + 1}"], start[f"b{k + 1}"] = rng.normal(size=model.weights[k].shape), rng.normal(size=model.biases[k].shape)
        model.weights[k], model.biases[k] = start[f"w{k + 1}"].copy(), start[f"b{k + 1}"].copy()
    x = rng.uniform(size=(6, 4))

    def train(x):
        model.forward(x)
        model.backward()

    return Call(
        train,
        loss,
        {"x": x, **start},
        lambda _: {n: (model.weights if n[0] == "w" else model.biases)[int(n[1]) - 1] - then for n, then in start.items()},
        (x,),
        bind={n: f"model.{'weights' if n[0] == 'w' else 'biases'}[{int(n[1]) - 1}]" for n in start},
    )


MISTAKES = (
    mistake(88, r"out-inp", "out", "loss_derivative_wrong", "wrong_variable"),
    mistake(88, r"out-inp", "(out-inp) * out * (1 - out)", "extra_factor", "loss_derivative_wrong"),
    mistake(88, r"out-inp", "np.abs(out-inp)", "loss_derivative_wrong"),
    mistake(121, r"\(1-x\)", "(1-x**2)", "wrong_activation_derivative"),
    mistake(121, r"x \* \(1-x\)", "self.non_lin(x) * (1-self.non_lin(x))", "derivative_of_activated_value"),
    mistake(146, r" \* self\.d_nonlin\(self\.activations\[layer\]\)", "", "missing_activation_derivative"),
    mistake(146, r"self\.activations\[layer\]\)", "self.activations[layer] ** 2)", "derivative_at_wrong_point"),
    mistake(146, r"self\.weights\[layer\]\.T", "np.abs(self.weights[layer]).T", "wrong_variable"),
    mistake(153, r"\+= -", "-= -", "sign_flipped"),
    mistake(153, r"self\.activations\[layer\]\.T", "(1 - self.activations[layer]).T", "wrong_activation_in_weight_gradient"),
    mistake(153, r"\.T\.dot\(deltas\[layer\]\)", ".T.dot(deltas[layer]) / len(out)", "batch_scale_1_over_N"),
    mistake(154, r", axis=0", "", "bias_gradient_reduction"),
    mistake(154, r"deltas\[layer\]", "deltas[layer][:1]", "bias_gradient_reduction", "wrong_index"),
    mistake(
        154, r"np\.sum\(deltas\[layer\], axis=0\)", "self.biases[layer]", "gradient_or_update_used_for_weight", "wrong_variable"
    ),
)
PROGRAMS = [
    Program(
        "CannonWilson/numpy-autoencoder",
        "autoencoder.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[9]), two(MISTAKES[5], MISTAKES[11])),
        harmless=(
            Edit(121, r"x \* \(1-x\)", "x - x * x"),
            Edit(146, r"deltas\[-1\]\.dot\(self\.weights\[layer\]\.T\)", "np.dot(deltas[-1], self.weights[layer].T)"),
        ),
        keep=((6, 6), (11, 51), (72, 150), (152, 154)),
        mend=(Edit(154, r"np\.mean", "np.sum"),),
        published=("bias_gradient_reduction", "batch_scale_1_over_N"),
        backward={"autoencoder.py": (113, 154)},
        group="ninth",
    )
]
