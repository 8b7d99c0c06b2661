"""toodeoo/SimpleFunkSVD: matrix factorisation with gradients in a dict, with biases, and steps of Adam.

As published the gradient of the bias of an item goes to that of a user."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

PAIRS = np.array([[0, 1], [1, 3], [2, 0]])
R = np.array([[0.0, 4, 0, 2], [1, 0, 0, 5], [3, 2, 0, 0], [0, 0, 0, 0]])


def loss(P: Any, Q: Any, b_p: Any, b_q: Any) -> Any:
    total = 0.0
    for i, j in ((0, 1), (1, 3), (2, 0)):
        e = R[i, j] - np.sum(P[i] * Q[:, j]) - 17 / 6 - b_p[i] - b_q[j]
        total = total + 0.5 * e**2 + 0.1 * (np.sum(P[i] ** 2) + b_p[i] ** 2) + 0.15 * (np.sum(Q[:, j] ** 2) + b_q[j] ** 2)
    return total


def build_for(adam: bool) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        from optimal import adam as step

        model = module.BiasSVD(R, 2, 0.2, 0.3)
        start = {"P": (4, 2), "Q": (2, 4), "b_p": 4, "b_q": 4}
        start = {name: rng.normal(size=shape) for name, shape in start.items()}
        configs = {}
        for name, value in start.items():
            model.params[name] = value.copy()
            configs[name] = {"learning_rate": 0.1, "m": rng.normal(size=value.shape), "v": np.full(value.shape, 4.0)}

        def train(pairs):
            grads = model.loss(pairs)[1]
            if adam:
                for name, grad in grads.items():
                    model.params[name], _ = step(model.params[name], grad, configs[name])
            return grads

        return Call(
            train,
            loss,
            start,
            lambda result: {name: model.params[name] - value for name, value in start.items()} if adam else result,
            (PAIRS,),
            bind={name: f"model.params['{name}']" for name in start},
        )

    return build


FILE, STEP = "model.py", "optimal.py"
BIAS = (
    mistake(58, r"self\.R\[i, j\] - ", "self.R[i, j] + ", "sign_flipped"),
    mistake(67, r"-1 \* diff", "diff", "sign_flipped"),
    mistake(67, r"self\.params\['Q'\]\[:, j\]", "self.params['P'][i, :]", "wrong_variable"),
    mistake(67, r" \+ self\.reg_p \* self\.params\['P'\]\[i, :\]", "", "regularisation_term_wrong"),
    mistake(67, r"-1 \* diff", "-2 * diff", "factor_2", "extra_factor"),
    mistake(68, r"self\.reg_q", "self.reg_p", "regularisation_term_wrong", "wrong_variable"),
    mistake(68, r"-1 \* diff \* ", "-1 * ", "upstream_gradient_dropped", "missing_factor"),
    mistake(68, r"grad_Q\[:, j\]", "grad_Q[:, i]", "wrong_index"),
    mistake(69, r"\+ self\.reg_p", "- self.reg_p", "regularisation_term_wrong", "sign_flipped"),
    mistake(69, r"self\.params\['b_p'\]\[i\]", "self.params['b_q'][j]", "regularisation_term_wrong", "wrong_variable"),
    mistake(70, r"-1 \* diff", "diff", "sign_flipped"),
    mistake(70, r" \+ self\.reg_q \* self\.params\['b_q'\]\[j\]", "", "regularisation_term_wrong"),
    mistake(70, r"self\.params\['b_q'\]\[j\]", "self.params['b_q'][i]", "wrong_index", "regularisation_term_wrong"),
)
ADAM = (
    mistake(46, r"\(1 - config\['beta1'\]\) \* dw", "dw", "optimizer_rule_wrong", "missing_factor", file=STEP),
    mistake(46, r"\+ \(1", "- (1", "optimizer_rule_wrong", "sign_flipped", file=STEP),
    mistake(46, r"config\['beta1'\] \* config\['m'\]", "config['beta1'] * config['v']", "optimizer_rule_wrong", "wrong_variable",
            file=STEP),
    mistake(46, r"= config\['beta1'\]", "= config['beta2']", "optimizer_rule_wrong", "wrong_variable", file=STEP),
    mistake(47, r"dw \*\* 2", "np.abs(dw)", "optimizer_rule_wrong", file=STEP),
    mistake(47, r"= config\['beta2'\]", "= config['beta1']", "optimizer_rule_wrong", "wrong_variable", file=STEP),
    mistake(47, r"\(1 - config\['beta2'\]\) \* dw", "dw", "optimizer_rule_wrong", "missing_factor", file=STEP),
    mistake(48, r"np\.sqrt\(config\['v'\]\)", "config['v']", "optimizer_rule_wrong", file=STEP),
    mistake(48, r"config\['m'\] /", "dw /", "optimizer_rule_wrong", "wrong_variable", file=STEP),
    mistake(48, r"w - config", "w + config", "sign_flipped", "optimizer_rule_wrong", file=STEP),
)  # fmt: skip
COMMON = {
    "harmless": (
        Edit(67, r"-1 \* diff \* self\.params\['Q'\]\[:, j\]", "-(diff * self.params['Q'][:, j])"),
        Edit(69, r"-1 \* diff", "-diff"),
    ),
    "mend": (Edit(70, r"grad_bp\[j\]", "grad_bq[j]"),),
    "published": ("wrong_variable", "wrong_index"),
    "more": (STEP,),
    "group": "eleventh",
}
PROGRAMS = [
    Program(
        "toodeoo/SimpleFunkSVD",
        FILE,
        build_for(False),
        (*BIAS, two(BIAS[3], BIAS[10]), two(BIAS[6], BIAS[8])),
        backward={FILE: (58, 73)},
        name="bias",
        **COMMON,
    ),
    Program(
        "toodeoo/SimpleFunkSVD",
        FILE,
        build_for(True),
        (*ADAM[:9], two(ADAM[0], BIAS[7]), two(ADAM[7], BIAS[3])),
        adaptive=True,
        backward={STEP: (46, 49)},
        name="adam",
        **COMMON,
    ),
]
