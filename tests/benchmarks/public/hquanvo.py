"""hquanvo/MNIST-CNN-Numpy-only: convolution in loops, max pooling, softmax with weight decay.

As published the bias of the last layer is divided by the number of images twice."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(images: Any, labels: Any, k: Any, c: Any, W: Any, b: Any) -> Any:
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    z = np.stack(
        [
            np.stack([np.einsum("nij,kij->nk", padded[:, i : i + 3, j : j + 3], k) + c[:, 0] for j in range(4)], axis=1)
            for i in range(4)
        ],
        axis=1,
    )
    h = np.max(z.reshape(3, 2, 2, 2, 2, 2), axis=(2, 4)).reshape(3, 8)
    o = h @ W + b[:, 0]
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(o * np.eye(3)[labels], axis=1)) + 0.02 * np.sum(W**2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from loss import SoftmaxLoss
    from max_pool import MaxPool

    conv, pool, last = module.Conv3x3(2), MaxPool(), SoftmaxLoss(8, 3, 0.04)
    conv.W, conv.b = rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 1))
    last.W, last.b = rng.normal(size=(8, 3)), rng.normal(size=(3, 1))
    start = {"k": conv.W, "c": conv.b, "W": last.W, "b": last.b}
    images, labels = rng.normal(size=(3, 4, 4)), np.array([2, 0, 1])

    def train(images, labels):
        convolved, conv_cache = conv.forward_pass(images)
        pooled, pool_cache = pool.forward_pass(convolved)
        probs, cache = last.forward_pass(pooled)
        dW, db, dX = last.backprop(probs, labels, cache)
        dconv = pool.backprop(pooled, pool_cache, dX)
        last.update_parameters(dW, db, 0.1)
        conv.update_parameters(*conv.backprop(convolved, conv_cache, dconv), 0.1)

    return Call(
        train,
        loss,
        {"images": images, "labels": labels, **start},
        lambda _: {"k": conv.W - start["k"], "c": conv.b - start["c"], "W": last.W - start["W"], "b": last.b - start["b"]},
        (images, labels),
        bind={"k": "conv.W", "c": "conv.b", "W": "last.W", "b": "last.b"},
    )


L, P = "loss.py", "max_pool.py"
MISTAKES = (
    mistake(59, r"X_pad\[i, h:h\+filter_size, w:w \+ filter_size\]",
            "X_pad[i, h:h+filter_size, w:w + filter_size][::-1, ::-1]", "conv_kernel_reversed", "wrong_index"),
    mistake(59, r"\[i, h, w, k\]", "[i, w, h, k]", "wrong_index", "transposed"),
    mistake(59, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps"),
    mistake(57, r"range\(0, W", "range(1, W", "loop_cut_short"),
    mistake(60, r"\[i, h, w, k\]", "[i, h, w, 0]", "wrong_index"),
    mistake(60, r"\+= dL", "+= dL_dw[k, 0, 0] * dL", "extra_factor", "wrong_variable"),
    mistake(50, r"/n", "", "batch_scale_1_over_N", file=L),
    mistake(50, r"probs - one_hot_labels", "probs * (probs - one_hot_labels)", "extra_factor", "softmax_jacobian_wrong",
            "loss_derivative_wrong", file=L),
    mistake(59, r" \+ self\.lammy \* self\.W", "", "regularisation_term_wrong", file=L),
    mistake(59, r"\+ self\.lammy", "- self.lammy", "regularisation_term_wrong", "sign_flipped", file=L),
    mistake(61, r"dZ_dX\.T", "dL_dW.T", "gradient_or_update_used_for_weight", "wrong_variable", file=L),
    mistake(37, r"==", "<=", "relu_mask_wrong", "wrong_index", file=P),
    mistake(39, r"max_mask \* ", "", "relu_mask_wrong", "missing_factor", file=P, blame=(38,)),
    mistake(33, r"shape\[1\]", "shape[1] - 1", "loop_cut_short", file=P),
)  # fmt: skip
PROGRAMS = [
    Program(
        "hquanvo/MNIST-CNN-Numpy-only",
        "conv.py",
        build,
        (*MISTAKES[:6], *MISTAKES[7:], two(MISTAKES[1], MISTAKES[8]), two(MISTAKES[4], MISTAKES[12])),
        harmless=(
            Edit(61, r"dL_dZ @ dZ_dX\.T", "np.dot(dL_dZ, self.W.T)", L),
            Edit(39, r"max_mask \* (.*)$", r"np.where(max_mask, \1, 0.0)", P),
        ),
        more=(L, P),
        always=(Edit(37, r"self\.b\[k\]", "self.b[k, 0]"),),
        mend=(Edit(60, r"1/n \* ", "", L),),
        published=("batch_scale_1_over_N", "bias_gradient_reduction"),
        backward={"conv.py": (44, 60), L: (38, 61), P: (25, 39)},
        group="eleventh",
    )
]
