"""renxinlin/numpy-transformer: attention with several heads and a mask.

As published the softmax divides its gradient by the batch, which no other layer does."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

MASK = np.tril(np.ones((3, 3)))[None].repeat(2, axis=0)


def loss(x: Any, y: Any, Q: Any, K: Any, V: Any, O: Any, b: Any) -> Any:  # noqa: E741
    def heads(z):
        return np.transpose(z.reshape(2, 3, 2, 2), (0, 2, 1, 3))

    s = heads(x @ Q) @ np.transpose(heads(x @ K), (0, 1, 3, 2)) / np.sqrt(2)
    e = np.exp(s) * MASK[:, None]
    out = e / np.sum(e, axis=-1, keepdims=True) @ heads(x @ V)
    out = np.transpose(out, (0, 2, 1, 3)).reshape(2, 3, 4) @ O + b
    return 0.5 * np.sum((out - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    attention = module.MultiHeadAttention(4, 2, 0.0, np.float64)
    held = {c: (getattr(attention, f"{c}_linear"), "w") for c in "QKVO"}
    held["b"] = (attention.O_linear, "b")
    start = {}
    for name, (owner, field) in held.items():
        start[name] = rng.normal(size=getattr(owner, field).shape)
        setattr(owner, field, start[name].copy())
    x, y = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4))

    def train(x, y):
        out, _ = attention.forward(x, x, x, MASK, training=False)
        return attention.backward(out - y)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(owner, f"grad_{field}") for name, (owner, field) in held.items()},
        (x, y),
        bind={**{c: f"attention.{c}_linear.w" for c in "QKVO"}, "b": "attention.O_linear.b"},
    )


FILE = "transformer/layers/combined/self_attention.py"
DENSE, DROP, ACT = (f"transformer/{name}.py" for name in ("layers/base/dense", "layers/base/dropout", "activations"))
MISTAKES = (
    mistake(123, r"\.transpose\(0, 1, 3, 2\)", "", "transposed"),
    mistake(125, r"self\.V\.transpose", "self.K.transpose", "wrong_variable"),
    mistake(127, r"self\.activation\.backward\(error\)", "error", "softmax_jacobian_wrong", "missing_activation_derivative"),
    mistake(132, r"error /= self\.scale", "pass", "missing_factor"),
    mistake(132, r"/=", "*=", "extra_factor", "wrong_variable"),
    mistake(134, r"self\.K\)", "self.Q)", "wrong_variable"),
    mistake(137, r"K_error\.transpose\(0, 1, 3, 2\)", "K_error.reshape(self.K.shape)", "transposed"),
    mistake(143, r"self\.split_heads_backward\(V_error\)", "V_error.reshape(V_error.shape[0], -1, self.d_model)", "transposed"),
    mistake(153, r"backward\(K_error\)", "backward(Q_error)", "wrong_variable"),
    mistake(78, r" - \(softmax\[.*?np\.newaxis, :\]\)", "", "softmax_jacobian_wrong", file=ACT),
    mistake(77, r" - \(softmax", " + (softmax", "softmax_jacobian_wrong", "sign_flipped", file=ACT),
    mistake(79, r"axis = 0", "axis = 0) / len(error", "batch_scale_1_over_N", file=DENSE),
    mistake(80, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=DENSE),
    mistake(82, r"self\.w\.T", "self.grad_w.T", "gradient_or_update_used_for_weight", "wrong_variable", file=DENSE),
)
MISTAKES = tuple(m for k, m in enumerate(MISTAKES) if k != 9)
PROGRAMS = [
    Program(
        "renxinlin/numpy-transformer",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[1], MISTAKES[11]), two(MISTAKES[3], MISTAKES[7])),
        harmless=(
            Edit(132, r"error /= self\.scale", "error = error / self.scale"),
            Edit(79, r"np\.sum\((.*), axis = 0\)", r"(\1).sum(axis = 0)", DENSE),
        ),
        more=(DENSE, DROP, ACT),
        stubs={
            **{f"{name}/__init__.py": "" for name in ("transformer", "transformer/layers")},
            **{f"transformer/layers/{name}/__init__.py": "" for name in ("base", "combined")},
            "cupy.py": "raise ImportError",
            "numba.py": "njit = None",
        },
        mend=(Edit(80, r" / batch_size", "", ACT),),
        published=("batch_scale_1_over_N", "extra_factor"),
        backward={FILE: (119, 155), DENSE: (79, 83), ACT: (75, 80)},
        group="eleventh",
    )
]
