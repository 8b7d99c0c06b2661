"""wenj0r/NumPy-RNN: an MLP with dicts of layers counted from one, momentum, and buffers of a batch; no recurrence.

As published errors go back through the weights, but not through the sigmoids.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

SIZES = [5, 4, 3, 10]


def loss(x: Any, y: Any, W1: Any, W2: Any, W3: Any) -> Any:
    for W in (W1, W2, W3):
        x = 1 / (1 + np.exp(-(W @ x)))
    return 0.5 * np.sum((np.eye(10)[y] - x) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    nn = module.NeuralNetwork.__new__(module.NeuralNetwork)
    nn.structure, nn.learning_speed, nn.moment, nn.batch, nn.main_error = SIZES, 0.1, 0.2, 1, 0
    nn.N, nn.W, nn.b, nn.errors, nn.delta_W, nn.temp = nn.init_nn()
    start = {f"W{k}": rng.normal(size=nn.W[k].shape) for k in (1, 2, 3)}
    for k in (1, 2, 3):
        nn.W[k] = start[f"W{k}"].copy()
    x, y = rng.normal(size=5), 7

    def train(x, y):
        answer = nn.linear_activation_forward(x)
        nn.backpropagation(answer, y, 0)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: nn.W[int(name[1])] - value for name, value in start.items()},
        (x, y),
        bind={name: f"nn.W[{name[1]}]" for name in start},
    )


PROGRAMS = [
    Program(
        "wenj0r/NumPy-RNN",
        "rnn.py",
        build,
        (
            mistake(45, r"true_answers - x", "true_answers - (x > 0.5)", "loss_derivative_wrong", "wrong_variable"),
            mistake(65, r", 1, -1\)", ", 2, -1)", "loop_cut_short"),
            mistake(66, r" \* \(1 - .*\)\)$", ")", "wrong_activation_derivative", "missing_factor"),
            mistake(69, r", 1, -1\)", ", 2, -1)", "loop_cut_short"),
            mistake(71, r" \* self\.N\[layer\] \* \(1 - self\.N\[layer\]\)", "", "missing_activation_derivative"),
            mistake(
                71, r"self\.N\[layer\] \* \(1 - self\.N\[layer\]\)", "(1 - self.N[layer] ** 2)", "wrong_activation_derivative"
            ),
            mistake(75, r"self\.N\[layer-1\]", "self.errors[layer-1]", "wrong_activation_in_weight_gradient", "wrong_variable"),
            two(
                mistake(66, r" \* \(1 - .*\)\)$", ")", "wrong_activation_derivative", "missing_factor"),
                mistake(75, r"self\.N\[layer-1\]", "self.errors[layer-1]", "wrong_activation_in_weight_gradient"),
            ),
        ),
        harmless=(
            Edit(71, r"self\.N\[layer\] \* \(1 - self\.N\[layer\]\)", "(self.N[layer] - self.N[layer] ** 2)"),
            Edit(84, r"self\.temp\[layer - 1\] \* self\.learning_speed", "self.learning_speed * self.temp[layer - 1]"),
        ),
        mend=(Edit(66, r"self\.errors\[layer \+ 1\]", r"\g<0> * self.N[layer + 1] * (1 - self.N[layer + 1])"),),
        published=("missing_activation_derivative", "upstream_gradient_dropped", "wrong_variable"),
        stubs={"mnist.py": ANYTHING, "cv2.py": ANYTHING},
        group="last",
    )
]
