"""androclassic/min-char-gru: the well-known character RNN as a gated recurrent unit in a class; sums over a sequence, clipped."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ("Wxh", "Whh", "Wxg", "Whg", "Wxf", "Whf", "Why", "bh", "bg", "bf", "by")


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(
    inputs: Any, targets: Any, hprev: Any, Wxh: Any, Whh: Any, Wxg: Any, Whg: Any, Wxf: Any, Whf: Any, Why: Any, bh: Any, bg: Any,
    bf: Any, by: Any
) -> Any:  # fmt: skip
    h, total = hprev, 0.0
    for x, target in zip(inputs, targets, strict=True):
        f, g = sigmoid(Wxf @ x + Whf @ h + bf), sigmoid(Wxg @ x + Whg @ h + bg)
        h = g * np.tanh(Wxh @ x + Whh @ (f * h) + bh) + (1 - g) * h
        y = Why @ h + by
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.GRUModel(4, 3)
    start = {}
    for name in NAMES:
        start[name] = 0.6 * rng.normal(size=getattr(model, name).shape)
        setattr(model, name, start[name].copy())
    inputs, targets = np.eye(4)[rng.integers(0, 4, size=4)].reshape(4, 4, 1), rng.integers(0, 4, size=4)
    hprev = 0.5 * rng.normal(size=(3, 1))

    def train(inputs, targets, hprev):
        return model.lossFun(inputs, targets, hprev)

    return Call(
        train,
        loss,
        {"inputs": inputs, "targets": targets, "hprev": hprev, **start},
        lambda result: dict(zip(NAMES, result[1], strict=True)),
        (inputs, targets, hprev),
        bind={name: f"model.{name}" for name in NAMES},
    )


MISTAKES = (
    mistake(78, r"-= 1", "= -1", "loss_derivative_wrong"),
    mistake(134, r"hs\[t\]", "hs[t-1]", "wrong_time_index"),
    mistake(135, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(136, r" \+ dhnext", "", "missing_path_through_time"),
    mistake(137, r" - hs\[t-1\]", "", "missing_factor", "loss_derivative_wrong"),
    mistake(138, r"gs\[t\] \* \(1-gs\[t\]\)", "(1-gs[t])", "wrong_activation_derivative"),
    mistake(140, r"hs\[t-1\]", "hs[t]", "wrong_time_index"),
    mistake(143, r"gs\[t\]", "(1 - gs[t])", "wrong_variable"),
    mistake(144, r"hc\[t\] \* hc\[t\]", "hs[t] * hs[t]", "wrong_variable", "derivative_at_wrong_point"),
    mistake(145, r"dhcraw", "dhc", "missing_activation_derivative", "wrong_variable"),
    mistake(148, r"hf\.T", "hs[t-1].T", "missing_factor", "wrong_activation_in_weight_gradient"),
    mistake(150, r"self\.Whh\.T", "self.Whh", "transposed"),
    mistake(151, r"fs\[t\] \* \(1-fs\[t\]\)", "gs[t] * (1-gs[t])", "wrong_variable"),
    mistake(156, r" \* fs\[t\]", "", "missing_factor"),
    mistake(156, r" \+ \(1-gs\[t\]\) \* dh", "", "missing_path_through_time"),
    mistake(161, r"dWxf, dWhf", "dWxg, dWhg", "wrong_variable"),
)
PROGRAMS = [
    Program(
        "androclassic/min-char-gru",
        "gru_model.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[9]), two(MISTAKES[6], MISTAKES[13])),
        harmless=(
            Edit(144, r"1 - hc\[t\] \* hc\[t\]", "1 - np.square(hc[t])"),
            Edit(147, r"fs\[t\] \*  hs\[t-1\]", "hs[t-1] * fs[t]"),
        ),
        backward={"gru_model.py": (127, 162)},
        group="ninth",
    )
]
