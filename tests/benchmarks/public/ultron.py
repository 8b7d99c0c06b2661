"""Ultron09/Numpy-Transformer: a small GPT with one block, whose embedding is its last layer too, with half a gradient."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

PLACES = {
    "E": ("token_embedding.weight", "token_embedding.weight"),
    "P": ("position_embedding.weight", "position_embedding.weight"),
    "Wq": ("block0.attn.W_q.weight", "blocks[0].attention.W_q.weight"),
    "bq": ("block0.attn.W_q.bias", "blocks[0].attention.W_q.bias"),
    "Wk": ("block0.attn.W_k.weight", "blocks[0].attention.W_k.weight"),
    "Wv": ("block0.attn.W_v.weight", "blocks[0].attention.W_v.weight"),
    "bv": ("block0.attn.W_v.bias", "blocks[0].attention.W_v.bias"),
    "Wo": ("block0.attn.W_o.weight", "blocks[0].attention.W_o.weight"),
    "bo": ("block0.attn.W_o.bias", "blocks[0].attention.W_o.bias"),
    "W1": ("block0.ff.fc1.weight", "blocks[0].feed_forward.fc1.weight"),
    "b1": ("block0.ff.fc1.bias", "blocks[0].feed_forward.fc1.bias"),
    "W2": ("block0.ff.fc2.weight", "blocks[0].feed_forward.fc2.weight"),
    "b2": ("block0.ff.fc2.bias", "blocks[0].feed_forward.fc2.bias"),
    "g1": ("block0.norm1.gamma", "blocks[0].norm1.gamma"),
    "s1": ("block0.norm1.beta", "blocks[0].norm1.beta"),
    "g2": ("block0.norm2.gamma", "blocks[0].norm2.gamma"),
    "s2": ("block0.norm2.beta", "blocks[0].norm2.beta"),
    "g": ("ln_f.gamma", "ln_f.gamma"),
    "s": ("ln_f.beta", "ln_f.beta"),
}


def norm(x: Any, gamma: Any, beta: Any) -> Any:
    centred = x - np.mean(x, axis=2, keepdims=True)
    return gamma * centred / np.sqrt(np.mean(centred**2, axis=2, keepdims=True) + 1e-5) + beta


def heads(x: Any) -> Any:
    return x.reshape(2, 3, 2, 2).transpose(0, 2, 1, 3)


def loss(
    indices: Any, targets: Any, E: Any, P: Any, Wq: Any, bq: Any, Wk: Any, Wv: Any, bv: Any, Wo: Any, bo: Any,
    W1: Any, b1: Any, W2: Any, b2: Any, g1: Any, s1: Any, g2: Any, s2: Any, g: Any, s: Any,
) -> Any:  # fmt: skip
    x = E[indices] + P[:3]
    n = norm(x, g1, s1)
    scores = heads(n @ Wq.T + bq) @ heads(n @ Wk.T).transpose(0, 1, 3, 2) / np.sqrt(2)
    chances = np.exp(scores) * np.tril(np.ones((3, 3)))
    mixed = chances / np.sum(chances, axis=3, keepdims=True) @ heads(n @ Wv.T + bv)
    x = x + mixed.transpose(0, 2, 1, 3).reshape(2, 3, 4) @ Wo.T + bo
    z = norm(x, g2, s2) @ W1.T + b1
    x = x + 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))) @ W2.T + b2
    logits = norm(x, g, s) @ E.T
    return np.mean(np.log(np.sum(np.exp(logits), axis=2)) - np.sum(logits * np.eye(5)[targets], axis=2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.GPT(5, d_model=4, num_layers=1, num_heads=2, d_ff=3, max_seq_len=3, dropout=0.0)
    known = dict(net.get_parameters())
    start = {}
    for name, (key, _) in PLACES.items():
        known[key][...] = rng.normal(size=known[key].shape)
        start[name] = known[key].copy()
    indices, targets = np.array([[0, 3, 1], [4, 3, 3]]), np.array([[3, 1, 2], [3, 3, 0]])

    def train(indices, targets):
        logits = net.forward(indices)
        chances = np.exp(logits - logits.max(axis=-1, keepdims=True))
        chances = chances / chances.sum(axis=-1, keepdims=True)
        net.backward((chances - np.eye(5)[targets]) / targets.size)
        return dict(net.get_gradients())

    return Call(
        train,
        loss,
        {"indices": indices, "targets": targets, **start},
        lambda result: {name: result[key] for name, (key, _) in PLACES.items()},
        (indices, targets),
        bind={name: f"net.{place}" for name, (_, place) in PLACES.items()},
    )


PROGRAMS = [
    Program(
        "Ultron09/Numpy-Transformer",
        "gpt_numpy.py",
        build,
        (
            mistake(69, r"3 \* self\.x\*\*2", "self.x**2", "missing_factor", "wrong_activation_derivative"),
            mistake(73, r"cdf \+ ", "", "wrong_activation_derivative"),
            mistake(124, r"axis=-1", "axis=-2", "softmax_jacobian_wrong"),
            mistake(125, r" - sum_term", "", "softmax_jacobian_wrong"),
            mistake(200, r"self\.x_norm", "self.x_centered", "wrong_variable", "wrong_activation_in_weight_gradient"),
            mistake(207, r"\*\*\(-1\.5\)", "**(-0.5)", "normalisation_term_missing", "wrong_activation_derivative"),
            mistake(216, r"grad_x \+= .*$", "pass", "normalisation_term_missing"),
            mistake(294, r"grad_output_reshaped\.T", "(grad_output_reshaped / original_shape[0]).T", "batch_scale_1_over_N"),
            mistake(298, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(475, r"self\.V", "self.K", "wrong_variable"),
            mistake(486, r" / np\.sqrt\(self\.d_k\)", "", "missing_factor"),
            mistake(490, r"\.transpose\(0, 1, 3, 2\)", "", "transposed"),
            mistake(495, r"\.transpose\(0, 2, 1, 3\)", "", "transposed", "wrong_index"),
            mistake(503, r" \+ grad_x_k", "", "upstream_gradient_dropped"),
            mistake(577, r"self\.activation\.backward\(grad_hidden\)", "grad_hidden", "missing_activation_derivative"),
            mistake(676, r"grad_x \+= grad_after_attn", "grad_x = grad_after_attn", "upstream_gradient_dropped"),
            mistake(690, r"grad_input \+= .*$", "pass", "upstream_gradient_dropped"),
            mistake(823, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(811, r"self\.ln_f\.backward\(grad_x\)", "grad_x", "upstream_gradient_dropped", "normalisation_term_missing"),
            two(
                mistake(503, r" \+ grad_x_k", "", "upstream_gradient_dropped"),
                mistake(298, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(125, r"s \* \(grad_output - sum_term\)", "s * grad_output - s * sum_term"),
            Edit(70, r"1 - tanh_val\*\*2", "(1 - tanh_val) * (1 + tanh_val)"),
        ),
        mend=(Edit(827, r"$", "; self.token_embedding.grad_weight += self.lm_head.grad_weight"),),
        published=("upstream_gradient_dropped", "gradient_accumulated_across_steps"),
        blame=(827, 808, 872),
        backward={"gpt_numpy.py": (59, 827)},
        group="later",
    )
]
