"""AkiRusProd/numpy-transformer: attention of several heads, and a layer norm between dense layers.

As published softmax's gradient is divided by the batch, and the layer norm takes gamma out of sums over its axis.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

T = "transformer/"


def attention_loss(x: Any, target: Any, W_K: Any, W_Q: Any, W_V: Any, W_O: Any, b_O: Any) -> Any:
    def split(a: Any) -> Any:
        return a.reshape(2, 3, 2, 2).transpose(0, 2, 1, 3)

    K, Q, V = split(x @ W_K), split(x @ W_Q), split(x @ W_V)
    scores = np.exp(Q @ K.transpose(0, 1, 3, 2) / np.sqrt(2.0))
    heads = scores / np.sum(scores, axis=-1, keepdims=True) @ V
    out = heads.transpose(0, 2, 1, 3).reshape(2, 3, 4) @ W_O + b_O
    return 0.5 * np.sum((out - target) ** 2)


def attention(module: ModuleType, rng: np.random.Generator) -> Call:
    layer = module.MultiHeadAttention(4, 2, 0.0, np.float64)
    parts = {"W_K": layer.K_linear, "W_Q": layer.Q_linear, "W_V": layer.V_linear, "W_O": layer.O_linear}
    for part in parts.values():
        part.w = rng.normal(size=(4, 4))
    layer.O_linear.b = rng.normal(size=4)
    x, target = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4))

    def train(attention, x, target):
        out, _ = attention.forward(x, x, x, np.ones((2, 3, 3)), False)
        attention.backward(out - target)

    return Call(
        train,
        attention_loss,
        {"x": x, "target": target, **{name: part.w.copy() for name, part in parts.items()}, "b_O": layer.O_linear.b.copy()},
        lambda _: {**{name: part.grad_w for name, part in parts.items()}, "b_O": layer.O_linear.grad_b},
        (layer, x, target),
        bind={**{name: f"attention.{name[2]}_linear.w" for name in parts}, "b_O": "attention.O_linear.b"},
    )


def norm_loss(x: Any, target: Any, w1: Any, b1: Any, gamma: Any, beta: Any, w2: Any, b2: Any) -> Any:
    a = x @ w1 + b1
    c = a - np.mean(a, axis=-1, keepdims=True)
    n = c / np.sqrt(np.mean(c**2, axis=-1, keepdims=True) + 0.001)
    return 0.5 * np.sum(((gamma * n + beta) @ w2 + b2 - target) ** 2)


def norm(module: ModuleType, rng: np.random.Generator) -> Call:
    from transformer.layers.base.dense import Dense

    first, middle, last = (
        Dense(5, 4, data_type=np.float64),
        module.LayerNormalization((5,), data_type=np.float64),
        Dense(2, 5, data_type=np.float64),
    )
    first.b, last.b = rng.normal(size=5), rng.normal(size=2)
    middle.gamma, middle.beta = rng.uniform(0.5, 2, size=5), rng.normal(size=5)
    x, target = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 2))
    values = {"w1": first.w, "b1": first.b, "gamma": middle.gamma, "beta": middle.beta, "w2": last.w, "b2": last.b}

    def train(first, middle, last, x, target):
        out = last.forward(middle.forward(first.forward(x)))
        first.backward(middle.backward(last.backward(out - target)))

    return Call(
        train,
        norm_loss,
        {"x": x, "target": target, **{name: value.copy() for name, value in values.items()}},
        lambda _: {
            "w1": first.grad_w,
            "b1": first.grad_b,
            "gamma": middle.grad_gamma,
            "beta": middle.grad_beta,
            "w2": last.grad_w,
            "b2": last.grad_b,
        },
        (first, middle, last, x, target),
        bind={"w1": "first.w", "b1": "first.b", "gamma": "middle.gamma", "beta": "middle.beta", "w2": "last.w", "b2": "last.b"},
    )


STUBS = {"numba.py": "def njit(*a, **k):\n    return a[0] if a and callable(a[0]) else lambda f: f"}
DENSE, ACTIVATIONS = T + "layers/base/dense.py", T + "activations.py"

PROGRAMS = [
    Program(
        "AkiRusProd/numpy-transformer",
        T + "layers/combined/self_attention.py",
        attention,
        (
            mistake(99, r"\.transpose\(0, 1, 3, 2\)", "", "transposed"),
            mistake(101, r"self\.V\.", "self.K.", "wrong_variable"),
            mistake(
                103, r"self\.activation\.backward\(error\)", "error", "missing_activation_derivative", "softmax_jacobian_wrong"
            ),
            mistake(108, r"error /= self\.scale", "pass", "missing_factor"),
            mistake(108, r"/=", "*=", "missing_factor", "wrong_variable", "extra_factor"),
            mistake(110, r"self\.K\)", "self.Q)", "wrong_variable"),
            mistake(112, r"self\.Q", "self.K", "wrong_variable"),
            mistake(112, r", error\)", ", error.transpose(0, 1, 3, 2))", "transposed"),
            mistake(77, r" - \(softmax.*$", "", "softmax_jacobian_wrong", file=ACTIVATIONS),
            mistake(126, r"V_error\)$", "Q_error)", "wrong_variable"),
            mistake(79, r"self\.w\.T", "self.w", "transposed", file=DENSE),
            two(
                mistake(108, r"/=", "*=", "missing_factor", "wrong_variable", "extra_factor"),
                mistake(126, r"V_error\)$", "Q_error)", "wrong_variable"),
            ),
        ),
        more=(DENSE, T + "layers/base/dropout.py", ACTIVATIONS),
        mend=(Edit(80, r" / batch_size", "", ACTIVATIONS),),
        published=("batch_scale_1_over_N", "missing_factor"),
        stubs=STUBS,
    ),
    Program(
        "AkiRusProd/numpy-transformer",
        T + "layers/base/layer_norm.py",
        norm,
        (
            mistake(94, r"np\.sum\(error_T, axis = 0\)", "0", "normalisation_term_missing"),
            mistake(95, r"- self\.X_centered", "+ self.X_centered", "sign_flipped"),
            mistake(95, r", 2\)", ", 3)", "normalisation_term_missing", "wrong_variable"),
            mistake(95, r"self\.X_centered", "0 * self.X_centered", "normalisation_term_missing"),
            mistake(118, r"self\.X_hat", "self.input_data", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(119, r"np\.sum\(error", "np.sum(error * self.X_hat", "wrong_variable", "missing_factor", "extra_factor"),
            mistake(
                93, r"self\.feature_size", "len(error)", "wrong_variable", "batch_scale_1_over_N", "normalisation_term_missing"
            ),
        ),
        more=(DENSE,),
        mend=(
            Edit(89, r"error\.T", "error.T * np.expand_dims(self.gamma, axis = self.normalized_axis).T"),
            Edit(92, r"np\.expand_dims\(self\.gamma, axis = self\.normalized_axis\)\.T \* ", ""),
        ),
        published=("missing_factor", "normalisation_term_missing", "wrong_variable"),
        blame=(92,),
        stubs=STUBS,
    ),
]
