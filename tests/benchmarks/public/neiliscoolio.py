"""Neiliscoolio/Autoencoder-From-Scratch-using-only-Numpy-and-Matplotlib: layers in a list; each divides by the batch again."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(inputs: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    h = np.maximum(inputs @ W1 + b1, 0) @ W2 + b2
    return np.mean((1 / (1 + np.exp(-(h @ W3 + b3))) - inputs) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from loss import MeanSquaredError

    layers = [module.LinearLayer(4, 5), module.ReLU(), module.LinearLayer(5, 2), module.LinearLayer(2, 4), module.Sigmoid()]
    autoencoder, loss_function = module.Sequential(layers), MeanSquaredError()
    optimizer = module.SGD(layers, learning_rate=0.5)
    start, places, names = {}, {1: 0, 2: 2, 3: 3}, {"W": "weights", "b": "bias"}
    for k, place in places.items():
        for key, name in names.items():
            start[f"{key}{k}"] = rng.normal(size=getattr(layers[place], name).shape)
            setattr(layers[place], name, start[f"{key}{k}"].copy())
    inputs = rng.uniform(size=(8, 4))

    def train(inputs):
        outputs = autoencoder.forward(inputs)
        loss_function.forward(outputs, inputs)
        autoencoder.backward(loss_function.backward())
        optimizer.update()

    return Call(
        train,
        loss,
        {"inputs": inputs, **start},
        lambda _: {key: getattr(layers[places[int(key[1])]], names[key[0]]) - value for key, value in start.items()},
        (inputs,),
        bind={key: f"autoencoder.layers[{places[int(key[1])]}].{names[key[0]]}" for key in start},
    )


LOSS = "loss.py"
PROGRAMS = [
    Program(
        "Neiliscoolio/Autoencoder-From-Scratch-using-only-Numpy-and-Matplotlib",
        "model.py",
        build,
        (
            mistake(
                11,
                r"self\.predictions - self\.targets",
                "self.predictions - self.targets.mean(axis=0)",
                "loss_derivative_wrong",
                file=LOSS,
            ),
            mistake(
                11,
                r"2 \* \(self\.predictions - self\.targets\)",
                "2 * abs(self.predictions - self.targets)",
                "loss_derivative_wrong",
                file=LOSS,
            ),
            mistake(16, r" / self\.batch_size", "", "batch_scale_1_over_N"),
            mistake(16, r"self\.inputs\.T", "np.maximum(self.inputs, 0.3).T", "wrong_activation_in_weight_gradient"),
            mistake(17, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(17, r"axis=0, ", "", "bias_gradient_reduction"),
            mistake(18, r"gradient_in, self", "gradient_in / self.batch_size, self", "batch_scale_1_over_N", "extra_factor"),
            mistake(26, r"self\.inputs > 0", "gradient_in > 0", "relu_mask_wrong", "wrong_variable"),
            mistake(26, r" \* \(self\.inputs > 0\)", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(26, r"\(self\.inputs > 0\)", "self.inputs", "relu_mask_wrong", "wrong_activation_derivative"),
            mistake(35, r"1 - self\.out", "1 - self.out**2", "wrong_activation_derivative"),
            mistake(35, r"self\.out \* ", "", "wrong_activation_derivative", "missing_factor"),
            mistake(35, r"grad \* self\.out \* \(1 - self\.out\)", "grad", "missing_activation_derivative"),
            mistake(62, r"-=", "+=", "sign_flipped"),
            Mistake(
                (
                    Edit(61, r"layer\.weights -= .*$", "pass"),
                    Edit(17, r"$", "\n        self.weights -= 0.5 * self.gradient_weights"),
                ),
                ("updated_weights_used",),
                (17, 18),
            ),
            two(
                mistake(26, r"self\.inputs > 0", "gradient_in > 0", "relu_mask_wrong", "wrong_variable"),
                mistake(17, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
            two(
                mistake(35, r"1 - self\.out", "1 - self.out**2", "wrong_activation_derivative"),
                mistake(62, r"-=", "+=", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(
                17,
                r"np\.sum\(gradient_in, axis=0, keepdims=True\) / self\.batch_size",
                "np.mean(gradient_in, axis=0, keepdims=True)",
            ),
            Edit(11, r" / batch_size", "", LOSS),
        ),
        more=(LOSS,),
        backward={"model.py": (15, 62), LOSS: (10, 11)},
        group="eighth",
    )
]
