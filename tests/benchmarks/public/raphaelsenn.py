"""raphaelsenn/rnn-lstm-gru-numpy: two recurrent nets whose `fit` holds forward pass, backprop and update, rows of samples."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two

STEPS, HIDDEN = 4, 3
NAMES = ("weight_ih", "weight_hh", "weight_out", "bias_ih", "bias_hh", "bias_out")


def states(X: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> list[Any]:
    h, every = np.zeros((len(X), HIDDEN)), []
    for t in range(STEPS):
        h = np.tanh(X[:, t] @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh)
        every.append(h)
    return every


def classes(
    X_train: Any, y_train: Any, weight_ih: Any, weight_hh: Any, weight_out: Any, bias_ih: Any, bias_hh: Any, bias_out: Any
) -> Any:
    h = np.concatenate(states(X_train, weight_ih, weight_hh, bias_ih, bias_hh), axis=1)
    z = h @ weight_out.T + bias_out
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(y_train)), y_train])


def numbers(
    X_train: Any, y_train: Any, weight_ih: Any, weight_hh: Any, weight_out: Any, bias_ih: Any, bias_hh: Any, bias_out: Any
) -> Any:
    h = states(X_train, weight_ih, weight_hh, bias_ih, bias_hh)[-1]
    return np.sum((h @ weight_out.T + bias_out - y_train) ** 2) / len(y_train)


def build(every: bool) -> Callable[[ModuleType, np.random.Generator], Call]:
    def make(module: ModuleType, rng: np.random.Generator) -> Call:
        net = module.RNN_1FC_ALL(2, HIDDEN, STEPS, 10) if every else module.RNN_1FC(2, HIDDEN, 2)
        start = {name: rng.normal(scale=0.6, size=getattr(net, name).shape) for name in NAMES}
        for name, value in start.items():
            setattr(net, name, value.copy())
        x = rng.normal(size=(6, STEPS, 2))
        y = rng.integers(0, 10, size=6) if every else rng.normal(size=(6, 2))
        return Call(
            net.fit,
            classes if every else numbers,
            {"X_train": x, "y_train": y, **start},
            lambda _: {name: getattr(net, name) - then for name, then in start.items()},
            (x, y),
            {"epochs": 2, "batch_size": 6, "learning_rate": 0.05, "verbose": False},
            bind={name: f"self.{name}" for name in start},
            once={"epochs": 1},
        )

    return make


def program(name: str, every: bool, mistakes: tuple[Mistake, ...], harmless: tuple[Edit, ...], lines: tuple[int, int]) -> Program:
    path = "nn_np/rnn_np.py"
    return Program(
        "raphaelsenn/rnn-lstm-gru-numpy",
        path,
        build(every),
        mistakes,
        harmless=harmless,
        root="nn_np",
        backward={path: lines},
        name=name,
        group="fresh",
    )


PROGRAMS = [
    program(
        "classes",
        True,
        (
            mistake(138, r"\[t\]", "[-1]", "wrong_time_index", "wrong_index"),
            mistake(139, r" \+ dht_plus_1", "", "missing_path_through_time"),
            mistake(141, r"ht_all\[t\]\*\*2", "ht_all[t]", "wrong_activation_derivative"),
            mistake(142, r"\(dht\*dht_dz1\)", "dht", "missing_activation_derivative", "wrong_variable"),
            mistake(144, r"t-1", "t", "wrong_time_index"),
            mistake(145, r"\(dht \* dht_dz1\)", "dht", "missing_activation_derivative", "wrong_variable"),
            mistake(147, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(148, r"\+=", "=", "missing_path_through_time", "gradient_accumulated_across_steps", "loop_cut_short"),
            mistake(152, r" - ", " + ", "sign_flipped"),
            two(
                mistake(144, r"t-1", "t", "wrong_time_index"),
                mistake(147, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        (
            Edit(141, r"1 - ht_all\[t\]\*\*2", "(1 - ht_all[t]) * (1 + ht_all[t])"),
            Edit(145, r"\(dht \* dht_dz1\)\.T @ x\[t\]", "np.einsum('nh,nf->hf', dht * dht_dz1, x[t])"),
        ),
        (116, 157),
    ),
    program(
        "numbers",
        False,
        (
            mistake(294, r"h_t ", "ht_all[0] ", "wrong_time_index", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(296, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(299, r"dL_dz2", "z2", "wrong_variable", "upstream_gradient_dropped"),
            mistake(311, r"ht_all\[t\]\*\*2", "np.tanh(ht_all[t])**2", "derivative_of_activated_value"),
            mistake(312, r"dht_dz2 \* ", "", "missing_activation_derivative"),
            mistake(314, r"t-1", "t", "wrong_time_index"),
            mistake(316, r"dL_dht,", "dL_dht_plus_1,", "missing_activation_derivative", "wrong_variable"),
            mistake(319, r"weight_hh", "weight_hh.T", "transposed"),
            mistake(319, r"dL_dht ", "dL_dht_plus_1 ", "missing_activation_derivative", "wrong_variable"),
            mistake(310, r"reversed\(range\(seq_len\)\)", "range(seq_len)", "wrong_time_index", "missing_path_through_time"),
            mistake(327, r"= self\.bias_ih", "= self.bias_hh", "wrong_variable", "gradient_or_update_used_for_weight"),
            two(
                mistake(294, r"h_t ", "ht_all[0] ", "wrong_time_index", "wrong_activation_in_weight_gradient", "wrong_variable"),
                mistake(319, r"weight_hh", "weight_hh.T", "transposed"),
            ),
        ),
        (
            Edit(293, r"-2 \* \(y - z2\)", "(z2 - y)"),
            Edit(319, r"dL_dht @ self\.weight_hh", "(self.weight_hh.T @ dL_dht.T).T"),
        ),
        (293, 328),
    ),
]
