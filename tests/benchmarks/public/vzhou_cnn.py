"""vzhou842/cnn-from-scratch: 3x3 filters, a pool and a softmax layer, each with its own backward pass and update, one image."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, moved


def loss(im: Any, label: Any, filters: Any, weights: Any, biases: Any) -> Any:
    image = im / 255 - 0.5
    n = len(image) - 2
    windows = np.stack([image[i : i + n, j : j + n] for i in range(3) for j in range(3)], axis=2)
    x = windows @ filters.reshape(len(filters), 9).T
    x = np.max(x.reshape(n // 2, 2, n // 2, 2, -1), axis=(1, 3)).reshape(-1)
    z = x @ weights + biases
    return np.log(np.sum(np.exp(z))) - z[label]


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.conv, module.softmax = module.Conv3x3(2), module.Softmax(8, 10)
    places = {"filters": module.conv, "weights": module.softmax, "biases": module.softmax}
    start = {name: rng.normal(size=getattr(layer, name).shape) for name, layer in places.items()}
    for name, layer in places.items():
        setattr(layer, name, start[name].copy())
    im = rng.integers(0, 256, size=(6, 6))
    return Call(
        module.train,
        loss,
        {"im": im, "label": 3, **start},
        lambda _: {name: getattr(layer, name) - start[name] for name, layer in places.items()},
        (im, 3),
        bind={"filters": "conv.filters", "weights": "softmax.weights", "biases": "softmax.biases"},
    )


CONV, POOL, SOFTMAX = "conv.py", "maxpool.py", "softmax.py"
PROGRAMS = [
    Program(
        "vzhou842/cnn-from-scratch",
        "cnn.py",
        build,
        (
            mistake(49, r"-t_exp\[i\]", "t_exp[i]", "sign_flipped", "softmax_jacobian_wrong", file=SOFTMAX),
            mistake(50, r"\(S - t_exp\[i\]\)", "S", "softmax_jacobian_wrong", "missing_factor", file=SOFTMAX),
            mistake(49, r"\(S \*\* 2\)", "S", "softmax_jacobian_wrong", "missing_factor", file=SOFTMAX),
            mistake(61, r"d_L_d_t\[", "d_out_d_t[", "upstream_gradient_dropped", "wrong_variable", file=SOFTMAX),
            mistake(62, r"d_L_d_t \*", "d_out_d_t *", "upstream_gradient_dropped", "wrong_variable", file=SOFTMAX),
            moved(63, 68, "updated_weights_used", file=SOFTMAX, blame=(63, 66)),
            mistake(67, r"-=", "+=", "sign_flipped", file=SOFTMAX),
            mistake(53, r"i, j, f2\]$", "i, j, 0]", "wrong_index", file=POOL),
            mistake(52, r"==", "!=", "wrong_index", "relu_mask_wrong", file=POOL),
            mistake(58, r"\+=", "=", "gradient_accumulated_across_steps", "loop_cut_short", file=CONV),
            mistake(58, r"i, j, f", "j, i, f", "wrong_index", "transposed", file=CONV),
            mistake(61, r"learn_rate \* ", "", "missing_factor", file=CONV),
            mistake(49, r"np\.zeros", "np.ones", "loss_derivative_wrong", "wrong_index"),
        ),
        harmless=(
            Edit(61, r"d_t_d_w\[np.*$", "np.outer(d_t_d_w, d_L_d_t)", SOFTMAX),
            Edit(58, r"d_L_d_out\[i, j, f\] \* im_region", "im_region * d_L_d_out[i, j][f]", CONV),
            Edit(63, r"d_t_d_inputs @ d_L_d_t", "np.dot(d_L_d_t, d_t_d_inputs.T)", SOFTMAX),
        ),
        more=(CONV, POOL, SOFTMAX),
        keep=((2, 5), (14, 57)),
        stubs={"mnist.py": ANYTHING},
        group="later",
    )
]
