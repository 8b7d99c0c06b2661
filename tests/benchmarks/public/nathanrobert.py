"""NathanRobertPart/Numpy-LSTM: gates as objects that hold values and gradients, a pass in many small functions.

As published it cannot run: a name, a transpose and a list are wrong. Three gates' gradients are added to their values.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

GATES = ("forget", "input", "cell", "output", "final")
NAMES = tuple(f"{gate}_{kind}" for gate in GATES for kind in ("weight", "bias"))


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(
    x: Any, y: Any, forget_weight: Any, forget_bias: Any, input_weight: Any, input_bias: Any, cell_weight: Any, cell_bias: Any,
    output_weight: Any, output_bias: Any, final_weight: Any, final_bias: Any
) -> Any:  # fmt: skip
    h, c, total = np.zeros((3, 1)), np.zeros((3, 1)), 0.0
    for step, target in zip(x, y, strict=True):
        z = np.concatenate([h, step])
        c = sigmoid(forget_weight @ z + forget_bias) * c
        c = c + sigmoid(input_weight @ z + input_bias) * np.tanh(cell_weight @ z + cell_bias)
        h = sigmoid(output_weight @ z + output_bias) * np.tanh(c)
        v = final_weight @ h + final_bias
        total = total + np.log(np.sum(np.exp(v))) - v[target, 0]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from models import TimeStepModel

    neuron, start = module.lstm_layer(3, 5), {}
    for name in NAMES:
        part = getattr(neuron, name)
        shape = {"final_weight": (4, 3), "final_bias": (4, 1)}.get(name, part.values.shape)
        start[name] = 0.7 * rng.normal(size=shape)
        part.values, part.grad = start[name].copy(), np.zeros(shape)
    x, y = rng.normal(size=(3, 2, 1)), [1, 3, 0]

    def train(x, y):
        model = TimeStepModel()
        model.ht_s[-1], model.ct_s[-1] = np.zeros((3, 1)), np.zeros((3, 1))
        for t in range(3):
            module.passes.forward_pass(model, t, x[t], model.ht_s[t - 1], model.ct_s[t - 1], neuron, True)
        dh, dct = np.zeros((3, 1)), np.zeros((3, 1))
        for t in reversed(range(3)):
            _, dh, dct = module.passes.backward_pass(model, t, y[t], dh, dct, neuron, True, 3)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(neuron, name).grad for name in NAMES},
        (x, y),
        bind={name: f"neuron.{name}.values" for name in NAMES},
    )


GRADIENTS, FUNCTIONS = "gradient_calculations.py", "activation_functions.py"
MISTAKES = (
    mistake(89, r"t-1", "t", "wrong_time_index"),
    mistake(93, r"dh_next", "0 * dh_next", "missing_path_through_time"),
    mistake(94, r"dct_next", "np.zeros_like(dct_next)", "missing_path_through_time"),
    mistake(6, r"-= 1", "+= 1", "sign_flipped", "loss_derivative_wrong", file=GRADIENTS),
    mistake(8, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten", file=GRADIENTS),
    mistake(13, r" \+ dh_next", "", "missing_path_through_time", file=GRADIENTS),
    mistake(14, r"af\.tanh\(ct\)", "ct", "missing_factor", "wrong_variable", file=GRADIENTS),
    mistake(14, r"af\.dsigmoid\(ot\)", "af.dsigmoid(af.sigmoid(ot))", "derivative_of_activated_value", file=GRADIENTS),
    mistake(
        21,
        r"af\.dtanh\(af\.tanh\(ct\)\)",
        "af.dtanh(ct)",
        "wrong_activation_derivative",
        "derivative_at_wrong_point",
        file=GRADIENTS,
    ),
    mistake(21, r"\+=", "=", "missing_path_through_time", "gradient_overwritten", file=GRADIENTS),
    mistake(22, r"\* it", "* ct_new", "wrong_variable", file=GRADIENTS),
    mistake(28, r"ct_new", "ct_new ** 2", "extra_factor", file=GRADIENTS),
    mistake(34, r"af\.dsigmoid\(ft\)", "ft", "wrong_activation_derivative", file=GRADIENTS),
    mistake(41, r"input_weight", "forget_weight", "wrong_variable", file=GRADIENTS),
    mistake(45, r"ft \* dct", "dct", "missing_factor", file=GRADIENTS),
    mistake(17, r"x\*\*2", "x", "wrong_activation_derivative", file=FUNCTIONS),
)
PROGRAMS = [
    Program(
        "NathanRobertPart/Numpy-LSTM",
        "lstm_layer.py",
        build,
        (*MISTAKES, two(MISTAKES[5], MISTAKES[10]), two(MISTAKES[4], MISTAKES[12])),
        harmless=(
            Edit(14, r"dh \* af\.tanh\(ct\) \* af\.dsigmoid\(ot\)", "dh * np.tanh(ct) * (ot - ot ** 2)", GRADIENTS),
            Edit(45, r"ft \* dct", "np.multiply(dct, ft)", GRADIENTS),
        ),
        more=(GRADIENTS, FUNCTIONS, "models.py"),
        mend=tuple(Edit(line, r"\.values", ".grad", GRADIENTS) for line in (23, 24, 29, 30, 35, 36)),
        published=("gradient_or_update_used_for_weight", "updated_weights_used", "wrong_variable"),
        always=(
            Edit(61, r"row_stack", "vstack"),
            Edit(6, r"dv = \[.*$", "dv[y_true] -= 1", GRADIENTS),
            Edit(8, r"ht\)", "ht.T)", GRADIENTS),
            Edit(24, r"cell_weight\.bias", "cell_bias.values", GRADIENTS),
        ),
        backward={GRADIENTS: (5, 46), "lstm_layer.py": (82, 98), FUNCTIONS: (13, 17)},
        group="ninth",
    )
]
