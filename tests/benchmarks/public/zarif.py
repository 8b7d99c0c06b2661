"""zarif98sjs/vectorized-cnn-from-scratch: columns of windows, layers with dicts of a value and a gradient.

As published the dense layers divide by the number of samples, and the convolutions do not.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two

SAMPLES = 5
CONV, DENSE, RELU, POOL = (f"src/{name}.py" for name in ("conv2D", "dense", "relu", "maxpool2D"))


def convolution(x: Any, W: Any, b: Any) -> Any:
    high, wide = x.shape[2] - 1, x.shape[3] - 1
    parts = (np.einsum("nchw,fc->nfhw", x[:, :, i : i + high, j : j + wide], W[:, :, i, j]) for i in range(2) for j in range(2))
    return sum(parts) + b.reshape(1, -1, 1, 1)


def loss(x: Any, y: Any, W1: Any, b1: Any, W3: Any, b3: Any, W6: Any, b6: Any, W8: Any, b8: Any) -> Any:
    h = convolution(np.maximum(convolution(x, W1, b1), 0), W3, b3)
    h = np.max(np.max(h.reshape(SAMPLES, 3, 2, 2, 2, 2), axis=5), axis=3).reshape(SAMPLES, -1)
    z = np.maximum(h @ W6.T + b6, 0) @ W8.T + b8
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.CNNModel.__new__(module.CNNModel)  # it would read its layers from a file
    conv = [module.Conv2D(2, 2, 2), module.Conv2D(2, 3, 2)]
    dense = [module.Dense(4), module.Dense(3)]
    middle = [module.MaxPool2D(2, 2), module.Flatten()]
    net.layers = [conv[0], module.ReLU(), conv[1], *middle, dense[0], module.ReLU(), dense[1], module.Softmax()]
    x, y = rng.normal(size=(SAMPLES, 2, 6, 6)), np.eye(3)[rng.integers(0, 3, size=SAMPLES)]
    net.forward(x)  # makes the weights of the dense layers
    places = {f"{name}{k + 1}": getattr(net.layers[k], name) for k in (0, 2, 5, 7) for name in "Wb"}
    start = {name: rng.normal(scale=0.6, size=place["val"].shape) for name, place in places.items()}
    for name, place in places.items():
        place["val"] = start[name].copy()

    def train(net, x, y, lr):
        y_pred = net.forward(x)
        gradients = net.backward(y_pred - y)
        net.set_params(gradients, lr)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: place["val"] - start[name] for name, place in places.items()},
        (net, x, y, 0.05),
        bind={name: f"net.layers[{int(name[1]) - 1}].{name[0]}['val']" for name in places},
    )


def place(file: str, line: int, find: str, put: str, *causes: str) -> Mistake:
    return mistake(line, find, put, *causes, file=file)


PROGRAMS = [
    Program(
        "zarif98sjs/vectorized-cnn-from-scratch",
        "src/model.py",
        build,
        (
            place(
                CONV,
                66,
                r"np\.add\.at\(X_pad, \(slice\(None\), (d, i, j)\), cols\)",
                r"X_pad[:, \1] += cols",
                "repeated_index_lost",
            ),
            place(CONV, 110, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            place(
                CONV, 116, r"np.concatenate\(d_out, axis=1\)", "d_out.reshape(self.num_filters, -1)", "transposed", "wrong_index"
            ),
            place(CONV, 119, r"W_col\.T", "W_col[::-1].T", "wrong_index", "conv_kernel_reversed"),
            place(DENSE, 33, r" / N", "", "batch_scale_1_over_N"),
            place(DENSE, 34, r" / N", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
            place(RELU, 18, r"x <= 0", "d_out <= 0", "relu_mask_wrong", "wrong_variable"),
            place(RELU, 18, r"x <= 0", "x > 0", "relu_mask_wrong"),
            place(POOL, 208, r"dout_broadcast\[mask\]", "1", "upstream_gradient_dropped"),
            mistake(66, r"-=", "+=", "sign_flipped"),
            two(
                place(DENSE, 34, r" / N", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
                place(RELU, 18, r"x <= 0", "d_out <= 0", "relu_mask_wrong", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(33, r"d_out\.T\.dot\(x\) / N", "x.T.dot(d_out).T / N", DENSE),
            Edit(209, r"dx_split /= .*$", "pass", POOL),
        ),
        more=(CONV, DENSE, RELU, POOL, "src/flatten.py", "src/softmax.py"),
        mend=(
            Edit(110, r"np\.sum\(.*$", r"np.sum(d_out, axis=(0, 2, 3)) / N", CONV),
            Edit(118, r"X_col\.T", "X_col.T / N", CONV),
        ),
        published=("batch_scale_1_over_N",),
        backward={CONV: (106, 125), DENSE: (30, 39), RELU: (17, 18), POOL: (196, 210)},
        group="fresh",
    )
]
