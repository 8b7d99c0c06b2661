"""DmitryInd/Numpy-NN-Framework: batch norm between linear layers; Adam with weight decay of its own.

Adam starts with moments of earlier steps, or it would take signs."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W1: Any, b1: Any, gamma: Any, beta: Any, W2: Any, b2: Any) -> Any:
    z = x @ W1 + b1
    d = z - np.mean(z, axis=0)
    h = np.maximum(gamma * d / np.sqrt(np.mean(d**2, axis=0) + 1e-5) + beta, 0)
    return 0.5 * np.sum((h @ W2 + b2 - y) ** 2)


def build_for(adam: bool) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        from nn.layers.linear import Linear

        first, norm, last = Linear(3, 5), module.BatchNorm(5), Linear(5, 2)
        held = {"W1": first.W, "b1": first.b, "gamma": norm.gamma, "beta": norm.beta, "W2": last.W, "b2": last.b}
        start = {}
        for name, parameter in held.items():
            start[name] = rng.normal(size=np.shape(parameter.params))
            parameter.params = start[name].copy()
        x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
        optimizer = None
        if adam:
            from optimization.adam_optimizer import Adam

            optimizer = Adam(held.values(), lr=0.1, alpha2=0.3)
            optimizer.t = 3
            for parameter in held.values():
                parameter.m, parameter.v = rng.normal(size=parameter.params.shape), 0 * parameter.params + 20.0

        def train(x, y):
            normed = norm(first(x))
            out = last(np.maximum(normed, 0))
            grads = last._compute_gradients(out - y) * (normed > 0)
            first._compute_gradients(norm._compute_gradients(grads))
            if optimizer:
                optimizer.step()

        return Call(
            train,
            loss,
            {"x": x, "y": y, **start},
            lambda _: {name: p.params - start[name] if adam else p.grads for name, p in held.items()},
            (x, y),
            bind={"W1": "first.W.params", "b1": "first.b.params", "gamma": "norm.gamma.params", "beta": "norm.beta.params",
                  "W2": "last.W.params", "b2": "last.b.params"},
        )  # fmt: skip

    return build


FILE, LINEAR, ADAM = "src/nn/layers/batch_norm.py", "src/nn/layers/linear.py", "src/optimization/adam_optimizer.py"
NORM = (
    mistake(90, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(94, r"self\.inpt_hat \* ", "", "missing_factor", "wrong_variable"),
    mistake(95, r"self\.gamma\.params \* ", "", "missing_factor"),
    mistake(98, r" \* np\.sqrt\(self\.tmp_D \+ self\.eps\)", "", "wrong_variable", "missing_factor"),
    mistake(100, r"np\.sqrt\((self\.tmp_D \+ self\.eps)\)", r"(\1)", "wrong_variable", "extra_factor"),
    mistake(103, r"-1\.", "1.", "sign_flipped", "normalisation_term_missing"),
    mistake(106, r"0\.5", "1.", "factor_2", "missing_factor"),
    mistake(109, r" / batch_size", "", "batch_scale_1_over_N"),
    mistake(112, r"2 \* ", "", "factor_2", "missing_factor"),
    mistake(115, r" \+ d_x_mu_2", "", "normalisation_term_missing"),
    mistake(118, r"-np", "np", "sign_flipped", "normalisation_term_missing"),
    mistake(125, r" \+ d_x_2", "", "normalisation_term_missing"),
    mistake(68, r"self\.inpt\.T", "np.abs(self.inpt.T)", "wrong_activation_in_weight_gradient", file=LINEAR),
    mistake(72, r"self\.W\.params", "self.W.grads", "gradient_or_update_used_for_weight", "wrong_variable", file=LINEAR),
)
STEP = (
    mistake(59, r"\(1 - self\.beta_1\) \* grads", "grads", "optimizer_rule_wrong", "missing_factor", file=ADAM),
    mistake(59, r"self\.beta_1 \* param\.m", "self.beta_1 * param.v", "optimizer_rule_wrong", "wrong_variable", file=ADAM),
    mistake(60, r"grads\*\*2", "grads", "optimizer_rule_wrong", file=ADAM),
    mistake(60, r"self\.beta_2 \* param\.v", "self.beta_1 * param.v", "optimizer_rule_wrong", "wrong_variable", file=ADAM),
    mistake(61, r"\*\* self\.t", "* self.t", "optimizer_rule_wrong", file=ADAM),
    mistake(62, r"beta_2", "beta_1", "optimizer_rule_wrong", "wrong_variable", file=ADAM),
    mistake(67, r"param\.params", "grads", "regularisation_term_wrong", "wrong_variable", file=ADAM),
    mistake(67, r"\+=", "-=", "regularisation_term_wrong", "sign_flipped", file=ADAM),
    mistake(69, r"np\.sqrt\(v_hat\)", "v_hat", "optimizer_rule_wrong", file=ADAM),
    mistake(69, r" \+ reg\)", ")", "regularisation_term_wrong", file=ADAM),
)
COMMON = {
    "harmless": (
        Edit(112, r"2 \* x_mu \* d_sq_dev", "x_mu * d_sq_dev * 2"),
        Edit(122, r"np\.ones\(\(batch_size, self\.in_dim\)\) / batch_size \* d_mu", "d_mu / batch_size"),
    ),
    "root": "src",
    "stubs": {"nn/__init__.py": "", "nn/layers/__init__.py": "", "nn/module/__init__.py": ""},
    "group": "eleventh",
}
PROGRAMS = [
    Program(
        "DmitryInd/Numpy-NN-Framework",
        FILE,
        build_for(False),
        (*NORM, two(NORM[2], NORM[13]), two(NORM[9], NORM[0])),
        more=(LINEAR, "src/nn/module/parameters.py"),
        backward={FILE: (87, 127), LINEAR: (68, 73)},
        name="norm",
        **COMMON,
    ),
    Program(
        "DmitryInd/Numpy-NN-Framework",
        FILE,
        build_for(True),
        (*STEP, two(STEP[0], NORM[2]), two(STEP[9], NORM[13])),
        adaptive=True,
        more=(LINEAR, ADAM, "src/nn/module/parameters.py"),
        backward={ADAM: (56, 69)},
        name="adam",
        **COMMON,
    ),
]
