"""p-omahony/numpy-cnn: layers that update themselves record by record, with a convolution of SciPy and a bias for each place."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(x_train: Any, y_train: Any, K: Any, c: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    maps = []
    for k in range(len(K)):
        out = c[k]
        for i in range(3):
            for j in range(3):
                out = out + x_train[0][i : i + 3, j : j + 3] * K[k, i, j]
        maps.append(np.tanh(out))
    h = np.tanh(np.stack(maps).reshape(1, -1) @ W1 + b1)
    return np.mean((y_train[0] - np.tanh(h @ W2 + b2)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from functions.activations import tanh, tanh_prime
    from functions.losses import mse, mse_prime
    from layers.layers import ActivationLayer, ConvLayer, FCLayer, ReshapeLayer

    net = module.Network()
    conv, first, last = ConvLayer(2, (3, 3)), FCLayer(18, 4), FCLayer(4, 3)
    homes = {"K": (0, "kernels"), "c": (0, "biases")}
    homes |= {"W1": (3, "weights"), "b1": (3, "bias"), "W2": (5, "weights"), "b2": (5, "bias")}
    shapes = ((2, 3, 3), (2, 3, 3), (18, 4), (1, 4), (4, 3), (1, 3))
    for layer in (conv, None, ReshapeLayer((2, 3, 3), (1, 18)), first, None, last, None):
        net.add(layer or ActivationLayer(tanh, tanh_prime))
    net.use(mse, mse_prime)
    start = {key: 0.5 * rng.normal(size=shape) for key, shape in zip(homes, shapes, strict=True)}
    for key, (k, name) in homes.items():
        setattr(net.layers[k], name, start[key].copy())
    x_train, y_train = rng.normal(size=(1, 5, 5)), rng.normal(size=(1, 3))

    def train(x_train, y_train, epochs):
        net.fit(x_train, y_train, epochs, 0.05)

    return Call(
        train,
        loss,
        {"x_train": x_train, "y_train": y_train, **start},
        lambda _: {key: getattr(net.layers[k], name) - start[key] for key, (k, name) in homes.items()},
        (x_train, y_train),
        {"epochs": 2},
        bind={key: f"net.layers[{k}].{name}" for key, (k, name) in homes.items()},
        once={"epochs": 1},
    )


LAYERS, ACTIVATIONS, LOSSES = "layers/layers.py", "functions/activations.py", "functions/losses.py"
PROGRAMS = [
    Program(
        "p-omahony/numpy-cnn",
        "models/models.py",
        build,
        (
            Mistake(
                (
                    Edit(20, r"$", "\n        input_error = np.dot(output_error, self.weights.T)", LAYERS),
                    Edit(16, r"input_error = .*$", "pass", LAYERS),
                ),
                ("updated_weights_used",),
                (19, 20, 21),
            ),
            mistake(20, r"-=", "+=", "sign_flipped", file=LAYERS),
            mistake(20, r"output_error", "np.sum(output_error)", "bias_gradient_reduction", file=LAYERS),
            mistake(34, r"self\.input", "self.output", "derivative_of_activated_value", "wrong_variable", file=LAYERS),
            mistake(34, r"self\.activation_prime.* \* ", "", "missing_activation_derivative", file=LAYERS),
            mistake(34, r" \* output_error", "", "upstream_gradient_dropped", "missing_factor", file=LAYERS),
            mistake(61, r"correlate2d", "convolve2d", "conv_kernel_reversed", file=LAYERS),
            mistake(61, r"output_error\[i\]", "output_error[0]", "wrong_index", file=LAYERS),
            mistake(66, r"output_error", "np.mean(output_error)", "bias_gradient_reduction", file=LAYERS),
            mistake(16, r"1-np\.tanh\(x\)\*\*2", "1-np.tanh(x)", "wrong_activation_derivative", file=ACTIVATIONS),
            mistake(16, r"1-np\.tanh\(x\)\*\*2", "1-x**2", "wrong_activation_derivative", "wrong_variable", file=ACTIVATIONS),
            mistake(7, r"\(y_pred-y_true\)", "np.sign(y_pred-y_true)", "loss_derivative_wrong", file=LOSSES),
            two(
                mistake(20, r"-=", "+=", "sign_flipped", file=LAYERS),
                mistake(61, r"correlate2d", "convolve2d", "conv_kernel_reversed", file=LAYERS),
            ),
        ),
        harmless=(
            Edit(16, r"1-np\.tanh\(x\)\*\*2", "1/np.cosh(x)**2", ACTIVATIONS),
            Edit(34, r"(self\.activation_prime\(self\.input\)) \* output_error", r"output_error * \1", LAYERS),
            Edit(7, r"2\*", "", LOSSES),
        ),
        more=(LAYERS, ACTIVATIONS, LOSSES),
        stubs={"layers/__init__.py": "", "models/__init__.py": "", "functions/__init__.py": ""},
        group="newest",
    )
]
