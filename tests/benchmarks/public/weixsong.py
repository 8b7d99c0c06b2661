"""weixsong/min-char-rnn: the well-known RNN of characters on module globals, with comments; its Adagrad is part of a script."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["Wxh", "Whh", "Why", "bh", "by"]
INPUTS, TARGETS = [0, 3, 1, 1], [3, 1, 4, 2]


def loss(inputs: Any, targets: Any, hprev: Any, Wxh: Any, Whh: Any, Why: Any, bh: Any, by: Any) -> Any:
    h, total = hprev, 0.0
    for i, target in zip(inputs, targets, strict=True):
        h = np.tanh(Wxh[:, [i]] + Whh @ h + bh)
        y = Why @ h + by
        total = total + np.log(np.sum(np.exp(y))) - y[target, 0]
    return total


def fill(module: ModuleType, rng: np.random.Generator) -> tuple[dict[str, Any], Any]:
    module.vocab_size, module.learning_rate = 5, 0.05
    shapes = {"Wxh": (3, 5), "Whh": (3, 3), "Why": (5, 3), "bh": (3, 1), "by": (5, 1)}
    start = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    for name, value in start.items():
        setattr(module, name, value.copy())
        setattr(module, "m" + name, np.zeros_like(value))
    return start, 0.5 * rng.normal(size=(3, 1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start, hprev = fill(module, rng)
    return Call(
        module.lossFun,
        loss,
        {"inputs": INPUTS, "targets": TARGETS, "hprev": hprev, **start},
        lambda result: dict(zip(NAMES, result[1:6], strict=True)),
        (INPUTS, TARGETS, hprev),
        bind={name: name for name in NAMES},
    )


def script(module: ModuleType, rng: np.random.Generator) -> Call:
    start, hprev = fill(module, rng)

    def train(inputs, targets, hprev, steps):
        for _ in range(steps):
            module.step(inputs, targets, hprev)

    return Call(
        train,
        loss,
        {"inputs": INPUTS, "targets": TARGETS, "hprev": hprev, **start},
        lambda _: {name: getattr(module, name) - value for name, value in start.items()},
        (INPUTS, TARGETS, hprev, 3),
        bind={name: name for name in NAMES},
    )


RANGES = (Edit(65, "xrange", "range"), Edit(82, "xrange", "range"))
PROGRAMS = [
    Program(
        "weixsong/min-char-rnn",
        "min-char-rnn.py",
        build,
        (
            mistake(85, r"np\.copy\(ps\[t\]\)", "np.copy(ys[t])", "wrong_variable", "loss_derivative_wrong"),
            mistake(86, r"targets\[t\]", "inputs[t]", "wrong_variable", "loss_derivative_wrong"),
            mistake(92, r"hs\[t\]", "hs[t-1]", "wrong_time_index"),
            mistake(93, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(98, r" \+ dhnext", "", "missing_path_through_time"),
            mistake(102, r"hs\[t\] \* hs\[t\]", "np.tanh(hs[t]) ** 2", "derivative_of_activated_value"),
            mistake(102, r"\(1 - hs\[t\] \* hs\[t\]\)", "hs[t] * (1 - hs[t])", "wrong_activation_derivative"),
            mistake(103, r"dhraw", "dh", "missing_activation_derivative", "wrong_variable"),
            mistake(106, r"xs\[t\]", "xs[t-1 if t else 0]", "wrong_time_index"),
            mistake(107, r"hs\[t-1\]", "hs[t]", "wrong_time_index"),
            mistake(110, r"Whh\.T", "Whh", "transposed"),
            mistake(110, r"dhraw", "dh", "missing_activation_derivative", "wrong_variable"),
            mistake(110, r"dhnext = ", "dhnext += ", "gradient_accumulated_across_steps"),
            two(
                mistake(92, r"hs\[t\]", "hs[t-1]", "wrong_time_index"),
                mistake(110, r"Whh\.T", "Whh", "transposed"),
            ),
        ),
        harmless=(
            Edit(102, r"\(1 - hs\[t\] \* hs\[t\]\) \* dh", "dh - hs[t] ** 2 * dh"),
            Edit(86, r"dy\[targets\[t\]\] -= 1", "dy = dy - np.eye(vocab_size)[:, [targets[t]]]"),
        ),
        keep=((14, 14), (54, 115)),
        always=RANGES,
        backward={"min-char-rnn.py": (79, 113)},
        group="later",
    ),
    Program(
        "weixsong/min-char-rnn",
        "min-char-rnn.py",
        script,
        (
            mistake(194, r"\+= dparam", "= dparam", "optimizer_rule_wrong", "missing_path_through_time"),
            mistake(194, r"dparam \* dparam", "dparam", "optimizer_rule_wrong", "missing_factor"),
            mistake(197, r"np\.sqrt\(mem \+ 1e-8\)", "(mem + 1e-8)", "optimizer_rule_wrong", "missing_factor"),
            mistake(197, r"-learning_rate", "learning_rate", "sign_flipped"),
            mistake(197, r"dparam / ", "param / ", "gradient_or_update_used_for_weight", "wrong_variable"),
            mistake(197, r"np\.sqrt\(mem \+ 1e-8\)", "np.sqrt(mem).max()", "optimizer_rule_wrong", "wrong_index"),
            mistake(192, r"dWxh, dWhh, dWhy, dbh", "dWxh, dWhh.T, dWhy, dbh", "transposed"),
            mistake(98, r"dhnext", "hprev", "wrong_variable", "missing_path_through_time"),
        ),
        harmless=(
            Edit(194, r"dparam \* dparam", "np.square(dparam)"),
            Edit(102, r"\(1 - hs\[t\] \* hs\[t\]\) \* dh", "dh - hs[t] ** 2 * dh"),
        ),
        adaptive=True,
        keep=((14, 14), (54, 115), (179, 197)),
        head="def step(inputs, targets, hprev):",
        foot="  return loss",
        always=(
            *RANGES,
            Edit(181, r"smooth_loss = .*$", "pass"),
            Edit(182, r"n % 100 == 0", "False"),
            Edit(183, r"print .*$", "pass"),
        ),
        backward={"min-char-rnn.py": (79, 197)},
        name="adagrad",
        group="later",
    ),
]
