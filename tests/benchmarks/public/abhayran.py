"""abhayran/VAE-numpy: a variational autoencoder of layer objects in lists, with noise drawn inside and two sums of gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

DRAW = 11
NOISE = np.random.RandomState(DRAW).randn(6, 2)  # what the program draws after this seed
NAMES = ["W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4"]


def loss(data: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, W4: Any, b4: Any) -> Any:
    code = np.maximum(data @ W1 + b1, 0) @ W2 + b2
    means, log_covs = code[:, :2], code[:, 2:]
    z = means + np.exp(log_covs / 2) * NOISE
    out = 1 / (1 + np.exp(-(np.maximum(z @ W3 + b3, 0) @ W4 + b4)))
    return np.sum((out - data) ** 2) + 0.5 * np.sum(means**2 + np.exp(log_covs) - log_covs - 1)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import linear

    net = module.VAE([5])
    net.encoder[0], net.decoder[-2] = linear.Linear(4, 5), linear.Linear(5, 4)
    layers = [net.encoder[0], net.encoder[-1], net.decoder[0], net.decoder[-2]]
    start = {}
    for i, layer in enumerate(layers, 1):
        layer.weights, layer.bias = rng.normal(size=layer.weights.shape), rng.normal(size=layer.bias.shape)
        start[f"W{i}"], start[f"b{i}"] = layer.weights.copy(), layer.bias.copy()
    data = rng.uniform(size=(6, 4))

    def train(data, epochs, lr):
        np.random.seed(DRAW)  # noqa: NPY002
        net.train([(data, None)], epochs, lr)

    def after(_: Any) -> dict[str, Any]:
        moved = [value for layer in layers for value in (layer.weights, layer.bias)]
        return {name: value - start[name] for name, value in zip(NAMES, moved, strict=True)}

    homes = ["net.encoder[0]", "net.encoder[2]", "net.decoder[0]", "net.decoder[2]"]
    bind = {f"W{i}": f"{home}.weights" for i, home in enumerate(homes, 1)}
    bind |= {f"b{i}": f"{home}.bias" for i, home in enumerate(homes, 1)}
    return Call(train, loss, {"data": data, **start}, after, (data, 1, 0.05), bind=bind)


LINEAR, NONLINEAR = "linear.py", "nonlinear.py"
PROGRAMS = [
    Program(
        "abhayran/VAE-numpy",
        "vae.py",
        build,
        (
            mistake(56, r"means, 0\.5", "means, 1.0", "factor_2", "missing_factor"),
            mistake(56, r"np\.exp\(log_covs\) - 1", "np.exp(log_covs)", "loss_derivative_wrong"),
            mistake(56, r"np\.append\(means,", "np.append(0 * means,", "upstream_gradient_dropped", "missing_factor"),
            mistake(63, r"2 \* ", "", "factor_2", "loss_derivative_wrong"),
            mistake(69, r"kl_gradients \+ ", "", "upstream_gradient_dropped", "regularisation_term_wrong"),
            mistake(69, r", 0\.5 \* np", ", np", "factor_2", "missing_factor", blame=(70,)),
            mistake(70, r"gaussian_random", "means", "wrong_variable", blame=(69,)),
            mistake(
                70,
                r"np\.exp\(0\.5 \* log_covs\)",
                "np.exp(log_covs)",
                "wrong_activation_derivative",
                "missing_factor",
                "derivative_at_wrong_point",
                blame=(69,),
            ),
            mistake(66, r"self\.decoder\)", "self.decoder[:-1])", "missing_activation_derivative", "loop_cut_short"),
            mistake(31, r"gradients\)", "gradients / len(gradients))", "batch_scale_1_over_N", file=LINEAR),
            mistake(32, r"np\.sum\(gradients, axis=0\)", "gradients[0]", "bias_gradient_reduction", "wrong_index", file=LINEAR),
            mistake(
                33,
                r"np\.transpose\(self\.weights\)",
                "np.transpose(self.weights_grad)",
                "gradient_or_update_used_for_weight",
                "wrong_variable",
                file=LINEAR,
            ),
            mistake(40, r"-=", "+=", "sign_flipped", file=LINEAR),
            mistake(24, r"self\.cache > 0", "gradients > 0", "relu_mask_wrong", "wrong_variable", file=NONLINEAR),
            mistake(
                37,
                r"next_ \* \(1 - next_\)",
                "self.cache * (1 - self.cache)",
                "derivative_at_wrong_point",
                "wrong_variable",
                "wrong_activation_derivative",
                file=NONLINEAR,
            ),
            mistake(36, r"self\(self\.cache\)", "self(self(self.cache))", "derivative_of_activated_value", file=NONLINEAR),
            two(
                mistake(69, r", 0\.5 \* np", ", np", "factor_2", "missing_factor", blame=(70,)),
                mistake(40, r"-=", "+=", "sign_flipped", file=LINEAR),
            ),
        ),
        harmless=(
            Edit(63, r"2 \* \(activations - data\)", "2 * activations - 2 * data"),
            Edit(31, r"np\.dot\(np\.transpose\(self\.cache\), gradients\)", "self.cache.T @ gradients", LINEAR),
            Edit(37, r"next_ \* \(1 - next_\)", "(next_ - next_ ** 2)", NONLINEAR),
        ),
        more=(LINEAR, NONLINEAR),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        backward={"vae.py": (56, 75), LINEAR: (31, 41), NONLINEAR: (23, 37)},
        group="later",
    )
]
