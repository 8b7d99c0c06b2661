"""davidgonmar/rnn-numpy: a batch of sequences, an object that gathers gradients; published with no path through time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake

NAMES = ["ww", "wv", "wu", "bh", "bo"]


def loss(inputs: Any, targets: Any, ww: Any, wv: Any, wu: Any, bh: Any, bo: Any) -> Any:
    h, total = np.zeros((inputs.shape[1], len(bh))), 0.0
    for x, target in zip(inputs, targets, strict=True):
        h = np.tanh(x @ wu.T + h @ wv.T + bh)
        total = total + np.sum((h @ ww.T + bo - target) ** 2)
    return total / targets.size


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    rnn = module.RNN(2, 4, 3)
    start = {name: rng.normal(size=getattr(rnn, name).shape) * 0.6 for name in NAMES}
    for name, value in start.items():
        setattr(rnn, name, value.copy())
    inputs, targets = rng.normal(size=(5, 4, 2)), rng.normal(size=(5, 4, 3)) / 2

    def train(inputs, targets):
        preds, hiddens = rnn.forward(inputs)
        gradients = rnn.backward(preds, hiddens, inputs, module.mse_bw(preds, targets))
        rnn.update_parameters(0.1, *gradients[:5])

    return Call(
        train,
        loss,
        {"inputs": inputs, "targets": targets, **start},
        lambda _: {name: getattr(rnn, name) - value for name, value in start.items()},
        (inputs, targets),
        bind={name: f"rnn.{name}" for name in NAMES},
    )


RNN = "rnn.py"
PROGRAMS = [
    Program(
        "davidgonmar/rnn-numpy",
        "sine.py",
        build,
        (
            mistake(203, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=RNN),
            mistake(205, r" \+ getattr.*$", "", "missing_path_through_time", file=RNN),
            mistake(208, r" \* \(1 - hidden\*\*2\)", "", "missing_activation_derivative", file=RNN),
            mistake(208, r"hidden\*\*2", "np.tanh(hidden)**2", "derivative_of_activated_value", file=RNN),
            mistake(210, r"self\.wv", "self.wv.T", "transposed", file=RNN),
            mistake(
                211, r"\+=", "=", "missing_path_through_time", "loop_cut_short", "gradient_accumulated_across_steps", file=RNN
            ),
            mistake(211, r"prev_hidden", "hidden", "wrong_time_index", "wrong_variable", file=RNN),
            mistake(278, r"i - start_time", "i - start_time - 1", "wrong_time_index", "wrong_index", file=RNN),
        ),
        harmless=(
            Edit(202, r"\(hidden\.T @ out_grad\)\.T", "out_grad.T @ hidden", RNN),
            Edit(208, r"1 - hidden\*\*2", "(1 - hidden) * (1 + hidden)", RNN),
        ),
        more=(RNN,),
        stubs=dict.fromkeys(("matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        mend=(
            Edit(205, r"$", ' + getattr(st, "later", 0)', RNN),
            Edit(210, r"^$", "        st.later = h_grad @ self.wv", RNN),
        ),
        published=("missing_path_through_time",),
        blame=(205, 208),
        group="fresh",
    )
]
