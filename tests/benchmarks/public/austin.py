"""austin-hill/Numpy-Neural-Network: layers that update themselves; weight decay as a factor, and a backward loop that
begins before the last layer.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

REG = 0.3


def loss(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    h = np.maximum(x @ w1.T + b1.T, 0)
    p = 1 / (1 + np.exp(-(h @ w2.T + b2.T)))
    return -np.mean(np.sum(y * np.log(p) + (1 - y) * np.log(1 - p), axis=1)) + REG / 20 * (np.sum(w1**2) + np.sum(w2**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [module.Linear((3, 5)), module.ReLU(), module.Linear((5, 2)), module.Sigmoid()]
    net = module.Network(layers)
    start = {}
    for k, layer in ((1, layers[0]), (2, layers[2])):
        layer.weights, layer.biases = rng.normal(size=layer.weights.shape), rng.normal(size=layer.biases.shape)
        start[f"w{k}"], start[f"b{k}"] = layer.weights.copy(), layer.biases.copy()
    x, y = rng.normal(size=(6, 3)), rng.integers(0, 2, size=(6, 2))
    return Call(
        net.update_batch,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {
            name: getattr(layers[2 * int(name[1]) - 2], "weights" if name[0] == "w" else "biases") - then
            for name, then in start.items()
        },
        (list(zip(x, y, strict=True)), 0.1, REG, 10),
        bind={f"{n[0]}{k}": f"self.layers[{2 * k - 2}].{n}" for k in (1, 2) for n in ("weights", "biases")},
    )


MISTAKES = (
    mistake(38, r"a - labels", "(a - labels) * a * (1 - a)", "extra_factor", "loss_derivative_wrong"),
    mistake(38, r"a - labels", "labels / a", "loss_derivative_wrong", "sign_flipped"),
    mistake(39, r"-2::-1", "-1::-1", "extra_factor", "wrong_index", "missing_activation_derivative"),
    mistake(66, r"self\.last_input", "np.abs(self.last_input - 1)", "wrong_activation_in_weight_gradient"),
    mistake(66, r"nw = delta\.T", "nw = np.sign(delta).T", "upstream_gradient_dropped"),
    mistake(67, r"delta @", "np.clip(delta, 0, None) @", "relu_mask_wrong"),
    mistake(68, r"sum\(j\)", "sum(j) / len(j)", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(68, r"sum\(j\)", "j[-1]", "bias_gradient_reduction", "wrong_index"),
    mistake(73, r"eta/m", "eta", "batch_scale_1_over_N"),
    mistake(74, r"\(1-eta\*reg/n\)\*", "", "regularisation_term_wrong"),
    mistake(74, r"reg/n", "reg", "regularisation_term_wrong"),
    mistake(74, r"1-eta\*reg", "1+eta*reg", "regularisation_term_wrong", "sign_flipped"),
    mistake(86, r"delta \* ", "", "upstream_gradient_dropped"),
    mistake(86, r"self\.last_z", "delta", "derivative_at_wrong_point", "wrong_variable"),
    mistake(103, r"z > 0", "z > 1", "relu_mask_wrong"),
)
PROGRAMS = [
    Program(
        "austin-hill/Numpy-Neural-Network",
        "nn_numpy.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[12]), two(MISTAKES[8], MISTAKES[14])),
        harmless=(
            Edit(103, r"1\.0\*\(z > 0\)", "np.where(z > 0, 1, 0)"),
            Edit(74, r"\(1-eta\*reg/n\)\*self\.weights", "self.weights - eta*reg/n*self.weights"),
        ),
        backward={"nn_numpy.py": (38, 103)},
        group="tenth",
    )
]
