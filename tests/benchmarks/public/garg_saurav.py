"""garg-saurav/numpy-neural-net: a course's layers with convolution, pooling and a softmax of the negative."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

EPS = 1e-7


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    count = len(X)
    h = b1[None, :, None, None]
    for row in range(3):
        for col in range(3):
            piece = X[:, None, :, row : row + 4, col : col + 4] * W1[None, :, :, row, col, None, None]
            h = h + np.sum(piece, axis=2)
    pooled = np.max(np.maximum(h, 0).reshape(count, 2, 2, 2, 2, 2), axis=(3, 5))
    z = np.exp(-(np.maximum(pooled.reshape(count, 8) @ W2 + b2, 0) @ W3 + b3))
    p = z / np.sum(z, axis=1, keepdims=True)
    return np.sum(-Y * np.log(p + EPS) - (1 - Y) * np.log(1 - p + EPS)) / count


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import layers

    net = module.NeuralNetwork(3, 0.1)
    net.addLayer(layers.ConvolutionLayer([1, 6, 6], [3, 3], 2, 1, "relu"))
    net.addLayer(layers.MaxPoolingLayer([2, 4, 4], [2, 2], 2))
    net.addLayer(layers.FlattenLayer())
    net.addLayer(layers.FullyConnectedLayer(8, 5, "relu"))
    net.addLayer(layers.FullyConnectedLayer(5, 3, "softmax"))
    homes = {f"W{i}": (k, "weights") for i, k in ((1, 0), (2, 3), (3, 4))}
    homes |= {f"b{i}": (k, "biases") for i, k in ((1, 0), (2, 3), (3, 4))}
    start = {}
    for key, (k, name) in homes.items():
        start[key] = 0.5 * rng.normal(size=getattr(net.layers[k], name).shape)
        setattr(net.layers[k], name, start[key].copy())
    X, Y = rng.normal(size=(4, 1, 6, 6)), np.eye(3)[rng.integers(0, 3, size=4)]

    def train(X, Y):
        net.backpropagate(net.feedforward(X), Y)

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        lambda _: {key: getattr(net.layers[k], name) - start[key] for key, (k, name) in homes.items()},
        (X, Y),
        bind={key: f"net.layers[{k}].{name}" for key, (k, name) in homes.items()},
    )


LAYERS = "layers.py"
PROGRAMS = [
    Program(
        "garg-saurav/numpy-neural-net",
        "nn.py",
        build,
        (
            mistake(79, r"\+\(1-Y\)", "-(1-Y)", "sign_flipped", "loss_derivative_wrong"),
            mistake(79, r"\(1-Y\)/\(1-", "(1-Y)*(1-", "loss_derivative_wrong"),
            mistake(80, r"range\(1,len\(activations\)\)", "range(1,len(activations)-1)", "loop_cut_short"),
            mistake(79, r"temp@self", "delta@self", "missing_activation_derivative", "wrong_variable", file=LAYERS),
            mistake(80, r"\(1\.0/activation_prev\.shape\[0\]\)\*", "", "batch_scale_1_over_N", file=LAYERS),
            mistake(
                87, r"np\.sum\(temp, axis=0", "np.sum(delta, axis=0", "wrong_variable", "softmax_jacobian_wrong", file=LAYERS
            ),
            mistake(155, r"gradient_relu_of_X\(self\.data, delta\)", "delta", "missing_activation_derivative", file=LAYERS),
            mistake(163, r"dE_dF \+ ", "", "gradient_accumulated_across_steps", "loop_cut_short", file=LAYERS),
            mistake(165, r"\*\(1\.0/X1\.shape\[0\]\)", "", "batch_scale_1_over_N", "bias_gradient_reduction", file=LAYERS),
            mistake(278, r"argmax\(-1\)", "argmin(-1)", "relu_mask_wrong", "wrong_index", file=LAYERS),
            mistake(323, r"X>0", "X<0", "relu_mask_wrong", file=LAYERS),
            mistake(345, r"-delta", "+delta", "sign_flipped", "softmax_jacobian_wrong", file=LAYERS),
            mistake(345, r"np\.sum\(delta\*act,axis=1,keepdims=True\)", "0", "softmax_jacobian_wrong", file=LAYERS),
            two(
                mistake(163, r"dE_dF \+ ", "", "gradient_accumulated_across_steps", "loop_cut_short", file=LAYERS),
                mistake(80, r"\(1\.0/activation_prev\.shape\[0\]\)\*", "", "batch_scale_1_over_N", file=LAYERS),
            ),
        ),
        harmless=(
            Edit(323, r"\(delta\*\(X>0\)\)", "np.where(X > 0, delta, 0)", LAYERS),
            Edit(165, r"np\.sum\(temp,axis=\(0,2,3,4\)\)", "inp_delta.sum(axis=(0,2,3))", LAYERS),
        ),
        more=(LAYERS,),
        stubs={"util.py": ANYTHING},
        group="last",
    )
]
