"""gabrielpetersson/recurrent-neural-network-from-scratch: an RNN, truncated backprop from each step, dicts.

As published the state takes the gradient's place on the way back, and the recurrent gradient is transposed.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = {"input_hidden": "IH", "hidden_hidden": "HH", "hidden_output": "HO", "bh": "BH", "by": "BY"}


def loss(xs: Any, ys: Any, input_hidden: Any, hidden_hidden: Any, hidden_output: Any, bh: Any, by: Any) -> Any:
    h, total = np.zeros((1, len(hidden_hidden))), 0.0
    for x, y in zip(xs, ys, strict=True):
        h = np.tanh(input_hidden[x] + h @ hidden_hidden + bh)
        z = h @ hidden_output + by
        total = total + np.log(np.sum(np.exp(z))) - z[0, y]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = {"input_hidden": (5, 3), "hidden_hidden": (3, 3), "hidden_output": (3, 5), "bh": (1, 3), "by": (1, 5)}
    start = {name: 0.5 * rng.normal(size=size) for name, size in sizes.items()}
    xs, ys = [0, 3, 3, 1], [3, 2, 1, 4]
    dicts = {"word_to_id": {letter: k for k, letter in enumerate("abcde")}}
    return Call(
        module.rnn_trainer,
        loss,
        {"xs": xs, "ys": ys, **start},
        lambda result: {name: result[0][key] for name, key in NAMES.items()},
        (xs, ys, *(start[name] for name in NAMES), 3, 5, dicts, 10, False, None),
        bind={name: name for name in NAMES},
    )


ROOT = "rnngen/recurrentnetwork"
PROGRAMS = [
    Program(
        "gabrielpetersson/recurrent-neural-network-from-scratch",
        f"{ROOT}/rnn_one_sequence.py",
        build,
        (
            mistake(74, r"-= 1", "-= 0.5", "loss_derivative_wrong"),
            mistake(75, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(76, r"hs\[seq\]", "hs[seq - 1]", "wrong_time_index"),
            mistake(78, r"hs\[seq\] \*\* 2", "hs[seq]", "wrong_activation_derivative"),
            mistake(78, r" \* \(1 - \(hs\[seq\] \*\* 2\)\)", "", "missing_activation_derivative"),
            mistake(82, r"d_inner_hidden_state", "d_hidden_state", "missing_activation_derivative", "wrong_variable"),
            mistake(83, r"hs\[bptt_step - 1\]", "hs[bptt_step]", "wrong_time_index"),
            mistake(87, r"used_xs\[bptt_step\]", "used_xs[seq]", "wrong_time_index", "wrong_index"),
            mistake(89, r"hidden_hidden\.T", "hidden_hidden", "transposed"),
            mistake(89, r" \* \(1 - hs\[bptt_step - 1\] \*\* 2\)", "", "missing_activation_derivative"),
            mistake(89, r"1 - hs\[bptt_step - 1\]", "1 - hs[bptt_step]", "wrong_time_index"),
            mistake(81, r"seq - bp_look_back", "seq - 1", "missing_path_through_time", "loop_cut_short"),
            two(
                mistake(75, r"\+=", "=", "gradient_accumulated_across_steps"),
                mistake(89, r"hidden_hidden\.T", "hidden_hidden", "transposed"),
            ),
        ),
        harmless=(
            Edit(78, r"1 - \(hs\[seq\] \*\* 2\)", "(1 - hs[seq]) * (1 + hs[seq])"),
            Edit(77, r"np\.dot\(d_output, hidden_output\.T\)", "d_output @ hidden_output.T"),
        ),
        mend=(
            Edit(83, r"np\.outer\((.*), (.*)\)$", r"np.outer(\2, \1)"),
            Edit(89, r"hs\[bptt_step\]", "d_inner_hidden_state"),
        ),
        published=("transposed", "wrong_variable", "missing_path_through_time", "upstream_gradient_dropped"),
        root=ROOT,
        group="last",
    )
]
