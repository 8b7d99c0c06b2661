"""Bh4r4t/Numpy-NN: layers that keep their input until they are reset, activations as lambdas, and a loss that is a layer."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = 1 / (1 + np.exp(-(np.tanh(x @ W1 + b1) @ W2 + b2)))
    return np.mean((h @ W3 + b3 - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from activations import ActivationLayer
    from layers import FCLayer
    from loss import MSELoss

    model = module.Model()
    kinds = [FCLayer(4, 5), ActivationLayer("tanh"), FCLayer(5, 6), ActivationLayer("sigmoid"), FCLayer(6, 2)]
    for layer in kinds:
        model.add(layer)
    model.setup(0.1, MSELoss())
    homes = {f"{name[0].upper()}{k + 1}": (2 * k, name) for k in range(3) for name in ("weight", "bias")}
    homes = {("b" + key[1] if name == "bias" else key): (k, name) for key, (k, name) in homes.items()}
    start = {}
    for key, (k, name) in homes.items():
        start[key] = rng.normal(size=getattr(model.layers[k], name).shape)
        setattr(model.layers[k], name, start[key].copy())
    x, y = rng.normal(size=(7, 4)), rng.normal(size=(7, 2))

    def train(x, y):
        model.reset_layers()
        out = model.forward(x, save_inp=True)
        model.loss_fn(out, y, save_inp=True)
        model.backward()
        model.update()

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {key: getattr(model.layers[k], name) - start[key] for key, (k, name) in homes.items()},
        (x, y),
        bind={key: f"model.layers[{k}].{name}" for key, (k, name) in homes.items()},
    )


LAYERS, ACTIVATIONS, LOSS = "layers.py", "activations.py", "loss.py"
PROGRAMS = [
    Program(
        "Bh4r4t/Numpy-NN",
        "model.py",
        build,
        (
            mistake(59, r"-= self", "+= self", "sign_flipped"),
            mistake(61, r"self\.inp\.T", "np.tanh(self.inp).T", "wrong_activation_in_weight_gradient", file=LAYERS),
            mistake(61, r"@ grad_inp", "@ grad_inp / len(grad_inp)", "batch_scale_1_over_N", file=LAYERS),
            mistake(64, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(64, r"np\.sum\(grad_inp, 0\)", "np.sum(grad_inp)", "bias_gradient_reduction", file=LAYERS),
            mistake(24, r"np\.square\(np\.tanh\(x\)\)", "np.square(x)", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(24, r"np\.square\(np\.tanh\(x\)\)", "np.tanh(x)", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(27, r"\(1\.0 - expit\(x\)\)", "(1.0 - x)", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(
                27, r"expit\(x\) \*", "x *", "derivative_of_activated_value", "wrong_activation_derivative", file=ACTIVATIONS
            ),
            mistake(41, r"\*self\.der_act_func\(self\.inp\)", "", "missing_activation_derivative", file=ACTIVATIONS),
            mistake(20, r"target-output", "target", "loss_derivative_wrong", file=LOSS),
            two(
                mistake(64, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
                mistake(27, r"\(1\.0 - expit\(x\)\)", "(1.0 - x)", "wrong_activation_derivative", file=ACTIVATIONS),
            ),
        ),
        harmless=(
            Edit(71, r"grad_inp @ self\.weight\.T", "np.dot(self.weight, grad_inp.T).T", LAYERS),
            Edit(20, r"-2\*\(target-output\)", "2*(output-target)", LOSS),
        ),
        more=(LAYERS, ACTIVATIONS, LOSS),
        stubs={"tqdm.py": ANYTHING, "utils.py": ANYTHING},
        group="last",
    )
]
