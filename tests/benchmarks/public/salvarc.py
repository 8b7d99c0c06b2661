"""salvaRC/numpy-neural-network: objects for layers and for weights, one sample a pass; published with a wrong point."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    x = np.tanh(W2 @ (1 / (1 + np.exp(-(W1 @ X.T + b1)))) + b2)
    return 0.5 * np.sum((W3 @ x + b3 - Y.T) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from src import activation_functions as functions
    from src.loss_functions import SquaredLoss
    from src.neural_net.layers import InputLayer, Layer

    net = module.NeuralNetwork(
        [InputLayer(4), Layer(5, functions.Sigmoid()), Layer(3, functions.Tanh()), Layer(2, functions.Linear())]
    )
    net.compile(SquaredLoss(), None)
    net.lr, net.batch_size = 0.05, 6
    names = {"W": "W", "b": "bias"}
    start = {}
    for number, weight in enumerate(net.weights, 1):
        weight.W, weight.bias = rng.normal(size=weight.W.shape), rng.normal(size=weight.bias.shape)
        start |= {f"W{number}": weight.W.copy(), f"b{number}": weight.bias.copy()}
    X, Y = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))

    def train(net, X, Y):
        for x, y in zip(X, Y, strict=True):
            net.y = y.reshape(-1, 1)
            net.forward(x.reshape(-1, 1))
            net.backprop()
        net.update()

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {key: getattr(net.weights[int(key[1]) - 1], names[key[0]]) - value for key, value in start.items()},
        (net, X, Y),
        bind={key: f"net.weights[{int(key[1]) - 1}].{names[key[0]]}" for key in start},
    )


WEIGHTS, LAYERS = "src/neural_net/weights.py", "src/neural_net/layers.py"
LOSSES, FUNCTIONS = "src/loss_functions.py", "src/activation_functions.py"
PROGRAMS = [
    Program(
        "salvaRC/numpy-neural-network",
        "src/neural_net/network.py",
        build,
        (
            mistake(
                16, r"next_layer\.gradient", "next_layer.activation", "wrong_variable", "upstream_gradient_dropped", file=LAYERS
            ),
            mistake(16, r" \* d_activation.*$", "", "missing_activation_derivative", file=LAYERS),
            mistake(24, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps", file=WEIGHTS),
            mistake(25, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps", file=WEIGHTS),
            mistake(25, r"lr \* ", "", "missing_factor", file=WEIGHTS),
            mistake(28, r" / normalization", "", "batch_scale_1_over_N", file=WEIGHTS),
            mistake(29, r"bias - ", "bias + ", "sign_flipped", file=WEIGHTS),
            mistake(22, r" - true_labels", "", "loss_derivative_wrong", file=LOSSES),
            mistake(35, r"self\(x\) \* \(1 - self\(x\)\)", "self(x) * (1 - x)", "wrong_activation_derivative", file=FUNCTIONS),
            mistake(110, r" \*\* 2", "", "wrong_activation_derivative", file=FUNCTIONS),
            two(
                mistake(24, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps", file=WEIGHTS),
                mistake(110, r" \*\* 2", "", "wrong_activation_derivative", file=FUNCTIONS),
            ),
        ),
        harmless=(
            Edit(
                25,
                r"np\.outer\(self\.next_layer\.gradient, self\.prev_layer\.activation\)",
                "self.next_layer.gradient @ self.prev_layer.activation.T",
                WEIGHTS,
            ),
            Edit(110, r"1 - self\(x\) \*\* 2", "(1 - self(x)) * (1 + self(x))", FUNCTIONS),
        ),
        more=(WEIGHTS, LAYERS, LOSSES, FUNCTIONS, "src/preprocessing.py"),
        always=(Edit(34, r"float\((self\.loss_f\(.*\))\)", r"\1.item()"),),
        mend=(Edit(16, r"self\.activation\)", "self.pre_activation)", LAYERS),),
        published=("derivative_of_activated_value", "derivative_at_wrong_point", "wrong_activation_derivative"),
        blame=(15, 16),
        group="later",
    )
]
