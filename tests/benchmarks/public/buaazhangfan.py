"""buaazhangfan/mnist-numpy: layers that return pairs of variable and gradient; mean-only normalisation is published wrong."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(inputs: Any, labels: Any, W1: Any, b1: Any, m: Any, W2: Any, b2: Any, gamma: Any, beta: Any, W3: Any, b3: Any) -> Any:
    x = np.maximum(inputs @ W1 + b1, 0)
    x = np.maximum((x - np.mean(x, axis=0) + m) @ W2 + b2, 0)
    x = x - np.mean(x, axis=0)
    x = gamma * x / np.sqrt(np.mean(x**2, axis=0) + 1e-5) + beta
    z = x @ W3 + b3
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.take_along_axis(z, labels[:, None], axis=1)[:, 0])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import layers

    net = module.Network(0.1)
    for layer in (
        layers.Linear(4, 5),
        layers.ReLU(),
        layers.MeanBatchNorm(5),
        layers.Linear(5, 4),
        layers.ReLU(),
        layers.BatchNorm(4),
        layers.Linear(4, 3),
    ):
        net.add_layer(layer)
    net.set_loss(layers.SoftmaxCrossEntropyLoss())
    for number, name in PLACES.values():
        value = getattr(net.layers[number], name)
        value += rng.normal(size=value.shape)
    start = {key: getattr(net.layers[number], name).copy() for key, (number, name) in PLACES.items()}
    inputs, labels = rng.normal(size=(8, 4)), rng.integers(0, 3, size=8)
    return Call(
        net.train,
        loss,
        {"inputs": inputs, "labels": labels, **start},
        lambda _: {key: getattr(net.layers[PLACES[key][0]], PLACES[key][1]) - value for key, value in start.items()},
        (inputs, labels),
        bind={key: f"self.layers[{number}].{name}" for key, (number, name) in PLACES.items()},
    )


PLACES = {
    "W1": (0, "W"),
    "b1": (0, "b"),
    "m": (2, "beta"),
    "W2": (3, "W"),
    "b2": (3, "b"),
    "gamma": (5, "gamma"),
    "beta": (5, "beta"),
    "W3": (6, "W"),
    "b3": (6, "b"),
}
LAYERS = "layers.py"
PROGRAMS = [
    Program(
        "buaazhangfan/mnist-numpy",
        "network.py",
        build,
        (
            mistake(58, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(91, r" \* self\.cache\[3\]", "", "missing_factor", "normalisation_term_missing", file=LAYERS),
            mistake(92, r"\*\*3", "**2", "missing_factor", "normalisation_term_missing", file=LAYERS),
            mistake(95, r"2\.0", "1.0", "factor_2", file=LAYERS),
            mistake(97, r" \+ dx3", "", "normalisation_term_missing", file=LAYERS),
            mistake(97, r" \+ dx2", "", "normalisation_term_missing", file=LAYERS),
            mistake(99, r"cache\[2\]", "cache[0]", "wrong_variable", "wrong_index", "missing_factor", file=LAYERS),
            mistake(217, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(238, r">=", "<", "relu_mask_wrong", file=LAYERS),
            mistake(238, r"self\.cache_in >= 0", "dY >= 0", "relu_mask_wrong", "wrong_variable", file=LAYERS),
            mistake(238, r" \* \(self\.cache_in >= 0\)", "", "missing_activation_derivative", file=LAYERS),
            mistake(274, r"\(scores_norm - one_hot\)", "scores_norm", "loss_derivative_wrong", file=LAYERS),
            two(
                mistake(97, r" \+ dx3", "", "normalisation_term_missing", file=LAYERS),
                mistake(217, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            ),
        ),
        harmless=(
            Edit(218, r"np\.matmul\(self\.cache_in\.T, dY\)", "np.matmul(dY.T, self.cache_in).T", LAYERS),
            Edit(238, r">=", ">", LAYERS),
            Edit(96, r"\(1\.0 / N\) \* dmu", "np.sum(dxhat * -self.cache[1], axis=0) / N", LAYERS),
        ),
        more=(LAYERS,),
        stubs={"im2col.py": ""},
        mend=(Edit(60, r"\(1 - 1 / N\) \* dY", "dY - np.mean(dY, axis=0)", LAYERS),),
        published=("normalisation_term_missing", "extra_factor"),
        blame=(60,),
        backward={LAYERS: (90, 101)},
        group="later",
    )
]
