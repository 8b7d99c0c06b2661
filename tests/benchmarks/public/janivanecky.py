"""janivanecky/Numpy-RNNs: stacked recurrent layers with lists of weights in the module, batches of sequences."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

STEPS, BATCH, WORDS, HIDDEN = 3, 2, 4, 3


def loss(inputs: Any, targets: Any, Wxh0: Any, Wxh1: Any, Whh0: Any, Whh1: Any, bh0: Any, bh1: Any, Why: Any, by: Any) -> Any:
    h0 = h1 = np.zeros((BATCH, HIDDEN))
    total = 0.0
    for t in range(STEPS):
        h0 = np.tanh(inputs[:, t] @ Wxh0 + h0 @ Whh0 + bh0)
        h1 = np.tanh(h0 @ Wxh1 + h1 @ Whh1 + bh1)
        y = h1 @ Why + by
        total = total + np.sum(np.log(np.sum(np.exp(y), axis=1))) - np.sum(y[np.arange(BATCH), targets[:, t]])
    return total / (STEPS * BATCH)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.xrange = range
    module.HIDDEN_LAYER_SIZE, module.DEPTH, module.DROPOUT_RATE = HIDDEN, 2, 0.0
    module.SEQ_SIZE, module.BATCH_SIZE, module.VOCABULARY_SIZE = STEPS, BATCH, WORDS
    module.Wxh = [rng.normal(size=(WORDS, HIDDEN)), rng.normal(size=(HIDDEN, HIDDEN))]
    module.Whh = [rng.normal(size=(HIDDEN, HIDDEN)) for _ in range(2)]
    module.bh = [rng.normal(size=(1, HIDDEN)) for _ in range(2)]
    module.Why, module.by = rng.normal(size=(HIDDEN, WORDS)), rng.normal(size=(1, WORDS))
    inputs, targets = np.eye(WORDS)[rng.integers(0, WORDS, (BATCH, STEPS))], rng.integers(0, WORDS, (BATCH, STEPS))
    states = np.zeros((2, BATCH, HIDDEN))
    lists = {f"{name}{d}": getattr(module, name)[d].copy() for name in ("Wxh", "Whh", "bh") for d in range(2)}
    point = {"inputs": inputs, "targets": targets, **lists, "Why": module.Why.copy(), "by": module.by.copy()}
    return Call(
        module.forward_backward,
        loss,
        point,
        lambda r: {
            **{f"{name}{d}": r[1 + i][d] for i, name in enumerate(("Wxh", "Whh", "bh")) for d in range(2)},
            "Why": r[4],
            "by": r[5],
        },
        (inputs, targets, states),
        bind={**{name: f"{name[:-1]}[{name[-1]}]" for name in lists}, "Why": "Why", "by": "by"},
    )


PROGRAMS = [
    Program(
        "janivanecky/Numpy-RNNs",
        "tanh.py",
        build,
        (
            mistake(29, r"-= 1", "= 1 - d[gt_index]", "sign_flipped", "loss_derivative_wrong"),
            mistake(49, r"top \* top", "top", "wrong_activation_derivative"),
            mistake(49, r"top \* top", "tanh(top) * tanh(top)", "derivative_of_activated_value"),
            mistake(150, r" \+ dhh\[d\]", "", "missing_path_through_time"),
            mistake(151, r"x\[d\]\[t\]", "x[d][max(t-1, 0)]", "wrong_time_index"),
            mistake(152, r"\[t-1\]", "[t]", "wrong_time_index"),
            mistake(154, r"Whh\[d\]\.T", "Whh[d]", "transposed"),
            mistake(155, r"dhinput", "dh", "missing_activation_derivative", "wrong_variable"),
            mistake(148, r"dy", "z[t]", "wrong_variable", "loss_derivative_wrong"),
            mistake(154, r"Whh\[d\]", "Whh[0]", "wrong_index"),
            two(
                mistake(152, r"\[t-1\]", "[t]", "wrong_time_index"),
                mistake(150, r" \+ dhh\[d\]", "", "missing_path_through_time"),
            ),
        ),
        harmless=(
            Edit(150, r"tanh_d\(h\[d\]\[t\]\)", r"(1 - h[d][t]) * (1 + h[d][t])"),
            Edit(144, r" / \(SEQ_SIZE \* BATCH_SIZE\)", r""),
        ),
        keep=((7, 8), (14, 30), (43, 50), (102, 158)),
    )
]
