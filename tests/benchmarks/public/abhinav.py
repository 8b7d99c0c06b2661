"""AbhinavSeggyam/transformer_numpy: heads of attention, a layer norm and a feed-forward layer; five published faults.

As published softmax's Jacobian has only its diagonal, the scale of the scores is not there on the way back, the
derivative of GELU has half a term and is taken at its output, and the layer norm divides by rows for columns.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

HEADS = ["W_q", "W_k", "W_v", "W_o"]
BLOCK = ["gamma", "beta", "W1", "b1", "W2", "b2"]


def split(x: Any) -> Any:
    return x.reshape(x.shape[0], x.shape[1], 2, 2).transpose(0, 2, 1, 3)


def loss(x: Any, delta: Any, W_q: Any, W_k: Any, W_v: Any, W_o: Any) -> Any:
    scores = split(x @ W_q) @ split(x @ W_k).transpose(0, 1, 3, 2) / np.sqrt(2)
    weights = np.exp(scores)
    mixed = weights / np.sum(weights, axis=3, keepdims=True) @ split(x @ W_v)
    return np.sum(delta * (mixed.transpose(0, 2, 1, 3).reshape(x.shape) @ W_o))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.MultiHeadAttention(4, 2)
    start = {name: rng.normal(size=(4, 4)) for name in HEADS}
    for name, value in start.items():
        setattr(net, name, value.copy())
    x, delta = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4))

    def train(x, delta):
        net(x, x, x)
        return net.backward(delta)

    return Call(
        train,
        loss,
        {"x": x, "delta": delta, **start},
        lambda result: dict(zip(["x", *HEADS], result, strict=True)),
        (x, delta),
        bind={name: f"net.{name}" for name in HEADS},
    )


def block_loss(x: Any, delta: Any, gamma: Any, beta: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    centred = x - np.mean(x, axis=2, keepdims=True)
    z = (gamma * centred / np.sqrt(np.mean(centred**2, axis=2, keepdims=True)) + beta) @ W1 + b1
    return np.sum(delta * (gelu(z) @ W2 + b2))


def gelu(z: Any) -> Any:
    """With the error function, whose derivative is known, as a polynomial that is exact to 1e-16 below 2.5."""
    t, power, total = z / np.sqrt(2), z / np.sqrt(2), 0.0
    for n in range(45):
        total = total + power / (2 * n + 1)
        power = power * (-t * t / (n + 1))
    return 0.5 * z * (1 + 2 / np.sqrt(np.pi) * total)


def block(module: ModuleType, rng: np.random.Generator) -> Call:
    norm, net = module.LayerNorm(4), module.FeedForward(4, 5)
    owners = {**dict.fromkeys(BLOCK[:2], norm), **dict.fromkeys(BLOCK[2:], net)}
    start = {name: 0.5 * rng.normal(size=getattr(owner, name).shape) for name, owner in owners.items()}
    for name, owner in owners.items():
        setattr(owner, name, start[name].copy())
    x, delta = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4))

    def train(x, delta):
        net(norm(x))
        return norm.backward(net.backward(delta))

    return Call(
        train,
        block_loss,
        {"x": x, "delta": delta, **start},
        lambda result: {"x": result, **{name: owner.grads[name] for name, owner in owners.items()}},
        (x, delta),
        bind={name: f"{'norm' if owner is norm else 'net'}.{name}" for name, owner in owners.items()},
    )


REPOSITORY, UTILS = "AbhinavSeggyam/transformer_numpy", "utils.py"
PROGRAMS = [
    Program(
        REPOSITORY,
        "attention.py",
        build,
        (
            mistake(
                206, r"self\.concat_output", "self.output", "wrong_activation_in_weight_gradient", "wrong_variable", blame=(207,)
            ),
            mistake(208, r"self\.W_o\.T", "self.W_o", "transposed"),
            mistake(214, r"self\.attn_weights\.transpose\(0, 1, 3, 2\)", "self.attn_weights", "transposed"),
            mistake(215, r"self\.V_split", "self.K_split", "wrong_variable"),
            mistake(218, r"np\.sum\((.*), axis=-1", r"np.sum(\1, axis=-2", "softmax_jacobian_wrong"),
            mistake(
                218,
                r"self\.attn_weights \* \(d_attn_weights - .*$",
                "d_attn_weights",
                "softmax_jacobian_wrong",
                "missing_activation_derivative",
            ),
            mistake(221, r" / np\.sqrt\(self\.d_k\)", "", "missing_factor"),
            mistake(222, r"d_scores\.transpose\(0, 1, 3, 2\)", "d_scores", "transposed"),
            mistake(222, r"self\.Q_split", "self.K_split", "wrong_variable"),
            mistake(227, r"self\.combine_heads\(dV\)", "dV.reshape(self.input_V.shape)", "wrong_index", "transposed"),
            mistake(
                232,
                r"self\.input_K\.reshape\(-1, self\.d_model\)\.T",
                "self.K_proj.reshape(-1, self.d_model).T",
                "wrong_variable",
                "wrong_activation_in_weight_gradient",
                blame=(233,),
            ),
            mistake(235, r"dV_proj", "dQ_proj", "wrong_variable", blame=(234,)),
            mistake(239, r"self\.W_k\.T", "self.W_q.T", "wrong_variable"),
            mistake(243, r" \+ dV", "", "upstream_gradient_dropped"),
            two(
                mistake(208, r"self\.W_o\.T", "self.W_o", "transposed"),
                mistake(243, r" \+ dV", "", "upstream_gradient_dropped"),
            ),
        ),
        harmless=(
            Edit(218, r"np\.sum\((.*)\)\)$", r"np.einsum('bhij,bhij->bhi', d_attn_weights, self.attn_weights)[..., None])"),
            Edit(208, r"np\.matmul\(d_output, self\.W_o\.T\)", "d_output @ self.W_o.T"),
        ),
        more=(UTILS,),
        mend=(
            Edit(
                218,
                r"d_attn_weights \* self\.attn_weights \* \(1 - self\.attn_weights\)",
                "self.attn_weights * (d_attn_weights - np.sum(d_attn_weights * self.attn_weights, axis=-1, keepdims=True))",
            ),
            Edit(221, r"$", " / np.sqrt(self.d_k)"),
            Edit(222, r"$", " / np.sqrt(self.d_k)"),
        ),
        published=("softmax_jacobian_wrong", "missing_factor", "wrong_activation_derivative"),
        backward={"attention.py": (205, 245)},
        group="later",
    ),
    Program(
        REPOSITORY,
        "layers.py",
        block,
        (
            mistake(72, r"self\.x_norm", "self.x", "wrong_variable", "wrong_activation_in_weight_gradient"),
            mistake(73, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(81, r" \* self\.gamma", "", "missing_factor"),
            mistake(
                84, r"std_inv\*\*3", "std_inv**2", "normalisation_term_missing", "wrong_activation_derivative", "missing_factor"
            ),
            mistake(84, r"-0\.5", "0.5", "sign_flipped"),
            mistake(90, r" \+ d_mean / N", "", "normalisation_term_missing"),
            mistake(90, r"2 \* d_var \* x_centered / N", "0", "normalisation_term_missing"),
            mistake(
                180,
                r"self\.hidden",
                "gelu(self.hidden)",
                "derivative_of_activated_value",
                "wrong_activation_in_weight_gradient",
                "wrong_variable",
                blame=(181,),
            ),
            mistake(185, r"d_hidden \* ", "", "upstream_gradient_dropped"),
            mistake(
                188,
                r"self\.x\.reshape",
                "(self.x / self.x.shape[0]).reshape",
                "batch_scale_1_over_N",
                "extra_factor",
                blame=(189,),
            ),
            mistake(190, r"d_hidden_pre", "d_hidden", "missing_activation_derivative", "wrong_variable"),
            mistake(193, r"d_hidden_pre", "d_hidden", "missing_activation_derivative", "wrong_variable"),
            two(
                mistake(90, r" \+ d_mean / N", "", "normalisation_term_missing"),
                mistake(190, r"d_hidden_pre", "d_hidden", "missing_activation_derivative", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(73, r"np\.sum\(d_out, axis=\(0, 1\)\)", "d_out.sum(axis=1).sum(axis=0)"),
            Edit(179, r"np\.matmul\(d_out, self\.W2\.T\)", "d_out @ self.W2.T"),
        ),
        more=(UTILS,),
        mend=(
            Edit(76, r"d_out\.shape\[0\] \* d_out\.shape\[1\]", "d_out.shape[-1]"),
            Edit(161, r"self\.hidden = gelu\(self\.hidden\)", "self.before, self.hidden = self.hidden, gelu(self.hidden)"),
            Edit(185, r"self\.hidden", "self.before"),
            Edit(44, r"\+ 0\.5 \* x", "+ x", UTILS),
        ),
        published=(
            "normalisation_term_missing",
            "derivative_at_wrong_point",
            "derivative_of_activated_value",
            "missing_factor",
            "wrong_activation_derivative",
            "wrong_variable",
            "batch_scale_1_over_N",
        ),
        blame=(76, 161, 185, 44, 90),
        backward={"layers.py": (71, 195)},
        group="later",
    ),
]
