"""gloireahd-blip/BUILD-TRANSFORMER-FROM-SCRATCH-WITH-NUMPY-ONLY: one head of attention over embedded words, a script."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

WORDS = [0, 3, 1, 2]


def loss(E: Any, Wq: Any, Wk: Any, Wv: Any, Wo: Any, PE: Any, Y: Any) -> Any:
    x = E[WORDS] + PE
    s = (x @ Wq) @ (x @ Wk).T / np.sqrt(5)
    e = np.exp(s)
    o = e / np.sum(e, axis=1, keepdims=True) @ (x @ Wv) @ Wo
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * Y, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = {"E": (6, 5), "Wq": (5, 5), "Wk": (5, 5), "Wv": (5, 5), "Wo": (5, 6)}
    start = {name: 0.7 * rng.normal(size=shape) for name, shape in shapes.items()}
    PE, Y = rng.normal(size=(4, 5)), np.eye(6)[WORDS]
    held = {name: value.copy() for name, value in start.items()}

    def train(E, Wq, Wk, Wv, Wo, PE, Y):
        module.step(E, Wq, Wk, Wv, Wo, PE, Y, WORDS, 4, 5, 0.1)

    return Call(
        train,
        loss,
        {**start, "PE": PE, "Y": Y},
        lambda _: {name: held[name] - start[name] for name in start},
        (*held.values(), PE, Y),
    )


FILE = "Transformer_from_scratch.ipynb"
MISTAKES = (
    mistake(70, r"probs-Y_true", "probs-Y_true/2", "loss_derivative_wrong"),
    mistake(72, r"Z_0\.T", "X.T", "wrong_variable", "wrong_activation_in_weight_gradient"),
    mistake(76, r"softmax\(score\)\.T", "softmax(score)", "transposed"),
    mistake(76, r"softmax\(score\)\.T", "score.T", "wrong_variable"),
    mistake(78, r"V\.T", "K.T", "wrong_variable"),
    mistake(80, r" - np\.sum\(dA\*A ,axis=-1 ,keepdims=True\)", "", "softmax_jacobian_wrong"),
    mistake(80, r"np\.sum\(dA\*A ", "np.sum(dA ", "softmax_jacobian_wrong", "missing_factor"),
    mistake(80, r"axis=-1", "axis=0", "softmax_jacobian_wrong", "wrong_index"),
    mistake(82, r"\)/np\.sqrt\(d_model\)", ")", "missing_factor"),
    mistake(83, r"dscore\.T", "dscore", "transposed"),
    mistake(83, r"np\.sqrt\(d_model\)", "d_model", "extra_factor"),
    mistake(86, r"dK", "dQ", "wrong_variable"),
    mistake(89, r" \+ dV @ W_v\.T", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(89, r"dK @ W_k\.T", "dK @ W_k", "transposed"),
)
PROGRAMS = [
    Program(
        "gloireahd-blip/BUILD-TRANSFORMER-FROM-SCRATCH-WITH-NUMPY-ONLY",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[0], MISTAKES[12]), two(MISTAKES[5], MISTAKES[9])),
        harmless=(
            Edit(80, r"A\*\(dA - np\.sum\(dA\*A ,axis=-1 ,keepdims=True\)\)", "A*dA - A*np.sum(dA*A ,axis=-1 ,keepdims=True)"),
            Edit(82, r"\(dscore @ K\)/np\.sqrt\(d_model\)", "(dscore/np.sqrt(d_model)) @ K"),
        ),
        keep=((1, 1), (30, 34), (50, 95)),
        head="def step(W_embedding, W_q, W_k, W_v, W_final, PE, Y_true, list_numpy, phrase_lenght, d_model, lr):",
        foot="    return W_final",
        backward={FILE: (70, 95)},
        group="eleventh",
    )
]
