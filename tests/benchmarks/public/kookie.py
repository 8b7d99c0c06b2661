"""kookie12/LSTM-numpy: two layers of LSTM cells, each step with its own; published with the derivatives of another tanh."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake

STEPS = 2
NAMES = [f"{name}{layer}{t}" for layer in "12" for t in range(STEPS) for name in ("Wx", "Wh", "b")]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def cell(x: Any, h: Any, c: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    f, i, g, o = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g / 2)
    return sigmoid(o) * np.tanh(c / 2), c


def loss(
    x_inputs: Any, y_inputs: Any, Why: Any, by: Any,
    Wx10: Any, Wh10: Any, b10: Any, Wx11: Any, Wh11: Any, b11: Any,
    Wx20: Any, Wh20: Any, b20: Any, Wx21: Any, Wh21: Any, b21: Any,
) -> Any:  # fmt: skip
    h, c = cell(x_inputs[0], np.zeros((1, 3)), np.zeros((1, 3)), Wx10, Wh10, b10)
    above, memory = cell(h, np.zeros((1, 3)), np.zeros((1, 3)), Wx20, Wh20, b20)
    h, _ = cell(x_inputs[1], h, c, Wx11, Wh11, b11)
    above, _ = cell(h, above, memory, Wx21, Wh21, b21)
    z = Why @ above.T + by
    return np.log(np.sum(np.exp(z))) - np.sum(y_inputs.T * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.LSTM_MODEL(None, None, None, None, None, None, 0.3, 1, "SGD", "no")
    net.hidden_size, net.input_size = 3, 50
    net.c_before = net.h_before = np.zeros((1, 3))
    net.LSTM_1st_layer = [module.LSTM_cell(3, 50) for _ in range(STEPS)]
    net.LSTM_2nd_layer = [module.LSTM_cell(3, 3) for _ in range(STEPS)]
    owners = {"1": net.LSTM_1st_layer, "2": net.LSTM_2nd_layer}
    places = {name: (owners[name[-2]][int(name[-1])], name[:-2]) for name in NAMES}
    places |= {"Why": (net, "Why"), "by": (net, "by")}
    net.Why = np.zeros((5, 3))
    start = {name: rng.normal(size=getattr(owner, long).shape) for name, (owner, long) in places.items()}
    for name, (owner, long) in places.items():
        setattr(owner, long, start[name].copy())
    x_inputs, y_inputs = rng.normal(size=(STEPS, 1, 50)) / 5, np.eye(5)[[3]]

    def train(x_inputs, y_inputs):
        net.forward(x_inputs, y_inputs, is_train=True)
        net.backward(x_inputs)

    attributes = {"1": "LSTM_1st_layer", "2": "LSTM_2nd_layer"}
    bind = {name: f"net.{attributes[name[-2]]}[{name[-1]}].{name[:-2]}" for name in NAMES}
    return Call(
        train,
        loss,
        {"x_inputs": x_inputs, "y_inputs": y_inputs, **start},
        lambda _: {name: getattr(owner, long) - start[name] for name, (owner, long) in places.items()},
        (x_inputs, y_inputs),
        bind={**bind, "Why": "net.Why", "by": "net.by"},
    )


PROGRAMS = [
    Program(
        "kookie12/LSTM-numpy",
        "LSTM_final.py",
        build,
        (
            mistake(72, r"x \* \(1-x\)", "self.sigmoid(x)*(1-self.sigmoid(x))", "derivative_of_activated_value"),
            mistake(111, r"dc_next \+ ", "", "missing_path_through_time"),
            mistake(113, r"c_input", "c_next", "wrong_variable", "wrong_time_index"),
            mistake(114, r"self\.ctt", "self.it", "wrong_variable"),
            mistake(121, r"self\.dctt \*= .*$", "pass", "missing_activation_derivative"),
            mistake(132, r"self\.Wh\.T", "self.Wx[:self.H].T", "wrong_variable"),
            mistake(133, r"self\.ft", "self.it", "wrong_variable"),
            mistake(328, r"dh_prev", "dx_prev", "wrong_variable"),
            mistake(331, r"\+=", "=", "missing_path_through_time", "gradient_accumulated_across_steps"),
            mistake(344, r"ht_2\[-1\]", "ht[-1]", "wrong_variable", "wrong_activation_in_weight_gradient"),
        ),
        harmless=(
            Edit(122, r"super\(\)\.differ_sigmoid\(self\.ot\)", "self.ot - self.ot ** 2"),
            Edit(129, r"dA\.sum\(axis=0\)", "dA"),
        ),
        stubs=dict.fromkeys(("emoji.py", "emo_utils.py", "matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        mend=(
            Edit(63, r"1 - self\.tanh\(x\)\*self\.tanh\(x\)", "(1 - self.tanh(x)*self.tanh(x)) / 2"),
            Edit(116, r"np\.tanh", "super().tanh"),
            Edit(121, r"$", " / 2"),
        ),
        published=("wrong_activation_derivative", "missing_factor", "wrong_variable"),
        group="fresh",
    )
]
