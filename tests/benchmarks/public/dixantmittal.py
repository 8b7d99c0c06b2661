"""dixantmittal/numpy-neural-network: functions for layers with caches and dicts of parameters; SGD with weight decay.

As published the last layer does not learn, and no ReLU stops the gradient that comes from it.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W0: Any, b0: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.maximum(np.maximum(X @ W0 + b0, 0) @ W1 + b1, 0) @ W2 + b2
    entropy = np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(3)[y] * z, axis=1))
    return entropy + 0.5 * (0.02 / 0.1) * sum(np.sum(W**2) for W in (W0, W1, W2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.split_data = lambda X, y: (X, y, X, y)
    module.get_batch = lambda X, y, batch_size: (X, y)
    net = module.NeuralNetwork(4, 3, [4, 4])
    names = {"W": "weights", "b": "bias"}
    start = {f"{key}{k}": rng.normal(size=getattr(net, name)[k].shape) for k in range(3) for key, name in names.items()}
    for key, value in start.items():
        getattr(net, names[key[0]])[int(key[1])] = value.copy()
    X, y = rng.normal(size=(8, 4)), rng.integers(0, 3, size=8)

    def train(X, y, epochs):
        net.train(X, y, epochs, alpha=0.1, batch_size=8, delta=0.02, optimizer="sgd", verbose=False)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {key: getattr(net, names[key[0]])[int(key[1])] - value for key, value in start.items()},
        (X, y),
        {"epochs": 2},
        bind={key: f"net.{names[key[0]]}[{key[1]}]" for key in start},
        once={"epochs": 1},
    )


LAYERS, UTILS = "layers.py", "layer_utils.py"
PROGRAMS = [
    Program(
        "dixantmittal/numpy-neural-network",
        "neural_network.py",
        build,
        (
            mistake(18, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYERS),
            mistake(20, r"W\.transpose\(\)", "W", "transposed", file=LAYERS),
            mistake(21, r"X == 0", "dx < 0", "relu_mask_wrong", "wrong_variable", file=LAYERS),
            mistake(21, r"dx\[X == 0\] = 0", "pass", "relu_mask_wrong", "missing_activation_derivative", file=LAYERS),
            mistake(37, r", axis=0", "", "bias_gradient_reduction", file=LAYERS),
            mistake(71, r"dout\[.*-= 1", "pass", "loss_derivative_wrong", file=LAYERS),
            mistake(70, r"prob", "exp_score", "loss_derivative_wrong", "wrong_variable", file=LAYERS),
            mistake(72, r" / n_samples", "", "batch_scale_1_over_N", file=LAYERS),
            mistake(54, r"reversed\((.*)\):", r"\1:", "wrong_index", "upstream_gradient_dropped"),
            mistake(55, r"dout, dW\[step\]", "_, dW[step]", "upstream_gradient_dropped"),
            mistake(77, r" - delta", " + delta", "sign_flipped", "regularisation_term_wrong"),
            mistake(77, r" \* self\.weights\[step\]", "", "regularisation_term_wrong"),
            mistake(78, r" - alpha", " + alpha", "sign_flipped"),
            two(
                mistake(21, r"X == 0", "dx < 0", "relu_mask_wrong", "wrong_variable", file=LAYERS),
                mistake(77, r" - delta", " + delta", "sign_flipped", "regularisation_term_wrong"),
            ),
        ),
        harmless=(
            Edit(18, r"np\.sum\(dout, axis=0\)", "dout.sum(0)", LAYERS),
            Edit(21, r"dx\[X == 0\] = 0", "dx = dx * (X > 0)", LAYERS),
            Edit(77, r"alpha \* dW\[step\]", "dW[step] * alpha"),
        ),
        more=(LAYERS, UTILS),
        mend=(Edit(39, r"$", " * (X > 0)", LAYERS), Edit(58, r"self\.n_layers - 1", "self.n_layers")),
        published=("relu_mask_wrong", "missing_activation_derivative", "loop_cut_short"),
        stubs={"tqdm.py": "def tqdm(values):\n    return values\n"},
        backward={LAYERS: (15, 41)},
        group="newest",
    )
]
