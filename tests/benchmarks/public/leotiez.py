"""leoTiez/vanilla-RNN: a course assignment in an older Python; characters as rows, the last step written apart."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ("output_weights", "recurrent_weights", "input_weights", "output_bias", "bias")


def loss(
    input_data: Any, hot_labels: Any, output_weights: Any, recurrent_weights: Any, input_weights: Any, output_bias: Any, bias: Any
) -> Any:  # fmt: skip
    h, total = np.zeros(4), 0.0
    for t in range(4):
        h = np.tanh(recurrent_weights @ h + input_weights @ input_data[t] + bias)
        o = output_weights @ h + output_bias
        total = total + np.log(np.sum(np.exp(o))) - np.sum(o * hot_labels[t])
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    rnn = module.RNN(np.array(list("abc")), number_hidden_states=4)
    start = {}
    for name in NAMES:
        start[name] = 0.5 * rng.normal(size=getattr(rnn, name).shape)
        setattr(rnn, name, start[name].copy())
    input_data, hot_labels = np.eye(3)[[0, 2, 1, 1]], np.eye(3)[[2, 1, 1, 0]]

    def train(input_data, hot_labels):
        _, probability, _, hidden, linear = rnn.forward_loss(input_data, hot_labels)
        return rnn.backward_pass(input_data, linear, hidden, probability, hot_labels)

    return Call(
        train,
        loss,
        {"input_data": input_data, "hot_labels": hot_labels, **start},
        lambda result: dict(zip(NAMES, result, strict=True)),
        (input_data, hot_labels),
        bind={name: "rnn." + name for name in NAMES},
    )


MISTAKES = (
    mistake(434, r"hot_labels - probability", "hot_labels * probability", "loss_derivative_wrong"),
    mistake(435, r"\[1:, :\]", "[:-1, :]", "wrong_time_index", "wrong_index"),
    mistake(436, r", axis=0", "", "bias_gradient_reduction"),
    mistake(438, r"\*\*2", "", "wrong_activation_derivative"),
    mistake(438, r"np\.tanh\(linear_trans_vectors\)", "np.tanh(hidden_state_vectors[1:, :])", "derivative_of_activated_value",
            "derivative_at_wrong_point", "wrong_variable"),
    mistake(440, r"grad_out\[-1\]", "grad_out[0]", "wrong_time_index", "wrong_index"),
    mistake(443, r"\.dot\(np\.diag\(grad_a_wrt_h\[-1\]\)\)", "", "missing_activation_derivative"),
    mistake(449, r"\[-2\]", "[-1]", "wrong_time_index", "wrong_index"),
    mistake(450, r"\+=", "-=", "sign_flipped"),
    mistake(454, r"hidden_state_vectors\[:-2, :\]", "hidden_state_vectors[1:-1, :]", "wrong_time_index", "wrong_index"),
    mistake(456, r"num \+ 2", "num + 1", "wrong_time_index", "wrong_index"),
    mistake(457, r" \+ grad_a\.dot\(self\.recurrent_weights\)", "", "missing_path_through_time"),
    mistake(457, r"self\.recurrent_weights", "self.recurrent_weights.T", "transposed", "missing_path_through_time"),
    mistake(461, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps"),
    mistake(463, r"grad_a", "grad_h", "missing_activation_derivative", "wrong_variable"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "leoTiez/vanilla-RNN",
        "Assignment4-default.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[9]), two(MISTAKES[3], MISTAKES[8])),
        harmless=(
            Edit(457, r"grad_a\.dot\(self\.recurrent_weights\)", "self.recurrent_weights.T.dot(grad_a)"),
            Edit(436, r"np\.sum\(grad_out, axis=0\)", "grad_out.sum(axis=0)"),
        ),
        keep=((1, 1), (82, 89), (177, 183), (282, 341), (370, 472)),
        always=(Edit(454, r"zip\((.*)\)$", r"list(zip(\1))"), Edit(284, r"np\.float128", "np.float64")),
        backward={"Assignment4-default.py": (434, 472)},
        group="tenth",
    )
]
