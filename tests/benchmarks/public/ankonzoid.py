"""ankonzoid/NN-from-scratch: dicts for nodes, lists of weights, one sample, one weight at a time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake

NODES = {"h0": (0, 0), "h1": (0, 1), "h2": (0, 2), "o0": (1, 0), "o1": (1, 1)}


def loss(X: Any, y: Any, h0: Any, h1: Any, h2: Any, o0: Any, o1: Any) -> Any:
    hidden = 1 / (1 + np.exp(-np.stack([h0, h1, h2]) @ X[0]))
    out = 1 / (1 + np.exp(-np.stack([o0, o1]) @ hidden))
    return 0.5 * np.sum((out - np.eye(2)[y[0]]) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NN(input_dim=4, output_dim=2, hidden_layers=[3])
    start = {}
    for name, (layer, node) in NODES.items():
        start[name] = rng.normal(size=4 - layer)
        net.network[layer][node]["weights"] = start[name].tolist()
    X, y = rng.normal(size=(1, 4)), np.array([1])
    return Call(
        net.train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: np.array(net.network[at][node]["weights"]) - start[name] for name, (at, node) in NODES.items()},
        (X, y),
        {"eta": 0.5, "n_epochs": 3},
        bind={name: f"self.network[{layer}][{node}]['weights']" for name, (layer, node) in NODES.items()},
        once={"n_epochs": 1},
    )


FILE = "src/NN.py"
PROGRAMS = [
    Program(
        "ankonzoid/NN-from-scratch",
        FILE,
        build,
        (
            mistake(86, r" - yhot\[j\]", "", "loss_derivative_wrong"),
            mistake(86, r"yhot\[j\]", "yhot[0]", "wrong_index", "loss_derivative_wrong"),
            mistake(87, r" \* transfer_derivative.*$", "", "missing_activation_derivative", "loss_derivative_wrong"),
            mistake(91, r"node_\['weights'\]\[j\] \* ", "", "missing_factor"),
            mistake(91, r"\[j\]", "[0]", "wrong_index"),
            mistake(92, r" \* transfer_derivative.*$", "", "missing_activation_derivative"),
            mistake(92, r"\(node\['output'\]\)", "(self._sigmoid(node['output']))", "derivative_of_activated_value"),
            mistake(99, r"i-1\]", "i]", "wrong_index", "wrong_activation_in_weight_gradient"),
            mistake(104, r"node\['delta'\]", "node['output']", "wrong_variable", "upstream_gradient_dropped"),
            mistake(104, r" \* input", "", "missing_factor", "wrong_activation_in_weight_gradient"),
            mistake(104, r"\+=", "=", "gradient_or_update_used_for_weight"),
            mistake(116, r"\(1\.0-sigmoid\)", "(1.0-sigmoid**2)", "wrong_activation_derivative"),
        ),
        harmless=(
            Edit(116, r"sigmoid\*\(1\.0-sigmoid\)", "sigmoid - sigmoid**2"),
            Edit(104, r"\+= - eta \* node\['delta'\] \* input", "-= input * node['delta'] * eta"),
        ),
        root="src",
        always=(Edit(30, r"np\.int\)", "int)"), Edit(120, r"np\.int\)", "int)")),
        backward={FILE: (80, 104)},
        group="later",
    )
]
