"""uesina15-max/Transformer-algorithm-application-numpy-: Korean comments; a transformer block after the layers' normalisations.

As published a linear layer's weights get a mean over the examples and their biases a sum, a transposed input is reshaped, and
attention hands on gradients of queries, keys and values without their weights.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ("Wq", "bq", "Wk", "bk", "Wv", "bv", "Wo", "bo", "g1", "c1", "W1", "b1", "W2", "b2", "g2", "c2")


def norm(x: Any, gamma: Any, beta: Any) -> Any:
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return gamma * centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 1e-5) + beta


def loss(
    x: Any, grad_out: Any, Wq: Any, bq: Any, Wk: Any, bk: Any, Wv: Any, bv: Any, Wo: Any, bo: Any, g1: Any, c1: Any, W1: Any,
    b1: Any, W2: Any, b2: Any, g2: Any, c2: Any
) -> Any:  # fmt: skip
    q, k, v = ((x @ W + b).reshape(2, 3, 2, 2).transpose(0, 2, 1, 3) for W, b in ((Wq, bq), (Wk, bk), (Wv, bv)))
    s = np.exp(q @ k.transpose(0, 1, 3, 2) / np.sqrt(2))
    heads = (s / np.sum(s, axis=-1, keepdims=True)) @ v
    h = norm(x + heads.transpose(0, 2, 1, 3).reshape(2, 3, 4) @ Wo + bo, g1, c1)
    out = norm(h + np.maximum(h @ W1 + b1, 0) @ W2 + b2, g2, c2)
    return np.sum(grad_out * out)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    block = module.TransformerBlock(4, 2, 5)
    a, f = block.attn, block.ff
    held = dict(zip(NAMES[:8], (x for layer in (a.Wq, a.Wk, a.Wv, a.Wo) for x in ((layer, "W"), (layer, "b"))), strict=True))
    held |= {"g1": (block.norm1, "gamma"), "c1": (block.norm1, "beta"), "g2": (block.norm2, "gamma"), "c2": (block.norm2, "beta")}
    held |= {"W1": (f.w1, "W"), "b1": (f.w1, "b"), "W2": (f.w2, "W"), "b2": (f.w2, "b")}
    start = {}
    for name in NAMES:
        layer, key = held[name]
        start[name] = rng.normal(size=getattr(layer, key).shape)
        setattr(layer, key, start[name].copy())
    x, grad_out = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4))

    def train(x, grad_out):
        block.forward(x)
        return block.backward(grad_out)

    kept = {name: f"attn_{name[0]}_{name[1]}" for name in NAMES[:8]}
    kept |= {"g1": "norm1_gamma", "c1": "norm1_beta", "g2": "norm2_gamma", "c2": "norm2_beta"}
    kept |= {"W1": "ff_w1_W", "b1": "ff_w1_b", "W2": "ff_w2_W", "b2": "ff_w2_b"}
    places = {name: f"block.attn.W{name[1]}.{name[0]}" for name in NAMES[:8]}
    places |= {"g1": "block.norm1.gamma", "c1": "block.norm1.beta", "g2": "block.norm2.gamma", "c2": "block.norm2.beta"}
    places |= {"W1": "block.ff.w1.W", "b1": "block.ff.w1.b", "W2": "block.ff.w2.W", "b2": "block.ff.w2.b"}
    return Call(
        train,
        loss,
        {"x": x, "grad_out": grad_out, **start},
        lambda result: {"x": result[0], **{name: result[1][key] for name, key in kept.items()}},
        (x, grad_out),
        bind={"x": "x", "grad_out": "grad_out", **places},
    )


FILE = "Transformer-algorithm-application-numpy.py"
MISTAKES = (
    mistake(47, r"axis=\(0, 1\)", "axis=1).mean(axis=0", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(49, r"self\.W\.T", "grad_W.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(80, r"grad_out \* x_hat", "grad_out * self.x", "wrong_variable"),
    mistake(83, r" \* self\.gamma", "", "missing_factor"),
    mistake(86, r"-1\.5", "-0.5", "normalisation_term_missing", "wrong_activation_derivative"),
    mistake(88, r"-1\.0 / self\.std", "1.0 / self.std", "sign_flipped", "normalisation_term_missing"),
    mistake(93, r"dvar \* 2\.0", "dvar", "factor_2", "normalisation_term_missing"),
    mistake(94, r"dmean / N", "0", "normalisation_term_missing"),
    mistake(149, r"attn\.transpose\(0, 1, 3, 2\)", "attn", "transposed"),
    mistake(153, r" - np\.sum\(grad_attn \* attn, axis=-1, keepdims=True\)", "", "softmax_jacobian_wrong"),
    mistake(153, r"axis=-1", "axis=-2", "softmax_jacobian_wrong", "wrong_index"),
    mistake(155, r" / np\.sqrt\(self\.d_k\)", "", "missing_factor"),
    mistake(156, r"grad_scores\.transpose\(0, 1, 3, 2\)", "grad_scores", "transposed"),
    mistake(193, r" \* drelu\(self\.h\)", "", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(220, r"grad_x_ff \+ grad_ff", "grad_ff", "upstream_gradient_dropped"),
    mistake(225, r"grad_x_attn \+ grad_attn", "grad_x + grad_attn", "wrong_variable", "upstream_gradient_dropped"),
)
PROGRAMS = [
    Program(
        "uesina15-max/Transformer-algorithm-application-numpy-",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[11]), two(MISTAKES[9], MISTAKES[13])),
        harmless=(
            Edit(155, r"np\.matmul\(grad_scores, k\) / np\.sqrt\(self\.d_k\)", "(grad_scores / np.sqrt(self.d_k)) @ k"),
            Edit(193, r"drelu\(self\.h\)", "np.sign(self.h)"),
        ),
        keep=((1, 252),),
        mend=(
            Edit(
                44, r"self\.x\.transpose\(0, 2, 1\)\.reshape\(self\.W\.shape\[0\], -1\)", "self.x.reshape(-1, self.W.shape[0]).T"
            ),
            Edit(45, r"grad_W / B", "grad_W"),
            Edit(164, r"_, grads_q", "grad_q, grads_q"),
            Edit(165, r"_, grads_k", "grad_k, grads_k"),
            Edit(166, r"_, grads_v", "grad_v, grads_v"),
        ),
        published=("batch_scale_1_over_N", "transposed", "wrong_index", "missing_factor", "upstream_gradient_dropped"),
        blame=(44, 45, 47, 164, 165, 166, 168),
        backward={FILE: (40, 232)},
        group="ninth",
    )
]
