"""syncush/MNIST-NN-NUMPY: coursework; one example, pairs of weights and biases, a softmax whose gradient is in place."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.tanh(x @ W1 + b1) @ W2 + b2
    return np.log(np.sum(np.exp(z))) - z[y]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.TwoLayeredNN({"layers_func": [module.TanH(), module.Softmax()], "sizes": [(4, 5), (5, 3)]}, 0.1)
    start = {"W1": rng.normal(size=(4, 5)), "b1": rng.normal(size=5), "W2": rng.normal(size=(5, 3)), "b2": rng.normal(size=3)}
    pairs = [(start["W1"].copy(), start["b1"].copy()), (start["W2"].copy(), start["b2"].copy())]
    net.layer_weights_and_b_pairs = pairs
    x, y = rng.normal(size=4), 1

    def train(x, y):
        zs, hs, y_hat, _ = net.__forward_in_net__((x, y))
        dW, dB = net.__backprop_in_net__((zs, hs, y_hat, (x, y)))
        net.__update__(dW, dB)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {
            name: net.layer_weights_and_b_pairs[int(name[1]) - 1]["Wb".index(name[0])] - then for name, then in start.items()
        },
        (x, y),
        bind={name: f"net.layer_weights_and_b_pairs[{int(name[1]) - 1}][{'Wb'.index(name[0])}]" for name in start},
    )


MISTAKES = (
    mistake(79, r"np\.square\(np\.tanh\(input\)\)", "np.tanh(input)", "wrong_activation_derivative"),
    mistake(79, r"np\.tanh\(input\)", "np.tanh(np.tanh(input))", "derivative_of_activated_value"),
    mistake(79, r"1 - np\.square\(np\.tanh\(input\)\)", "1 - np.square(input)", "wrong_activation_derivative"),
    mistake(132, r"-= 1", "-= y_hat[y]", "loss_derivative_wrong"),
    mistake(134, r"hs\[0\]", "zs[0]", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(135, r"-= hs", "+= hs", "sign_flipped"),
    mistake(135, r"\[:, y\]", "[:, 0]", "wrong_index"),
    mistake(137, r" - W2\[:, y\]", "", "loss_derivative_wrong"),
    mistake(137, r"W2\[:, y\]", "W2[y].sum()", "wrong_index"),
    mistake(138, r"zs\[0\]", "hs[0]", "derivative_of_activated_value", "wrong_variable"),
    mistake(139, r" \* dH_dlayer1", "", "missing_activation_derivative"),
    mistake(140, r"dlayer1_dB1\.copy", "dL_dH.copy", "missing_activation_derivative", "wrong_variable"),
    mistake(141, r"input", "hs[0][:4]", "wrong_activation_in_weight_gradient", "wrong_variable"),
    mistake(142, r"dB_softmax, dlayer1_dB1", "dB_softmax, dL_dH", "missing_activation_derivative", "wrong_variable"),
    mistake(161, r"W1 - self", "W1 + self", "sign_flipped"),
    mistake(164, r"dB\[0\]", "b2", "gradient_or_update_used_for_weight", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "syncush/MNIST-NN-NUMPY",
        "NN_2Layers.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[10]), two(MISTAKES[6], MISTAKES[14])),
        harmless=(
            Edit(137, r"np\.dot\(W2, y_hat\) - W2\[:, y\]", "W2 @ dB_softmax"),
            Edit(79, r"np\.square\(np\.tanh\(input\)\)", "np.tanh(input) ** 2"),
        ),
        backward={"NN_2Layers.py": (127, 142)},
        group="ninth",
    )
]
