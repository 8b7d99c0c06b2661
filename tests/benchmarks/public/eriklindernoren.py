"""eriklindernoren/ML-From-Scratch: layers with an optimizer for each parameter, normalisation, dropout, named activations."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from mlfromscratch.deep_learning import layers
    from mlfromscratch.deep_learning.loss_functions import CrossEntropy
    from mlfromscratch.deep_learning.optimizers import StochasticGradientDescent

    net = module.NeuralNetwork(StochasticGradientDescent(learning_rate=0.05), CrossEntropy)
    for layer in (
        layers.Dense(6, input_shape=(4,)),
        layers.BatchNormalization(),
        layers.Activation("leaky_relu"),
        layers.Dropout(0.3),
        layers.Dense(5),
        layers.Activation("tanh"),
        layers.Dense(3),
        layers.Activation("sigmoid"),
    ):
        net.add(layer)
    places = {"W1": (0, "W"), "b1": (0, "w0"), "gamma": (1, "gamma"), "beta": (1, "beta")}
    places |= {"W2": (4, "W"), "b2": (4, "w0"), "W3": (6, "W"), "b3": (6, "w0")}
    start = {}
    for key, (number, name) in places.items():
        start[key] = rng.normal(size=getattr(net.layers[number], name).shape)
        setattr(net.layers[number], name, start[key].copy())
    X, y, seed = rng.normal(size=(8, 4)), np.eye(3)[rng.integers(0, 3, size=8)], int(rng.integers(1000))
    mask = np.random.RandomState(seed).uniform(size=(8, 6)) > 0.3  # the program draws the same one

    def loss(X, y, W1, b1, gamma, beta, W2, b2, W3, b3):
        x = X @ W1 + b1
        x = x - np.mean(x, axis=0)
        x = gamma * x / np.sqrt(np.mean(x**2, axis=0) + 0.01) + beta
        x = np.tanh(np.maximum(x, 0.2 * x) * mask @ W2 + b2)
        z = x @ W3 + b3
        return np.sum(np.log(1 + np.exp(z)) - y * z)

    def train(net, X, y):
        np.random.seed(seed)  # noqa: NPY002
        net.train_on_batch(X, y)

    def after(_: Any) -> dict[str, Any]:
        # the first bias comes before a normalisation, its gradient is zero
        return {key: getattr(net.layers[number], name) - start[key] for key, (number, name) in places.items() if key != "b1"}

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        after,
        (net, X, y),
        bind={key: f"net.layers[{number}].{name}" for key, (number, name) in places.items()},
    )


FOLDER = "mlfromscratch/deep_learning/"
LAYERS, FUNCTIONS, LOSSES = FOLDER + "layers.py", FOLDER + "activation_functions.py", FOLDER + "loss_functions.py"
PROGRAMS = [
    Program(
        "eriklindernoren/ML-From-Scratch",
        FOLDER + "neural_network.py",
        build,
        (
            mistake(83, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(91, r"dot\(W\.T\)", "dot(self.W.T)", "updated_weights_used", file=LAYERS, blame=(78, 86)),
            mistake(344, r"X_norm", "self.X_centered", "wrong_variable", "missing_factor", file=LAYERS),
            mistake(345, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(353, r"\* gamma \*", "* self.gamma *", "updated_weights_used", file=LAYERS, blame=(339, 347)),
            mistake(355, r"- np\.sum\(accum_grad, axis=0\)", "", "normalisation_term_missing", file=LAYERS, blame=(353, 354)),
            mistake(356, r"\*\*2", "", "missing_factor", "normalisation_term_missing", file=LAYERS, blame=(353, 354)),
            mistake(600, r" \* self\._mask", "", "relu_mask_wrong", "missing_factor", file=LAYERS),
            mistake(
                638,
                r"\(self\.layer_input\)",
                "(self.activation_func(self.layer_input))",
                "derivative_of_activated_value",
                file=LAYERS,
            ),
            mistake(638, r"accum_grad \* ", "", "upstream_gradient_dropped", file=LAYERS),
            mistake(27, r"self\.__call__\(x\)", "x", "wrong_activation_derivative", "derivative_at_wrong_point", file=FUNCTIONS),
            mistake(44, r"x >= 0", "x <= 0", "relu_mask_wrong", "wrong_activation_derivative", file=FUNCTIONS),
            mistake(39, r"- \(y / p\)", "(y / p)", "sign_flipped", "loss_derivative_wrong", file=LOSSES),
            two(
                mistake(91, r"dot\(W\.T\)", "dot(self.W.T)", "updated_weights_used", file=LAYERS, blame=(78, 86)),
                mistake(344, r"X_norm", "self.X_centered", "wrong_variable", "missing_factor", file=LAYERS),
            ),
        ),
        harmless=(
            Edit(82, r"self\.layer_input\.T\.dot\(accum_grad\)", "accum_grad.T.dot(self.layer_input).T", LAYERS),
            Edit(27, r"1 - np\.power\(self\.__call__\(x\), 2\)", "1 / np.cosh(x) ** 2", FUNCTIONS),
            Edit(39, r"- \(y / p\) \+ \(1 - y\) / \(1 - p\)", "(p - y) / (p * (1 - p))", LOSSES),
        ),
        more=(LAYERS, FUNCTIONS, LOSSES, FOLDER + "optimizers.py", FOLDER + "__init__.py"),
        stubs=dict.fromkeys(
            ("terminaltables.py", "progressbar.py", "mlfromscratch/utils/__init__.py", "mlfromscratch/utils/misc.py"), ANYTHING
        ),
        backward={LAYERS: (338, 357)},
        group="later",
    )
]
