"""KamilMarszalek/word2vec-numpy: one step of skip-gram with negative samples; the samples may come more than once."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, moved, two

NOISE = [0, 5, 0, 6]


def loss(W_in: Any, W_out: Any) -> Any:
    h = W_in[3]
    return np.log(1 + np.exp(-np.sum(h * W_out[1]))) + np.sum(np.log(1 + np.exp(W_out[NOISE] @ h)))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    config = SimpleNamespace(seed=1, emb_dim=4, vocab_size=7, learning_rate=0.1, num_of_neg_samples=4)
    model = module.Word2VecSGNS(config, [], {}, [], np.ones(7) / 7)
    model._get_k_neg_samples = lambda: np.array(NOISE)
    start = {"W_in": rng.normal(size=(7, 4)), "W_out": rng.normal(size=(7, 4))}
    model.W_in, model.W_out = start["W_in"].copy(), start["W_out"].copy()

    def train(center, context):
        return model._train_step(center, context)

    return Call(
        train,
        loss,
        start,
        lambda _: {name: getattr(model, name) - start[name] for name in start},
        (3, 1),
        bind={"W_in": "model.W_in", "W_out": "model.W_out"},
    )


FILE = "word2vec/model.py"
MISTAKES = (
    mistake(81, r" - 1", "", "loss_derivative_wrong"),
    mistake(81, r"prob_pos - 1", "1 - prob_pos", "sign_flipped"),
    mistake(82, r"v_pos", "h", "wrong_variable"),
    mistake(82, r"error \* ", "", "missing_factor", "upstream_gradient_dropped"),
    mistake(83, r"\* h$", "* v_pos", "wrong_variable"),
    mistake(83, r"-=", "+=", "sign_flipped"),
    mistake(89, r"sigmoid\(z_neg\)", "sigmoid(-z_neg)", "loss_derivative_wrong", "sign_flipped"),
    mistake(89, r"sigmoid\(z_neg\)", "sigmoid(z_neg) - 1", "loss_derivative_wrong"),
    mistake(91, r"\+=", "=", "gradient_overwritten"),
    mistake(91, r"\+=", "-=", "sign_flipped"),
    mistake(92, r"= -self", "= self", "sign_flipped"),
    mistake(92, r"error\[:, None\] \* ", "", "missing_factor", "upstream_gradient_dropped"),
    mistake(93, r"np\.add\.at\(self\.W_out, noise_indices, neg_updates\)", "self.W_out[noise_indices] += neg_updates",
            "repeated_index_lost"),
    mistake(95, r"self\.W_in\[center_idx\]", "self.W_in[context_idx]", "wrong_index"),
    moved(86, 94, "updated_weights_used"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "KamilMarszalek/word2vec-numpy",
        FILE,
        build,
        (*MISTAKES[:14], two(MISTAKES[3], MISTAKES[12]), two(MISTAKES[4], MISTAKES[9])),
        harmless=(
            Edit(91, r"error @ V_neg", "np.dot(V_neg.T, error)"),
            Edit(92, r"error\[:, None\] \* h\[None, :\]", "np.outer(error, h)"),
        ),
        stubs={
            "word2vec/__init__.py": "",
            "word2vec/config.py": "class Word2VecSGNSConfig: pass",
            "word2vec/data.py": ANYTHING,
            "word2vec/embeddings.py": "class WordEmbeddings: pass",
        },
        backward={FILE: (81, 95)},
        group="eleventh",
    )
]
