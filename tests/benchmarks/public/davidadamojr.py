"""davidadamojr/data_science_from_scratch: a network of lists of lists of weights, without NumPy, the bias last.

As published the hidden deltas see the output weights after their step; two names are missing there."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, h1: Any, h2: Any, h3: Any, o1: Any, o2: Any) -> Any:
    h = np.stack([1 / (1 + np.exp(-np.sum(w[:-1] * x) - w[-1])) for w in (h1, h2, h3)])
    o = np.stack([1 / (1 + np.exp(-np.sum(w[:-1] * h) - w[-1])) for w in (o1, o2)])
    return 0.5 * np.sum((o - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {name: rng.normal(size=3 if name[0] == "h" else 4) for name in ("h1", "h2", "h3", "o1", "o2")}
    network = [[list(start[f"h{k}"]) for k in (1, 2, 3)], [list(start[f"o{k}"]) for k in (1, 2)]]
    x, y = rng.normal(size=2), np.array([0.0, 1.0])

    def train(x, y):
        module.backpropagate(network, list(x), list(y))

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: np.array(network[name[0] == "o"][int(name[1]) - 1]) - start[name] for name in start},
        (x, y),
        bind={name: f"network[{int(name[0] == 'o')}][{int(name[1]) - 1}]" for name in start},
    )


FILE = "neural_networks/backpropagation.py"
MISTAKES = (
    mistake(8, r"output \* \(1 - output\) \* ", "", "missing_activation_derivative"),
    mistake(8, r"1 - output\)", "1 + output)", "wrong_activation_derivative"),
    mistake(8, r"output - target", "output - target / 2", "loss_derivative_wrong"),
    mistake(14, r"hidden_outputs \+ \[1\]", "hidden_outputs", "loop_cut_short"),
    mistake(17, r"-=", "+=", "sign_flipped"),
    mistake(17, r"output_deltas\[i\]", "output_deltas[i - 1]", "wrong_index"),
    mistake(17, r" \* hidden_output", "", "missing_factor"),
    mistake(20, r"hidden_output \* \(1 - hidden_output\) \*", "", "missing_activation_derivative"),
    mistake(20, r"\(1 - hidden_output\)", "(1 - hidden_output ** 2)", "wrong_activation_derivative"),
    mistake(21, r"n\[i\]", "n[i - 1]", "wrong_index"),
    mistake(21, r"output_deltas, ", "outputs, ", "wrong_variable"),
    mistake(27, r"-=", "+=", "sign_flipped"),
    mistake(27, r"hidden_deltas\[i\]", "hidden_outputs[i]", "wrong_variable"),
    mistake(26, r" \+ \[1\]", "", "loop_cut_short"),
)
PROGRAMS = [
    Program(
        "davidadamojr/data_science_from_scratch",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[9]), two(MISTAKES[6], MISTAKES[11])),
        harmless=(
            Edit(8, r"output \* \(1 - output\)", "(output - output ** 2)"),
            Edit(27, r"hidden_deltas\[i\] \* input", "input * hidden_deltas[i]"),
        ),
        more=("neural_networks/feed_forward.py",),
        root="neural_networks",
        stubs={"vector_operations.py": "def dot(v, w):\n    return sum(a * b for a, b in zip(v, w))\n"},
        always=(
            Edit(1, r"$", "; from vector_operations import dot"),
            Edit(21, r"in output_layer", "in network[-1]"),
        ),
        mend=(
            Edit(10, r"^\s*$", "    before = [list(n) for n in network[-1]]"),
            Edit(21, r"in network\[-1\]", "in before"),
        ),
        published=("updated_weights_used",),
        blame=(21, 17),
        backward={FILE: (8, 27)},
        group="eleventh",
    )
]
