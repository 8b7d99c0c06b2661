"""davidruda/word2vec-numpy: skip-gram with negative samples, batches of matrix products, `np.add.at` for repeated words."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake


def loss(inputs: Any, targets: Any, negative_samples: Any, W1: Any, W2: Any) -> Any:
    h = W1[inputs]
    near = np.sum(h * W2.T[targets], axis=1)
    far = np.sum(h[:, None, :] * W2.T[negative_samples], axis=2)
    return np.mean(np.log(1 + np.exp(-near)) + np.sum(np.log(1 + np.exp(far)), axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.args = SimpleNamespace(learning_rate=0.2, embedding_dim=4)
    net = module.Word2Vec(module.args, 7)
    start = {"W1": net._W1.copy(), "W2": net._W2.copy()}
    inputs, targets = np.array([0, 2, 2, 5, 1]), np.array([1, 3, 1, 6, 4])
    negative_samples = rng.integers(0, 7, size=(5, 3))
    return Call(
        net.train_step,
        loss,
        {"inputs": inputs, "targets": targets, "negative_samples": negative_samples, **start},
        lambda _: {"W1": net._W1 - start["W1"], "W2": net._W2 - start["W2"]},
        (inputs, targets, negative_samples),
        bind={"W1": "self._W1", "W2": "self._W2"},
    )


PROGRAMS = [
    Program(
        "davidruda/word2vec-numpy",
        "word2vec.py",
        build,
        (
            mistake(62, r"probs_pos - 1", "probs_pos", "loss_derivative_wrong"),
            mistake(63, r"= probs_neg", "= probs_neg - 1", "loss_derivative_wrong"),
            mistake(62, r"probs_pos - 1", "(probs_pos - 1) * probs_pos", "loss_derivative_wrong", "extra_factor"),
            mistake(66, r"hidden", "W2_pos.transpose(0, 2, 1)", "wrong_variable"),
            mistake(72, r" \+ d_hidden_neg", "", "upstream_gradient_dropped"),
            mistake(72, r"\+", "-", "sign_flipped"),
            mistake(77, r" / batch_size", "", "batch_scale_1_over_N"),
            mistake(
                89,
                r"np\.add\.at\(self\._W1, inputs, update_W1\)",
                "self._W1[inputs] += update_W1",
                "repeated_index_lost",
            ),
        ),
        harmless=(
            Edit(66, r"hidden \* d_logits_pos", "d_logits_pos @ hidden"),
            Edit(77, r"-args\.learning_rate \* (.*) / batch_size", r"-(args.learning_rate / batch_size) * \1"),
        ),
        keep=((1, 97),),
        stubs={"text8.py": ANYTHING},
        group="fresh",
    )
]
