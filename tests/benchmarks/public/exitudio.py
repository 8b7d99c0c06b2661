"""exitudio/numpy-neural-net: layers that update themselves, batch normalisation; that is published with two faults."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, moved, two


def loss(input: Any, expected_output: Any, W1: Any, b1: Any, W2: Any, b2: Any, G: Any, B: Any, W3: Any, b3: Any) -> Any:
    x = 1 / (1 + np.exp(-(input @ W1 + b1)))
    x = x @ W2 + b2
    x = x - np.mean(x, axis=0)
    x = np.maximum(0, G * x / np.sqrt(np.mean(x**2, axis=0) + 1e-8) + B)
    return np.sum((x @ W3 + b3 - expected_output) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from exit import NeuralNetwork, activations, losses

    layers = (
        module.Dense(5, activations.Sigmoid),
        module.Dense(4, activations.Relu, is_batch_norm=True),
        module.Dense(2),
    )
    net = NeuralNetwork()
    net.sequence(4, *layers)
    places = {
        f"{name[1].upper() if name == '_weights' else 'b'}{k}": (layer, name)
        for k, layer in enumerate(layers, 1)
        for name in ("_weights", "_bias")
    }
    places |= {"G": (layers[1].batch_norm, "_batch_norm_G"), "B": (layers[1].batch_norm, "_batch_norm_B")}
    start = {}
    for key, (layer, name) in places.items():
        start[key] = rng.normal(size=getattr(layer, name).shape)
        setattr(layer, name, start[key].copy())
    data = rng.normal(size=(8, 4)), rng.normal(size=(8, 2))
    return Call(
        net.train,
        loss,
        {"input": data[0], "expected_output": data[1], **start},
        lambda _: {key: getattr(layer, name) - start[key] for key, (layer, name) in places.items() if key != "b2"},  # it is zero
        (*data, losses.L2, 0.05),
        bind={
            **{key: f"self._network[{int(key[1]) - 1}].{places[key][1]}" for key in places if key not in "GB"},
            **{key: f"self._network[1].batch_norm._batch_norm_{key}" for key in "GB"},
        },
    )


ACTIVATIONS, LOSSES = "exit/activations.py", "exit/losses.py"
FILE = "exit/layers.py"
PROGRAMS = [
    Program(
        "exitudio/numpy-neural-net",
        FILE,
        build,
        (
            mistake(49, r"self\._z_norm", "self._diff_mean", "wrong_variable", "missing_factor"),
            mistake(50, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(59, r"-np\.square", "np.square", "sign_flipped"),
            mistake(61, r"0\.5 \* ", "", "factor_2"),
            mistake(66, r"2 \* ", "", "factor_2"),
            mistake(68, r" \+ d_z_minus_u_2", "", "normalisation_term_missing"),
            mistake(74, r" \+ dz_2", "", "normalisation_term_missing"),
            mistake(110, r" \* self\._activation_function\.back_prop\(\)", "", "missing_activation_derivative"),
            mistake(118, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            moved(121, 124, "updated_weights_used", blame=(121, 122)),
            mistake(21, r"self\.output \* ", "", "wrong_activation_derivative", "missing_factor", file=ACTIVATIONS),
            mistake(31, r">", "<", "relu_mask_wrong", file=ACTIVATIONS),
            mistake(43, r" - self\._expected_output", "", "loss_derivative_wrong", file=LOSSES),
            two(
                mistake(74, r" \+ dz_2", "", "normalisation_term_missing"),
                mistake(118, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(117, r"np\.dot\(self\._input\.T, dz\)", "np.dot(dz.T, self._input).T"),
            Edit(21, r"self\.output \* \(1\.0 - self\.output\)", "self.output - self.output ** 2", ACTIVATIONS),
        ),
        more=(
            "exit/__init__.py",
            ACTIVATIONS,
            LOSSES,
            *(f"exit/{name}.py" for name in ("constants", "initializers", "optimizers")),
        ),
        mend=(
            Edit(38, r"self\._optimizer_mean\.get_velocity\(mean\)", "mean"),
            Edit(49, r"dG = ", "dz_norm = self._batch_norm_G * last_derivative; dG = "),
            Edit(54, r"dz_norm = .*$", "pass"),
        ),
        published=("updated_weights_used", "normalisation_term_missing", "missing_factor", "extra_factor"),
        blame=(38, 40, 51, 54),
        backward={FILE: (49, 74)},
        group="later",
    )
]
