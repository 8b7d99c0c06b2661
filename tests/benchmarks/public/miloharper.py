"""miloharper/multi-layer-neural-network: two layers of objects with one attribute each, private methods, no learning rate."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(training_set_inputs: Any, training_set_outputs: Any, W1: Any, W2: Any) -> Any:
    hidden = 1 / (1 + np.exp(-(training_set_inputs @ W1)))
    return 0.5 * np.sum((training_set_outputs - 1 / (1 + np.exp(-(hidden @ W2)))) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [module.NeuronLayer(4, 3), module.NeuronLayer(2, 4)]
    for layer in layers:
        layer.synaptic_weights = rng.normal(size=layer.synaptic_weights.shape)
    net = module.NeuralNetwork(*layers)
    before = [layer.synaptic_weights.copy() for layer in layers]
    x, y = rng.normal(size=(7, 3)), rng.uniform(size=(7, 2))
    return Call(
        net.train,
        loss,
        {"training_set_inputs": x, "training_set_outputs": y, "W1": before[0], "W2": before[1]},
        lambda _: {f"W{i + 1}": layers[i].synaptic_weights - before[i] for i in range(2)},
        (x, y),
        {"number_of_training_iterations": 60000},
        bind={"W1": "self.layer1.synaptic_weights", "W2": "self.layer2.synaptic_weights"},
        once={"number_of_training_iterations": 1},
    )


PROGRAMS = [
    Program(
        "miloharper/multi-layer-neural-network",
        "main.py",
        build,
        (
            mistake(24, r"1 - x", "1 + x", "sign_flipped", "wrong_activation_derivative"),
            mistake(24, r"x \* \(1 - x\)", "1 - x ** 2", "wrong_activation_derivative"),
            mistake(36, r" \* self\..*$", "", "missing_activation_derivative"),
            mistake(36, r"\(output_from_layer_2\)", "(self.__sigmoid(output_from_layer_2))", "derivative_of_activated_value"),
            mistake(40, r"layer2_delta", "layer2_error", "missing_activation_derivative", "wrong_variable"),
            mistake(41, r"layer1_error \* ", "", "upstream_gradient_dropped", "missing_factor"),
            mistake(41, r" \* self\..*$", "", "missing_activation_derivative"),
            mistake(44, r"layer1_delta", "layer1_error", "missing_activation_derivative", "wrong_variable"),
            mistake(45, r"output_from_layer_1\.T", "exp(-output_from_layer_1.T)", "wrong_activation_in_weight_gradient"),
            mistake(48, r"\+=", "-=", "sign_flipped"),
            mistake(49, r"\+=", "=", "gradient_or_update_used_for_weight"),
            two(mistake(36, r" \* self\..*$", "", "missing_activation_derivative"), mistake(48, r"\+=", "-=", "sign_flipped")),
        ),
        harmless=(
            Edit(24, r"x \* \(1 - x\)", r"x - x ** 2"),
            Edit(35, r"training_set_outputs - output_from_layer_2", r"-(output_from_layer_2 - training_set_outputs)"),
            Edit(48, r"\+= layer1_adjustment", r"-= -layer1_adjustment"),
        ),
        keep=((1, 62),),
    )
]
