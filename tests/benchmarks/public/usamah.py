"""usamahjundia/Numpy-NN: a plain recurrent cell without biases that walks back in time anew from each step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, wyh: Any, whh: Any, whx: Any) -> Any:
    state, total = np.zeros(4), 0.0
    for t in range(len(x)):
        state = np.tanh(whx @ x[t] + whh @ state)
        z = wyh @ state
        total = total + np.log(np.sum(np.exp(z))) - np.sum(y[t] * z)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    cell = module.RNNCell(2, 4, 3, 20)
    start = {name: rng.normal(scale=0.7, size=getattr(cell, name).shape) for name in ("wyh", "whh", "whx")}
    for name, value in start.items():
        setattr(cell, name, value.copy())
    x, y = rng.normal(size=(5, 2)), np.eye(3)[rng.integers(0, 3, size=5)]
    return Call(
        cell.sgd_step,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(cell, name) - then for name, then in start.items()},
        (x, y, 0.05),
        bind={name: f"self.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "usamahjundia/Numpy-NN",
        "Recurrent/rnn.py",
        build,
        (
            mistake(60, r"states\*\*2", "np.tanh(states)**2", "derivative_of_activated_value"),
            mistake(60, r"1 - states\*\*2", "states * (1 - states)", "wrong_activation_derivative"),
            mistake(68, r"states\[timestep\]", "states[timestep-1]", "wrong_time_index"),
            mistake(72, r" \* states_prime\[timestep\]", "", "missing_activation_derivative"),
            mistake(73, r"np\.max\(.*\), timestep", "timestep, timestep", "missing_path_through_time", "loop_cut_short"),
            mistake(74, r"backstep-1", "backstep", "wrong_time_index"),
            mistake(74, r"\+=", "=", "missing_path_through_time", "gradient_accumulated_across_steps", "loop_cut_short"),
            mistake(76, r"x\[backstep\]", "x[timestep]", "wrong_time_index"),
            mistake(79, r"whh\.T", "whh", "transposed"),
            mistake(79, r"backstep-1", "backstep", "wrong_time_index"),
            mistake(87, r"-=", "+=", "sign_flipped"),
            two(
                mistake(68, r"states\[timestep\]", "states[timestep-1]", "wrong_time_index"),
                mistake(79, r" \* states_prime\[backstep-1\]", "", "missing_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(60, r"1 - states\*\*2", "(1 - states) * (1 + states)"),
            Edit(66, r"outputs - y", "2 * (outputs - y)"),
        ),
        root="Recurrent",
        backward={"Recurrent/rnn.py": (57, 87)},
        group="fresh",
    )
]
