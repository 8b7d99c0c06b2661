"""Hoecine/Implementation-MLP-AUTOENCODER-from-scratch: modules with separate gradients of parameters and inputs; an autoencoder.

As published the binary cross entropy hands back its gradient before the sigmoid, and the sigmoid multiplies its derivative.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(batch_x: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.tanh(batch_x @ W1 + b1) @ W2 + b2
    return np.mean(np.log(1 + np.exp(z)) - batch_x * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from losses import BCELoss
    from modules import Linear, Sequential, Sigmoide, Tanh

    layers = {1: Linear(5, 3), 2: Linear(3, 5)}
    optim = module.Optim(Sequential(layers[1], Tanh(), layers[2], Sigmoide()), BCELoss(), 0.1)
    names = {"W": "_parameters", "b": "_bias"}
    start = {f"{key}{k}": rng.normal(size=getattr(layers[k], name).shape) for k in layers for key, name in names.items()}
    for key, value in start.items():
        setattr(layers[int(key[1])], names[key[0]], value.copy())
    batch_x = rng.uniform(0.1, 0.9, size=(7, 5))

    def train(batch_x):
        optim.step(batch_x, batch_x)

    return Call(
        train,
        loss,
        {"batch_x": batch_x, **start},
        lambda _: {key: getattr(layers[int(key[1])], names[key[0]]) - value for key, value in start.items()},
        (batch_x,),
        bind={key: f"optim.net.modules[{2 * int(key[1]) - 2}].{names[key[0]]}" for key in start},
    )


MODULES, LOSSES = "modules.py", "losses.py"
PROGRAMS = [
    Program(
        "Hoecine/Implementation-MLP-AUTOENCODER-from-scratch",
        "optimizer.py",
        build,
        (
            mistake(67, r"delta$", "delta / len(delta)", "batch_scale_1_over_N", "extra_factor", file=MODULES),
            mistake(68, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=MODULES),
            mistake(68, r"axis=0, ", "", "bias_gradient_reduction", file=MODULES),
            mistake(78, r"-=", "+=", "sign_flipped", file=MODULES),
            mistake(79, r"_gradient_bias", "_bias", "gradient_or_update_used_for_weight", "wrong_variable", file=MODULES),
            mistake(90, r"\(1 - self\.output \*\* 2\) \* ", "", "missing_activation_derivative", file=MODULES),
            mistake(90, r"self\.output \*\* 2", "self.output", "wrong_activation_derivative", file=MODULES),
            mistake(90, r"self\.output", "np.tanh(self.output)", "derivative_of_activated_value", file=MODULES),
            mistake(104, r"1 - self\.output", "1 + self.output", "wrong_activation_derivative", "sign_flipped", file=MODULES),
            mistake(104, r"self\.output \* \(1 - self\.output\) \* ", "", "missing_activation_derivative", file=MODULES),
            mistake(29, r"yhat - y\)", "yhat - (y > 0.5))", "loss_derivative_wrong", "wrong_variable", file=LOSSES),
            two(
                mistake(68, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=MODULES),
                mistake(90, r"self\.output \*\* 2", "self.output", "wrong_activation_derivative", file=MODULES),
            ),
        ),
        harmless=(
            Edit(90, r"self\.output", "input", MODULES),
            Edit(104, r"self\.output \* \(1 - self\.output\)", "(self.output - self.output**2)", MODULES),
            Edit(68, r"np\.sum\(delta, axis=0, keepdims=True\)", "delta.sum(axis=0)", MODULES),
        ),
        more=(MODULES, LOSSES, "projet_etu.py"),
        mend=(Edit(29, r"/y\.shape\[0\]", "/(yhat * (1 - yhat))/y.size", LOSSES),),
        published=("loss_derivative_wrong", "missing_factor"),
        backward={MODULES: (67, 104), LOSSES: (29, 29)},
        group="newest",
    )
]
