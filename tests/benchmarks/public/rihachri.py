"""RihaChri/Simple-LSTM-from-scratch: the LSTM of a course as functions, with gates in one product and dictionaries."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(da: Any, x: Any, a0: Any, Wf: Any, bf: Any, Wi: Any, bi: Any, Wc: Any, bc: Any, Wo: Any, bo: Any) -> Any:
    a, c, total = a0, 0 * a0, 0.0
    for t in range(x.shape[2]):
        z = np.concatenate((a, x[:, :, t]))
        c = sigmoid(Wf @ z + bf) * c + sigmoid(Wi @ z + bi) * np.tanh(Wc @ z + bc)
        a = sigmoid(Wo @ z + bo) * np.tanh(c)
        total = total + np.sum(da[:, :, t] * a)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {}
    for gate in "fico":
        start[f"W{gate}"], start[f"b{gate}"] = rng.normal(size=(3, 5)), rng.normal(size=(3, 1))
    x, a0, da = rng.normal(size=(2, 4, 5)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4, 5))

    def train(da, x, a0, parameters):
        return module.lstm_backward(da, module.lstm_forward(x, a0, parameters)[-1])

    return Call(
        train,
        loss,
        {"da": da, "x": x, "a0": a0, **start},
        lambda gradients: {name: gradients[f"d{name}"] for name in ("x", "a0", *start)},
        (da, x, a0, {**start, "Wy": np.zeros((2, 3)), "by": np.zeros((2, 1))}),
        bind={"x": "x", "a0": "a0", "da": "da"} | {name: f"parameters['{name}']" for name in start},
    )


PROGRAMS = [
    Program(
        "RihaChri/Simple-LSTM-from-scratch",
        "LSTM.py",
        build,
        (
            mistake(59, r" \* ot \* \(1 - ot\)", "", "missing_activation_derivative"),
            mistake(59, r"np\.tanh\(c_next\)", "c_next", "wrong_variable"),
            mistake(60, r"1 - cct \*\* 2", "1 - np.tanh(cct) ** 2", "derivative_of_activated_value"),
            mistake(60, r"dc_next \* it \+ ", "", "missing_path_through_time"),
            mistake(61, r"\* cct \* da_next", "* cct", "upstream_gradient_dropped", "missing_factor"),
            mistake(61, r"it \* \(1 - it\)", "(1 - it)", "wrong_activation_derivative"),
            mistake(62, r"dc_next \* c_prev", "dc_next * c_next", "wrong_time_index", "wrong_variable"),
            mistake(64, r"dit", "dft", "wrong_variable"),
            mistake(67, r"np\.sum\(dft, axis=1", "np.mean(dft, axis=1", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(71, r"\['Wi'\]\[:, :n_a\]\.T, dit", "['Wi'][:, :n_a].T, dft", "wrong_variable", "wrong_index"),
            mistake(72, r" \+ ot .*$", "", "missing_path_through_time"),
            mistake(72, r"dc_next \* ft", "dc_next * it", "wrong_variable"),
            mistake(73, r" \+ np\.dot\(parameters\['Wo'\].*$", "", "missing_path_through_time", "wrong_variable"),
            mistake(100, r" \+ da_prevt", "", "missing_path_through_time"),
            mistake(104, r"\+=", "=", "gradient_accumulated_across_steps"),
            two(
                mistake(61, r"it \* \(1 - it\)", "(1 - it)", "wrong_activation_derivative"),
                mistake(104, r"\+=", "=", "gradient_accumulated_across_steps"),
            ),
            two(
                mistake(72, r"dc_next \* ft", "dc_next * it", "wrong_variable"),
                mistake(67, r"np\.sum\(dft, axis=1", "np.mean(dft, axis=1", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(72, r"1 - np\.tanh\(c_next\) \*\* 2", "1 - np.square(np.tanh(c_next))"),
            Edit(104, r"dWf \+= gradients\[\"dWf\"\]", "dWf = dWf + gradients['dWf']"),
        ),
        keep=((1, 116),),
        group="eighth",
    )
]
