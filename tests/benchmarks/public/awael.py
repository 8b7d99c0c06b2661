"""awael/Numpy-NN: a deep net of tanh in lists with a softmax, and Nesterov momentum whose forward pass looks ahead.

As published the derivative of tanh takes its output, and applies tanh once more.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w0: Any, b0: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    for w, b in ((w0, b0), (w1, b1), (w2, b2)):
        x = np.tanh(x @ w + b)
    z = x @ w3 + b3
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    x, y = rng.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]]
    net = module.Network(x, y, 4, 2)
    start = {f"{name}{k}": rng.normal(size=getattr(net, name)[k].shape) for k in range(4) for name in "wb"}
    for key, value in start.items():
        getattr(net, key[0])[int(key[1])] = value.copy()
        getattr(net, "v" + key[0])[int(key[1])] = np.zeros_like(value)

    def train():
        net.feedforward()
        net.backprop()

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {key: getattr(net, key[0])[int(key[1])] - value for key, value in start.items()},
        bind={"x": "net.x", "y": "net.y", **{key: f"net.{key[0]}[{key[1]}]" for key in start}},
    )


OPERATIONS = "Operations.py"
PROGRAMS = [
    Program(
        "awael/Numpy-NN",
        "Network.py",
        build,
        (
            mistake(
                45, r"pred - real", "pred * (1 - pred) * (pred - real)", "loss_derivative_wrong", "extra_factor", file=OPERATIONS
            ),
            mistake(27, r"ftanh \* ftanh", "ftanh", "wrong_activation_derivative", file=OPERATIONS),
            mistake(82, r" \* tanh_derv\(self\.a\[i\]\)", "", "missing_activation_derivative"),
            mistake(82, r"self\.a\[i\]", "self.a[i - 1]", "wrong_index", "derivative_at_wrong_point"),
            mistake(83, r"self\.w\[i\]\.T", "self.w[i]", "transposed"),
            mistake(85, r"z_delta\[0\]", "z_delta[-1]", "wrong_index", "wrong_variable", "upstream_gradient_dropped"),
            mistake(88, r"self\.a\[-2\]", "self.a[-3]", "wrong_activation_in_weight_gradient", "wrong_index"),
            mistake(88, r" - \(self\.lr", " + (self.lr", "sign_flipped"),
            mistake(89, r"axis=0, keepdims=True", "keepdims=True", "bias_gradient_reduction"),
            mistake(91, r"0, -1", "1, -1", "loop_cut_short"),
            mistake(95, r"self\.a\[i - 1\]", "self.a[i]", "wrong_activation_in_weight_gradient", "wrong_index"),
            mistake(99, r"a_delta\[0\]", "a_delta[1]", "wrong_index"),
            mistake(103, r"\+=", "-=", "sign_flipped"),
            two(
                mistake(83, r"self\.w\[i\]\.T", "self.w[i]", "transposed"),
                mistake(88, r"self\.a\[-2\]", "self.a[-3]", "wrong_activation_in_weight_gradient", "wrong_index"),
            ),
        ),
        harmless=(
            Edit(27, r"1 - ftanh \* ftanh", "1 - ftanh**2", OPERATIONS),
            Edit(46, r"res / n_samples", "res", OPERATIONS),
        ),
        more=(OPERATIONS,),
        mend=(Edit(26, r"\(2\. / .*$", "s", OPERATIONS),),
        published=("derivative_of_activated_value", "wrong_activation_derivative", "derivative_at_wrong_point"),
        blame=(26, 27),
        backward={"Network.py": (79, 104), OPERATIONS: (25, 27)},
        group="newest",
    )
]
