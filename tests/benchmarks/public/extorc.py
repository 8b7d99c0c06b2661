"""extorc/NeuralNetwork-From-Scratch: two layers that update themselves, one column a step; published with updated weights."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, moved


def loss(dataset: Any, labels: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = W2 @ (1 / (1 + np.exp(-(W1 @ dataset.T + b1)))) + b2
    return np.sum(np.log(1 + np.exp(z)) - labels.T * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    dataset, labels = rng.normal(size=(1, 4)), np.array([[0.0, 1.0, 0.0]])
    net = module.Network((4, 5, 3), lambda: (dataset, labels), 0.1, 1)
    places = {"1": "input_layer", "2": "hidden_layer1"}
    for place in places.values():
        layer = getattr(net, place)
        layer.weight, layer.bias = rng.normal(size=layer.weight.shape), rng.normal(size=layer.bias.shape)
    start = {f"{n}{k}": getattr(getattr(net, at), NAMES[n]).copy() for k, at in places.items() for n in NAMES}

    def after(_: Any) -> dict[str, Any]:
        return {name: getattr(getattr(net, places[name[1]]), NAMES[name[0]]) - value for name, value in start.items()}

    bind = {name: f"self.{places[name[1]]}.{NAMES[name[0]]}" for name in start}
    bind |= {"dataset": "self.dataset", "labels": "self.labels"}
    return Call(net.train, loss, {"dataset": dataset, "labels": labels, **start}, after, bind=bind)


NAMES = {"W": "weight", "b": "bias"}
LAYER, FUNCTIONS = "layer.py", "functions.py"
OWN = r" \* \(current_nueron \* \(1 - current_nueron\)\)"
PROGRAMS = [
    Program(
        "extorc/NeuralNetwork-From-Scratch",
        "nn.py",
        build,
        (
            mistake(
                8,
                r"current_nueron \* \(1 - current_nueron\)",
                "1 - current_nueron ** 2",
                "wrong_activation_derivative",
                file=FUNCTIONS,
            ),
            mistake(8, OWN, "", "missing_activation_derivative", file=FUNCTIONS),
            mistake(
                8,
                OWN,
                " * (sigmoid(current_nueron) * (1 - sigmoid(current_nueron)))",
                "derivative_of_activated_value",
                "derivative_at_wrong_point",
                file=FUNCTIONS,
            ),
            mistake(33, r"o - l", "(o - l) * o * (1 - o)", "loss_derivative_wrong", "extra_factor"),
            mistake(13, r"rate \* delta", "rate * np.mean(delta)", "bias_gradient_reduction", file=LAYER),
            mistake(13, r"\+=", "=", "gradient_or_update_used_for_weight", file=LAYER),
            mistake(
                12, r"\(neuron\)", "(neuron * (1 - neuron))", "wrong_activation_in_weight_gradient", "extra_factor", file=LAYER
            ),
        ),
        harmless=(
            Edit(8, r"\(current_nueron \* \(1 - current_nueron\)\)", "(current_nueron - current_nueron ** 2)", FUNCTIONS),
            Edit(12, r"-rate \* delta @ np\.transpose\(neuron\)", "-rate * np.outer(delta, neuron)", LAYER),
        ),
        more=(LAYER, FUNCTIONS),
        stubs={"data.py": ANYTHING},
        mend=moved(34, 38).edits,
        published=("updated_weights_used",),
        blame=(34, 36),
        group="fresh",
    )
]
