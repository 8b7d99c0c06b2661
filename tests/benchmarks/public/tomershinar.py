"""tomer-shinar/Numpy-CNN-Backpropagation: layers that keep an error and fit later; one changes it in place."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY = 0.1


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [
        module.Linear(4, 6),
        module.BatchNorm(6),
        module.Relu(),
        module.Dropout(0.3),
        module.Linear(6, 3),
        module.Softmax(),
    ]
    model = module.Model(layers)
    places = {"W1": (0, "W"), "b1": (0, "b"), "gamma": (1, "gamma"), "beta": (1, "beta"), "W2": (4, "W"), "b2": (4, "b")}
    start = {}
    for key, (number, name) in places.items():
        start[key] = rng.normal(size=getattr(layers[number], name).shape)
        setattr(layers[number], name, start[key].copy())
    X, Y, seed = rng.normal(size=(8, 4)), np.eye(3)[rng.integers(0, 3, size=8)], int(rng.integers(1000))
    mask = np.random.RandomState(seed).random_sample((8, 6)) < 1 - 0.3  # the program draws the same one

    def loss(X, Y, W1, b1, gamma, beta, W2, b2):
        x = X @ W1.T + b1
        x = x - np.mean(x, axis=0)
        x = np.maximum(gamma * x / np.sqrt(np.mean(x**2, axis=0) + 1e-5) + beta, 0) * mask / (1 - 0.3)
        z = x @ W2.T + b2
        data = np.sum(np.log(np.sum(np.exp(z), axis=1)) - np.sum(Y * z, axis=1))
        return data + DECAY / 2 * (np.sum(W1**2) + np.sum(W2**2))

    def train(model, X, Y):
        np.random.seed(seed)  # noqa: NPY002
        out = model(X)
        model.backward(out - Y)
        model.fit(0.05, DECAY)

    def after(_: Any) -> dict[str, Any]:
        # the first bias comes before a normalisation, its gradient is zero
        return {key: getattr(layers[number], name) - start[key] for key, (number, name) in places.items() if key != "b1"}

    return Call(
        train,
        loss,
        {"X": X, "Y": Y, **start},
        after,
        (model, X, Y),
        bind={key: f"model.layers[{number}].{name}" for key, (number, name) in places.items()},
    )


PROGRAMS = [
    Program(
        "tomer-shinar/Numpy-CNN-Backpropagation",
        "layers.py",
        build,
        (
            mistake(61, r" / self\.keep_prob", "", "missing_factor"),
            mistake(61, r"self\.device\.multiply\(error, self\.mask\)", "error", "relu_mask_wrong", "missing_factor"),
            mistake(91, r"> 0", "< 0", "relu_mask_wrong"),
            mistake(91, r"self\.memory_input > 0", "error > 0", "relu_mask_wrong", "wrong_variable"),
            mistake(191, r" \+ weight_decay \* self\.W", "", "regularisation_term_wrong"),
            mistake(191, r"\+ weight_decay", "- weight_decay", "regularisation_term_wrong", "sign_flipped"),
            mistake(192, r"\.sum\(0\)", ".mean(0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(306, r" / self\.memory_std", "", "missing_factor", "normalisation_term_missing"),
            mistake(307, r" - error\.sum\(axis=0\)", "", "normalisation_term_missing"),
            mistake(307, r" - self\.memory_norm.*$", ")", "normalisation_term_missing"),
            mistake(311, r" \* self\.memory_norm\)", ")", "missing_factor", "wrong_variable"),
            mistake(312, r" \* lr", "", "missing_factor"),
            two(
                mistake(61, r" / self\.keep_prob", "", "missing_factor"),
                mistake(192, r"\.sum\(0\)", ".mean(0)", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(
                191,
                r"self\.device\.dot\(self\.grads\.T, self\.memory_input\)",
                "self.device.dot(self.memory_input.T, self.grads).T",
            ),
            Edit(188, r"self\.device\.dot\(self\.W\.T, error\.T\)\.T", "error @ self.W"),
            Edit(61, r"self\.device\.multiply\(error, self\.mask\)", "(error * self.mask)"),
        ),
        mend=(Edit(304, r"error \*= self\.gamma", "error = error * self.gamma"),),
        published=("extra_factor", "wrong_variable"),
        blame=(303, 304, 311, 312),
        backward={"layers.py": (302, 312)},
        group="later",
    )
]
