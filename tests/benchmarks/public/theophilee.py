"""theophilee/numpy-cnn: a course's LeNet; two convolutions with im2col and col2im, overlapping max pooling, a dense layer."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def patches(image: Any) -> Any:
    h, w, _ = image.shape
    return np.array([image[r : r + 2, c : c + 2].reshape(4, -1) for r in range(h - 1) for c in range(w - 1)])


def loss(data: Any, labels: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    total = 0.0
    for x, label in zip(data, labels, strict=True):
        first = np.maximum(patches(x.reshape(5, 5, 1)).reshape(16, -1) @ w1 + b1, 0).reshape(4, 4, 2)
        second = (patches(first).reshape(9, -1) @ w2 + b2).reshape(3, 3, 2)
        z = np.max(patches(second), axis=1).ravel() @ w3 + b3
        total = total + np.log(np.sum(np.exp(z))) - z[label]
    return total / len(data)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [
        module.ConvLayer(2, 2, 1, 0, 1),
        module.ReLULayer(),
        module.ConvLayer(2, 2, 1, 0, 1),
        module.PoolLayer("max", 2, 1, 0),
        module.DenseLayer(3, "uniform"),
    ]
    layers[0].init(5, 5, 1)
    layers[2].init(4, 4, 2)
    layers[4].init(8)
    end, places = module.LossLayer(3), (0, 2, 4)
    start = {}
    for k, place in enumerate(places, 1):
        for name, variable in layers[place].params.items():
            variable.value = rng.normal(size=variable.value.shape)
            start[f"{name}{k}"] = variable.value.copy()
    data, labels = rng.normal(size=(3, 25)), rng.integers(0, 3, size=3)

    def train(data, labels):
        outputs = {"height": 5, "width": 5, "channels": 1, "data": data}
        for layer in layers:
            outputs = layer.forward(outputs)
        grads = {"grad": end.forward(outputs, gold_labels=labels)["grad"]}
        for layer in layers[::-1]:
            grads = layer.backward(grads)

    return Call(
        train,
        loss,
        {"data": data, "labels": labels, **start},
        lambda _: {key: layers[places[int(key[1]) - 1]].params[key[0]].grad for key in start},
        (data, labels),
        bind={key: f"layers[{places[int(key[1]) - 1]}].params['{key[0]}'].value" for key in start},
    )


CONV, POOL, DENSE, LOSS = (f"cnn/{name}_layer.py" for name in ("conv", "pool", "dense", "loss"))
PROGRAMS = [
    Program(
        "theophilee/numpy-cnn",
        "cnn/layers.py",
        build,
        (
            mistake(49, r"\+=", "=", "repeated_index_lost", "gradient_accumulated_across_steps", file=CONV),
            mistake(48, r"w \+ \(h \* w_out\)", "h + (w * h_out)", "wrong_index", "transposed", file=CONV),
            mistake(252, r"\+=", "=", "gradient_accumulated_across_steps", file=CONV),
            mistake(252, r"out_grad_ix\)", "out_grad_ix[::-1])", "conv_kernel_reversed", "wrong_index", file=CONV),
            mistake(253, r"sum\(axis=0\)", "mean(axis=0)", "bias_gradient_reduction", file=CONV),
            mistake(255, r"out_grad_ix\.T", "out_grad_ix[::-1].T", "conv_kernel_reversed", "wrong_index", file=CONV),
            mistake(258, r"self\.params.*$", "pass", "batch_scale_1_over_N", file=CONV),
            mistake(259, r"self\.params.*$", "pass", "batch_scale_1_over_N", file=CONV),
            mistake(115, r"x == x\.max\(\)", "x > 0", "relu_mask_wrong", "wrong_index", file=POOL),
            mistake(117, r"max_idxs \* out_grad_ix", "max_idxs * out_grad_ix / k", "extra_factor", file=POOL),
            mistake(106, r"sum\(axis=0\)", "mean(axis=0)", "bias_gradient_reduction", "batch_scale_1_over_N", file=DENSE),
            mistake(105, r" / dtype\(batch_size\)", "", "batch_scale_1_over_N", file=DENSE),
            mistake(164, r"self\.data > 0", "output_grads['grad'] > 0", "relu_mask_wrong", "wrong_variable", file=DENSE),
            mistake(164, r" \* \(self\.data > 0\)", "", "missing_activation_derivative", "relu_mask_wrong", file=DENSE),
            mistake(76, r" - categorical_labels", "", "loss_derivative_wrong", file=LOSS),
            two(
                mistake(49, r"\+=", "=", "repeated_index_lost", "gradient_accumulated_across_steps", file=CONV),
                mistake(106, r"sum\(axis=0\)", "mean(axis=0)", "bias_gradient_reduction", "batch_scale_1_over_N", file=DENSE),
            ),
            two(
                mistake(259, r"self\.params.*$", "pass", "batch_scale_1_over_N", file=CONV),
                mistake(76, r" - categorical_labels", "", "loss_derivative_wrong", file=LOSS),
            ),
        ),
        harmless=(
            Edit(252, r"np\.dot\(col, out_grad_ix\)", "(out_grad_ix.T @ col.T).T", CONV),
            Edit(
                164, r"output_grads\[\"grad\"\] \* \(self\.data > 0\)", "np.where(self.data > 0, output_grads['grad'], 0)", DENSE
            ),
            Edit(106, r"sum\(axis=0\) / dtype\(batch_size\)", "mean(axis=0)", DENSE),
        ),
        more=(CONV, POOL, DENSE, LOSS, "cnn/commons.py"),
        root="cnn",
        stubs={"data_layer.py": "class DataLayer:\n    pass\n"},
        always=(
            Edit(7, r"float32", "float64", CONV),
            Edit(6, r"float32", "float64", POOL),
            Edit(6, r"float32", "float64", DENSE),
            Edit(6, r"float32", "float64", LOSS),
        ),
        backward={CONV: (212, 260), POOL: (99, 119), DENSE: (100, 166), LOSS: (76, 76)},
        group="eighth",
    )
]
