"""TheAlgorithms/Python: a network of three layers with long names, and layers of `np.matrix` that subtract their bias."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Program, mistake


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


LONG = {
    "W1": "input_layer_and_first_hidden_layer_weights",
    "W2": "first_hidden_layer_and_second_hidden_layer_weights",
    "W3": "second_hidden_layer_and_output_layer_weights",
}


def two_hidden_loss(input_array: Any, output_array: Any, W1: Any, W2: Any, W3: Any) -> Any:
    return np.sum((output_array - sigmoid(sigmoid(sigmoid(input_array @ W1) @ W2) @ W3)) ** 2)


def two_hidden(module: ModuleType, rng: np.random.Generator) -> Call:
    x, y = rng.normal(size=(6, 3)), rng.uniform(size=(6, 1))
    net = module.TwoHiddenLayerNeuralNetwork(x, y)
    before = {}
    for short, name in LONG.items():
        before[short] = rng.normal(size=getattr(net, name).shape)
        setattr(net, name, before[short].copy())

    def train(net):
        net.predicted_output = net.feedforward()
        net.back_propagation()

    return Call(
        train,
        two_hidden_loss,
        {"input_array": x, "output_array": y, **before},
        lambda _: {short: getattr(net, name) - before[short] for short, name in LONG.items()},
        (net,),
        bind={short: f"net.{name}" for short, name in LONG.items()},
    )


def matrix_loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return np.sum((sigmoid(W2 @ sigmoid(W1 @ x - b1) - b2) - y) ** 2)


def matrix(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [module.DenseLayer(3), module.DenseLayer(4), module.DenseLayer(2)]
    net = module.BPNN.__new__(module.BPNN)
    net.layers = layers
    net.build()
    for layer in layers[1:]:
        layer.weight, layer.bias = (
            np.asmatrix(rng.normal(size=layer.weight.shape)),
            np.asmatrix(rng.normal(size=layer.bias.shape)),
        )
    x, y = np.asmatrix(rng.normal(size=(3, 1))), np.asmatrix(rng.uniform(size=(2, 1)))
    before = {
        letter + str(i): np.array(getattr(layers[i], name)) for i in (1, 2) for letter, name in (("W", "weight"), ("b", "bias"))
    }

    def train(net, x, y):
        out = x
        for layer in net.layers:
            out = layer.forward_propagation(out)
        _, gradient = net.cal_loss(y, out)
        for layer in net.layers[:0:-1]:
            gradient = layer.back_propagation(gradient)

    return Call(
        train,
        matrix_loss,
        {"x": np.array(x), "y": np.array(y), **before},
        lambda _: {
            name: np.array(getattr(layers[int(name[1])], "weight" if name[0] == "W" else "bias")) - then
            for name, then in before.items()
        },
        (net, x, y),
        bind={"W1": "net.layers[1].weight", "b1": "net.layers[1].bias", "W2": "net.layers[2].weight", "b2": "net.layers[2].bias"},
    )


N = "neural_network/"

PROGRAMS = [
    Program(
        "TheAlgorithms/Python",
        N + "two_hidden_layers_neural_network.py",
        two_hidden,
        (
            mistake(
                116,
                r"self\.predicted_output",
                "sigmoid(self.predicted_output)",
                "derivative_of_activated_value",
                "derivative_at_wrong_point",
            ),
            mistake(123, r"\* sigmoid_derivative\(self\.predicted_output\)", "", "missing_activation_derivative"),
            mistake(121, r"2", "1", "factor_2"),
            mistake(
                127,
                r"self\.layer_between_first.*$",
                "sigmoid(self.layer_between_first_hidden_layer_and_second_hidden_layer)",
                "derivative_of_activated_value",
                "derivative_at_wrong_point",
            ),
            mistake(135, r"self\.output_array - ", "", "wrong_variable", "sign_flipped"),
            mistake(144, r"\* sigmoid_derivative.*$", "", "missing_activation_derivative"),
            mistake(
                119,
                r"self\.layer_between_input_and_first_hidden_layer",
                "np.tanh(self.layer_between_input_and_first_hidden_layer)",
                "wrong_activation_in_weight_gradient",
            ),
            mistake(147, r"\+=", "-=", "sign_flipped"),
            mistake(
                142,
                r"_weights\.T",
                "_weights.T + 0.1 * updated_first_hidden_layer_and_second_hidden_layer_weights.T",
                "updated_weights_used",
            ),
        ),
    ),
    Program(
        "TheAlgorithms/Python",
        N + "back_propagation_neural_network.py",
        matrix,
        (
            mistake(63, r"1 - self\.output", "1 - self.wx_plus_b", "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(
                64, r"np\.diag\(np\.diag\(gradient_mat\)\)", "gradient_mat", "softmax_jacobian_wrong", "matmul_vs_elementwise"
            ),
            mistake(83, r"np\.dot\(gradient\.T, gradient_activation\)", "gradient.T", "missing_activation_derivative"),
            mistake(86, r"-1", "1", "sign_flipped"),
            mistake(91, r"np\.dot\(gradient,", "np.dot(gradient * 0 + 1,", "upstream_gradient_dropped"),
            mistake(94, r"self\.bias - ", "self.bias + ", "sign_flipped"),
            mistake(162, r"2 \* \(ydata_ - ydata\)", "2 * ydata_", "loss_derivative_wrong", "wrong_variable"),
            mistake(
                87, r"self\.weight", "self.weight - self.learn_rate * np.dot(gradient.T, self.xdata.T)", "updated_weights_used"
            ),
            mistake(85, r"self\.xdata", "np.tanh(self.xdata)", "wrong_activation_in_weight_gradient"),
        ),
        stubs={"matplotlib/__init__.py": "", "matplotlib/pyplot.py": ANYTHING},
    ),
]
