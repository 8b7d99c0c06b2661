"""THUMarkLau/Numpy-MLP: Nielsen's network with lists of matrices, a cost class and weight decay, rewritten with stored layers."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

SIZES = [4, 5, 3, 2]
DECAY, COUNT = 0.3, 10


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(mini_batch: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    total = 0.0
    for x, y in mini_batch:
        a = sigmoid(W3 @ sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2) + b3)
        total = total - np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))
    return total / len(mini_batch) + DECAY / (2 * COUNT) * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.Network(SIZES, module.CrossEntropyCost)
    net.weights = [rng.normal(size=value.shape) for value in net.weights]
    net.biases = [rng.normal(size=value.shape) for value in net.biases]
    homes = {f"W{k + 1}": f"net.weights[{k}]" for k in range(3)} | {f"b{k + 1}": f"net.biases[{k}]" for k in range(3)}

    def values() -> dict[str, Any]:
        return {name: (net.weights if name[0] == "W" else net.biases)[int(name[1]) - 1].copy() for name in homes}

    start = values()
    batch = [(rng.normal(size=(4, 1)), rng.uniform(size=(2, 1))) for _ in range(4)]

    def train(mini_batch, lr, lmbda, n):
        net.updateMiniBatch(mini_batch, lr, lmbda, n)

    return Call(
        train,
        loss,
        {"mini_batch": batch, **start},
        lambda _: {name: value - start[name] for name, value in values().items()},
        (batch, 0.1, DECAY, COUNT),
        bind=homes,
    )


PROGRAMS = [
    Program(
        "THUMarkLau/Numpy-MLP",
        "nn.py",
        build,
        (
            mistake(19, r"\(a - y\)", "(a - y) * dsigmoid(z)", "loss_derivative_wrong", "extra_factor"),
            mistake(40, r"\(1 - sigmoid\(x\)\)", "(1 - x)", "wrong_activation_derivative"),
            mistake(94, r"delta", "np.sum(delta)", "bias_gradient_reduction"),
            mistake(95, r"activations\[-2\]", "outs[-2]", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(97, r"self\.layers_num", "self.layers_num - 1", "loop_cut_short"),
            mistake(99, r"\(out\)", "(self.activations[-l])", "derivative_of_activated_value", "derivative_at_wrong_point"),
            mistake(100, r" \* sp", "", "missing_activation_derivative"),
            mistake(101, r"delta", "delta * sp", "extra_factor", "wrong_activation_derivative"),
            mistake(154, r"nb\+dnb", "dnb", "gradient_accumulated_across_steps"),
            mistake(157, r"\(1-lr\*\(lmbda/n\)\)\*w", "w", "regularisation_term_wrong"),
            mistake(158, r"/len\(mini_batch\)", "", "batch_scale_1_over_N"),
            two(
                mistake(19, r"\(a - y\)", "(a - y) * dsigmoid(z)", "loss_derivative_wrong", "extra_factor"),
                mistake(158, r"/len\(mini_batch\)", "", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(40, r"sigmoid\(x\) \* \(1 - sigmoid\(x\)\)", "sigmoid(x) - sigmoid(x) ** 2"),
            Edit(102, r"np\.dot\(delta, (.*)\)$", r"delta @ \1"),
        ),
        stubs={"dataset.py": ANYTHING},
        group="last",
    )
]
