"""1an9ua9e/rnnlm: a GRU of gate objects that multiply and add, unrolled anew for each step; one-hot words.

As published the sigmoids take their derivative at their own output."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

INPUTS, TARGETS = [0, 2, 1, 3], [2, 1, 3, 0]
NAMES = ("U_z", "W_z", "U_r", "W_r", "U_u", "W_u", "V")


def loss(U_z: Any, W_z: Any, U_r: Any, W_r: Any, U_u: Any, W_u: Any, V: Any) -> Any:
    s, total = np.zeros(3), 0.0
    for x, target in zip(INPUTS, TARGETS, strict=True):
        z = 1 / (1 + np.exp(-(U_z[:, x] + W_z @ s)))
        r = 1 / (1 + np.exp(-(U_r[:, x] + W_r @ s)))
        s = z * s + (1 - z) * np.tanh(U_u[:, x] + W_u @ (r * s))
        o = V @ s
        total = total + np.log(np.sum(np.exp(o))) - o[target]
    return total


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.GRUModel(4, 3, 10)
    start = {name: rng.normal(size=getattr(model, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(model, name, value.copy())
    return Call(
        model.bptt,
        loss,
        start,
        lambda result: dict(zip(NAMES, result, strict=True)),
        (INPUTS, TARGETS),
        bind={name: "self." + name for name in NAMES},
    )


LAYER, GATE, ACT = "src/layer.py", "src/gate.py", "src/activation.py"
MISTAKES = (
    mistake(88, r"layers\[t\]\.s", "layers[0].s", "wrong_time_index", "wrong_index"),
    mistake(90, r"range\(t-1, max", "range(t-2, max", "loop_cut_short", "missing_path_through_time"),
    mistake(93, r"layers\[i-1\]", "layers[i]", "wrong_time_index", "wrong_index"),
    mistake(97, r"\+=", "=", "gradient_overwritten"),
    mistake(106, r"dU_u_t", "dU_r_t", "wrong_variable"),
    mistake(169, r" \+ diff_s", "", "missing_path_through_time", "upstream_gradient_dropped", file=LAYER),
    mistake(175, r"dz \+=", "dz =", "gradient_overwritten", "upstream_gradient_dropped", file=LAYER),
    mistake(175, r"dinv_z", "-dinv_z", "sign_flipped", file=LAYER),
    mistake(181, r"dprev_s \+= dprev_s_", "pass", "missing_path_through_time", file=LAYER),
    mistake(182, r"self\.add_u", "self.u", "derivative_of_activated_value", "derivative_at_wrong_point", file=LAYER),
    mistake(186, r"self\.had_r_s", "prev_s", "wrong_variable", "wrong_activation_in_weight_gradient", file=LAYER),
    mistake(187, r"self\.r, prev_s", "self.z, prev_s", "wrong_variable", file=LAYER),
    mistake(193, r"W_r, prev_s", "W_z, prev_s", "wrong_variable", file=LAYER),
    mistake(39, r"np\.transpose\(W\)", "np.transpose(W) * (dz > 0)", "relu_mask_wrong", "extra_factor", file=GATE),
    mistake(118, r"x2", "x1", "wrong_variable", file=GATE),
    mistake(20, r" \* output", "", "wrong_activation_derivative", "missing_factor", file=ACT),
)
PROGRAMS = [
    Program(
        "1an9ua9e/rnnlm",
        "src/gru.py",
        build,
        (*MISTAKES, two(MISTAKES[3], MISTAKES[10]), two(MISTAKES[4], MISTAKES[8])),
        harmless=(
            Edit(118, r"dz \* x2", "x2 * dz", GATE),
            Edit(20, r"\(1\.0 - output\) \* output", "(output - output * output)", ACT),
        ),
        more=(LAYER, GATE, ACT, "src/output.py"),
        root="src",
        mend=(Edit(176, r"self\.z ", "self.add_z ", LAYER), Edit(189, r"self\.r,", "self.add_r,", LAYER)),
        published=("derivative_of_activated_value", "derivative_at_wrong_point", "wrong_variable", "wrong_activation_derivative"),
        blame=(176, 189, 18, 19, 20),
        stubs={"utils.py": "tomap = None\n"},
        backward={"src/gru.py": (83, 108), LAYER: (166, 195), GATE: (37, 120), ACT: (18, 20)},
        group="tenth",
    )
]
