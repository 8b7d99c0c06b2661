"""mytkom/word2vec-numpy: continuous bag of words with a softmax, and skip-gram with negative samples.

The scores of the negative samples are turned round before a loss that turns them round again: the loss is as written there."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss_cbow(contexts: Any, targets: Any, W_in: Any, W_out: Any) -> Any:
    o = np.mean(W_in[contexts], axis=1) @ W_out
    return np.sum(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * np.eye(7)[targets], axis=1))


def loss_skip(centers: Any, positive: Any, negative: Any, W_in: Any, W_out: Any) -> Any:
    h = W_in[centers]
    near = np.sum(h * W_out[:, positive].T, axis=1)
    far = np.sum(h[:, None, :] * np.transpose(W_out)[negative], axis=2)
    return np.sum(np.log(1 + np.exp(-near))) + np.sum(np.log(1 + np.exp(-far))) / 3


def call(model: Any, args: dict[str, Any], loss: Any, rng: np.random.Generator) -> Call:
    start = {"W_in": rng.normal(size=(7, 4)), "W_out": rng.normal(size=(4, 7))}
    model.W_in, model.W_out = start["W_in"].copy(), start["W_out"].copy()

    def train(*args):
        model.backward(model.forward(*args)[1], 0.1)

    return Call(
        train,
        loss,
        {**args, **start},
        lambda _: {name: getattr(model, name) - start[name] for name in start},
        tuple(args.values()),
        bind={"W_in": "model.W_in", "W_out": "model.W_out"},
    )


def build_cbow(module: ModuleType, rng: np.random.Generator) -> Call:
    args = {"contexts": np.array([[1, 3], [4, 1], [0, 5], [2, 2]]), "targets": np.array([2, 0, 6, 1])}
    return call(module.CBOW(7, 4), args, loss_cbow, rng)


def build_skip(module: ModuleType, rng: np.random.Generator) -> Call:
    args = {
        "centers": np.array([1, 3, 1, 0, 5]),
        "positive": np.array([2, 0, 6, 2, 1]),
        "negative": np.array([[3, 5, 3], [4, 1, 2], [0, 2, 5], [6, 6, 1], [4, 0, 3]]),
    }
    return call(module.SkipGramNS(7, 4), args, loss_skip, rng)


FILE = "models.py"
CBOW = (
    mistake(89, r"-= 1\.0", "+= 1.0", "sign_flipped", "loss_derivative_wrong"),
    mistake(89, r"-= 1\.0", "-= 0.5", "loss_derivative_wrong"),
    mistake(92, r"h_mean\.T", "h.sum(axis=1).T", "wrong_variable", "wrong_activation_in_weight_gradient"),
    mistake(92, r"h_mean", "np.sign(h_mean)", "wrong_activation_in_weight_gradient"),
    mistake(93, r"self\.W_out\.T", "grad_W_out.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(94, r" / context_len", "", "missing_factor"),
    mistake(94, r"context_len\)\.repeat", "batch_size).repeat", "wrong_variable"),
    mistake(97, r"range\(batch_size\)", "range(1, batch_size)", "loop_cut_short"),
    mistake(98, r"np\.add\.at\(grad_W_in, contexts\[i\], grad_h\[i\]\)", "grad_W_in[contexts[i]] = grad_h[i]",
            "repeated_index_lost", "gradient_overwritten"),
    mistake(98, r"contexts\[i\]", "contexts[i - 1]", "wrong_index"),
    mistake(100, r"-=", "+=", "sign_flipped"),
    mistake(101, r" \* batch_size", "", "batch_scale_1_over_N"),
    mistake(101, r"grad_W_out", "self.W_out", "gradient_or_update_used_for_weight", "wrong_variable"),
)  # fmt: skip
SKIP = (
    mistake(137, r" - 1\.0", "", "loss_derivative_wrong"),
    mistake(138, r" \* num_neg", "", "missing_factor", "batch_scale_1_over_N"),
    mistake(138, r"neg_sig", "(1 - neg_sig)", "loss_derivative_wrong"),
    mistake(144, r"\+=", "=", "gradient_overwritten", "repeated_index_lost"),
    mistake(144, r"dpos\[i\] \* h\[i\]", "dpos[i] * self.W_in[i]", "wrong_index", "wrong_variable"),
    mistake(146, r"dpos\[:, None\]", "pos_sig[:, None]", "wrong_variable", "loss_derivative_wrong"),
    mistake(153, r"\(-dneg", "(dneg", "sign_flipped"),
    mistake(153, r"\+=", "=", "gradient_overwritten", "repeated_index_lost"),
    mistake(157, r"-dneg", "dneg", "sign_flipped"),
    mistake(159, r" \+ grad_h_neg", "", "upstream_gradient_dropped", "missing_factor"),
    mistake(162, r"np\.add\.at\(grad_W_in, centers, grad_h\)", "grad_W_in[centers] += grad_h", "repeated_index_lost"),
    mistake(162, r"centers", "pos_contexts", "wrong_index", "wrong_variable"),
    mistake(165, r" \+ grad_W_out_neg", "", "upstream_gradient_dropped", "missing_factor"),
)
COMMON = {
    "always": tuple(Edit(line, r"\.astype\(np\.float32\)", "") for line in (12, 13)),
    "group": "eleventh",
}
PROGRAMS = [
    Program(
        "mytkom/word2vec-numpy",
        FILE,
        build_cbow,
        (*CBOW, two(CBOW[3], CBOW[5]), two(CBOW[1], CBOW[7])),
        harmless=(
            Edit(92, r"h_mean\.T @ grad_logits", "np.dot(h_mean.T, grad_logits)"),
            Edit(90, r"grad_logits /= batch_size", "grad_logits = grad_logits * (1 / batch_size)"),
        ),
        backward={FILE: (86, 101)},
        name="cbow",
        **COMMON,
    ),
    Program(
        "mytkom/word2vec-numpy",
        FILE,
        build_skip,
        (*SKIP, two(SKIP[1], SKIP[5]), two(SKIP[8], SKIP[10])),
        harmless=(
            Edit(146, r"dpos\[:, None\] \* pos_w\.T", "(pos_w * dpos).T"),
            Edit(159, r"grad_h_pos \+ grad_h_neg", "np.add(grad_h_neg, grad_h_pos)"),
        ),
        backward={FILE: (130, 165)},
        name="skip",
        **COMMON,
    ),
]
