"""shiluqiang/RBF_NN_Python: centres, widths and weights of a radial basis network in loops over units and samples."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(feature: Any, label: Any, center: Any, delta: Any, w: Any) -> Any:
    distances = np.sum((np.asarray(feature)[:, None, :] - np.asarray(center)[None, :, :]) ** 2, axis=2)
    out = np.exp(-distances / (2 * np.asarray(delta) ** 2)) @ np.asarray(w)
    return 0.5 * np.sum((np.asarray(label) - out) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"center": rng.normal(size=(3, 2)), "delta": rng.uniform(0.7, 2, size=(1, 3)), "w": rng.normal(size=(3, 1))}
    mine = {name: np.asmatrix(value.copy()) for name, value in start.items()}
    feature, label = np.asmatrix(rng.normal(size=(6, 2))), np.asmatrix(rng.normal(size=(6, 1)) * 5)
    return Call(
        module.program,
        loss,
        {"feature": feature, "label": label, **start},
        lambda _: {name: np.asarray(mine[name]) - value for name, value in start.items()},
        (feature, label, *mine.values(), 0.02, 3, 6),
        bind={name: name for name in start},
    )


FILE = "RBF_TRAIN.py"
PROGRAMS = [
    Program(
        "shiluqiang/RBF_NN_Python",
        FILE,
        build,
        (
            mistake(111, r" - output_out", "", "loss_derivative_wrong"),
            mistake(117, r"\(feature\[i\] - center\[j\]\)$", "(center[j] - feature[i])", "sign_flipped"),
            mistake(117, r"2 \* delta\[0,j\]\*delta\[0,j\]", "2 * delta[0,j]", "missing_factor"),
            mistake(117, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(118, r"\+=", "=", "loop_cut_short", "gradient_accumulated_across_steps"),
            mistake(119, r"error\[i,:\] \* ", "", "upstream_gradient_dropped", "loss_derivative_wrong"),
            mistake(120, r"delta\[0,j\]\*delta\[0,j\]", "delta[0,j]", "missing_factor"),
            mistake(120, r"w\[j,:\]/", "1/", "missing_factor", "upstream_gradient_dropped"),
            mistake(121, r"\*delta\[0,j\]\)", ")", "missing_factor"),
            mistake(122, r"sum3", "sum3 * w[j,:]", "extra_factor"),
            mistake(124, r"alpha \* ", "", "missing_factor"),
            mistake(126, r"\+ alpha", "- alpha", "sign_flipped"),
            two(
                mistake(120, r"w\[j,:\]/", "1/", "missing_factor", "upstream_gradient_dropped"),
                mistake(126, r"\+ alpha", "- alpha", "sign_flipped"),
            ),
        ),
        harmless=(
            Edit(120, r"delta\[0,j\]\*delta\[0,j\]", "delta[0,j]**2"),
            Edit(111, r"mat\(label - output_out\)", "-(output_out - label)"),
        ),
        keep=((7, 8), (33, 75), (135, 157), (100, 132)),
        head="def program(feature, label, center, delta, w, alpha, n_hidden, m, maxCycle=0):",
        always=(
            Edit(7, r"$", "; mat = asmatrix"),
            Edit(125, r"delta_delta", "delta_delta[0,0]"),
            Edit(53, r"exp\((.*)\)(\s*)$", r"exp((\1).item())"),
        ),
        backward={FILE: (111, 122)},
        group="later",
    )
]
