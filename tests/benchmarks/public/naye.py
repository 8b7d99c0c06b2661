"""naye971012/numpy_transformer: a block of a transformer's encoder: attention in two heads, two layers, sums and normalisation.

As published a residual sum adds 1 to the gradient, and the normalisation forgets that the mean depends on its input.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Mistake, Program, mistake, two

SAMPLES, WORDS, SIZE, HEADS = 2, 3, 4, 2
PARTS = {
    "activations/relu": "Relu_np",
    "activations/softmax": "softmax_np",
    "commons/linear": "Linear_np",
    "commons/multi_head_attention": "Multihead_Attention_np",
    "normalization/layernorm": "Layer_Normalization_np",
    "optimizer/SGD": "SGD_np",
    "utils/dropout": "Dropout_np",
}
FACE = "".join(f"from numpy_functions.{path.replace('/', '.')} import {name}\n" for path, name in PARTS.items())
BLOCK, FEED = "numpy_models/transformer/encoder_block.py", "numpy_models/transformer/feedforward.py"
ATTENTION, LINEAR, NORM = (
    f"numpy_functions/{name}.py" for name in ("commons/multi_head_attention", "commons/linear", "normalization/layernorm")
)


def heads(x: Any, W: Any, b: Any) -> Any:
    return (x @ W + b).reshape(SAMPLES, HEADS, WORDS, SIZE // HEADS)


def normal(x: Any) -> Any:
    centred = x - np.mean(x, axis=(1, 2), keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=(1, 2), keepdims=True) + 1e-5)


def loss(
    x: Any, target: Any, W_Q: Any, b_Q: Any, W_K: Any, b_K: Any, W_V: Any, b_V: Any, W1: Any, b1: Any, W2: Any, b2: Any
) -> Any:
    q, k, v = heads(x, W_Q, b_Q), heads(x, W_K, b_K), heads(x, W_V, b_V)
    scores = np.exp(q @ np.swapaxes(k, 2, 3) / np.sqrt(SIZE // HEADS))
    mixed = (scores / np.sum(scores, axis=3, keepdims=True)) @ v
    h = normal(x + mixed.reshape(SAMPLES, WORDS, SIZE))
    return 0.5 * np.sum((normal(h + np.maximum(h @ W1 + b1, 0) @ W2 + b2) - target) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from numpy_functions import SGD_np

    block = module.transformer_encoder_block_np(SIZE, HEADS)
    feed = block.feedforward_layer
    feed.drop = False
    places = {f"{kind}_{name}": (block.self_attention_layer, f"{kind}_{name}") for name in "QKV" for kind in "Wb"}
    places |= {f"{kind}1": (feed.input_layer, kind) for kind in "Wb"} | {f"{kind}2": (feed.output_layer, kind) for kind in "Wb"}
    start = {name: rng.normal(scale=0.7, size=layer.params[key].shape) for name, (layer, key) in places.items()}
    for name, (layer, key) in places.items():
        layer.params[key] = start[name].copy()
    x, target = rng.normal(size=(SAMPLES, WORDS, SIZE)), rng.normal(size=(SAMPLES, WORDS, SIZE))

    def train(block, x, target, optimizer, lr):
        out = block(x)
        block.backward(out - target)
        block.update_grad("1", optimizer, lr)

    bind = {name: f"block.self_attention_layer.params[{name!r}]" for name in places if "_" in name}
    for number, layer in (("1", "input_layer"), ("2", "output_layer")):
        bind |= {f"{kind}{number}": f"block.feedforward_layer.{layer}.params[{kind!r}]" for kind in "Wb"}
    return Call(
        train,
        loss,
        {"x": x, "target": target, **start},
        lambda _: {name: layer.params[key] - start[name] for name, (layer, key) in places.items()},
        (block, x, target, SGD_np(), 0.01),
        bind=bind,
    )


def place(file: str, line: int, find: str, put: str, *causes: str) -> Mistake:
    return mistake(line, find, put, *causes, file=file)


PROGRAMS = [
    Program(
        "naye971012/numpy_transformer",
        BLOCK,
        build,
        (
            place(ATTENTION, 209, r"weights\.swapaxes\(-2, -1\)", "weights", "transposed"),
            place(ATTENTION, 214, r"axis=-1", "axis=-2", "softmax_jacobian_wrong", "wrong_index"),
            place(ATTENTION, 215, r" - self\.softQK\[i\] \* sum_grad", "", "softmax_jacobian_wrong"),
            place(ATTENTION, 219, r" \* scale", "", "missing_factor"),
            place(ATTENTION, 220, r"@ q", "@ k", "wrong_variable"),
            place(ATTENTION, 168, r"dQ, \(b", "dQ.swapaxes(1, 2), (b", "transposed", "wrong_index"),
            place(LINEAR, 89, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            place(FEED, 46, r"d_prev = .*$", "pass", "missing_activation_derivative", "relu_mask_wrong"),
            place(NORM, 67, r" / \(std\)", "", "missing_factor", "normalisation_term_missing"),
            place(NORM, 69, r" \+ dmean / d_prev\.shape\[1\]", "", "normalisation_term_missing"),
            place(NORM, 69, r" \+ dmean", " - dmean", "sign_flipped", "normalisation_term_missing"),
            mistake(79, r"d_prev \+ ", "", "upstream_gradient_dropped"),
            two(
                place(ATTENTION, 219, r" \* scale", "", "missing_factor"),
                place(LINEAR, 89, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(213, r"self\.softQK\[i\] \* dWeights", "dWeights * weights", ATTENTION),
            Edit(90, r"np\.dot\(d_prev , self\.params\['W'\]\.T\)", "d_prev @ self.params['W'].T", LINEAR),
        ),
        more=(FEED, *(f"numpy_functions/{path}.py" for path in PARTS)),
        stubs={
            "numpy_functions/__init__.py": FACE,
            **dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        },
        mend=(
            Edit(69, r"dstd$", "dstd + dmean / d_prev.shape[1]", NORM),
            Edit(79, r"= self", "= d_prev + self"),
            Edit(80, r"d_prev = d_prev \+ 1", "pass"),
            Edit(83, r"= self", "= d_prev + self"),
            Edit(84, r"d_prev = d_prev \+ 1", "pass"),
        ),
        published=("normalisation_term_missing", "upstream_gradient_dropped", "wrong_variable"),
        backward={ATTENTION: (149, 221), NORM: (59, 72), FEED: (44, 49), LINEAR: (82, 92), BLOCK: (78, 86)},
        group="fresh",
    )
]
