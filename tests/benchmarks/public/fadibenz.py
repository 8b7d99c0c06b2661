"""fadibenz/Convolution-SpatialBatchNorm-VanillaNumpy: layers as functions; batch norm has statistics for each pixel."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w1: Any, b1: Any, gamma: Any, beta: Any, w2: Any, b2: Any) -> Any:
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    h = [[np.einsum("ncij,fcij->nf", x[:, :, i : i + 3, j : j + 3], w1) + b1 for j in range(4)] for i in range(4)]
    h = np.array(h).transpose(2, 3, 0, 1)
    h = (h - np.mean(h, axis=0)) / np.sqrt(np.var(h, axis=0) + 1e-5)
    h = np.maximum(gamma[:, None, None] * h + beta[:, None, None], 0)
    h = np.array([[h[:, :, i : i + 2, j : j + 2].max(axis=(2, 3)) for j in range(3)] for i in range(3)]).transpose(2, 3, 0, 1)
    z = h.reshape(len(x), -1) @ w2 + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(3)[y] * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = {"w1": (2, 1, 3, 3), "gamma": 2, "beta": 2, "w2": (18, 3), "b2": 3}
    start = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    x, y, b1 = rng.normal(size=(5, 1, 4, 4)), rng.integers(0, 3, size=5), rng.normal(size=2)

    def train(x, y, w1, b1, gamma, beta, w2, b2):
        h, conv = module.conv_forward_naive(x, w1, b1, {"stride": 1, "pad": 1})
        h, norm = module.spatial_batchnorm_forward(h, gamma, beta, {"mode": "train"})
        h, relu = module.relu_forward(h)
        h, pool = module.max_pool_forward_naive(h, {"pool_height": 2, "pool_width": 2, "stride": 1})
        scores, affine = module.affine_forward(h, w2, b2)
        dout = module.softmax_loss(scores, y)[1]
        dout, dw2, db2 = module.affine_backward(dout, affine)
        dout = module.max_pool_backward_naive(dout, pool)
        dout = module.relu_backward(dout, relu)
        dout, dgamma, dbeta = module.spatial_batchnorm_backward(dout, norm)
        dx, dw1, _ = module.conv_backward_naive(dout, conv)
        return {"x": dx, "w1": dw1, "gamma": dgamma, "beta": dbeta, "w2": dw2, "b2": db2}

    return Call(
        train,
        loss,
        {"x": x, "y": y, "b1": b1, **start},
        lambda grads: grads,
        (x, y, start["w1"], b1, start["gamma"], start["beta"], start["w2"], start["b2"]),
        bind={name: name for name in ("x", "y", "b1", *start)},
    )


PROGRAMS = [
    Program(
        "fadibenz/Convolution-SpatialBatchNorm-VanillaNumpy",
        "deeplearning/layers.py",
        build,
        (
            mistake(46, r"dot\(dout\)", "dot(dout) / x.shape[0]", "batch_scale_1_over_N"),
            mistake(47, r"np\.sum\(dout, axis=0\)", "np.mean(dout, axis=0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(80, r"x > 0", "dout > 0", "relu_mask_wrong", "wrong_variable"),
            mistake(193, r"dout \* Z", "dout * x", "wrong_variable"),
            mistake(201, r"gamma \* inv_std", "inv_std", "missing_factor"),
            mistake(202, r" - \(1\.0 / N\) \* dout_sum", "", "normalisation_term_missing"),
            mistake(202, r" - \(1\.0 / N\) \* inv_std.*$", "", "normalisation_term_missing"),
            mistake(202, r"inv_std \*\* 2", "inv_std", "missing_factor", "normalisation_term_missing"),
            mistake(202, r"\* X_minus_mean", "* x", "wrong_variable", "normalisation_term_missing"),
            mistake(362, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(363, r"\+=", "=", "repeated_index_lost", "gradient_accumulated_across_steps"),
            mistake(361, r"i, j\]", "j, i]", "transposed", "wrong_index"),
            mistake(444, r"\+= dout", "= dout", "repeated_index_lost", "gradient_accumulated_across_steps"),
            mistake(444, r"max_index\[0\], j", "max_index[1], j", "wrong_index"),
            mistake(507, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(559, r"-= 1", "= -1", "loss_derivative_wrong"),
            two(
                mistake(202, r" - \(1\.0 / N\) \* dout_sum", "", "normalisation_term_missing"),
                mistake(
                    47, r"np\.sum\(dout, axis=0\)", "np.mean(dout, axis=0)", "bias_gradient_reduction", "batch_scale_1_over_N"
                ),
            ),
            two(
                mistake(444, r"\+= dout", "= dout", "repeated_index_lost", "gradient_accumulated_across_steps"),
                mistake(201, r"gamma \* inv_std", "inv_std", "missing_factor"),
            ),
        ),
        harmless=(
            Edit(80, r"\(x > 0\) \* dout", "np.where(x > 0, dout, 0)"),
            Edit(197, r"np\.sum\(dout, axis=0\)", "dout.sum(axis=0)"),
        ),
        backward={"deeplearning/layers.py": (43, 561)},
        group="eighth",
    )
]
