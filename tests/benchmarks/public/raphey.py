"""raphey/numpy-cnn: four layers with decay on module globals, and layers of a convolutional net that add to their weights.

As published the convolution adds what all images send back to the first image of the batch.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

SAMPLES = 6
STUBS = dict.fromkeys(("sklearn/__init__.py", "sklearn/datasets.py", "sklearn/utils.py"), ANYTHING)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def cross_entropy(z: Any, y: Any) -> Any:
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1)) / SAMPLES


def four(x: Any, y: Any, w1: Any, w2: Any, w3: Any, b1: Any, b2: Any) -> Any:
    z = sigmoid(sigmoid(x @ w1 + b1) @ w2 + b2) @ w3
    return cross_entropy(z, y) + 0.3 / (2 * SAMPLES) * (np.sum(w1**2) + np.sum(w2**2) + np.sum(w3**2))


def convolution(x: Any, w: Any, b: Any) -> Any:
    filters = w.reshape(x.shape[1], 2, 2, -1)
    high, wide = x.shape[2] - 1, x.shape[3] - 1
    parts = (
        np.einsum("nchw,co->nohw", x[:, :, i : i + high, j : j + wide], filters[:, i, j]) for i in range(2) for j in range(2)
    )
    return sum(parts) + b.reshape(1, -1, 1, 1)


def lrelu(z: Any) -> Any:
    return np.maximum(z, 0.01 * z)


def network(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
    h = lrelu(convolution(lrelu(convolution(x, w1, b1)), w2, b2))
    return cross_entropy(h.reshape(SAMPLES, -1) @ w3 + b3, y)


def data(rng: np.random.Generator, *shape: int) -> dict[str, Any]:
    labels = rng.integers(0, 3, size=SAMPLES)
    return {"x": rng.normal(size=(SAMPLES, *shape)), "y_": np.eye(3)[labels], "y_as_int": labels}


def globals_(module: ModuleType, rng: np.random.Generator) -> Call:
    module.training = module.validation = module.testing = data(rng, 4)
    module.training_size = SAMPLES
    sizes = {"w1": (4, 5), "w2": (5, 4), "w3": (4, 3), "b1": 5, "b2": 4}
    start = {name: rng.normal(size=size) for name, size in sizes.items()}
    for name, value in start.items():
        setattr(module, name, value.copy())
    return Call(
        module.train_model,
        four,
        {"x": module.training["x"], "y": module.training["y_"], **start},
        lambda _: {name: getattr(module, name) - then for name, then in start.items()},
        kwargs={"alpha": 0.1, "epochs": 2, "batch_size": SAMPLES, "lam": 0.3},
        bind={name: name for name in start},
        once={"epochs": 1},
    )


def layers(module: ModuleType, rng: np.random.Generator) -> Call:
    first, second = module.ConvolutionLayer(3, 2, 2, 1), module.ConvolutionLayer(2, 3, 2, 1)
    last = module.FullyConnectedLayer(8, 3)
    bridge = module.ConvolutionFullyConnectedBridge(2, 2, 2)
    net = module.Classifier([first, module.LReLULayer(), second, module.LReLULayer(), bridge, last, module.SoftmaxLayer()])
    images = data(rng, 2, 4, 4)
    places = {
        "w1": (first, "filters_2d"),
        "b1": (first, "b"),
        "w2": (second, "filters_2d"),
        "b2": (second, "b"),
        "w3": (last, "w"),
        "b3": (last, "b"),
    }
    start = {name: rng.normal(scale=0.6, size=getattr(*place).shape) for name, place in places.items()}
    for name, place in places.items():
        setattr(*place, start[name].copy())
    number = {"1": 0, "2": 2, "3": 5}
    return Call(
        module.train_classifier_model,
        network,
        {"x": images["x"], "y": images["y_"], **start},
        lambda _: {name: getattr(*place) - start[name] for name, place in places.items()},
        (net, images, images, images, 0.05, SAMPLES),
        {"epochs": 2},
        bind={name: f"classifier.layers[{number[name[1]]}].{place[1]}" for name, place in places.items()},
        once={"epochs": 1},
    )


PROGRAMS = [
    Program(
        "raphey/numpy-cnn",
        "four_layer_nn.py",
        globals_,
        (
            mistake(76, r"- sig_h2\)", "- h2_out)", "derivative_at_wrong_point", "wrong_activation_derivative"),
            mistake(76, r" \* sig_h2 \* ", " * ", "wrong_activation_derivative", "missing_factor"),
            mistake(77, r" \* sig_h1 \* .*$", "", "missing_activation_derivative"),
            mistake(79, r"-alpha", "alpha", "sign_flipped", "regularisation_term_wrong"),
            mistake(82, r" / training_size", "", "regularisation_term_wrong", "missing_factor", "batch_scale_1_over_N"),
            mistake(85, r"\* w3", "* w3 ** 2", "regularisation_term_wrong"),
            mistake(83, r"sig_h1", "h1_out", "wrong_activation_in_weight_gradient"),
            mistake(86, r" / batch_size", "", "batch_scale_1_over_N"),
            mistake(88, r"\.sum\(axis=0\)", ".sum()", "bias_gradient_reduction"),
            mistake(89, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            two(
                mistake(83, r"sig_h1", "h1_out", "wrong_activation_in_weight_gradient"),
                mistake(89, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(76, r"sig_h2 \* \(np\.ones\(shape=sig_h2\.shape\) - sig_h2\)", "(sig_h2 - sig_h2 ** 2)"),
            Edit(88, r"delta_h1o\.sum\(axis=0\)", "np.ones(len(x)) @ delta_h1o"),
        ),
        more=("nn_util.py",),
        stubs=STUBS,
        backward={"four_layer_nn.py": (74, 89)},
        group="fresh",
    ),
    Program(
        "raphey/numpy-cnn",
        "generalized_nn.py",
        layers,
        (
            mistake(
                114,
                r"self\.w\.T",
                "(self.w + alpha_adj * np.dot(self.input.T, self.output_side_deltas)).T",
                "updated_weights_used",
            ),
            mistake(118, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(169, r"self\.input", "self.output_side_deltas", "relu_mask_wrong", "wrong_variable"),
            mistake(170, r"self\.a \* ", "", "relu_mask_wrong", "missing_factor"),
            mistake(274, r"1, 0, 2, 3", "1, 0, 3, 2", "transposed"),
            mistake(286, r"\+=", "-=", "sign_flipped"),
            mistake(289, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(334, r"\+= patch", "= patch", "repeated_index_lost", "loop_cut_short"),
            mistake(331, r"\* i", "* j", "wrong_index"),
            mistake(329, r"\[i\]\[j\]", "[j][i]", "wrong_index"),
            two(
                mistake(118, r"\.sum", ".mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(169, r"self\.input", "self.output_side_deltas", "relu_mask_wrong", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(169, r"self\.input >= 0", "self.output >= 0"),
            Edit(117, r"\+= (.*)$", r"-= -\1"),
        ),
        more=("nn_util.py",),
        stubs=STUBS,
        mend=(Edit(333, r"\[0, 0:", "[k, 0:"),),
        published=("wrong_index",),
        backward={"generalized_nn.py": (112, 336)},
        group="fresh",
    ),
]
