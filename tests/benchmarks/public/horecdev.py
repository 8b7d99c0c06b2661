"""horecdev/LSTM-from-scratch: a bidirectional LSTM of batches that fills its gradients in place, clipped in time; for CuPy."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

GATES = ["W_f", "W_i", "W_can", "W_o", "b_f", "b_i", "b_can", "b_o"]
SIDES = {"1": "forward_layer", "2": "backward_layer"}


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def states(x: Any, Wf: Any, Wi: Any, Wc: Any, Wo: Any, bf: Any, bi: Any, bc: Any, bo: Any) -> list[Any]:
    h = c = np.zeros((len(x), 2))
    rows = []
    for t in range(x.shape[1]):
        z = np.concatenate([h, x[:, t]], axis=1)
        c = sigmoid(z @ Wf + bf) * c + sigmoid(z @ Wi + bi) * np.tanh(z @ Wc + bc)
        h = sigmoid(z @ Wo + bo) * np.tanh(c)
        rows.append(h)
    return rows


def loss(
    x: Any, delta: Any,
    W_f1: Any, W_i1: Any, W_can1: Any, W_o1: Any, b_f1: Any, b_i1: Any, b_can1: Any, b_o1: Any,
    W_f2: Any, W_i2: Any, W_can2: Any, W_o2: Any, b_f2: Any, b_i2: Any, b_can2: Any, b_o2: Any,
) -> Any:  # fmt: skip
    ahead = states(x, W_f1, W_i1, W_can1, W_o1, b_f1, b_i1, b_can1, b_o1)
    back = states(x[:, ::-1], W_f2, W_i2, W_can2, W_o2, b_f2, b_i2, b_can2, b_o2)[::-1]
    return np.sum(delta * np.concatenate([np.stack(ahead, axis=1), np.stack(back, axis=1)], axis=2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.BiLSTM(3, 2)
    start = {}
    for number, side in SIDES.items():
        layer = getattr(net, side)
        for name in GATES:
            value = rng.normal(size=getattr(layer, name).shape)
            setattr(layer, name, value.copy())
            start[name + number] = value
    x, delta = rng.normal(size=(4, 3, 3)), 0.2 * rng.normal(size=(4, 3, 4))

    def train(x, delta):
        net.forward(x)
        return net.backward(delta)

    def after(result: Any) -> dict[str, Any]:
        grads = {name: getattr(getattr(net, SIDES[name[-1]]), "d" + name[:-1]) for name in start}
        return {"x": result, **grads}

    bind = {name: f"net.{SIDES[name[-1]]}.{name[:-1]}" for name in start}
    return Call(train, loss, {"x": x, "delta": delta, **start}, after, (x, delta), bind=bind)


FILE = "src/core/lstm.py"
PROGRAMS = [
    Program(
        "horecdev/LSTM-from-scratch",
        FILE,
        build,
        (
            mistake(167, r"t-1", "t", "wrong_time_index"),
            mistake(168, r"t-1", "t", "wrong_time_index"),
            mistake(176, r" \+ dh_next", "", "missing_path_through_time"),
            mistake(178, r"cp\.tanh\(c_t\)", "c_t", "missing_factor", "wrong_variable"),
            mistake(181, r"cp\.tanh\(c_t\) \*\* 2", "c_t ** 2", "wrong_activation_derivative", "derivative_at_wrong_point"),
            mistake(182, r" \+ dc_next", "", "missing_path_through_time"),
            mistake(184, r"dc_total_t", "dc_t", "wrong_variable", "missing_path_through_time"),
            mistake(186, r"can_t", "c_t", "wrong_variable"),
            mistake(194, r"can_t \*\* 2", "cp.tanh(can_t) ** 2", "derivative_of_activated_value"),
            mistake(195, r" \* \(1 - o_t\)", "", "wrong_activation_derivative", "missing_factor"),
            mistake(205, r"\+=", "=", "upstream_gradient_dropped", "missing_path_through_time"),
            mistake(209, r"di_preact_t", "di_t", "missing_activation_derivative", "wrong_variable"),
            mistake(215, r"cp\.sum", "cp.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(227, r"= dc_prev_t", "= dc_total_t", "missing_factor", "wrong_variable"),
            mistake(232, r"\[::-1\]", "", "wrong_time_index", "wrong_index"),
            mistake(266, r"cp\.flip\(dh_b_rev, axis=1\)", "dh_b_rev", "wrong_time_index", "wrong_index"),
            mistake(272, r"dx_f \+ dx_b", "dx_f + dx_b_rev", "wrong_time_index", "wrong_variable"),
            two(
                mistake(182, r" \+ dc_next", "", "missing_path_through_time"),
                mistake(266, r"cp\.flip\(dh_b_rev, axis=1\)", "dh_b_rev", "wrong_time_index", "wrong_index"),
            ),
        ),
        harmless=(
            Edit(192, r"f_t \* \(1 - f_t\)", "(f_t - f_t ** 2)"),
            Edit(208, r"combined_input_t\.T @ df_preact_t", "cp.dot(combined_input_t.T, df_preact_t)"),
        ),
        more=("src/core/layers.py",),
        stubs={
            "cupy.py": "import numpy\n\n\ndef __getattr__(name):\n    return getattr(numpy, name)\n",
            "src/__init__.py": "",
            "src/core/__init__.py": "",
        },
        backward={FILE: (142, 272)},
        group="later",
    )
]
