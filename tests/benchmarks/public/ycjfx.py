"""YcjFx/lstm-numpy-last: a layer of a library that keeps an LSTM in one matrix; published with only its last step going back."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def loss(x: Any, delta: Any, AllW: Any) -> Any:
    h = c = np.zeros((len(x), 3))
    for t in range(x.shape[1]):
        i, f, o, g = np.split(np.concatenate([np.ones((len(x), 1)), x[:, t], h], axis=1) @ AllW, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return np.sum(delta * h)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layer = module.BatchLSTM(n_out=3, n_in=2)
    layer.connect_to()
    layer.AllW = rng.normal(size=layer.AllW.shape)
    x, delta = rng.normal(size=(4, 3, 2)), rng.normal(size=(4, 3))

    def train(x, delta):
        layer.forward(x)
        return layer.backward(delta)

    return Call(
        train,
        loss,
        {"x": x, "delta": delta, "AllW": layer.AllW.copy()},
        lambda result: {"x": result, "AllW": layer.grads[0]},
        (x, delta),
        bind={"AllW": "layer.AllW"},
    )


FILE = "layers/recurrent.py"
PROGRAMS = [
    Program(
        "YcjFx/lstm-numpy-last",
        FILE,
        build,
        (
            mistake(268, r"tanhCt", "self.C[t]", "wrong_variable", "missing_factor"),
            mistake(270, r"tanhCt \*\* 2", "tanhCt", "wrong_activation_derivative"),
            mistake(270, r"\+=", "=", "missing_path_through_time", "gradient_accumulated_across_steps"),
            mistake(273, r"self\.C\[t - 1\]", "self.C[t]", "wrong_time_index"),
            mistake(274, r"self\.IFOGf\[t, :, n_out:2 \* n_out\] \* ", "", "missing_factor"),
            mistake(274, r"\+=", "-=", "sign_flipped"),
            mistake(278, r"3 \* n_out:\] \* dC\[t\]", "3 * n_out:] * dHout[t]", "wrong_variable", "upstream_gradient_dropped"),
            mistake(
                279, r"self\.IFOGf\[t, :, :n_out\]", "self.IFOGf[t, :, 2 * n_out:3 * n_out]", "wrong_index", "wrong_variable"
            ),
            mistake(282, r"\(1 - self\.IFOGf\[t, :, 3 \* n_out:\] \*\* 2\) \* ", "", "missing_activation_derivative"),
            mistake(284, r"\(1\.0 - y\)", "y", "wrong_activation_derivative"),
            mistake(287, r"self\.Hin\[t\]", "self.Hin[t - 1]", "wrong_time_index"),
            mistake(287, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(288, r"dIFOG\[t\]", "dIFOGf[t]", "missing_activation_derivative", "wrong_variable"),
            mistake(291, r"1:input_size \+ 1", "0:input_size", "wrong_index"),
            mistake(293, r"\+= dHin.*$", "+= 0", "missing_path_through_time"),
            two(
                mistake(273, r"self\.C\[t - 1\]", "self.C[t]", "wrong_time_index"),
                mistake(284, r"\(1\.0 - y\)", "y", "wrong_activation_derivative"),
            ),
        ),
        harmless=(
            Edit(284, r"\(y \* \(1\.0 - y\)\)", "(y - y ** 2)"),
            Edit(287, r"np\.dot\(self\.Hin\[t\]\.transpose\(\), dIFOG\[t\]\)", "self.Hin[t].T @ dIFOG[t]"),
        ),
        more=("layers/core.py", "activations.py", "initializations.py"),
        stubs={"layers/__init__.py": ""},
        mend=(Edit(254, r"\[nb_seq - 1\]", "list(range(nb_seq))[::-1]"),),
        published=("loop_cut_short", "missing_path_through_time"),
        blame=(254, 265),
        backward={FILE: (234, 298)},
        group="later",
    )
]
