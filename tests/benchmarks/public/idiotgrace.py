"""IdiotGrace/dl_learning: a network of dicts in plain lists, one example a step; the row ends with its class."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

SIZES = {"h1": 3, "h2": 3, "h3": 3, "o1": 4, "o2": 4}


def loss(x: Any, h1: Any, h2: Any, h3: Any, o1: Any, o2: Any) -> Any:
    h = np.stack([1 / (1 + np.exp(-np.sum(w[:-1] * x) - w[-1])) for w in (h1, h2, h3)])
    o = np.stack([1 / (1 + np.exp(-np.sum(w[:-1] * h) - w[-1])) for w in (o1, o2)])
    return 0.5 * np.sum((np.array([0.0, 1.0]) - o) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {name: rng.normal(size=n) for name, n in SIZES.items()}
    network = [[{"weights": list(start[n])} for n in ("h1", "h2", "h3")], [{"weights": list(start[n])} for n in ("o1", "o2")]]
    neurons = dict(zip(SIZES, network[0] + network[1], strict=True))
    x = rng.normal(size=2)

    def train(x):
        module.train_network(network, [[*x, 1]], 0.4, 1, 2)

    return Call(
        train,
        loss,
        {"x": x, **start},
        lambda _: {name: np.array(neuron["weights"]) - start[name] for name, neuron in neurons.items()},
        (x,),
        bind={name: f"network[{int(name[0] == 'o')}][{int(name[1]) - 1}]['weights']" for name in SIZES},
    )


FILE = "bp_xor.py"
MISTAKES = (
    mistake(39, r"1\.0 - output", "1.0 + output", "wrong_activation_derivative"),
    mistake(39, r"output \* \(1\.0 - output\)", "transfer(output) * (1.0 - transfer(output))", "derivative_of_activated_value"),
    mistake(51, r"\+=", "=", "gradient_overwritten"),
    mistake(51, r"\['weights'\]\[j\]", "['weights'][j - 1]", "wrong_index"),
    mistake(51, r" \* neuron\['responsibility'\]", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(56, r"expected\[j\] - neuron\['output'\]", "expected[j] - neuron['output'] ** 2", "loss_derivative_wrong"),
    mistake(59, r" \* transfer_derivative\(neuron\['output'\]\)", "", "missing_activation_derivative"),
    mistake(59, r"errors\[j\]", "errors[0]", "wrong_index"),
    mistake(66, r"network\[i-1\]", "network[i]", "wrong_index"),
    mistake(69, r"\+=", "-=", "sign_flipped"),
    mistake(69, r" \* inputs\[j\]", "", "missing_factor"),
    mistake(69, r"inputs\[j\]", "inputs[j - 1]", "wrong_index"),
    mistake(70, r"\* neuron\['responsibility'\]", "* neuron['output']", "wrong_variable"),
    mistake(70, r"l_rate \* ", "", "missing_factor"),
)
MISTAKES = tuple(m for k, m in enumerate(MISTAKES) if k != 8)
PROGRAMS = [
    Program(
        "IdiotGrace/dl_learning",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[11]), two(MISTAKES[6], MISTAKES[9])),
        harmless=(
            Edit(56, r"expected\[j\] - neuron\['output'\]", "-(neuron['output'] - expected[j])"),
            Edit(69, r"l_rate \* neuron\['responsibility'\] \* inputs\[j\]", "inputs[j] * neuron['responsibility'] * l_rate"),
        ),
        backward={FILE: (38, 70)},
        group="eleventh",
    )
]
