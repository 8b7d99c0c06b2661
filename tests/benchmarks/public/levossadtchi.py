"""LevOssadtchi-NLP/word2vec-skipgram-numpy: skip-gram with a sigmoid for each word, updated in the backward pass."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two

TARGET, CONTEXT = 2, 5


def loss(W: Any, W_prime: Any) -> Any:
    u = W[TARGET] @ W_prime
    return np.sum(np.log(1 + np.exp(u))) - u[CONTEXT]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.SkipGram(7, 3, 0.05)
    start = {"W": rng.normal(size=(7, 3)), "W_prime": rng.normal(size=(3, 7))}
    model.W, model.W_prime = start["W"].copy(), start["W_prime"].copy()
    dataset = SimpleNamespace(get_batches=lambda batch_size: [([TARGET], [CONTEXT])])

    def train(epochs):
        model.train(dataset, epochs)

    return Call(
        train,
        loss,
        dict(start),
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (),
        {"epochs": 2},
        bind={name: f"model.{name}" for name in start},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "LevOssadtchi-NLP/word2vec-skipgram-numpy",
        "src/model.py",
        build,
        (
            mistake(39, r"labels\[.*$", "pass", "loss_derivative_wrong", blame=(50,)),
            mistake(50, r"y_pred - labels", "(y_pred - labels) * y_pred * (1 - y_pred)", "loss_derivative_wrong", "extra_factor"),
            mistake(50, r"y_pred - labels", "u - labels", "loss_derivative_wrong", "wrong_variable"),
            mistake(53, r"\(h, e\)", "(h, y_pred)", "wrong_variable", "loss_derivative_wrong"),
            mistake(53, r"\(h, e\)", "(self.W[context_idx], e)", "wrong_variable", "wrong_index"),
            mistake(54, r", e\)", ", y_pred)", "wrong_variable", "loss_derivative_wrong"),
            mistake(
                54, r"np\.dot\(self\.W_prime\[:, indices\], e\)", "self.W_prime[:, context_idx]", "missing_factor", "wrong_index"
            ),
            Mistake(
                (
                    Edit(57, r"self\.W_prime.*$", "pass"),
                    Edit(53, r"$", "\n        self.W_prime[:, indices] -= self.lr * dW_prime"),
                ),
                ("updated_weights_used",),
                (54, 55),
            ),
            mistake(57, r"-=", "+=", "sign_flipped"),
            mistake(72, r"-=", "+=", "sign_flipped"),
            mistake(72, r"self\.W\[t\]", "self.W[c]", "wrong_index"),
            two(
                mistake(53, r"\(h, e\)", "(h, y_pred)", "wrong_variable", "loss_derivative_wrong"),
                mistake(72, r"self\.W\[t\]", "self.W[c]", "wrong_index"),
            ),
        ),
        harmless=(
            Edit(53, r"np\.outer\(h, e\)", "h[:, None] * e"),
            Edit(54, r"np\.dot\((.*), e\)", r"\1 @ e"),
        ),
        root="src",
        stubs={"tqdm.py": "def tqdm(values):\n    return values\n"},
        backward={"src/model.py": (50, 72)},
        group="newest",
    )
]
