"""wuziheng/CNN-Numpy: convolutions with turned kernels, a pool, sums of gradients; its biases are published wrong."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def convolve(x: Any, W: Any, b: Any) -> Any:
    n = x.shape[1] - 2
    windows = np.stack([x[:, i : i + n, j : j + n] for i in range(3) for j in range(3)], axis=3)
    return windows.reshape(len(x), n, n, -1) @ W.reshape(-1, W.shape[3]) + b


def loss(x: Any, label: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    x = convolve(np.maximum(convolve(x, W1, b1), 0), W2, b2)
    x = np.max(x.reshape(len(x), 2, 2, 2, 2, -1), axis=(2, 4)).reshape(len(x), -1)
    z = x @ W3 + b3
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.take_along_axis(z, label[:, None], axis=1)[:, 0])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from layers.fc import FullyConnect
    from layers.pooling import MaxPooling
    from layers.relu import Relu
    from layers.softmax import Softmax

    conv1 = module.Conv2D((3, 8, 8, 1), 2)
    relu = Relu(conv1.output_shape)
    conv2 = module.Conv2D(relu.output_shape, 2)
    pool = MaxPooling(conv2.output_shape)
    fc = FullyConnect(pool.output_shape, 3)
    sf = Softmax(fc.output_shape)
    start = {}
    for k, layer in enumerate((conv1, conv2, fc), 1):
        layer.weights, layer.bias = rng.normal(size=layer.weights.shape), rng.normal(size=layer.bias.shape)
        start |= {f"W{k}": layer.weights.copy(), f"b{k}": layer.bias.copy()}
    x, label = rng.normal(size=(3, 8, 8, 1)), rng.integers(0, 3, size=3)

    def train(x, label):
        out = pool.forward(conv2.forward(relu.forward(conv1.forward(x))))
        sf.cal_loss(fc.forward(out), label)
        conv1.gradient(relu.gradient(conv2.gradient(pool.gradient(fc.gradient(sf.gradient())))))
        for layer in (fc, conv2, conv1):
            layer.backward(alpha=0.01, weight_decay=0)

    def after(_: Any) -> dict[str, Any]:
        now = {}
        for k, layer in enumerate((conv1, conv2, fc), 1):
            now |= {f"W{k}": layer.weights, f"b{k}": layer.bias}
        return {name: now[name] - value for name, value in start.items()}

    names = {"W": "weights", "b": "bias"}
    bind = {name: f"{('conv1', 'conv2', 'fc')[int(name[1]) - 1]}.{names[name[0]]}" for name in start}
    return Call(train, loss, {"x": x, "label": label, **start}, after, (x, label), bind=bind)


FC, RELU, POOL, SOFTMAX = (f"layers/{name}.py" for name in ("fc", "relu", "pooling", "softmax"))
FILE = "layers/base_conv.py"
SIZE = r"\(shape\[1\] - ksize \+ 1\) / self\.stride"
PROGRAMS = [
    Program(
        "wuziheng/CNN-Numpy",
        FILE,
        build,
        (
            mistake(29, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps", file=FC),
            mistake(30, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps", file=FC),
            mistake(41, r"-=", "+=", "sign_flipped", file=FC),
            mistake(59, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(60, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(73, r"np\.flipud\(np\.fliplr\(self\.weights\)\)", "self.weights", "conv_kernel_reversed"),
            mistake(73, r"np\.flipud\((np\.fliplr\(self\.weights\))\)", r"\1", "conv_kernel_reversed", "wrong_index"),
            mistake(74, r"\.swapaxes\(2, 3\)", "", "transposed", "wrong_index"),
            mistake(85, r"alpha \* ", "", "missing_factor"),
            mistake(15, r"self\.x<0", "self.eta<0", "relu_mask_wrong", "wrong_variable", file=RELU),
            mistake(15, r"<", ">", "relu_mask_wrong", file=RELU),
            mistake(
                87,
                r"i\+index//self\.stride, j \+ index % self\.stride",
                "i+index % self.stride, j + index//self.stride",
                "wrong_index",
                "transposed",
                file=POOL,
            ),
            mistake(91, r" \* self\.index", "", "relu_mask_wrong", "missing_factor", "wrong_index", file=POOL),
            mistake(31, r"-= 1", "-= 0", "loss_derivative_wrong", file=SOFTMAX),
            two(
                mistake(29, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps", file=FC),
                mistake(74, r"\.swapaxes\(2, 3\)", "", "transposed", "wrong_index"),
            ),
        ),
        harmless=(
            Edit(73, r"np\.flipud\(np\.fliplr\(self\.weights\)\)", "self.weights[::-1, ::-1]"),
            Edit(60, r"np\.sum\(col_eta, axis=\(0, 1\)\)", "eta.sum(axis=(0, 1, 2))"),
            Edit(15, r"<0", "<=0", RELU),
        ),
        more=(FC, RELU, POOL, SOFTMAX),
        keep=((1, 31), (36, 102)),
        until={FC: 46, POOL: 91},
        always=(
            Edit(22, SIZE + ", " + SIZE, "(shape[1] - ksize + 1) // self.stride, (shape[1] - ksize + 1) // self.stride"),
            Edit(75, r"shape\[1\] / self\.stride, shape\[2\] / ", "shape[1] // self.stride, shape[2] // ", POOL),
            Edit(78, r"shape\[1\] / self\.stride, x\.shape\[2\] / ", "shape[1] // self.stride, x.shape[2] // ", POOL),
            Edit(84, r"i / self\.stride, j / ", "i // self.stride, j // ", POOL),
            Edit(87, r"index/self", "index//self", POOL),
        ),
        mend=(
            Edit(86, r"alpha \* self\.bias", "alpha * self.b_gradient"),
            Edit(42, r"alpha \* self\.bias", "alpha * self.b_gradient", FC),
        ),
        published=("wrong_variable", "gradient_or_update_used_for_weight", "bias_gradient_reduction"),
        blame=(86, 42),
        stubs={"cv2.py": "", "matplotlib/__init__.py": ANYTHING, "matplotlib/pyplot.py": ANYTHING},
        backward={FILE: (54, 79)},
        group="later",
    )
]
