"""dpro7026/numpy-neural-network: two sigmoid layers without biases; the error is target minus output, and weights are added
to.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, W2: Any) -> Any:
    h = 1 / (1 + np.exp(-(X @ W1)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(h @ W2))) - Y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Neural_Network()
    start = {"W1": net.W1.copy(), "W2": net.W2.copy()}
    X, Y = rng.normal(size=(5, 2)), rng.uniform(size=(5, 1))
    return Call(
        net.train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        (X, Y),
        bind={"W1": "self.W1", "W2": "self.W2"},
    )


MISTAKES = (
    mistake(38, r"1 - s", "1 - self.sigmoid(s)", "wrong_activation_derivative", "derivative_of_activated_value"),
    mistake(42, r"Y - o", "Y + o", "loss_derivative_wrong", "sign_flipped"),
    mistake(42, r"Y - o", "Y * np.log(o)", "loss_derivative_wrong"),
    mistake(43, r"sigmoidPrime\(o\)", "sigmoidPrime(self.z3)", "wrong_variable", "derivative_at_wrong_point"),
    mistake(43, r" \* self\.sigmoidPrime\(o\)", "", "missing_activation_derivative"),
    mistake(45, r"self\.o_delta", "self.o_error", "missing_activation_derivative", "wrong_variable"),
    mistake(46, r"self\.z2_error \* ", "", "upstream_gradient_dropped"),
    mistake(46, r"sigmoidPrime\(self\.z2\)", "sigmoidPrime(self.z)", "wrong_variable", "derivative_at_wrong_point"),
    mistake(46, r"sigmoidPrime", "sigmoid", "wrong_activation_derivative", "wrong_variable"),
    mistake(48, r"z2_delta", "z2_error", "missing_activation_derivative", "wrong_variable"),
    mistake(48, r"\+=", "-=", "sign_flipped"),
    mistake(49, r"self\.z2\.T", "self.z.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(49, r"o_delta", "o_error", "missing_activation_derivative", "wrong_variable"),
    mistake(49, r"self\.z2\.T\.dot", "len(X) * self.z2.T.dot", "batch_scale_1_over_N", "extra_factor"),
)
PROGRAMS = [
    Program(
        "dpro7026/numpy-neural-network",
        "numpy_nn3.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[9]), two(MISTAKES[6], MISTAKES[12])),
        harmless=(
            Edit(48, r"self\.W1 \+= X", "self.W1 = self.W1 + X"),
            Edit(43, r"self\.o_error \* self\.sigmoidPrime\(o\)", "self.sigmoidPrime(o) * self.o_error"),
        ),
        until={"numpy_nn3.py": 54},
        backward={"numpy_nn3.py": (36, 49)},
        group="tenth",
    )
]
