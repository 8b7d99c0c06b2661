"""amau457/Generative-Adversarial-Network-GAN-from-scratch: layers of a discriminator; one compares the examples of a batch.

There everything is in single precision; here in double. As published the second term of the comparison has the wrong sign."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, T: Any, W2: Any, b2: Any) -> Any:
    h = np.tanh(x @ W1 + b1)
    M = (h @ T).reshape(5, 3, 2)
    near = np.exp(-np.sum(np.abs(M[:, None] - M[None]), axis=3)) * (1 - np.eye(5))[:, :, None]
    o = np.concatenate([h, np.sum(near, axis=1)], axis=1) @ W2 + b2
    return np.mean(np.log(1 + np.exp(o)) - y * o)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    first, batch, last = module.Linear(3, 4), module.MinibatchDiscrimination(4, 3, 2), module.Linear(7, 1)
    net = module.model([first, module.Tanh(), batch, last])
    held = {"W1": (first, "W"), "b1": (first, "b"), "T": (batch, "T"), "W2": (last, "W"), "b2": (last, "b")}
    start = {}
    for name, (owner, field) in held.items():
        start[name] = 0.7 * rng.normal(size=getattr(owner, field).shape)
        setattr(owner, field, start[name].copy())
        setattr(owner, "d" + field, np.zeros(start[name].shape))
    x, y = rng.normal(size=(5, 3)), np.array([[1.0], [0], [1], [1], [0]])

    def train(x, y):
        logits = net.forward(x)
        net.backward((1 / (1 + np.exp(-logits)) - y) / len(y))

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(owner, "d" + field) for name, (owner, field) in held.items()},
        (x, y),
        bind={"W1": "first.W", "b1": "first.b", "T": "batch.T", "W2": "last.W", "b2": "last.b"},
    )


FILE = "NN.py"
MISTAKES = (
    mistake(35, r"x_flat\.T", "np.sign(x_flat.T)", "wrong_activation_in_weight_gradient"),
    mistake(36, r"\.sum\(axis=0\)", ".mean(axis=0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(37, r"self\.W\.T", "self.dW.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(119, r"\*\(1-self\.cache\*\*2\)", "", "missing_activation_derivative"),
    mistake(119, r"self\.cache\*\*2", "self.cache", "wrong_activation_derivative"),
    mistake(202, r"w_k\[:, :, None\] \* s_k", "s_k", "missing_factor"),
    mistake(202, r"axis=1", "axis=0", "transposed", "wrong_index"),
    mistake(203, r"- \(gck", "(gck", "sign_flipped"),
    mistake(206, r"w_k\.T \* gck\[None, :\]", "w_k.T * gck[:, None]", "wrong_index", "transposed"),
    mistake(207, r"wji_gc\[:, :, None\] \* s_k", "wji_gc[:, :, None] * np.abs(s_k)", "sign_flipped"),
    mistake(208, r" \+ termB", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(208, r"termA \+ termB", "termA - termB", "sign_flipped"),
    mistake(213, r"x_flat\.T", "np.abs(x_flat.T)", "wrong_activation_in_weight_gradient"),
    mistake(216, r" \+ dx_from_M", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(216, r"g_x_direct \+ ", "", "upstream_gradient_dropped", "missing_factor"),
)
PROGRAMS = [
    Program(
        "amau457/Generative-Adversarial-Network-GAN-from-scratch",
        FILE,
        build,
        (*MISTAKES[:14], two(MISTAKES[1], MISTAKES[14]), two(MISTAKES[4], MISTAKES[9])),
        harmless=(
            Edit(36, r"dout_flat\.sum\(axis=0\)", "np.sum(dout_flat, axis=0)"),
            Edit(206, r"w_k\.T \* gck\[None, :\]", "gck[None, :] * w_k.T"),
        ),
        always=tuple(Edit(n, r"float32", "float64") for n in (19, 157, 191, 198, 213, 214)),
        mend=(Edit(207, r"= np\.sum", "= -np.sum"),),
        published=("sign_flipped",),
        blame=(207, 208),
        backward={FILE: (32, 217)},
        group="eleventh",
    )
]
