"""gmavr/pyneural: a bidirectional RNN whose parameters and gradients are views of flat vectors, with `out=` in every step."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Edit, Program, mistake, two

NAMES = ["w_xh", "w_hh", "b"]
BOTH = [f"{name}_{side}" for side in "fb" for name in NAMES]


def states(x: Any, W: Any, U: Any, b: Any) -> list[Any]:
    h, rows = np.zeros(len(b)), []
    for row in x:
        h = np.tanh(W @ row + U @ h + b)
        rows.append(h)
    return rows


def loss(x: Any, delta: Any, w_xh_f: Any, w_hh_f: Any, b_f: Any, w_xh_b: Any, w_hh_b: Any, b_b: Any) -> Any:
    forwards = np.stack(states(x, w_xh_f, w_hh_f, b_f))
    backwards = np.stack(states(x[::-1], w_xh_b, w_hh_b, b_b)[::-1])
    return np.sum(delta * np.concatenate([forwards, backwards], axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.BidirRnnLayer(3, 2, 5, dtype=np.float64)
    net.init_parameters_storage(0.8 * rng.normal(size=net.get_num_p()))
    start = {f"{name}_{side}": getattr(getattr(net, f"rnn_{side}"), name).copy() for side in "fb" for name in NAMES}
    x, delta = rng.normal(size=(4, 3)), rng.normal(size=(4, 4))

    def train(x, delta):
        net.reset_last_hidden()
        net.forward(x)
        return net.backwards(delta)

    def after(result: Any) -> dict[str, Any]:
        grads = {f"{name}_{side}": getattr(getattr(net, f"rnn_{side}"), "d" + name) for side in "fb" for name in NAMES}
        return {**grads, "x": result}

    bind = {f"{name}_{side}": f"net.rnn_{side}.{name}" for side in "fb" for name in NAMES}
    return Call(train, loss, {"x": x, "delta": delta, **start}, after, (x, delta), bind=bind)


LAYER, ACTIVATION = "pyneural/rnn_layer.py", "pyneural/activation.py"
PROGRAMS = [
    Program(
        "gmavr/pyneural",
        "pyneural/bidir_rnn_layer.py",
        build,
        (
            mistake(101, r"\[::-1, ", "[:, ", "wrong_time_index", "wrong_index"),
            mistake(103, r"\[::-1\]", "", "wrong_time_index", "wrong_index"),
            mistake(105, r"delta_err_b_reversed", "delta_err_f", "wrong_variable"),
            mistake(98, r"delta_err_in\[:, 0:self\.dim_h\]", "delta_err_in[:, self.dim_h:]", "wrong_index", "wrong_variable"),
            mistake(
                49,
                r"np\.multiply\(f, -f, out=out\)",
                "np.negative(f, out=out)",
                "wrong_activation_derivative",
                "missing_factor",
                file=ACTIVATION,
            ),
            mistake(
                133,
                r"self\.hs\[1:\(self\._seq_length \+ 1\)\]",
                "self.hs[0:self._seq_length]",
                "wrong_time_index",
                "derivative_at_wrong_point",
                file=LAYER,
            ),
            mistake(145, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LAYER),
            mistake(149, r"self\.hs\[0:self\._seq_length\]", "self.hs[1:self._seq_length + 1]", "wrong_time_index", file=LAYER),
            mistake(
                176,
                r"np\.add\(delta_upper\[t\], dh_next, out=dh\)",
                "np.copyto(dh, delta_upper[t])",
                "missing_path_through_time",
                file=LAYER,
            ),
            mistake(177, r"ac_grad\[t\]", "ac_grad[t - 1]", "wrong_time_index", "wrong_index", file=LAYER),
            mistake(
                153,
                r"dh_raw, ",
                "delta_upper, ",
                "missing_activation_derivative",
                "wrong_variable",
                "missing_path_through_time",
                file=LAYER,
            ),
            mistake(173, r"low_t - 1, -1", "low_t, -1", "loop_cut_short", file=LAYER),
            mistake(179, r"self\.dh_raw\[t\]", "dh", "missing_activation_derivative", "wrong_variable", file=LAYER),
            mistake(179, r"self\.w_hh", "self.w_hh.T", "transposed", file=LAYER),
            mistake(
                170,
                r"dh_next\.fill\(0\.0\)",
                "dh_next.fill(1.0)",
                "missing_path_through_time",
                "loss_derivative_wrong",
                file=LAYER,
            ),
            two(
                mistake(103, r"\[::-1\]", "", "wrong_time_index", "wrong_index"),
                mistake(179, r"self\.w_hh", "self.w_hh.T", "transposed", file=LAYER),
            ),
        ),
        harmless=(
            Edit(105, r"np\.add\(delta_err_f, delta_err_b_reversed, out=(.*)\)$", r"\1 = delta_err_f + delta_err_b_reversed"),
            Edit(177, r"np\.multiply\(dh, ac_grad\[t\], out=self\.dh_raw\[t\]\)", "self.dh_raw[t] = dh * ac_grad[t]", LAYER),
            Edit(145, r"np\.sum\(dh_raw, axis=0, out=self\.db\)", "self.db[:] = np.ones(len(dh_raw)) @ dh_raw", LAYER),
        ),
        more=(LAYER, ACTIVATION, "pyneural/neural_base.py"),
        stubs={"pyneural/__init__.py": "", "pyneural/misc_cy.py": ANYTHING, "pyneural/gru_layer.py": ANYTHING},
        backward={"pyneural/bidir_rnn_layer.py": (92, 106), LAYER: (125, 179)},
        group="later",
    )
]
