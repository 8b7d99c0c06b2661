"""juleskup/Python-Factorization-Machine-WIP-: a factorisation machine on hashed features, all in Python lists and loops.

As published the decay is multiplied by the error, the vectors' gradients are doubled and see those that moved before them, and
the counts of all vectors are one list.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

DECAY = 0.2


def loss(x: Any, y: Any, w: Any, V: Any) -> Any:
    rows = V[x]
    z = np.sum(w[x]) + 0.5 * (np.sum(np.sum(rows, axis=0) ** 2) - np.sum(rows**2))
    return np.log(1 + np.exp(z)) - y * z + DECAY * (np.sum(w[x] ** 2) + np.sum(rows**2))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    fm = module.FM(6, 0.1, 3, 0.5, DECAY)
    start = {"w": rng.normal(size=6), "V": 0.7 * rng.normal(size=(6, 3))}
    fm.w, fm.V = start["w"].tolist(), start["V"].tolist()
    x, y = [0, 3, 4], 1.0

    def train(x, y):
        fm.update_wV(x, fm.get_p(x), y)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {name: np.array(getattr(fm, name)) - then for name, then in start.items()},
        (x, y),
        bind={"w": "fm.w", "V": "fm.V"},
    )


MISTAKES = (
    mistake(94, r"in x", "in x[:-1]", "loop_cut_short"),
    mistake(99, r"\(p - y\)", "(y - p)", "sign_flipped", "loss_derivative_wrong"),
    mistake(99, r"\(p - y\)", "p", "loss_derivative_wrong", "wrong_variable"),
    mistake(99, r"\+ 2\*self\.lbd\* self\.w\[i\]", "+ self.lbd* self.w[i]", "factor_2", "regularisation_term_wrong"),
    mistake(99, r"\+ 2\*self\.lbd\* self\.w\[i\]", "+ 2*self.lbd", "regularisation_term_wrong", "missing_factor"),
    mistake(99, r"-=", "+=", "sign_flipped"),
    mistake(101, r"range\(self\.k\)", "range(self.k - 1)", "loop_cut_short"),
    mistake(102, r"- self\.V\[i\]\[f\]", "0", "extra_factor", "wrong_variable"),
    mistake(102, r"self\.V\[i\]\[f\]", "self.V[i][0]", "wrong_index"),
    mistake(104, r"\+=", "=", "gradient_accumulated_across_steps", "gradient_overwritten"),
    mistake(104, r"old\[j\]\[f\]", "old[i][f]", "wrong_index"),
    mistake(105, r"\(p - y\) \* sum", "(p - y) * self.V[i][f]", "wrong_variable"),
    mistake(105, r"\(p - y\) \* sum", "sum", "upstream_gradient_dropped", "missing_factor"),
    mistake(105, r" \+ 2\*self\.lbd\* self\.V\[i\]\[f\]", "", "regularisation_term_wrong"),
    mistake(105, r"self\.V\[i\]\[f\] -=", "self.V[i][f] =  -", "gradient_or_update_used_for_weight"),
)
PROGRAMS = [
    Program(
        "juleskup/Python-Factorization-Machine-WIP-",
        "project/fm.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[9]), two(MISTAKES[5], MISTAKES[13])),
        harmless=(
            Edit(99, r"self\.w\[i\] -= (.*)$", r"self.w[i] = self.w[i] - \1"),
            Edit(105, r"\(p - y\) \* sum", "sum * (p - y)"),
        ),
        keep=((4, 5), (8, 107)),
        always=(Edit(5, r"$", "; from numpy import dot"),),
        mend=(
            Edit(22, r"\[\[0\.\]\*k\]\*D", "[[0.]*k for _ in range(D)]"),
            Edit(95, r"^.*$", "            old = [row[:] for row in self.V] if i == x[0] else old"),
            Edit(99, r"\(p - y\) \* \(1 (\+ 2\*self\.lbd\* self\.w\[i\])\)", r"((p - y) \1)"),
            Edit(104, r"self\.V\[j\]", "old[j]"),
            Edit(105, r"2 \* \(p - y\) \* \(sum", "((p - y) * sum"),
        ),
        published=(
            "regularisation_term_wrong",
            "extra_factor",
            "factor_2",
            "updated_weights_used",
            "optimizer_rule_wrong",
            "gradient_accumulated_across_steps",
        ),
        backward={"project/fm.py": (93, 106)},
        group="ninth",
    )
]
