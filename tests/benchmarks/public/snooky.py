"""snooky23/K-Sparse-AutoEncoder: sigmoid layers of which the hidden one keeps its largest activations.

As published the step of the biases takes the mean of the batch, that of the weights the sum."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two


def loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, mask: Any) -> Any:
    h = mask / (1 + np.exp(-(x @ W1 + b1)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(h @ W2 + b2))) - x) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from layers.linear_layer import LinearLayer
    from layers.sparse_layer import SparseLayer

    layers = [SparseLayer("hidden", 5, 6, num_k_sparse=3), LinearLayer("out", 6, 5)]
    net = module.FCNeuralNet(layers)
    start = {"W1": rng.normal(size=(5, 6)), "b1": rng.normal(size=6), "W2": rng.normal(size=(6, 5)), "b2": rng.normal(size=5)}
    fields = {"W": "weights", "b": "biases"}
    for name, value in start.items():
        setattr(layers[int(name[1]) - 1], fields[name[0]], value.copy())
    x = rng.uniform(size=(7, 5))
    z = x @ start["W1"] + start["b1"]
    mask = (z >= np.sort(z, axis=1)[:, -3:-2]).astype(float)

    def train(x):
        results = net.feed_forward(x)
        error = net.cost_func(results[-1], x)
        net.update_weights(results, net.back_propagate(results, error), 0.1)

    return Call(
        train,
        loss,
        {"x": x, **start, "mask": mask},
        lambda _: {name: getattr(layers[int(name[1]) - 1], fields[name[0]]) - value for name, value in start.items()},
        (x,),
        bind={**{name: f"layers[{int(name[1]) - 1}].{fields[name[0]]}" for name in start}, "mask": "layers[0].sparsity_mask"},
    )


FILE, LINEAR, SPARSE = "nets/fcnn.py", "layers/linear_layer.py", "layers/sparse_layer.py"
ACT, COST = "utilis/activations.py", "utilis/cost_functions.py"
MISTAKES = (
    mistake(22, r"1\.0 - signal", "1.0 + signal", "wrong_activation_derivative", file=ACT),
    mistake(229, r" \* last_layer\.activation\(results\[-1\], derivative=True\)", "", "missing_activation_derivative"),
    mistake(229, r"\(results\[-1\], derivative=True\)", "(results[-1])", "wrong_activation_derivative"),
    mistake(234, r"layer\.weights\.T", "np.abs(layer.weights.T)", "wrong_variable"),
    mistake(234, r" \* layer\.activation\(results\[i\], derivative=True\)", "", "missing_activation_derivative"),
    mistake(234, r"deltas\[-1\]", "error", "wrong_variable", "missing_activation_derivative"),
    mistake(240, r"delta \* layer\.sparsity_mask\.astype\(float\)", "delta", "relu_mask_wrong", "missing_factor"),
    mistake(240, r"layer\.sparsity_mask", "(~layer.sparsity_mask)", "relu_mask_wrong", "sign_flipped"),
    mistake(262, r"layer_result\.T", "np.sign(layer_result).T", "wrong_activation_in_weight_gradient"),
    mistake(258, r"results\[i\]", "self.layers[i].result if i else results[0]", "wrong_index", blame=(262,)),
    mistake(263, r"-=", "+=", "sign_flipped"),
    mistake(267, r"bias_gradient", "layer.biases", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(266, r"delta, axis=0", "delta", "bias_gradient_reduction"),
    mistake(18, r"outputs - targets", "outputs - targets / 2", "loss_derivative_wrong", file=COST),
)
MISTAKES = tuple(m for k, m in enumerate(MISTAKES) if k not in (6, 7, 9))
PROGRAMS = [
    Program(
        "snooky23/K-Sparse-AutoEncoder",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[7]), two(MISTAKES[1], MISTAKES[8])),
        harmless=(
            Edit(262, r"layer_result\.T\.dot\(delta\)", "layer_result.T @ delta"),
            Edit(263, r"layer\.weights -= learning_rate \* gradient", "layer.weights = layer.weights - learning_rate * gradient"),
        ),
        more=(LINEAR, SPARSE, ACT, COST),
        stubs={
            **{f"{name}/__init__.py": "" for name in ("nets", "layers", "utilis")},
            "utilis/regularization.py": ANYTHING,
        },
        mend=(Edit(266, r"np\.mean", "np.sum"),),
        published=("bias_gradient_reduction", "batch_scale_1_over_N"),
        backward={FILE: (228, 267), ACT: (20, 22)},
        group="eleventh",
    )
]
