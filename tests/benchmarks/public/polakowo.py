"""polakowo/tinynet: layers with normalisation and dropout and an optimizer; normalisation is published without 1 / m."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from tinynet import activation_funcs, cost_funcs, optimizers
    from tinynet.layers import activation, batchnorm, dense, dropout

    layers = [
        dense.Dense(5),
        batchnorm.BatchNorm(),
        activation.Activation(activation_funcs.tanh),
        dropout.Dropout(0.8),
        dense.Dense(4),
        activation.Activation(activation_funcs.ReLU),
        dense.Dense(3),
        activation.Activation(activation_funcs.softmax),
    ]
    net = module.TinyNet(layers)
    net.configure((8, 4), optimizers.GradientDescent(0.1), cost_funcs.categorical_crossentropy)
    places = {"W1": (0, "W"), "b1": (0, "b"), "gamma": (1, "gamma"), "beta": (1, "beta")}
    places |= {"W2": (4, "W"), "b2": (4, "b"), "W3": (6, "W"), "b3": (6, "b")}
    start = {}
    for key, (number, name) in places.items():
        start[key] = rng.normal(size=layers[number].params[name].shape)
        layers[number].params[name] = start[key].copy()
    X, Y = rng.normal(size=(8, 4)), np.eye(3)[rng.integers(0, 3, size=8)]
    mask = np.random.RandomState(0).rand(8, 5) < 0.8  # the program draws the same one

    def loss(X, Y, W1, b1, gamma, beta, W2, b2, W3, b3):
        x = X @ W1 + b1
        x = x - np.mean(x, axis=0)
        x = np.tanh(gamma * x / np.sqrt(np.mean(x**2, axis=0) + 1e-8) + beta) * mask / 0.8
        z = np.maximum(0, x @ W2 + b2) @ W3 + b3
        return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(Y * z, axis=1))

    def after(_: Any) -> dict[str, Any]:
        moved = {key: layers[number].params[name] - start[key] for key, (number, name) in places.items()}
        del moved["b1"]  # it is zero
        return moved

    return Call(
        net.fit,
        loss,
        {"X": X, "Y": Y, **start},
        after,
        (X, Y, 1),
        bind={key: f"self.layers[{number}].params[{name!r}]" for key, (number, name) in places.items()},
    )


NORM, DENSE, DROPOUT, ACTIVATION = (f"tinynet/layers/{name}.py" for name in ("batchnorm", "dense", "dropout", "activation"))
FUNCTIONS, OPTIMIZERS = "tinynet/activation_funcs.py", "tinynet/optimizers.py"
PROGRAMS = [
    Program(
        "polakowo/tinynet",
        "tinynet/model.py",
        build,
        (
            mistake(75, r" \* gamma", "", "missing_factor", "normalisation_term_missing", file=NORM),
            mistake(76, r"\*\* 3", "** 2", "missing_factor", "normalisation_term_missing", file=NORM),
            mistake(76, r"-0\.5", "0.5", "sign_flipped", file=NORM),
            mistake(81, r" \+ \(dmu / m\)", "", "normalisation_term_missing", file=NORM),
            mistake(84, r"input_norm", "input_mu", "wrong_variable", "missing_factor", file=NORM),
            mistake(60, r"1\. / m \* ", "", "batch_scale_1_over_N", file=DENSE),
            mistake(63, r"1\. / m \* np\.sum", "np.max", "bias_gradient_reduction", file=DENSE),
            mistake(42, r" \* KEEP_MASK", "", "missing_factor", "relu_mask_wrong", "upstream_gradient_dropped", file=DROPOUT),
            mistake(44, r" / self\.keep_prob", "", "missing_factor", file=DROPOUT),
            mistake(32, r"dout \* ", "", "upstream_gradient_dropped", file=ACTIVATION),
            mistake(9, r"x > 0", "x < 0", "relu_mask_wrong", file=FUNCTIONS),
            mistake(17, r"np\.tanh\(x\)", "x", "wrong_activation_derivative", "derivative_at_wrong_point", file=FUNCTIONS),
            mistake(38, r" - Y", "", "loss_derivative_wrong", "softmax_jacobian_wrong", file=FUNCTIONS),
            two(
                mistake(44, r" / self\.keep_prob", "", "missing_factor", file=DROPOUT),
                mistake(9, r"x > 0", "x < 0", "relu_mask_wrong", file=FUNCTIONS),
            ),
        ),
        harmless=(
            Edit(60, r"1\. / m \* np\.dot\(X\.T, dout\)", "np.dot(X.T, dout / m)", DENSE),
            Edit(17, r"1 - np\.tanh\(x\) \*\* 2", "1 / np.cosh(x) ** 2", FUNCTIONS),
            Edit(42, r"dout \* KEEP_MASK", "np.where(KEEP_MASK, dout, 0)", DROPOUT),
        ),
        more=(
            NORM,
            DENSE,
            DROPOUT,
            ACTIVATION,
            FUNCTIONS,
            OPTIMIZERS,
            "tinynet/layers/__init__.py",
            *(f"tinynet/{name}.py" for name in ("__init__", "initializers", "regularizers", "cost_funcs")),
        ),
        stubs={
            "tqdm/__init__.py": "",
            "tqdm/auto.py": "import contextlib\nfrom types import SimpleNamespace\n\n\ndef tqdm(total):\n"
            "    return contextlib.nullcontext(SimpleNamespace(update=lambda _: None))\n",
            "tabulate.py": ANYTHING,
        },
        always=(Edit(32, r"in_shape", "(1, *in_shape[1:])", NORM), Edit(33, r"in_shape", "(1, *in_shape[1:])", NORM)),
        mend=(Edit(84, r"np\.sum", "np.mean", NORM), Edit(87, r"np\.sum", "np.mean", NORM)),
        published=("batch_scale_1_over_N", "bias_gradient_reduction"),
        blame=(84, 87, 90, 91),
        backward={NORM: (69, 91)},
        group="later",
    )
]
