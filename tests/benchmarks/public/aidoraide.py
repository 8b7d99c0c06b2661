"""aidoraide/numpy-rnn: an RNN of words whose model keeps its hidden states, with clipped gradients and weight decay.

As published a transpose is missing on the way back through time, and the decay adds squares of the weights.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["Wh", "Uh", "bh", "Wy", "by"]
WORDS, NEXT = [0, 3, 1, 1], [3, 1, 4, 2]


def loss(batch: Any, yLabels: Any, Wh: Any, Uh: Any, bh: Any, Wy: Any, by: Any) -> Any:
    h, total = np.zeros((3, 1)), 0.0
    for word, label in zip(batch, yLabels, strict=True):
        h = np.tanh(Wh[:, [word]] + Uh @ h + bh)
        z = Wy @ h + by
        total = total + np.log(np.sum(np.exp(z))) - z[label, 0]
    return total + 1e-5 * sum(np.sum(w**2) for w in (Wh, Uh, bh, Wy, by))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.VOCAB, module.c2i = list(range(5)), {k: k for k in range(5)}
    model = module.Model()
    start = {name: 0.6 * rng.normal(size=getattr(model, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(model, name, value.copy())

    def train(batch, yLabels):
        model.resetInternal(full=True)
        return model.backward(model.forward(batch), yLabels)

    return Call(
        train,
        loss,
        {"batch": WORDS, "yLabels": NEXT, **start},
        lambda result: dict(zip(NAMES, result, strict=True)),
        (WORDS, NEXT),
        bind={name: f"model.{name}" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "aidoraide/numpy-rnn",
        "train_rnn.py",
        build,
        (
            mistake(155, r" - yLabel", "", "loss_derivative_wrong"),
            mistake(155, r"yOuts\[t\] - yLabel", "(yOuts[t] - yLabel) * yOuts[t]", "loss_derivative_wrong", "extra_factor"),
            mistake(156, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(157, r"ht\.T", "htp.T", "wrong_time_index", "wrong_variable"),
            mistake(158, r" \+ dhnext", "", "missing_path_through_time"),
            mistake(159, r"1 - ht \* ht", "1 - np.tanh(ht) ** 2", "derivative_of_activated_value"),
            mistake(159, r"1 - ht \* ht", "1 - ht", "wrong_activation_derivative"),
            mistake(160, r"dhraw", "dh", "missing_activation_derivative", "wrong_variable"),
            mistake(161, r"htp\.T", "ht.T", "wrong_time_index", "wrong_variable"),
            mistake(162, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(162, r"xs\[t\]", "xs[t - 1]", "wrong_time_index"),
            mistake(163, r"dhraw", "dh", "missing_activation_derivative", "wrong_variable"),
            mistake(149, r"reversed\((.*)\):", r"\1:", "wrong_time_index", "missing_path_through_time"),
            two(
                mistake(157, r"ht\.T", "htp.T", "wrong_time_index", "wrong_variable"),
                mistake(163, r"dhraw", "dh", "missing_activation_derivative", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(159, r"\(1 - ht \* ht\) \* dh", "dh - ht**2 * dh"),
            Edit(158, r"np\.matmul\(self\.Wy\.T, dy\)", "self.Wy.T @ dy"),
        ),
        keep=((1, 1), (43, 50), (82, 85), (93, 95), (97, 182)),
        always=(Edit(97, "50", "3"), Edit(98, r"len\(VOCAB\)", "5")),
        mend=(Edit(163, r"self\.Uh", "self.Uh.T"), Edit(95, r"lamb \* w\*\*2", "2 * lamb * w")),
        published=("transposed", "regularisation_term_wrong"),
        backward={"train_rnn.py": (142, 168)},
        group="newest",
    )
]
