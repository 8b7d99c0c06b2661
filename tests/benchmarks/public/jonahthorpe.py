"""jonahthorpe/cnn-numpy: convolution in loops with padding, max pooling, softmax with a Jacobian; the layers update themselves.

As published the dense layer passes the gradient through the weights that it has updated already.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(image: Any, label: Any, filters: Any, weights: Any, biases: Any) -> Any:
    p = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    out = np.zeros((4, 4, 3))
    for i in range(3):
        for j in range(3):
            out = out + p[i : i + 4, j : j + 4] @ filters[:, :, i, j]
    pool = np.max(out.reshape(2, 2, 2, 2, 3), axis=(1, 3))
    z = pool.flatten() @ weights + biases
    s = np.exp(z) / np.sum(np.exp(z))
    return -np.log(s[label] + 1e-5)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from conv import Conv
    from dense import Dense
    from pool import Pool

    model, conv, dense = module.Model(), Conv(2, 3, "same"), Dense(12, 3)
    for layer in (conv, Pool(), dense):
        model.add_layer(layer)
    start = {
        "filters": 0.5 * rng.normal(size=(2, 3, 3, 3)),
        "weights": 0.5 * rng.normal(size=(12, 3)),
        "biases": rng.normal(size=3),
    }
    conv.filters, dense.weights, dense.biases = (value.copy() for value in start.values())
    image, label = rng.normal(size=(4, 4, 2)), 1

    def train(image, label):
        out = model.forward(image)
        model.backward(model.calculate_loss_prime(out, label), 0.1)

    return Call(
        train,
        loss,
        {"image": image, "label": label, **start},
        lambda _: {
            "filters": conv.filters - start["filters"],
            "weights": dense.weights - start["weights"],
            "biases": dense.biases - start["biases"],
        },
        (image, label),
        bind={"filters": "model.layers[0].filters", "weights": "model.layers[2].weights", "biases": "model.layers[2].biases"},
    )


ACTIVATION, CONV, DENSE, LOSS, POOL = (f"{name}.py" for name in ("activation", "conv", "dense", "loss", "pool"))
MISTAKES = (
    mistake(49, r"reversed\(self\.layers\)", "reversed(self.layers[1:])", "loop_cut_short", "upstream_gradient_dropped"),
    mistake(
        79,
        r"np\.dot\(activations_vector, activations_vector\.T\)",
        "activations_vector",
        "softmax_jacobian_wrong",
        file=ACTIVATION,
    ),
    mistake(79, r" - np\.dot.*$", "", "softmax_jacobian_wrong", file=ACTIVATION),
    mistake(79, r"np\.diagflat\(activations\)", "np.eye(len(activations))", "softmax_jacobian_wrong", file=ACTIVATION),
    mistake(67, r"0: height_l, 0: width_l, f", "0: height_l, 0: width_l, 0", "wrong_index", file=CONV),
    mistake(69, r"\+= np", "= 0.5 * np", "factor_2", "gradient_overwritten", file=CONV),
    mistake(69, r"\[c, f, h, w\]", "[c, f, w, h]", "wrong_index", "transposed", file=CONV),
    mistake(65, r"h: h \+ height_l, w: w \+ width_l, c", "h: h + height_l, w: w + width_l, 0", "wrong_index", file=CONV),
    mistake(48, r"np\.dot\(.*$", "self.activations * d_loss_d_out", "softmax_jacobian_wrong", file=DENSE),
    mistake(
        50, r"np\.array\(\[self\.input\]\)\.T", "np.ones((self.input_len, 1))", "wrong_activation_in_weight_gradient", file=DENSE
    ),
    mistake(55, r"= d_loss_d_summed_weights", "= d_loss_d_out", "missing_activation_derivative", "wrong_variable", file=DENSE),
    mistake(57, r"-=", "+=", "sign_flipped", file=DENSE),
    mistake(
        58, r"step \* d_loss_d_bias", "step * self.biases", "gradient_or_update_used_for_weight", "wrong_variable", file=DENSE
    ),
    mistake(
        51, r"= d_loss_d_out\[h, w, feature_map\]", "= d_loss_d_out[w, h, feature_map]", "wrong_index", "transposed", file=POOL
    ),
    mistake(50, r"==", "!=", "relu_mask_wrong", "wrong_index", file=POOL),
    mistake(87, r"-=", "+=", "sign_flipped", file=CONV),
)
PROGRAMS = [
    Program(
        "jonahthorpe/cnn-numpy",
        "model.py",
        build,
        (*MISTAKES, two(MISTAKES[6], MISTAKES[10]), two(MISTAKES[9], MISTAKES[13])),
        harmless=(
            Edit(79, r"np\.dot\(activations_vector, activations_vector\.T\)", "np.outer(activations, activations)", ACTIVATION),
            Edit(
                50,
                r"d_loss_d_summed_weights \* np\.array\(\[self\.input\]\)\.T",
                "np.outer(self.input, d_loss_d_summed_weights)",
                DENSE,
            ),
        ),
        more=(ACTIVATION, CONV, DENSE, LOSS, POOL),
        mend=(
            Edit(56, r"#.*$", "old = self.weights.copy()", DENSE),
            Edit(62, r"self\.weights ", "old ", DENSE),
        ),
        published=("updated_weights_used",),
        blame=(56, 57, 62),
        stubs={"cv2.py": ANYTHING, "scipy/__init__.py": "", "scipy/signal.py": ANYTHING},
        backward={DENSE: (44, 63), CONV: (51, 88), POOL: (35, 53), ACTIVATION: (78, 79), LOSS: (16, 19)},
        group="ninth",
    )
]
