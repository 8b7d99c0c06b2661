"""oilneck/prml_python: a book's exercises; dense layers with batch normalisation, softsign and swish, weight decay."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ("W1", "b1", "gamma1", "beta1", "W2", "b2", "gamma2", "beta2", "W3", "b3")
ALPHA = 0.2


def norm(x: Any, gamma: Any, beta: Any) -> Any:
    centred = x - np.mean(x, axis=0)
    return gamma * centred / np.sqrt(np.mean(centred**2, axis=0) + 1e-8) + beta


def loss(
    x: Any, t: Any, W1: Any, b1: Any, gamma1: Any, beta1: Any, W2: Any, b2: Any, gamma2: Any, beta2: Any, W3: Any, b3: Any
) -> Any:
    h = norm(x @ W1 + b1, gamma1, beta1)
    h = norm(h / (1 + np.abs(h)) @ W2 + b2, gamma2, beta2)
    y = h / (1 + np.exp(-h)) @ W3 + b3
    data = np.mean(np.log(np.sum(np.exp(y), axis=1)) - np.sum(y * t, axis=1))
    return data + ALPHA / 2 * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Neural_net(3, [4, 5], 3, alpha=ALPHA, batch_norm=True)
    net.add(["softsign", "swish"])
    net.set_loss("categorical_crossentropy")
    start, bind = {}, {}
    for k, (n_in, n_out) in enumerate([(3, 4), (4, 5), (5, 3)], 1):
        held = {"W": ("DenseLayer", (n_in, n_out)), "b": ("DenseLayer", n_out)}
        if k < 3:
            held |= {"gamma": ("Batch_Norm", n_out), "beta": ("Batch_Norm", n_out)}
        for name, (layer, shape) in held.items():
            start[f"{name}{k}"] = rng.normal(size=shape)
            setattr(net.layers[f"{layer}_{k}"], name, start[f"{name}{k}"].copy())
            bind[f"{name}{k}"] = f"net.layers['{layer}_{k}'].{name}"
            net.params[f"{name}{k}"] = getattr(net.layers[f"{layer}_{k}"], name)
    x, t = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, size=6)]

    def train(x, t):
        return net.gradient(x, t)

    return Call(
        train,
        loss,
        {"x": x, "t": t, **start},
        lambda grads: {name: grads[name] for name in start},
        (x, t),
        bind=bind,
    )


TOP = "prml/deepL_module"
LAYERS = f"{TOP}/nn/layers"
AFFINE, NORM, LAYER = f"{LAYERS}/affine.py", f"{LAYERS}/hipstar_tech.py", f"{LAYERS}/layer.py"
COST = f"{TOP}/nn/cost_functions/softmax_cross_entropy.py"
MISTAKES = (
    mistake(183, r" \+ self\.alpha .*$", "", "regularisation_term_wrong"),
    mistake(183, r"\+ self\.alpha \*", "+ self.alpha / len(x) *", "regularisation_term_wrong", "batch_scale_1_over_N"),
    mistake(188, r"\.dbeta", ".dgamma", "wrong_variable"),
    mistake(21, r"self\.W\.T", "self.dW.T if self.dW is not None else self.W.T * 2", "wrong_variable", "factor_2", file=AFFINE),
    mistake(22, r"self\.X\.T", "np.abs(self.X).T", "wrong_activation_in_weight_gradient", file=AFFINE),
    mistake(51, r" \* self\.gamma", "", "missing_factor", file=NORM),
    mistake(52, r"-0\.5", "0.5", "sign_flipped", "normalisation_term_missing", file=NORM),
    mistake(52, r"std_inv, 3", "std_inv, 2", "normalisation_term_missing", "wrong_activation_derivative", file=NORM),
    mistake(53, r"-std_inv", "-1", "normalisation_term_missing", "missing_factor", file=NORM),
    mistake(56, r" \+ \(dmu / N\)", "", "normalisation_term_missing", file=NORM),
    mistake(56, r"2\. \* dvar", "dvar", "normalisation_term_missing", "factor_2", file=NORM),
    mistake(59, r"X_norm", "x_mu", "wrong_variable", "missing_factor", file=NORM),
    mistake(60, r"np\.sum\(delta, axis=0\)", "np.sum(dx, axis=0)", "wrong_variable", file=NORM),
    mistake(
        94,
        r"np\.square\(1\. \+ np\.abs\(self\.activate\)\)",
        "(1. + np.abs(self.activate))",
        "wrong_activation_derivative",
        file=LAYER,
    ),
    mistake(165, r"sigmoid\(beta \* act\)", "self.out", "wrong_activation_derivative", "wrong_variable", file=LAYER),
    mistake(23, r"self\.y - self\.t", "self.y - self.t * self.y", "loss_derivative_wrong", file=COST),
)
PROGRAMS = [
    Program(
        "oilneck/prml_python",
        f"{TOP}/nn/multi_layer_nn.py",
        build,
        (*MISTAKES, two(MISTAKES[0], MISTAKES[9]), two(MISTAKES[5], MISTAKES[14])),
        harmless=(
            Edit(56, r"\(dX_norm \* std_inv\)", "dX_norm / np.sqrt(var + 1e-8)", NORM),
            Edit(183, r"self\.alpha \* (.*)$", r"\1 * self.alpha"),
        ),
        more=(
            AFFINE,
            NORM,
            LAYER,
            COST,
            f"{LAYERS}/__init__.py",
            f"{TOP}/base/__init__.py",
            f"{TOP}/base/functions.py",
            f"{TOP}/base/util.py",
            *(f"{TOP}/nn/cost_functions/{name}.py" for name in ("__init__", "sum_squared_error", "sigmoid_cross_entropy")),
            *(
                f"{TOP}/nn/metrics/{name}.py"
                for name in ("__init__", "categorical_accuracy", "regression_accuracy", "binary_accuracy")
            ),
            *(
                f"{TOP}/nn/optimizers/{name}.py"
                for name in ("__init__", "sgd", "adam", "rmsprop", "momentum", "adagrad", "adadelta")
            ),
        ),
        root="prml",
        stubs={"deepL_module/__init__.py": ""},
        backward={f"{TOP}/nn/multi_layer_nn.py": (173, 190), AFFINE: (20, 24), NORM: (46, 62), LAYER: (91, 167), COST: (21, 23)},
        group="ninth",
    )
]
