"""alimg/numpy-nn: layers of two spaces' indent that update themselves; weight decay, softmax in the training loop.

As published the ReLU layers' biases do not see the mask.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY = 0.2


def loss(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    h = np.maximum(np.maximum(x @ w1 + b1, 0) @ w2 + b2, 0)
    o = h @ w3 + b3
    decay = 0.5 * DECAY * (np.sum(w1**2) + np.sum(w2**2) + np.sum(w3**2))
    return np.log(np.sum(np.exp(o))) - o[0, y] + decay


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.STEP_SIZE, module.REGU = 0.1, DECAY
    net = [module.ReLuLayer(3, 5), module.ReLuLayer(5, 5), module.OutLayer(5, 4)]
    start = {}
    for k, layer in enumerate(net, 1):
        for name in "wb":
            start[f"{name}{k}"] = rng.normal(size=getattr(layer, name).shape)
            setattr(layer, name, start[f"{name}{k}"].copy())
    x, y = rng.normal(size=(1, 3)), 2

    def train(x, y):
        c = x
        for layer in net:
            c = layer.fwd(c)
        ds = np.exp(c) / np.sum(np.exp(c))
        ds[0, y] -= 1
        for layer in net[::-1]:
            ds = layer.backprop(ds)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(net[int(name[1]) - 1], name[0]) - then for name, then in start.items()},
        (x, y),
        bind={name: f"net[{int(name[1]) - 1}].{name[0]}" for name in start},
    )


MISTAKES = (
    mistake(18, r"self\.y>0", "x.sum() * self.y>1", "relu_mask_wrong", "wrong_variable"),
    mistake(22, r"\(ds\*self\.yy\)", "ds", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(22, r"self\.yy", "self.y", "wrong_variable", "wrong_activation_derivative"),
    mistake(23, r"\(ds\*self\.yy\)", "ds", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(23, r"self\.x\.T", "(self.x > 0).T", "wrong_activation_in_weight_gradient"),
    mistake(25, r"\+=", "=", "upstream_gradient_dropped", "gradient_overwritten", "regularisation_term_wrong"),
    mistake(25, r"REGU \* self\.w", "REGU * self.w ** 2", "regularisation_term_wrong"),
    mistake(26, r"-=", "+=", "sign_flipped"),
    mistake(27, r"db \* STEP_SIZE", "STEP_SIZE", "gradient_or_update_used_for_weight", "missing_factor"),
    mistake(41, r"self\.w\.T", "(self.w - self.x.T * ds).T", "updated_weights_used", "wrong_variable"),
    mistake(42, r"self\.x\.T", "np.ones_like(self.x).T", "wrong_activation_in_weight_gradient", "missing_factor"),
    mistake(43, r"axis=0, keepdims=True", "keepdims=True", "bias_gradient_reduction"),
    mistake(44, r"\+=", "-=", "sign_flipped", "regularisation_term_wrong"),
    mistake(46, r"db", "ds * self.b", "extra_factor", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "alimg/numpy-nn",
        "m.py",
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[12]), two(MISTAKES[4], MISTAKES[9])),
        harmless=(
            Edit(22, r"\(ds\*self\.yy\)\.dot\(self\.w\.T\)", "np.where(self.yy, ds, 0) @ self.w.T"),
            Edit(42, r"np\.dot\(self\.x\.T, ds\)", "np.outer(self.x, ds)"),
        ),
        mend=(Edit(24, r"np\.sum\(ds,", "np.sum(ds*self.yy,"),),
        published=("missing_activation_derivative", "relu_mask_wrong"),
        stubs={"mnist.py": "MNIST = None\n"},
        backward={"m.py": (21, 47)},
        group="ninth",
    )
]
