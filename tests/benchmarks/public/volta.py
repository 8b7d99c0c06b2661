"""v0lta/NumPy-backprop: three recurrent cells with dicts of columns, one loop over time, and the sum of all steps.

As published the plain cell takes tanh's derivative of what tanh returned, and the GRU pairs two steps in a weight gradient.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two

STEPS, SAMPLES, HIDDEN = 4, 5, 3
CELLS = "rnn/numpy_cells.py"


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def error(h: Any, y: Any, Wout: Any, bout: Any) -> Any:
    return 0.5 * np.mean((Wout @ h + bout - y) ** 2)


def basic(x: Any, y: Any, Wxh: Any, Whh: Any, Why: Any, by: Any) -> Any:
    h = np.zeros((SAMPLES, HIDDEN, 1))
    for t in range(STEPS):
        h = np.tanh(Whh @ h + Wxh @ x[t])
    return error(h, y, Why, by)


def gru(
    x: Any, y: Any, Vr: Any, Vu: Any, V: Any, Wr: Any, Wu: Any, W: Any, br: Any, bu: Any, b: Any, Wout: Any, bout: Any
) -> Any:
    h = np.zeros((SAMPLES, HIDDEN, 1))
    for t in range(STEPS):
        r, u = sigmoid(Vr @ x[t] + Wr @ h + br), sigmoid(Vu @ x[t] + Wu @ h + bu)
        h = u * np.tanh(V @ x[t] + W @ (r * h) + b) + (1 - u) * h
    return error(h, y, Wout, bout)


def lstm(
    x: Any,
    y: Any,
    Wz: Any,
    Wi: Any,
    Wf: Any,
    Wo: Any,
    Rz: Any,
    Ri: Any,
    Rf: Any,
    Ro: Any,
    bz: Any,
    bi: Any,
    bf: Any,
    bo: Any,
    pi: Any,
    pf: Any,
    po: Any,
    Wout: Any,
    bout: Any,
) -> Any:
    h = c = np.zeros((SAMPLES, HIDDEN, 1))
    for t in range(STEPS):
        i = sigmoid(Wi @ x[t] + Ri @ h + pi * c + bi)
        f = sigmoid(Wf @ x[t] + Rf @ h + pf * c + bf)
        c = np.tanh(Wz @ x[t] + Rz @ h + bz) * i + c * f
        h = np.tanh(c) * sigmoid(Wo @ x[t] + Ro @ h + po * c + bo)
    return error(h, y, Wout, bout)


def build(kind: str, loss: Callable[..., Any]) -> Callable[[ModuleType, np.random.Generator], Call]:
    def make(module: ModuleType, rng: np.random.Generator) -> Call:
        import numpy_cells
        import opt

        cell = getattr(numpy_cells, kind)(hidden_size=HIDDEN, input_size=2)
        start = {name: rng.normal(scale=0.5, size=value.shape) for name, value in cell.weights.items()}
        cell.weights = {name: value.copy() for name, value in start.items()}
        cell.weight_keys = list(cell.weights)
        x, y = rng.normal(size=(STEPS, SAMPLES, 2, 1)), rng.normal(scale=0.2, size=(SAMPLES, 1, 1))
        return Call(
            module.program,
            loss,
            {"x": x, "y": y, **start},
            lambda _: {name: cell.weights[name] - then for name, then in start.items()},
            (cell, x, y, numpy_cells.MSELoss(), opt.SGD(0.1), STEPS, SAMPLES, cell.zero_forward_dict(SAMPLES)),
            bind={name: f"cell.weights[{name!r}]" for name in start},
        )

    return make


def program(name: str, kind: str, loss: Callable[..., Any], mistakes: tuple[Mistake, ...], **more: Any) -> Program:
    return Program(
        "v0lta/NumPy-backprop",
        "rnn/train_adding.py",
        build(kind, loss),
        mistakes,
        more=(CELLS, "rnn/opt.py"),
        keep=((5, 5), (70, 126)),
        head="def program(cell, x, y, cost, opt, time_steps, batch_size, fd0):",
        root="rnn",
        always=(Edit(117, r"-1, 1", "-100, 100"),),
        name=name,
        group="fresh",
        **more,
    )


def cell(line: int, find: str, put: str, *causes: str, blame: tuple[int, ...] = ()) -> Mistake:
    return mistake(line, find, put, *causes, file=CELLS, blame=blame)


SUM = mistake(117, r"np\.sum\(grads, axis=0\)", "grads[0]", "missing_path_through_time", "loop_cut_short", "wrong_time_index")
PROGRAMS = [
    program(
        "lstm",
        "LSTMcell",
        lstm,
        (
            cell(213, r"'obar'", "'o'", "derivative_of_activated_value"),
            cell(214, r"fd\['c'\]", "fd['h']", "derivative_at_wrong_point", "wrong_variable"),
            cell(215, r"self\.weights\['po'\]\*deltao", "0", "missing_path_through_time", "upstream_gradient_dropped"),
            cell(218, r"next_fd\['f'\]", "fd['f']", "wrong_time_index"),
            cell(219, r"prev_fd\['c'\]", "fd['c']", "wrong_time_index"),
            cell(221, r"'zbar'", "'z'", "derivative_of_activated_value"),
            cell(208, r"deltaf", "deltai", "wrong_variable", blame=(202,)),
            cell(231, r"next_gd\['deltai'\]", "deltai", "wrong_time_index"),
            cell(244, r"fd\['c'\]", "prev_fd['c']", "wrong_time_index"),
            SUM,
            two(
                cell(219, r"prev_fd\['c'\]", "fd['c']", "wrong_time_index"),
                cell(213, r"'obar'", "'o'", "derivative_of_activated_value"),
            ),
        ),
        harmless=(
            Edit(214, r"self\.block_act\.prime\(fd\['c'\]\)", "(1 - np.tanh(fd['c'])**2)", CELLS),
            Edit(10, r"np\.mean\((.*), 0\), 0\)", r"np.sum(\1, 0), 0)", "rnn/opt.py"),
        ),
        backward={CELLS: (196, 244), "rnn/train_adding.py": (79, 123)},
    ),
    program(
        "basic",
        "BasicCell",
        basic,
        (
            cell(347, r"fd\['h'\]", "prev_fd['h']", "wrong_time_index"),
            cell(350, r" \+ next_gd\['deltah'\]", "", "missing_path_through_time"),
            cell(351, r"fd\['h'\]\*\*2", "fd['h']", "wrong_activation_derivative"),
            cell(354, r"prev_fd", "fd", "wrong_time_index"),
            cell(358, r"0, 2, 1", "0, 1, 2", "transposed", blame=(357,)),
            SUM,
        ),
        mend=(Edit(351, r"self\.activation\.backward\(.*$", "(1 - fd['h']**2) * delta", CELLS),),
        published=("derivative_of_activated_value",),
        backward={CELLS: (344, 358), "rnn/train_adding.py": (79, 123)},
    ),
    program(
        "gru",
        "GRU",
        gru,
        (
            cell(499, r"1 - next_fd\['u'\]", "next_fd['u']", "wrong_variable", "missing_factor", "wrong_activation_derivative"),
            cell(500, r"next_fd\['r'\]\*", "", "missing_factor", blame=(499,)),
            cell(501, r"0, 2, 1", "0, 1, 2", "transposed", blame=(499,)),
            cell(506, r"'zbar'", "'z'", "derivative_of_activated_value"),
            cell(507, r"fd\['z'\] - prev_fd\['h'\]", "prev_fd['h'] - fd['z']", "sign_flipped"),
            cell(511, r"prev_fd\['h'\]", "fd['h']", "wrong_time_index"),
            cell(521, r"next_gd\['deltar'\]", "deltar", "wrong_time_index"),
            cell(511, r"\*self\.gate_r_act\.prime\(.*$", "", "missing_activation_derivative"),
            SUM,
        ),
        mend=(Edit(519, r"next_gd\['deltaz'\]", "deltaz", CELLS),),
        published=("wrong_time_index",),
        backward={CELLS: (490, 526), "rnn/train_adding.py": (79, 123)},
    ),
]
