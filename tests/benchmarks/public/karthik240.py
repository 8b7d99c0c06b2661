"""Karthik240/GPT-From-Scratch-NumPy: heads with a causal mask, layer norm, GELU; the layers update themselves on the way back."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, moved, two


def attended(x: Any, Wq1: Any, Wk1: Any, Wv1: Any, Wq2: Any, Wk2: Any, Wv2: Any, Wo: Any) -> Any:
    mask, heads = np.triu(np.ones((3, 3)), 1) * 1e9, []
    for Wq, Wk, Wv in ((Wq1, Wk1, Wv1), (Wq2, Wk2, Wv2)):
        s = (x @ Wq) @ (x @ Wk).T / np.sqrt(2.0) - mask
        e = np.exp(s - np.max(s, axis=1, keepdims=True))
        heads.append(e / np.sum(e, axis=1, keepdims=True) @ (x @ Wv))
    return np.concatenate(heads, axis=1) @ Wo


def loss_of_attention(x: Any, y: Any, Wq1: Any, Wk1: Any, Wv1: Any, Wq2: Any, Wk2: Any, Wv2: Any, Wo: Any) -> Any:
    return 0.5 * np.sum((attended(x, Wq1, Wk1, Wv1, Wq2, Wk2, Wv2, Wo) - y) ** 2)


def normal(x: Any) -> Any:
    d = x - np.mean(x, axis=1, keepdims=True)
    return d / np.sqrt(np.mean(d**2, axis=1, keepdims=True) + 1e-5)


def loss_of_blocks(x: Any, y: Any, A: Any, B: Any) -> Any:
    for Wq1, Wk1, Wv1, Wq2, Wk2, Wv2, Wo, W1, W2 in (A, B):
        x = x + attended(normal(x), Wq1, Wk1, Wv1, Wq2, Wk2, Wv2, Wo)
        h = normal(x) @ W1
        h = 0.5 * h * (1 + np.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * h**3)))
        x = x + h @ W2
    return 0.5 * np.sum((x - y) ** 2)


def places(attention: Any) -> dict[str, tuple[Any, str]]:
    found = {f"W{c}{k + 1}": (head, f"W{c}") for k, head in enumerate(attention.heads) for c in "qkv"}
    return {**found, "Wo": (attention, "Wo")}


def build_attention(module: ModuleType, rng: np.random.Generator) -> Call:
    attention = module.MultiHeadAttention(4, 2, 3)
    held, start = places(attention), {}
    for name, (owner, field) in held.items():
        start[name] = rng.normal(size=getattr(owner, field).shape)
        setattr(owner, field, start[name].copy())
    x, y = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))

    def train(x, y):
        out = attention.forward(x)
        return attention.backward(out - y, 0.05)

    return Call(
        train,
        loss_of_attention,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(*place) - start[name] for name, place in held.items()},
        (x, y),
        bind={**{f"W{c}{k}": f"attention.heads[{k - 1}].W{c}" for k in (1, 2) for c in "qkv"}, "Wo": "attention.Wo"},
    )


NAMES = ("Wq1", "Wk1", "Wv1", "Wq2", "Wk2", "Wv2", "Wo", "W1", "W2")


def signature() -> Any:
    """The loss with a parameter for each weight."""
    names = [f"{name}_{k}" for k in "ab" for name in NAMES]
    scope: dict[str, Any] = {"inner": loss_of_blocks}
    lists = ", ".join("[" + ", ".join(f"{name}_{k}" for name in NAMES) + "]" for k in "ab")
    exec(f"def loss(x, y, {', '.join(names)}):\n    return inner(x, y, {lists})\n", scope)
    return scope["loss"]


def build_blocks(module: ModuleType, rng: np.random.Generator) -> Call:
    first, second = module.TransformerBlock(4, 2, 3), module.TransformerBlock(4, 2, 3)
    held, start = {}, {}
    for key, block in (("a", first), ("b", second)):
        of_block = {**places(block.attention), "W1": (block.ffn, "W1"), "W2": (block.ffn, "W2")}
        held.update({f"{name}_{key}": place for name, place in of_block.items()})
    for name, (owner, field) in held.items():
        start[name] = 0.5 * rng.normal(size=getattr(owner, field).shape)
        setattr(owner, field, start[name].copy())
    x, y = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))

    def train(x, y):
        out = second.forward(first.forward(x[None, None]))
        first.backward(second.backward(out - y, 0.05), 0.05)

    bind = {}
    for key, block in (("a", "first"), ("b", "second")):
        for name in NAMES:
            part = f"ffn.{name}" if name in ("W1", "W2") else "attention.Wo" if name == "Wo" else ""
            bind[f"{name}_{key}"] = f"{block}.{part or f'attention.heads[{int(name[2]) - 1}].{name[:2]}'}"
    return Call(
        train,
        signature(),
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(*place) - start[name] for name, place in held.items()},
        (x, y),
        bind=bind,
    )


L, A = "layers.py", "attention.py"
ATTENTION = (
    mistake(119, r"V\.T", "K.T", "wrong_variable", file=A),
    mistake(121, r"attn\.T", "attn", "transposed", file=A),
    mistake(127, r"@ dV", "@ dcontext", "wrong_variable", file=A),
    mistake(142, r" - np\.outer\(a, a\)", "", "softmax_jacobian_wrong", file=A),
    mistake(144, r"J @ da", "da", "softmax_jacobian_wrong", "missing_factor", file=A),
    mistake(154, r" / scale", "", "missing_factor", file=A),
    mistake(154, r"@ K", "@ Q", "wrong_variable", file=A),
    mistake(156, r"d_scores\.T", "d_scores", "transposed", file=A),
    mistake(156, r"/ scale", "/ scale ** 2", "extra_factor", file=A),
    mistake(162, r"dQ", "dK", "wrong_variable", file=A),
    mistake(174, r"-=", "+=", "sign_flipped", file=A),
    mistake(176, r"dWv", "self.Wv", "gradient_or_update_used_for_weight", "wrong_variable", file=A),
    mistake(267, r"self\.Wo\.T", "dWo.T", "gradient_or_update_used_for_weight", "wrong_variable", file=A),
    moved(267, 277, "updated_weights_used", file=A, blame=(267, 273)),
)
BLOCKS = (
    mistake(54, r"1\.0 / std", "1.0 / variance", "wrong_variable", "normalisation_term_missing", file=L, blame=(52,)),
    mistake(57, r"- np\.sum", "+ np.sum", "sign_flipped", "normalisation_term_missing", file=L, blame=(52,)),
    mistake(62, r"- x_hat \*", "-", "normalisation_term_missing", "missing_factor", file=L, blame=(52,)),
    mistake(63, r"dout \* x_hat", "dout", "normalisation_term_missing", "missing_factor", file=L, blame=(52,)),
    mistake(96, r"3 \* ", "", "wrong_activation_derivative", "missing_factor", file=L, blame=(95,)),
    mistake(102, r"tanh\*\*2", "tanh", "wrong_activation_derivative", file=L, blame=(99,)),
    mistake(105, r"dout \* ", "", "upstream_gradient_dropped", file=L),
    mistake(160, r"self\.W2", "dW2", "gradient_or_update_used_for_weight", "wrong_variable", file=L),
    moved(174, 183, "updated_weights_used", file=L, blame=(174, 182)),
    mistake(172, r"dlinear1", "dgelu", "missing_activation_derivative", "wrong_variable", file=L),
    mistake(165, r"self\.Wq", "self.Wk", "wrong_variable", file=A),
    mistake(182, r"dx_q \+ dx_k", "dx_q", "missing_factor", "upstream_gradient_dropped", file=A),
    mistake(305, r"\+=", "=", "gradient_overwritten", file=A),
    mistake(113, r" \+ residual_grad", "", "upstream_gradient_dropped", "missing_factor"),
)
PROGRAMS = [
    Program(
        "Karthik240/GPT-From-Scratch-NumPy",
        A,
        build_attention,
        (*ATTENTION, two(ATTENTION[2], ATTENTION[7]), two(ATTENTION[3], ATTENTION[10])),
        harmless=(
            Edit(154, r"\(d_scores @ K\) / scale", "(d_scores / scale) @ K"),
            Edit(144, r"J @ da", "a * (da - np.dot(a, da))"),
        ),
        backward={A: (111, 310)},
        name="attention",
        group="eleventh",
    ),
    Program(
        "Karthik240/GPT-From-Scratch-NumPy",
        "transformer.py",
        build_blocks,
        (*BLOCKS, two(BLOCKS[5], BLOCKS[12]), two(BLOCKS[2], BLOCKS[9])),
        harmless=(
            Edit(105, r"dout \* dy_dx", "np.multiply(dy_dx, dout)", L),
            Edit(113, r"grad \+ residual_grad", "np.add(residual_grad, grad)"),
        ),
        more=(L, A),
        backward={L: (48, 184), A: (111, 310), "transformer.py": (93, 141)},
        name="blocks",
        group="eleventh",
    ),
]
