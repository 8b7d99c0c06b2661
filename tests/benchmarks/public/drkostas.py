"""drkostas/Numpy-CNN: an object for each neuron, also in convolutions; published with inputs in place of weights."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Mistake, Program, mistake


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def convolve(x: Any, kernels: list[Any]) -> Any:
    n = x.shape[-1] - 2
    windows = np.stack([x[:, i : i + 3, j : j + 3].reshape(-1) for i in range(n) for j in range(n)])
    return np.stack([sigmoid(windows @ kernel[:-1] + kernel[-1]).reshape(n, n) for kernel in kernels])


def loss(inputs: Any, targets: Any, K1: Any, K2: Any, L1: Any, L2: Any, F: Any, G1: Any, G2: Any) -> Any:
    x = convolve(convolve(inputs, [K1, K2]), [L1, L2]).reshape(-1)
    hidden = sigmoid(x @ F[:-1] + F[-1])
    p = sigmoid(np.stack([hidden * G1[0] + G1[1], hidden * G2[0] + G2[1]]))
    return -np.sum(targets * np.log(p) + (1 - targets) * np.log(1 - p))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNetwork((6, 6), "cross_entropy", 0.5)
    net.addConvLayer(2, 3, "logistic", rng.normal(size=(2, 10)))
    net.addConvLayer(2, 3, "logistic", rng.normal(size=(2, 19)))
    net.addFlattenLayer()
    net.addFCLayer(1, "logistic", rng.normal(size=(1, 9)))
    net.addFCLayer(2, "logistic", rng.normal(size=(2, 2)))
    neurons = {"F": net.layers[3].neurons[0], "G1": net.layers[4].neurons[0], "G2": net.layers[4].neurons[1]}
    neurons |= {f"{name}{k + 1}": net.layers[at].kernels[k][0][0] for at, name in enumerate("KL") for k in range(2)}
    start = {name: neuron.weights.copy() for name, neuron in neurons.items()}
    inputs, targets = rng.normal(size=(1, 6, 6)), np.array([[1.0, 0.0]])
    bind = {"F": "self.layers[3].neurons[0].weights"} | {f"G{k + 1}": f"self.layers[4].neurons[{k}].weights" for k in range(2)}
    bind |= {f"{name}{k + 1}": f"self.layers[{at}].kernels[{k}][0][0].weights" for at, name in enumerate("KL") for k in range(2)}
    return Call(
        net.train,
        loss,
        {"inputs": inputs, "targets": targets, **start},
        lambda _: {name: neuron.weights - start[name] for name, neuron in neurons.items()},
        (inputs, targets),
        bind=bind,
    )


NEURON, CONVOLUTION = "src/neuron.py", "src/convolutional_layer.py"
OTHERS = ("__init__", "fully_connected_layer", "max_pooling_layer", "flatten_layer")
PROGRAMS = [
    Program(
        "drkostas/Numpy-CNN",
        "src/neural_network.py",
        build,
        (
            mistake(83, r" \* self\.activation_derivative\(\)", "", "missing_activation_derivative", file=NEURON),
            mistake(
                75,
                r"self\.output \* \(1 - self\.output\)",
                "self.net * (1 - self.net)",
                "derivative_at_wrong_point",
                "wrong_activation_derivative",
                file=NEURON,
            ),
            mistake(
                75, r"self\.output \* \(1 - self\.output\)", "1 - self.output ** 2", "wrong_activation_derivative", file=NEURON
            ),
            mistake(85, r"delta \*", "deltaw_1 *", "wrong_variable", "missing_activation_derivative", file=NEURON),
            mistake(221, r"-first_term", "first_term", "sign_flipped", "loss_derivative_wrong"),
            mistake(93, r"dedw = dedw \+", "dedw =", "loop_cut_short", "gradient_accumulated_across_steps", file=CONVOLUTION),
            mistake(93, r"wdelta_next_k\[i, j\]", "wdelta_next_k[j, i]", "wrong_index", file=CONVOLUTION),
            mistake(
                95,
                r"= wdeltas\[:, i:\(i \+ 3\), j:\(j \+ 3\)\] \+",
                "=",
                "loop_cut_short",
                "gradient_accumulated_across_steps",
                file=CONVOLUTION,
                blame=(96, 97),
            ),
            Mistake(
                (
                    Edit(91, r" \* self\.kernels.*$", "", CONVOLUTION),
                    Edit(92, r"j\]\.activation_derivative\(\)", "", CONVOLUTION),
                ),
                ("missing_activation_derivative",),
                (91,),
            ),
        ),
        harmless=(
            Edit(75, r"self\.output \* \(1 - self\.output\)", "self.output - self.output ** 2", NEURON),
            Edit(79, r"np\.array\(self\.inputs\) \* delta", "delta * self.inputs", NEURON),
        ),
        more=(NEURON, CONVOLUTION, *(f"src/{name}.py" for name in OTHERS)),
        stubs={"src/data_generator.py": ANYTHING, "src/tensor_files.py": ANYTHING},
        mend=(Edit(97, r"\.inputs", ".weights", CONVOLUTION),),
        published=("wrong_variable",),
        blame=(97, 95),
        group="fresh",
    )
]
