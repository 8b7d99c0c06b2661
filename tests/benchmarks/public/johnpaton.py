"""JohnPaton/numpy-neural-networks: course notebooks with dicts of layers counted from one, biases as columns, records in rows.

As published the general backward pass reads weights that it has just changed.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def output_loss(z: Any, yhat: Any) -> Any:
    y = 1 / (1 + np.exp(-z))
    return np.mean(-(yhat * np.log(y + 1e-8) + (1 - yhat) * np.log(1 - y + 1e-8)))


def single_loss(x0: Any, yhat: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return output_loss(np.maximum(x0 @ w1 + b1.T, 0) @ w2 + b2.T, yhat)


def single(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"w1": rng.normal(size=(3, 6)), "b1": rng.normal(size=(6, 1))}
    start |= {"w2": rng.normal(size=(6, 1)), "b2": rng.normal(size=(1, 1))}
    net = {name: value.copy() for name, value in start.items()}
    x0, yhat = rng.normal(size=3), np.array([1.0])

    def train(x0, yhat):
        y = module.forward1(x0, **net)
        module.backward1(x0, y=y, yhat=yhat, alpha=0.1, **net)

    return Call(
        train,
        single_loss,
        {"x0": x0, "yhat": yhat, **start},
        lambda _: {name: net[name] - value for name, value in start.items()},
        (x0, yhat),
        bind={name: f"net[{name!r}]" for name in start},
    )


def mini_loss(X0: Any, yhat: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    h = np.maximum(np.maximum(X0 @ w1 + b1.T, 0) @ w2 + b2.T, 0)
    return output_loss(h @ w3 + b3.T, yhat)


def mini(module: ModuleType, rng: np.random.Generator) -> Call:
    w, b = module.init_model((3, 5, 4, 1))
    start = {f"w{k}": rng.normal(size=w[k].shape) for k in w} | {f"b{k}": rng.normal(size=b[k].shape) for k in b}
    for k in w:
        w[k], b[k] = start[f"w{k}"].copy(), start[f"b{k}"].copy()
    X0, yhat = rng.normal(size=(8, 3)), rng.integers(0, 2, size=(8, 1)).astype(float)

    def train(X0, yhat):
        module.backward_mini(X0, w, b, module.forwardn(X0, w, b), yhat, 0.1)

    return Call(
        train,
        mini_loss,
        {"X0": X0, "yhat": yhat, **start},
        lambda _: {name: (w if name[0] == "w" else b)[int(name[1])] - value for name, value in start.items()},
        (X0, yhat),
        bind={name: f"{name[0]}[{name[1]}]" for name in start},
    )


PROGRAMS = [
    Program(
        "JohnPaton/numpy-neural-networks",
        "02-multi-layer-perceptron.ipynb",
        single,
        (
            mistake(44, r"1, 0", "z, 0", "wrong_activation_derivative", "relu_mask_wrong"),
            mistake(69, r" \* drelu_dz\(z1\)\.T", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(71, r"x1", "z1", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(72, r"delta1", "w2 * delta2", "missing_activation_derivative", "wrong_variable"),
            mistake(75, r"delta1", "delta2", "wrong_variable"),
            mistake(75, r"-=", "+=", "sign_flipped"),
            mistake(75, r"delta1", "np.sum(delta1)", "bias_gradient_reduction"),
            Mistake(
                (
                    Edit(71, r"$", "\n    delta1 = np.matmul(w2, delta2) * drelu_dz(z1).T"),
                    Edit(69, r"delta1 = .*$", "pass"),
                ),
                ("updated_weights_used",),
                (71, 72),
            ),
            two(
                mistake(71, r"x1", "z1", "wrong_activation_in_weight_gradient", "wrong_variable"),
                mistake(75, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(71, r"np\.multiply\(delta2, x1\)\.T", "(delta2 * x1).T"),
            Edit(69, r"np\.matmul\(w2, delta2\)", "w2 @ delta2"),
        ),
        keep=((1, 1), (27, 44), (56, 58), (61, 77)),
        backward={"02-multi-layer-perceptron.ipynb": (63, 75)},
        group="newest",
    ),
    Program(
        "JohnPaton/numpy-neural-networks",
        "03-better-training.ipynb",
        mini,
        (
            mistake(36, r"1, 0", "z, 0", "wrong_activation_derivative", "relu_mask_wrong"),
            mistake(42, r"1 - sig\(z\)", "1 - z", "wrong_activation_derivative", "wrong_variable"),
            mistake(50, r" - yhat", " + yhat", "loss_derivative_wrong", "sign_flipped"),
            mistake(157, r" \* dsig_dz\(z\[n_layers\]\)", "", "missing_activation_derivative"),
            mistake(157, r"z\[n_layers\]", "y", "derivative_of_activated_value", "wrong_variable"),
            mistake(159, r" \* drelu_dz\(z\[l\]\)\.T", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(154, r"0, -1", "1, -1", "loop_cut_short"),
            mistake(161, r" / batch_size", "", "batch_scale_1_over_N"),
            mistake(162, r"\.mean", ".sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(162, r"axis=1, ", "", "bias_gradient_reduction"),
            mistake(165, r"-=", "+=", "sign_flipped"),
            two(
                mistake(42, r"1 - sig\(z\)", "1 - z", "wrong_activation_derivative", "wrong_variable"),
                mistake(161, r" / batch_size", "", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(42, r"sig\(z\) \* \(1 - sig\(z\)\)", "sig(z) - sig(z)**2"),
            Edit(162, r"\.mean\(axis=1, keepdims=True\)", ".sum(axis=1, keepdims=True) / batch_size"),
        ),
        keep=((1, 1), (32, 67), (141, 168)),
        mend=(
            Edit(159, r"w\[l\+1\]", "old[l+1]"),
            Edit(144, r"z = \{\}", "z, old = {}, {k: value.copy() for k, value in w.items()}"),
        ),
        published=("updated_weights_used",),
        blame=(159, 165),
        backward={"03-better-training.ipynb": (154, 166)},
        group="newest",
    ),
]
