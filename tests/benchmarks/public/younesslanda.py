"""younesslanda/LSTM-Numpy: two layers of an LSTM with coupled gates and peepholes, tuples of parameters, momentum.

As published the input gate, of which the forget gate is the rest, gets no gradient through what is forgotten.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

CELL = ["Wz", "Wi", "Wo", "Rz", "Ri", "Ro", "pi", "po", "bz", "bi", "bo"]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def layer(x: Any, Wz: Any, Wi: Any, Wo: Any, Rz: Any, Ri: Any, Ro: Any, pi: Any, po: Any, bz: Any, bi: Any, bo: Any) -> list[Any]:
    y = c = np.zeros(2)
    rows = []
    for row in x:
        i = sigmoid(Wi @ row + Ri @ y + pi * c + bi)
        c = i * np.tanh(Wz @ row + Rz @ y + bz) + (1 - i) * c
        y = sigmoid(Wo @ row + Ro @ y + po * c + bo) * np.tanh(c)
        rows.append(y)
    return rows


def loss(
    x: Any, y_target: Any,
    Wz1: Any, Wi1: Any, Wo1: Any, Rz1: Any, Ri1: Any, Ro1: Any, pi1: Any, po1: Any, bz1: Any, bi1: Any, bo1: Any,
    Wz2: Any, Wi2: Any, Wo2: Any, Rz2: Any, Ri2: Any, Ro2: Any, pi2: Any, po2: Any, bz2: Any, bi2: Any, bo2: Any,
    W: Any, b: Any,
) -> Any:  # fmt: skip
    below = layer(x, Wz1, Wi1, Wo1, Rz1, Ri1, Ro1, pi1, po1, bz1, bi1, bo1)
    above = layer(below, Wz2, Wi2, Wo2, Rz2, Ri2, Ro2, pi2, po2, bz2, bi2, bo2)
    z = np.stack(above) @ W + b
    return np.sum(np.log(np.sum(np.exp(z), axis=1))) - np.sum(y_target * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import sgd

    net = module.TwoLayersLSTM(4, 2)
    method = sgd.SGD(0.05)
    homes = {f"{name}{number}": (getattr(net, f"lstm{number}"), name, f"lstm{number}.{name}") for number in "12" for name in CELL}
    homes |= {name: (net.decoder, name, f"decoder.{name}") for name in "Wb"}
    start = {name: rng.normal(size=getattr(owner, key).shape) for name, (owner, key, _) in homes.items()}
    for name, (owner, key, _) in homes.items():
        setattr(owner, key, start[name].copy())
    x, y_target = np.eye(4)[[0, 3, 1]], np.eye(4)[[3, 1, 2]]

    def train(x, y_target, steps):
        for _ in range(steps):
            out, fwd_x, fwd_state1, fwd_state2 = net.forward(x)
            _, *gradients = net.backward(out - y_target, fwd_x, fwd_state1, fwd_state2)
            net.optimize(method, *gradients)

    return Call(
        train,
        loss,
        {"x": x, "y_target": y_target, **start},
        lambda _: {name: getattr(owner, key) - start[name] for name, (owner, key, _) in homes.items()},
        (x, y_target),
        {"steps": 2},
        bind={name: f"net.{place}" for name, (_, _, place) in homes.items()},
        once={"steps": 1},
    )


LSTM, LINEAR, SGD, UTILS = "lstm.py", "linearLayer.py", "sgd.py", "utils.py"
PROGRAMS = [
    Program(
        "younesslanda/LSTM-Numpy",
        "model.py",
        build,
        (
            mistake(
                6,
                r"sigma\(x\) \* \(1 - sigma\(x\)\)",
                "x * (1 - x)",
                "derivative_at_wrong_point",
                "wrong_activation_derivative",
                file=UTILS,
            ),
            mistake(93, r" \+ np\.dot\(Ri\.T, di\[t\+1\]\)", "", "missing_path_through_time", file=LSTM),
            mistake(93, r"Ro\.T, do", "Ro, do", "transposed", file=LSTM),
            mistake(94, r"h\(c\[t\]\)", "c[t]", "missing_factor", "wrong_variable", file=LSTM),
            mistake(95, r" \+ po \* do\[t\]", "", "upstream_gradient_dropped", "missing_path_through_time", file=LSTM),
            mistake(95, r"dh\(c\[t\]\)", "(1 - h(c[t]))", "wrong_activation_derivative", file=LSTM),
            mistake(97, r"pi \* di\[t\+1\]  \+ ", "", "missing_path_through_time", file=LSTM),
            mistake(97, r"f\[t\+1\]", "f[t]", "wrong_time_index", file=LSTM),
            mistake(98, r" - \(c", " + (c", "sign_flipped", file=LSTM),
            mistake(98, r"dc\[t\]", "dy[t]", "wrong_variable", "missing_path_through_time", file=LSTM),
            mistake(99, r"i\[t\]", "o[t]", "wrong_variable", file=LSTM),
            mistake(102, r" \+ np\.dot\(Wo\.T, do\[t\]\)", "", "upstream_gradient_dropped", file=LSTM),
            mistake(108, r"dz\[t\+1\]", "dz[t]", "wrong_time_index", file=LSTM),
            mistake(111, r"di\[t\+1\]", "di[t]", "wrong_time_index", file=LSTM),
            mistake(112, r"c\[t\]", "c[t-1]", "wrong_time_index", file=LSTM),
            mistake(114, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time", file=LSTM),
            mistake(42, r"deltas\[t\], W\.T", "deltas[t], W.T / T", "batch_scale_1_over_N", "extra_factor", file=LINEAR),
            mistake(45, r"deltas\[t\]", "deltas[t] / O", "batch_scale_1_over_N", "extra_factor", file=LINEAR),
            mistake(29, r"dx2, fwd_state1", "dx @ self.lstm2.Wz, fwd_state1", "wrong_variable", "upstream_gradient_dropped"),
            two(
                mistake(97, r"f\[t\+1\]", "f[t]", "wrong_time_index", file=LSTM),
                mistake(114, r"\+=", "=", "gradient_accumulated_across_steps", "missing_path_through_time", file=LSTM),
            ),
        ),
        harmless=(
            Edit(105, r"np\.outer\(dz\[t\], x\[t\]\)", "dz[t][:, None] * x[t]", LSTM),
            Edit(6, r"sigma\(x\) \* \(1 - sigma\(x\)\)", "np.exp(-x) * sigma(x) ** 2", UTILS),
            Edit(29, r"self\.beta \* velocity - self\.lr \* gradient", "-(self.lr * gradient - self.beta * velocity)", SGD),
        ),
        more=(LSTM, LINEAR, SGD, UTILS),
        mend=(Edit(98, r"z\[t\]", "(z[t] - (c[t-1] if t else 0))", LSTM),),
        published=(
            "wrong_variable",
            "missing_path_through_time",
            "upstream_gradient_dropped",
            "normalisation_term_missing",
        ),
        backward={LSTM: (77, 120), LINEAR: (29, 49), "model.py": (26, 31)},
        group="later",
    )
]
