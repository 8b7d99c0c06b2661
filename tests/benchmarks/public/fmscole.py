"""fmscole/backpropagation: batch normalisation that updates itself, and an LSTM (without a tanh of its cell) of node objects."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def norm_loss(dy: Any, input: Any, gamma: Any, beta: Any) -> Any:
    mu, var = np.mean(input, axis=(0, 1, 2)), np.var(input, axis=(0, 1, 2))
    return np.sum(dy * (gamma * (input - mu) / np.sqrt(var + 1e-5) + beta))


def norm(module: ModuleType, rng: np.random.Generator) -> Call:
    nb = module.BatchNormal()
    start = {"gamma": rng.normal(size=(1, 1, 1, 3)), "beta": rng.normal(size=(1, 1, 1, 3))}
    nb.gamma, nb.beta = start["gamma"].copy(), start["beta"].copy()
    input, dy = rng.normal(size=(3, 2, 2, 3)), rng.normal(size=(3, 2, 2, 3))

    def train(input, dy):
        nb.forward(input)
        return nb.backward(dy, lr=0.1)

    return Call(
        train,
        norm_loss,
        {"dy": dy, "input": input, **start},
        lambda dx: {"input": -0.1 * dx} | {name: getattr(nb, name) - value for name, value in start.items()},
        (input, dy),
        bind={"gamma": "nb.gamma", "beta": "nb.beta", "input": "input", "dy": "dy"},
    )


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def lstm_loss(xs: Any, diff_h: Any, wg: Any, wi: Any, wf: Any, wo: Any, bg: Any, bi: Any, bf: Any, bo: Any) -> Any:
    s = h = np.zeros((4, 3))
    for x in xs:
        xc = np.hstack((x, h))
        s = np.tanh(xc @ wg.T + bg) * sigmoid(xc @ wi.T + bi) + s * sigmoid(xc @ wf.T + bf)
        h = s * sigmoid(xc @ wo.T + bo)
    return np.sum(diff_h * h)


def lstm(module: ModuleType, rng: np.random.Generator) -> Call:
    cell = module.Lstm_cell(3, 2)
    param = cell.lstm_param
    start = {}
    for name in ("wg", "wi", "wf", "wo", "bg", "bi", "bf", "bo"):
        start[name] = rng.normal(size=getattr(param, name).shape)
        setattr(param, name, start[name].copy())
    xs, diff_h = rng.normal(size=(4, 4, 2)), rng.normal(size=(4, 3))

    def train(xs, diff_h):
        for x in xs:
            cell.x_list_add(x)
        cell.backward(diff_h)
        cell.apply_diff(0.1)

    return Call(
        train,
        lstm_loss,
        {"xs": xs, "diff_h": diff_h, **start},
        lambda _: {name: getattr(param, name) - value for name, value in start.items()},
        (xs, diff_h),
        bind={name: f"cell.lstm_param.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "fmscole/backpropagation",
        "layers/batch_normal.py",
        norm,
        (
            mistake(56, r"\*self\.gamma", "", "missing_factor"),
            mistake(57, r"self\.m\*", "", "missing_factor", "normalisation_term_missing"),
            mistake(58, r"self\.ivar\*\*2", "self.ivar", "missing_factor", "normalisation_term_missing"),
            mistake(58, r"dxhut\*self\.xmu", "dxhut", "wrong_variable", "normalisation_term_missing", "missing_factor"),
            mistake(58, r"\*self\.xmu$", "*self.xhut", "wrong_variable"),
            mistake(59, r"np\.sum", "np.mean", "batch_scale_1_over_N", "normalisation_term_missing"),
            mistake(60, r"-dx3", "", "normalisation_term_missing"),
            mistake(60, r"-dx2", "", "normalisation_term_missing"),
            mistake(60, r"dx1-dx2", "dx1+dx2", "sign_flipped"),
            mistake(60, r"/self\.m", "", "batch_scale_1_over_N", "missing_factor"),
            mistake(62, r"np\.sum\(dy", "np.mean(dy", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(64, r"self\.xhut", "self.xmu", "wrong_variable"),
            mistake(65, r"-=", "+=", "sign_flipped"),
            two(
                mistake(60, r"-dx3", "", "normalisation_term_missing"),
                mistake(64, r"self\.xhut", "self.xmu", "wrong_variable"),
            ),
            two(
                mistake(56, r"\*self\.gamma", "", "missing_factor"),
                mistake(62, r"np\.sum\(dy", "np.mean(dy", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(60, r"self\.ivar/self\.m\*\(dx1-dx2-dx3\)", "self.ivar*(dx1-dx2-dx3)/self.m"),
            Edit(
                58,
                r"self\.ivar\*\*2\*np\.sum\(dxhut\*self\.xmu,axis=self\.axis,keepdims=True\)\*self\.xmu",
                "np.sum(dxhut*self.xhut,axis=self.axis,keepdims=True)*self.xhut",
            ),
        ),
        backward={"layers/batch_normal.py": (56, 67)},
        group="eighth",
    ),
    Program(
        "fmscole/backpropagation",
        "LSTM/lstm_batch.py",
        lstm,
        (
            mistake(
                10,
                r"values\*\(1-values\)",
                "sigmoid(values)*(1-sigmoid(values))",
                "derivative_of_activated_value",
                "wrong_activation_derivative",
            ),
            mistake(13, r"values \*\* 2", "values", "wrong_activation_derivative"),
            mistake(109, r" \+ top_diff_s", "", "missing_path_through_time"),
            mistake(109, r"self\.state\.o", "self.state.i", "wrong_variable"),
            mistake(110, r"self\.state\.s", "np.tanh(self.state.s)", "wrong_variable", "derivative_of_activated_value"),
            mistake(113, r"self\.s_prev", "self.state.s", "wrong_time_index", "wrong_variable"),
            mistake(112, r"self\.state\.i", "self.state.g", "wrong_variable"),
            mistake(117, r"sigmoid_derivative\(self\.state\.f\) \* ", "", "missing_activation_derivative"),
            mistake(123, r"\+=", "=", "gradient_accumulated_across_steps"),
            mistake(125, r"dg_input", "dg", "missing_activation_derivative", "wrong_variable"),
            mistake(126, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(134, r"param\.wf", "param.wi", "wrong_variable"),
            mistake(139, r"state\.f", "state.i", "wrong_variable"),
            mistake(140, r"self\.param\.x_dim:", "1:1 + self.param.mem_cell_ct", "wrong_index"),
            mistake(180, r"idx >= 0", "idx > 0", "loop_cut_short"),
            mistake(183, r"self\.lstm.*$", "np.zeros_like(diff_s)", "missing_path_through_time"),
            two(
                mistake(123, r"\+=", "=", "gradient_accumulated_across_steps"),
                mistake(112, r"self\.state\.i", "self.state.g", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(132, r"np\.zeros_like\(self\.xc\)", "0.0 * self.xc"),
            Edit(126, r"np\.sum\(di_input,axis=0\)", "di_input.sum(axis=0)"),
        ),
        backward={"LSTM/lstm_batch.py": (108, 185)},
        group="eighth",
    ),
]
