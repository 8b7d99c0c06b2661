"""nathanrooy/word2vec-from-scratch-with-python: skip-gram with a full softmax, one word and its context a step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def train(net: Any, w_t: np.ndarray, w_c: np.ndarray) -> None:
    y_pred, h, _ = net.forward_pass(w_t)
    EI = np.sum([np.subtract(y_pred, word) for word in w_c], axis=0)
    net.backprop(EI, h, w_t)


def loss(w_t: Any, w_c: Any, w1: Any, w2: Any) -> Any:
    u = w2.T @ (w1.T @ w_t)
    return len(w_c) * np.log(np.sum(np.exp(u))) - np.sum(w_c @ u)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.settings = {"n": 3, "learning_rate": 0.05, "epochs": 1, "window_size": 2}
    net = module.word2vec()
    net.w1, net.w2 = rng.uniform(-0.8, 0.8, (6, 3)), rng.uniform(-0.8, 0.8, (3, 6))
    w_t, w_c = rng.uniform(size=6), np.eye(6)[[0, 2, 4]]
    before = {"w1": net.w1.copy(), "w2": net.w2.copy()}  # a fix may write in place
    return Call(
        train,
        loss,
        {"w_t": w_t, "w_c": w_c, "w1": net.w1.copy(), "w2": net.w2.copy()},
        lambda _: {name: getattr(net, name) - then for name, then in before.items()},
        (net, w_t, w_c),
        bind={"w1": "net.w1", "w2": "net.w2"},
    )


PROGRAMS = [
    Program(
        "nathanrooy/word2vec-from-scratch-with-python",
        "word2vec.py",
        build,
        (
            mistake(87, r"\(h, e\)", "(h, self.softmax(e))", "wrong_variable", "loss_derivative_wrong"),
            mistake(88, r"self\.w2", "self.w1.T", "wrong_variable"),
            mistake(88, r"np\.dot\(self\.w2, e\.T\)", "h", "wrong_variable", "upstream_gradient_dropped"),
            mistake(91, r"self\.w1 - \(", "self.w1 + (", "sign_flipped"),
            mistake(92, r"dl_dw2", "dl_dw1.T", "wrong_variable"),
            mistake(91, r"dl_dw1", "dl_dw2.T", "wrong_variable"),
            mistake(92, r"self\.w2 - ", "-", "gradient_or_update_used_for_weight"),
        ),
        harmless=(
            Edit(88, r"np\.outer\(x, np\.dot\(self\.w2, e\.T\)\)", r"np.outer(np.dot(self.w2, e), x).T"),
            Edit(92, r"self\.eta \* dl_dw2", r"dl_dw2 * self.eta"),
        ),
        keep=((11, 13), (18, 25), (63, 66), (77, 93)),
    )
]
