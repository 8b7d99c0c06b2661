"""Jessitoii/numpy-gpt: all of a small transformer, two blocks with layer norms before attention and the feed-forward layers.

As published the residual paths go through the layer norms on their way back."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

# name in the loss: part of a block, its field, and its gradient
PARTS = {
    "Wq": ("mha", "Wq", "dWq"), "Wk": ("mha", "Wk", "dWk"), "Wv": ("mha", "Wv", "dWv"), "Wo": ("mha", "Wo", "dWo"),
    "W1": ("ffn", "W1", "dW1"), "c1": ("ffn", "b1", "db1"), "W2": ("ffn", "W2", "dW2"), "c2": ("ffn", "b2", "db2"),
    "g1": ("ln1", "gamma", "d_gamma1"), "e1": ("ln1", "beta", "d_beta1"),
    "g2": ("ln2", "gamma", "d_gamma2"), "e2": ("ln2", "beta", "d_beta2"),
}  # fmt: skip
TARGETS = np.array([[1, 4, 0], [2, 2, 3]])


def norm(x: Any, gamma: Any, beta: Any) -> Any:
    d = x - np.mean(x, axis=-1, keepdims=True)
    return gamma * d / np.sqrt(np.mean(d**2, axis=-1, keepdims=True) + 1e-5) + beta


def attended(x: Any, Wq: Any, Wk: Any, Wv: Any, Wo: Any) -> Any:
    q, k, v = (np.transpose((x @ w).reshape(2, 3, 2, 2), (0, 2, 1, 3)) for w in (Wq, Wk, Wv))
    e = np.exp(q @ np.transpose(k, (0, 1, 3, 2)) / np.sqrt(2)) * np.tril(np.ones((3, 3)))
    out = e / np.sum(e, axis=-1, keepdims=True) @ v
    return np.transpose(out, (0, 2, 1, 3)).reshape(2, 3, 4) @ Wo


def loss_of_blocks(x: Any, head: Any, gf: Any, ef: Any, blocks: Any) -> Any:
    for Wq, Wk, Wv, Wo, W1, c1, W2, c2, g1, e1, g2, e2 in blocks:
        x = x + attended(norm(x, g1, e1), Wq, Wk, Wv, Wo)
        x = x + np.maximum(norm(x, g2, e2) @ W1 + c1, 0) @ W2 + c2
    o = norm(x, gf, ef) @ head
    return np.mean(np.log(np.sum(np.exp(o), axis=-1)) - np.sum(o * np.eye(5)[TARGETS], axis=-1))


def signature() -> Any:
    """The loss with a parameter for each weight."""
    blocks = [", ".join(f"{name}_{k}" for name in PARTS) for k in (0, 1)]
    scope: dict[str, Any] = {"inner": loss_of_blocks}
    exec(f"def loss(x, head, gf, ef, {', '.join(blocks)}):\n"
         f"    return inner(x, head, gf, ef, [[{blocks[0]}], [{blocks[1]}]])\n", scope)  # fmt: skip
    return scope["loss"]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from transformer import LayerNorm, TransformerBlock

    model = SimpleNamespace(blocks=[TransformerBlock(4, 2) for _ in range(2)], ln_f=LayerNorm(4))
    start = {"head": rng.normal(size=(4, 5)), "gf": rng.normal(size=4), "ef": rng.normal(size=4)}
    model.head, model.ln_f.gamma, model.ln_f.beta = (value.copy() for value in start.values())
    for k, block in enumerate(model.blocks):
        block.ffn.dropout_p = 0
        for name, (part, field, _) in PARTS.items():
            start[f"{name}_{k}"] = 0.7 * rng.normal(size=getattr(getattr(block, part), field).shape)
            setattr(getattr(block, part), field, start[f"{name}_{k}"].copy())
    x = rng.normal(size=(2, 3, 4))

    def train(x):
        out = x
        for block in model.blocks:
            out = block.forward(out)
        model.last_x, model.ln_f_cache = model.ln_f.forward(out)
        _, d_logits = module.cross_entropy_loss(model.last_x @ model.head, TARGETS)
        return module.full_backward(model, d_logits)

    def after(grads):
        found = {"x": grads["d_emb"], "head": grads["d_head"], "gf": grads["d_gamma_f"], "ef": grads["d_beta_f"]}
        for k, of_block in enumerate(reversed(grads["blocks"])):
            found |= {f"{name}_{k}": of_block[grad] for name, (*_, grad) in PARTS.items()}
        return found

    bind = {"head": "model.head", "gf": "model.ln_f.gamma", "ef": "model.ln_f.beta"}
    bind |= {f"{name}_{k}": f"model.blocks[{k}].{part}.{field}" for k in (0, 1) for name, (part, field, _) in PARTS.items()}
    return Call(train, signature(), {"x": x, **start}, after, (x,), bind=bind)


FILE = "train.py"
MISTAKES = (
    mistake(50, r"-= 1", "-= 0.5", "loss_derivative_wrong"),
    mistake(109, r"out_before_proj\.reshape", "x.reshape", "wrong_variable", "wrong_activation_in_weight_gradient"),
    mistake(110, r"self\.Wo\.T", "self.Wo", "transposed"),
    mistake(116, r"attn_weights\.transpose\(0, 1, 3, 2\)", "attn_weights", "transposed"),
    mistake(120, r" - cp\.sum\(d_attn_weights \* attn_weights, axis=-1, keepdims=True\)", "", "softmax_jacobian_wrong"),
    mistake(121, r"d_scores /= cp\.sqrt\(d_k\)", "pass", "missing_factor"),
    mistake(125, r"d_scores\.transpose\(0, 1, 3, 2\)", "d_scores", "transposed"),
    mistake(139, r" \+ \(d_V @ self\.Wv\.T\)", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(166, r"cp\.sum", "cp.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(177, r"d_h_flat\[h_flat <= 0\] = 0", "pass", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(204, r" \* x_hat", " * x", "wrong_variable"),
    mistake(208, r" \* gamma", "", "missing_factor"),
    mistake(217, r" - term3", "", "normalisation_term_missing"),
    mistake(217, r"\(1\.0 / C\) \* ", "", "batch_scale_1_over_N", "missing_factor"),
    mistake(264, r"d_logits @ model\.head\.T", "d_logits @ cp.abs(model.head).T", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "Jessitoii/numpy-gpt",
        FILE,
        build,
        (*MISTAKES[:14], two(MISTAKES[8], MISTAKES[14]), two(MISTAKES[4], MISTAKES[11])),
        harmless=(
            Edit(120, r"attn_weights \* \(d_attn_weights - (.*)\)$", r"attn_weights * d_attn_weights - attn_weights * \1"),
            Edit(205, r"cp\.sum\(d_out, axis=\(0, 1\)\)", "d_out.reshape(-1, C).sum(axis=0)"),
        ),
        more=("transformer.py", "mhe.py"),
        until={"transformer.py": 238, "mhe.py": 132},
        stubs={"tokenizer.py": ANYTHING, "cupy.py": "raise ImportError"},
        mend=(
            Edit(280, r"d_x = d_x \+ d_x_ffn", "residual, d_x = d_x, d_x_ffn"),
            Edit(283, r"$", "; d_x = d_x + residual"),
            Edit(290, r"d_x = d_x \+ d_x_attn", "residual, d_x = d_x, d_x_attn"),
            Edit(293, r"$", "; d_x = d_x + residual"),
        ),
        published=("normalisation_term_missing", "extra_factor", "upstream_gradient_dropped", "wrong_variable"),
        backward={FILE: (49, 298)},
        group="eleventh",
    )
]
