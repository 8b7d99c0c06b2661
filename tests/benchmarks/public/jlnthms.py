"""jlnthms/numpy-neural-network: objects for layers and neurons, weights in lists, one example at a time.

The gradient of the biases of the last layer is not computed there.
As published a neuron whose output is zero passes its gradient."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

SIZES = (3, 3, 3, 2)
NEURONS = [(k, i) for k in (1, 2, 3) for i in range(SIZES[k])]


def loss_of_rows(X: Any, y: Any, rows: list[Any], biases: list[Any]) -> Any:
    for k in (1, 2, 3):
        at = [n for n, (layer, _) in enumerate(NEURONS) if layer == k]
        X = np.stack([np.sum(rows[n] * X) + biases[n] for n in at])
        X = np.maximum(X, 0) if k < 3 else X
    return np.log(np.sum(np.exp(X))) - np.sum(X * y)


def signature() -> Any:
    """The loss with a parameter for each neuron's weights and bias."""
    rows, biases = (", ".join(f"{kind}{k}{i}" for k, i in NEURONS) for kind in "wb")
    scope: dict[str, Any] = {"inner": loss_of_rows}
    exec(f"def loss(X, y, {rows}, {biases}):\n    return inner(X, y, [{rows}], [{biases}])\n", scope)
    return scope["loss"]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [module.Layer(n, "relu" if 0 < k < 3 else None) for k, n in enumerate(SIZES)]
    net = module.MultiLayerPerceptron(layers)
    signs = {(k, i): -1 if i == 1 and k < 3 else 1 for k, i in NEURONS}  # the second neuron is dead, with any numbers
    start: dict[str, Any] = {f"w{k}{i}": sign * rng.uniform(0.2, 1.5, size=SIZES[k - 1]) for (k, i), sign in signs.items()}
    start |= {f"b{k}{i}": sign * rng.uniform(0.1, 0.8) for (k, i), sign in signs.items()}
    for k, i in NEURONS:
        neuron = layers[k].neurons[i]
        neuron.weights, neuron.bias = list(start[f"w{k}{i}"]), start[f"b{k}{i}"]
    X, y = rng.uniform(0.2, 1.2, size=3), np.array([0.0, 1])

    def train(X, y):
        net.forward(X)
        return net.backward(y)

    return Call(
        train,
        signature(),
        {"X": X, "y": y, **start},
        lambda result: {
            **{f"w{k}{i}": result[0][k - 1][i] for k, i in NEURONS},
            **{f"b{k}{i}": result[1][k - 1][i] for k, i in NEURONS if k < 3},
        },
        (X, y),
        bind={
            **{f"w{k}{i}": f"net.layers[{k}].neurons[{i}].weights" for k, i in NEURONS},
            **{f"b{k}{i}": f"net.layers[{k}].neurons[{i}].bias" for k, i in NEURONS},
        },
    )


PLACE = "NeuralNetwork/"
NET, LAYER, ACT, LOSS = (f"{PLACE}{name}.py" for name in ("network", "layer", "activation", "loss"))
MISTAKES = (
    mistake(10, r"0 if x <= 0 else 1", "1 if x < 1 else 0", "relu_mask_wrong", "missing_activation_derivative", file=ACT),
    mistake(10, r"0 if x <= 0 else 1", "x", "relu_mask_wrong", "wrong_activation_derivative", file=ACT),
    mistake(103, r"softmax\(output, derivative=True\)", "np.diag(np.diag(softmax(output, derivative=True)))",
            "softmax_jacobian_wrong"),
    mistake(103, r"cross_entropy\(output, y, derivative=True\)", "(softmax(output) - y)", "loss_derivative_wrong",
            "extra_factor"),
    mistake(105, r"grad_wrt_outputs\.T", "np.abs(grad_wrt_outputs.T)", "sign_flipped", "wrong_variable"),
    mistake(105, r"self\.layers\[-2\]\.get_output\(\)", "np.sign(self.layers[-2].get_output())",
            "wrong_activation_in_weight_gradient"),
    mistake(110, r"self\.layers\[i\+1\]", "self.layers[-1] if i == 2 else self.layers[i]", "wrong_index"),
    mistake(78, r" \* act_derivatives", "", "missing_activation_derivative", file=LAYER),
    mistake(78, r"prev_layer\.get_weights\(\)", "prev_layer.get_weights()[::-1]", "wrong_index", file=LAYER),
    mistake(81, r"self\.get_input\(\)", "np.sign(self.get_input())", "wrong_activation_in_weight_gradient", file=LAYER),
    mistake(82, r"grad_wrt_activations", "act_derivatives", "wrong_variable", file=LAYER),
    mistake(82, r"grad_wrt_activations", "-grad_wrt_activations", "sign_flipped", file=LAYER),
    mistake(87, r"grad_wrt_activations", "np.array(act_derivatives)", "wrong_variable", "upstream_gradient_dropped", file=LAYER),
)  # fmt: skip
MISTAKES = tuple(m for k, m in enumerate(MISTAKES) if k != 6)
PROGRAMS = [
    Program(
        "jlnthms/numpy-neural-network",
        NET,
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[6]), two(MISTAKES[1], MISTAKES[8])),
        harmless=(
            Edit(105, r"np\.outer\(grad_wrt_outputs\.T, ", "np.outer(grad_wrt_outputs, "),
            Edit(10, r"0 if x <= 0 else 1", "float(x > 0)", ACT),
        ),
        more=(LAYER, ACT, LOSS, PLACE + "neuron.py"),
        stubs={PLACE + "__init__.py": ""},
        mend=(Edit(10, r"x < 0", "x <= 0", ACT),),
        published=("relu_mask_wrong", "derivative_of_activated_value", "wrong_activation_derivative"),
        backward={NET: (102, 113), LAYER: (77, 88), ACT: (8, 11)},
        group="eleventh",
    )
]
