"""TangZhiyi-1024/NeuralNetwork-From-Scratch-Numpy: course work; a recurrent layer made of layers, one sequence at a time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, W2: Any) -> Any:
    h, total = np.zeros(4), 0.0
    for t in range(5):
        h = np.tanh(np.concatenate((x[t], h, np.ones(1))) @ W1)
        o = 1 / (1 + np.exp(-(np.concatenate((h, np.ones(1))) @ W2)))
        total = total + 0.5 * np.sum((o - y[t]) ** 2)
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    rnn = module.RNN(3, 4, 2)
    W1, W2 = rng.normal(size=(8, 4)), rng.normal(size=(5, 2))
    rnn.fcl_1.weights, rnn.fcl_2.weights = W1.copy(), W2.copy()
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))

    def train(x, y):
        rnn.backward(rnn.forward(x) - y)
        return rnn.gradient_weights, rnn.gradient_weights_2

    return Call(
        train,
        loss,
        {"x": x, "y": y, "W1": W1, "W2": W2},
        lambda result: {"W1": result[0], "W2": result[1]},
        (x, y),
        bind={"W1": "rnn.fcl_1.weights", "W2": "rnn.fcl_2.weights"},
    )


FC, S, T = "FullyConnected.py", "Sigmoid.py", "TanH.py"
PLACE = "src_to_implement/Layers/"
MISTAKES = (
    mistake(58, r"self\.hidden_state\[t\]", "self.hidden_state[t + 1]", "wrong_time_index", "wrong_index"),
    mistake(58, r"self\.input_tensor\[t, :\]", "self.input_tensor[t - 1, :]", "wrong_time_index", "wrong_index"),
    mistake(64, r"error_tensor\[t, :\]", "error_tensor[-1, :]", "wrong_time_index", "wrong_index"),
    mistake(64, r"self\.sigma\.backward\(error_tensor\[t, :\]\)", "error_tensor[t, :].reshape(1, -1)",
            "missing_activation_derivative"),
    mistake(65, r" \+ hidden_error", "", "missing_path_through_time"),
    mistake(65, r"\+ hidden_error", "- hidden_error", "sign_flipped", "missing_path_through_time"),
    mistake(66, r"\+=", "=", "gradient_overwritten"),
    mistake(68, r"self\.tanh\.backward\(grad\)", "grad", "missing_activation_derivative"),
    mistake(68, r"self\.tanh\.backward\(grad\)", "grad * (1 - self.tanh.activations)", "wrong_activation_derivative"),
    mistake(70, r"\+=", "=", "gradient_overwritten"),
    mistake(73, r"self\.input_size:\]", "self.input_size - 1:-1]", "wrong_index", "missing_path_through_time"),
    mistake(73, r"hidden_error = ", "hidden_error += ", "gradient_accumulated_across_steps", "extra_factor"),
    mistake(57, r"range\(error_tensor", "range(1, error_tensor", "loop_cut_short"),
)  # fmt: skip
PROGRAMS = [
    Program(
        "TangZhiyi-1024/NeuralNetwork-From-Scratch-Numpy",
        PLACE + "RNN.py",
        build,
        (*MISTAKES, two(MISTAKES[6], MISTAKES[8]), two(MISTAKES[3], MISTAKES[10])),
        harmless=(
            Edit(
                65,
                r"self\.fcl_2\.backward\(grad_output\) \+ hidden_error",
                "np.add(hidden_error, self.fcl_2.backward(grad_output))",
            ),
            Edit(70, r"self\._gradient_weights \+= (.*)$", r"self._gradient_weights = self._gradient_weights + \1"),
        ),
        more=tuple(PLACE + name for name in ("Base.py", FC, S, T)),
        root="src_to_implement",
        stubs={"Layers/__init__.py": ""},
        backward={PLACE + "RNN.py": (57, 73)},
        group="eleventh",
    )
]
