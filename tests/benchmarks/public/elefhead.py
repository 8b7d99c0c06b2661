"""ElefHead/numpy-cnn: convolutions in loops, dictionaries for caches and gradients, decay; published with three faults."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake


def convolve(x: Any, W: Any, b: Any) -> Any:
    padded, n = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), x.shape[1]
    windows = np.stack([padded[:, i : i + n, j : j + n] for i in range(3) for j in range(3)], axis=3)
    z = windows.reshape(len(x), n, n, -1) @ W.reshape(-1, W.shape[3]) + b.reshape(-1)
    return np.where(z >= 0, z, 1.2 * (np.exp(z) - 1))


def loss(data: Any, labels: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    x = convolve(convolve(data, W1, b1), W2, b2)
    x = np.max(x.reshape(len(x), 2, 2, 2, 2, -1), axis=(2, 4)).reshape(len(x), -1)
    z = W3 @ x.T + b3
    decay = sum(np.sum(p**2) for p in (W1, b1, W2, b2, W3, b3))
    return np.sum(np.log(np.sum(np.exp(z), axis=0))) - np.sum(labels * z) + 0.5 * 1e-4 * decay


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from layers.activation import Elu, Softmax
    from layers.convolution import Convolution
    from layers.flatten import Flatten
    from layers.fully_connected import FullyConnected
    from layers.pooling import Pooling
    from loss.losses import CategoricalCrossEntropy

    own = {"1": Convolution(2, padding="same"), "2": Convolution(3, padding="same"), "3": FullyConnected(3)}
    sizes = {"1": ((3, 3, 1, 2), (1, 1, 1, 2)), "2": ((3, 3, 2, 3), (1, 1, 1, 3)), "3": ((3, 12), (3, 1))}
    for key, layer in own.items():
        layer.params["W"], layer.params["b"] = (rng.normal(size=size) / 2 for size in sizes[key])
    pool = Pooling((2, 2), 2)
    net = module.Model(own["1"], Elu(), own["2"], Elu(), pool, Flatten(), own["3"], Softmax())
    net.set_loss(CategoricalCrossEntropy)
    start = {name + key: own[key].params[name].copy() for key in own for name in "Wb"}
    data, labels = rng.normal(size=(3, 4, 4, 1)), np.eye(3)
    return Call(
        net.train,
        loss,
        {"data": data, "labels": labels, **start},
        lambda _: {name: own[name[1]].params[name[0]] - value for name, value in start.items()},
        (data, labels),
        {"epochs": 1, "optimization": "sgd", "save_model": False},
        bind={name: f"self.model[{AT[name[1]]}].params[{name[0]!r}]" for name in start},
    )


AT = {"1": 0, "2": 2, "3": 6}
CONVOLUTION, DENSE, POOLING, ACTIVATION = (
    f"layers/{name}.py" for name in ("convolution", "fully_connected", "pooling", "activation")
)
LOSSES = "loss/losses.py"
UTILITIES = ("utils", "settings", "initializers")
PROGRAMS = [
    Program(
        "ElefHead/numpy-cnn",
        "utilities/model.py",
        build,
        (
            mistake(66, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=DENSE),
            mistake(98, r"\+ l2", "- l2", "regularisation_term_wrong", "sign_flipped", file=DENSE),
            mistake(190, r" \+ l2_penalty \* self\.params\['b'\]", "", "regularisation_term_wrong", file=CONVOLUTION),
            mistake(153, r"\+=", "=", "gradient_accumulated_across_steps", "loop_cut_short", file=CONVOLUTION),
            mistake(154, r"\+=", "=", "gradient_accumulated_across_steps", "loop_cut_short", file=CONVOLUTION),
            mistake(155, r"\+= dZ\[i, h, w, c\]", "+= 1", "upstream_gradient_dropped", file=CONVOLUTION),
            mistake(142, r"prev_height", "prev_height - 1", "loop_cut_short", file=CONVOLUTION),
            mistake(61, r" \+ alpha\)", ")", "wrong_activation_derivative", file=ACTIVATION),
            mistake(69, r"==", "!=", "wrong_index", "relu_mask_wrong", file=POOLING),
        ),
        harmless=(
            Edit(61, r"self\.forward_propagate\(Z, alpha\) \+ alpha", "alpha * np.exp(Z)", ACTIVATION),
            Edit(65, r"np\.dot\(dZ, self\.cache\['A'\]\.T\)", "np.dot(self.cache['A'], dZ.T).T", DENSE),
        ),
        more=(CONVOLUTION, DENSE, POOLING, ACTIVATION, "layers/flatten.py", LOSSES, *(f"utilities/{n}.py" for n in UTILITIES)),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        always=(Edit(65, r"layer\.save_weights.*$", "pass"), Edit(62, r"float\(b\)", "b.item()", CONVOLUTION)),
        mend=(
            Edit(26, r"labels - predictions", "predictions - labels", LOSSES),
            Edit(39, r"dA \* .*$", "dA", ACTIVATION),
            Edit(65, r" / batch_size", "", DENSE),
        ),
        published=("sign_flipped", "loss_derivative_wrong", "softmax_jacobian_wrong", "wrong_activation_derivative"),
        group="fresh",
    )
]
