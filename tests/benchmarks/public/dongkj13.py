"""dongkj13/Neural-Network-Numpy: layers of columns with activators, and an LSTM of cells that share one parameter object.

The output of a cell has no tanh, as in the well-known gist.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def dense_loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = W3 @ np.tanh(W2 @ np.maximum(W1 @ X + b1, 0) + b2) + b3
    return np.mean(np.log(1 + np.exp(z)) - Y * z)


def dense(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.FNN(4, [(5, "relu"), (6, "tanh"), (1, "sigmoid")], 0.1)
    start = {f"{name}{k + 1}": rng.normal(size=getattr(net.layers[k], name).shape) for k in range(3) for name in "Wb"}
    for key, value in start.items():
        setattr(net.layers[int(key[1]) - 1], key[0], value.copy())
    X, Y = rng.normal(size=(4, 8)), rng.integers(0, 2, size=(1, 8)).astype(float)

    def train(X, Y, epochs):
        net.train(X, Y, epochs)

    return Call(
        train,
        dense_loss,
        {"X": X, "Y": Y, **start},
        lambda _: {key: getattr(net.layers[int(key[1]) - 1], key[0]) - value for key, value in start.items()},
        (X, Y),
        {"epochs": 2},
        bind={key: f"net.layers[{int(key[1]) - 1}].{key[0]}" for key in start},
        once={"epochs": 1},
    )


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


GATES = [name + gate for gate in "gifo" for name in "wb"]


def lstm_loss(x: Any, y: Any, wg: Any, bg: Any, wi: Any, bi: Any, wf: Any, bf: Any, wo: Any, bo: Any) -> Any:
    h, s, total = np.zeros(len(wg)), np.zeros(len(wg)), 0.0
    for t in range(len(x)):
        xc = np.concatenate([x[t], h])
        s = np.tanh(wg @ xc + bg) * sigmoid(wi @ xc + bi) + s * sigmoid(wf @ xc + bf)
        h = s * sigmoid(wo @ xc + bo)
        total = total + 0.5 * np.sum((h - y[t]) ** 2)
    return total


def lstm(module: ModuleType, rng: np.random.Generator) -> Call:
    param = module.LstmParam(3, 2)
    net = module.LstmNetwork(param)
    start = {name: rng.normal(size=getattr(param, name).shape) for name in GATES}
    for name, value in start.items():
        setattr(param, name, value.copy())
    x, y = rng.normal(size=(4, 2)), rng.normal(size=(4, 3))

    def train(x, y):
        net.forward_propagation_through_time(x)
        net.backward_propagation_through_time(y, module.LossFunction)
        param.update_param(lr=0.1)

    return Call(
        train,
        lstm_loss,
        {"x": x, "y": y, **start},
        lambda _: {name: getattr(param, name) - value for name, value in start.items()},
        (x, y),
        bind={name: f"param.{name}" for name in start},
    )


ACTIVATION, UTILS = "activation.py", "utils.py"
PROGRAMS = [
    Program(
        "dongkj13/Neural-Network-Numpy",
        "FNN.py",
        dense,
        (
            mistake(42, r"self\.Z_curr\)", "self.A_curr)", "derivative_of_activated_value", "derivative_at_wrong_point"),
            mistake(42, r" \* self\.activator.*$", "", "missing_activation_derivative"),
            mistake(43, r" / m", "", "batch_scale_1_over_N"),
            mistake(44, r" / m", "", "batch_scale_1_over_N", "bias_gradient_reduction"),
            mistake(44, r"axis=1, keepdims=True", "keepdims=True", "bias_gradient_reduction"),
            mistake(45, r"self\.dZ_curr", "self.dA_curr", "wrong_variable", "missing_activation_derivative"),
            mistake(50, r"-=", "+=", "sign_flipped"),
            mistake(75, r" - np\.divide\(1", " + np.divide(1", "loss_derivative_wrong", "sign_flipped"),
            mistake(75, r"- \(np\.divide.*$", "self.Y_pred - Y", "loss_derivative_wrong", "missing_factor"),
            mistake(81, r"range\(self", "range(1, self", "loop_cut_short"),
            mistake(26, r"tanh \* tanh", "tanh", "wrong_activation_derivative", file=ACTIVATION),
            mistake(33, r"x > 0", "x < 0", "relu_mask_wrong", file=ACTIVATION),
            mistake(17, r"sig \* \(1 - sig\)", "x * (1 - x)", "wrong_variable", "wrong_activation_derivative", file=ACTIVATION),
            two(
                mistake(43, r" / m", "", "batch_scale_1_over_N"),
                mistake(26, r"tanh \* tanh", "tanh", "wrong_activation_derivative", file=ACTIVATION),
            ),
        ),
        harmless=(
            Edit(26, r"1 - tanh \* tanh", "1 - tanh**2", ACTIVATION),
            Edit(43, r"np\.dot\((.*)\) / m", r"(1 / m) * np.dot(\1)"),
            Edit(33, r"1\.0 \* \(x > 0\)", "np.where(x > 0, 1.0, 0.0)", ACTIVATION),
        ),
        keep=((1, 1), (5, 110)),
        more=(ACTIVATION, UTILS),
        group="newest",
    ),
    Program(
        "dongkj13/Neural-Network-Numpy",
        "LSTM.py",
        lstm,
        (
            mistake(9, r"values\*\(1-values\)", "sigmoid(values)*(1-sigmoid(values))", "derivative_of_activated_value"),
            mistake(12, r"values \*\* 2", "np.tanh(values) ** 2", "derivative_of_activated_value"),
            mistake(98, r"  \+ dL_plus_1_ds", "", "missing_path_through_time"),
            mistake(98, r"o \* dh", "o * dh * tanh_derivative(np.tanh(self.state.s))", "extra_factor"),
            mistake(99, r"self\.state\.s", "np.tanh(self.state.s)", "wrong_variable", "extra_factor"),
            mistake(100, r"self\.state\.g", "self.state.i", "wrong_variable"),
            mistake(102, r"self\.s_prev", "self.state.s", "wrong_time_index", "wrong_variable"),
            mistake(107, r"sigmoid_derivative\(self\.state\.o\) \* ", "", "missing_activation_derivative"),
            mistake(111, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time"),
            mistake(122, r"wf\.T", "wi.T", "wrong_variable"),
            mistake(123, r"\+=", "=", "upstream_gradient_dropped", "gradient_overwritten"),
            mistake(127, r" \* self\.state\.f", "", "missing_factor"),
            mistake(128, r"self\.param\.input_dim:", ":self.param.units", "wrong_index"),
            mistake(159, r"\+=", "=", "upstream_gradient_dropped", "gradient_overwritten"),
            mistake(46, r"bo_diff", "bf_diff", "wrong_variable"),
            two(
                mistake(98, r"  \+ dL_plus_1_ds", "", "missing_path_through_time"),
                mistake(122, r"wf\.T", "wi.T", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(9, r"values\*\(1-values\)", "values - values**2"),
            Edit(111, r"np\.outer\(di_input, self\.xc\)", "di_input[:, None] * self.xc"),
        ),
        more=(UTILS,),
        backward={"LSTM.py": (98, 128)},
        group="newest",
    ),
]
