"""x2ever/numpy-dqn: the network of a Q-learner with tuples of weights, and a list of what each layer needs on the way back."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["w0", "b0", "w1", "b1", "w2", "b2"]


def loss(x: Any, y: Any, w0: Any, b0: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    h = np.maximum(np.maximum(x @ w0 + b0, 0) @ w1 + b1, 0)
    return np.mean((h @ w2 + b2 - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.FCNPolicy(4, 2, 6)
    net.layers = [(rng.normal(size=w.shape), rng.normal(size=b.shape)) for w, b in net.layers]
    start = {name: value.copy() for name, value in zip(NAMES, [v for pair in net.layers for v in pair], strict=True)}
    x, y = rng.normal(size=(7, 4)), rng.normal(size=(7, 2))
    return Call(
        net.train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: net.layers[int(name[1])]["wb".index(name[0])] - value for name, value in start.items()},
        (x, y, 0.05),
        bind={name: f"self.layers[{name[1]}][{'wb'.index(name[0])}]" for name in NAMES},
    )


FILE, POLICY = "numpy_rl/policy/FCNPolicy.py", "numpy_rl/policy/Policy.py"
PROGRAMS = [
    Program(
        "x2ever/numpy-dqn",
        FILE,
        build,
        (
            mistake(42, r"activate_d_func\(mid_layer\) \* dl", "dl", "missing_activation_derivative"),
            mistake(42, r"mid_layer", "dl", "relu_mask_wrong", "wrong_variable"),
            mistake(42, r" \* dl", "", "upstream_gradient_dropped"),
            mistake(45, r"np\.mean", "np.sum", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(45, r"dl_a", "dl", "missing_activation_derivative", "wrong_variable"),
            mistake(48, r" / y\.shape\[0\]", " / y.size", "batch_scale_1_over_N"),
            mistake(54, r"dl_a\.T", "dl.T", "missing_activation_derivative", "wrong_variable"),
            mistake(54, r"w @ dl_a", "(w - dw) @ dl_a", "updated_weights_used", "wrong_variable"),
            mistake(66, r"-=", "+=", "sign_flipped"),
            mistake(67, r"learning_rate \* db", "learning_rate * db * b", "extra_factor"),
            mistake(23, r"np\.heaviside\(x, 1\.0\)", "np.heaviside(-x, 1.0)", "relu_mask_wrong", "sign_flipped", file=POLICY),
            two(
                mistake(42, r" \* dl", "", "upstream_gradient_dropped"),
                mistake(48, r" / y\.shape\[0\]", " / y.size", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(54, r"\(w @ dl_a\.T\)\.T", "dl_a @ w.T"),
            Edit(66, r"w -= learning_rate \* dw", "w = w - learning_rate * dw"),
        ),
        more=(POLICY,),
        stubs={"numpy_rl/__init__.py": "", "numpy_rl/policy/__init__.py": ""},
        backward={FILE: (28, 68)},
        group="later",
    )
]
