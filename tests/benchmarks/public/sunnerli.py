"""SunnerLi/U4390: a factorisation of one number a step, and an autoencoder of single columns; its prints are of Python 2.

As published the factorisation puts every new column into the first one.
"""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

ROW, COLUMN = 1, 2


def number(v: Any, w: Any, y: Any) -> Any:
    return 0.5 * (y[ROW, COLUMN] - w[:, ROW] @ v[:, COLUMN]) ** 2


def column(_x: Any, w1: Any, w2: Any) -> Any:
    return np.sum((_x - w2 @ np.tanh(w1 @ _x)) ** 2)


def factors(module: ModuleType, rng: np.random.Generator) -> Call:
    start, y = {"v": rng.normal(size=(2, 3)), "w": rng.normal(size=(2, 2))}, rng.normal(size=(2, 3))
    mine = {name: value.copy() for name, value in start.items()}
    drawn = SimpleNamespace(randint=lambda low, high: COLUMN if high == 2 else ROW)
    return Call(
        module.program,
        number,
        {**start, "y": y},
        lambda _: {name: mine[name] - then for name, then in start.items()},
        (mine["v"], mine["w"], y, 0.05, drawn),
        bind={name: name for name in start},
    )


def encoder(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.SingleAutoEncoder(4, eta=0.05)
    start = {"w1": rng.normal(size=(4, 3)), "w2": rng.normal(size=(3, 4))}
    net.w1, net.w2 = start["w1"].copy(), start["w2"].copy()
    x = rng.normal(size=(3, 1))

    def train(net, _x):
        net.forward(_x)
        net.backward(_x)
        net.update(_x)

    return Call(
        train,
        column,
        {"_x": x, **start},
        lambda _: {name: getattr(net, name) - then for name, then in start.items()},
        (net, x),
        bind={name: f"net.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "SunnerLi/U4390",
        "MatrixFac/mf_sgd.py",
        factors,
        (
            mistake(53, r"\+ \(", "- (", "sign_flipped"),
            mistake(53, r"residual \* ", "", "upstream_gradient_dropped", "missing_factor"),
            mistake(54, r"v\[:, n_random\]\)", "_v)", "updated_weights_used"),
            mistake(54, r"v\[:, n_random\]\)", "v[:, m_random])", "wrong_index"),
            mistake(54, r"v\[:, n_random\]\)", "w[:, m_random])", "wrong_variable"),
            mistake(61, r"m_random", "0", "wrong_index"),
            two(
                mistake(53, r"\+ \(", "- (", "sign_flipped"),
                mistake(54, r"v\[:, n_random\]\)", "w[:, m_random])", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(53, r"eta \* residual \* w\[:, m_random\]", "w[:, m_random] * (residual * eta)"),
            Edit(60, r"= _v", "= _v * 1"),
        ),
        keep=((1, 1), (47, 61)),
        head="def program(v, w, y, eta, random):",
        mend=(Edit(60, r"0", "n_random"),),
        published=("wrong_index",),
        backward={"MatrixFac/mf_sgd.py": (52, 61)},
        group="fresh",
    ),
    Program(
        "SunnerLi/U4390",
        "AutoEncoder/AutoEncoder.py",
        encoder,
        (
            mistake(114, r"self\.s1", "self.x1", "derivative_of_activated_value"),
            mistake(114, r"np\.square\((.*)\)$", r"\1", "wrong_activation_derivative", "missing_factor"),
            mistake(115, r" \* sech_2", "", "missing_activation_derivative"),
            mistake(
                115,
                r"self\.w2\.T",
                "(self.w2 - self.eta * np.matmul(self.delta2, self.x1.T)).T",
                "updated_weights_used",
            ),
            mistake(123, r"x1", "s1", "wrong_activation_in_weight_gradient"),
            mistake(123, r"- self\.eta", "+ self.eta", "sign_flipped"),
            mistake(124, r"delta1", "x1", "wrong_variable", "upstream_gradient_dropped"),
            two(
                mistake(114, r"self\.s1", "self.x1", "derivative_of_activated_value"),
                mistake(123, r"x1", "s1", "wrong_activation_in_weight_gradient"),
            ),
        ),
        harmless=(
            Edit(114, r"1 / np\.square\(np\.cosh\(self\.s1\)\)", "1 - self.x1 ** 2"),
            Edit(113, r"2 \* ", ""),
        ),
        keep=((1, 124),),
        always=tuple(Edit(line, r"print .*$", "pass") for line in (67, *range(98, 106))),
        backward={"AutoEncoder/AutoEncoder.py": (113, 124)},
        group="fresh",
    ),
]
