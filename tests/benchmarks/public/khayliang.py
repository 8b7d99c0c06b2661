"""khayliang/nn-numpy: modules with examples in columns; a Jacobian for each example with einsum; log likelihood, then hinge."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, w1: Any, g1: Any, w2: Any, g2: Any) -> Any:
    z = w2.T @ (1 / (1 + np.exp(-(w1.T @ x + g1)))) + g2
    return np.sum(np.log(1 + np.exp(z)) - y * z)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    from activation import Sigmoid
    from linear import Linear
    from loss import NLL

    start = {
        "w1": rng.normal(size=(3, 4)),
        "g1": rng.normal(size=(4, 1)),
        "w2": rng.normal(size=(4, 1)),
        "g2": rng.normal(size=(1, 1)),
    }
    first = Linear(3, 4, start["w1"].copy(), start["g1"].copy())
    second = Linear(4, 1, start["w2"].copy(), start["g2"].copy())
    net = module.Sequential([first, Sigmoid(), second, Sigmoid()], NLL())
    x, y = rng.normal(size=(3, 1)), np.array([[1.0]])

    def train(x, y):
        net.sgd(x, y, 1, 0.1)

    return Call(
        train,
        loss,
        {"x": x, "y": y, **start},
        lambda _: {
            "w1": first.weights - start["w1"],
            "g1": first.gain - start["g1"],
            "w2": second.weights - start["w2"],
            "g2": second.gain - start["g2"],
        },
        (x, y),
        bind={
            "w1": "net.children[0].weights",
            "g1": "net.children[0].gain",
            "w2": "net.children[2].weights",
            "g2": "net.children[2].gain",
        },
    )


def hinge_loss(x: Any, y: Any, w1: Any, g1: Any, w2: Any, g2: Any) -> Any:
    return np.sum(np.maximum(0, 1 - y * (w2.T @ np.maximum(w1.T @ x + g1, 0) + g2)))


def hinge(module: ModuleType, rng: np.random.Generator) -> Call:
    from activation import ReLU
    from linear import Linear
    from sequential import Sequential

    start = {
        "w1": rng.normal(size=(3, 5)),
        "g1": rng.uniform(size=(5, 1)),
        "w2": 0.3 * rng.normal(size=(5, 1)),
        "g2": 0.1 * rng.normal(size=(1, 1)),
    }
    first = Linear(3, 5, start["w1"].copy(), start["g1"].copy())
    second = Linear(5, 1, start["w2"].copy(), start["g2"].copy())
    net = Sequential([first, ReLU(), second], module.Hinge())
    x = rng.normal(size=(3, 1))
    score = start["w2"].T @ np.maximum(start["w1"].T @ x + start["g1"], 0) + start["g2"]
    y = -np.sign(score)  # on the wrong side, where the hinge slopes

    def train(x, y):
        net.sgd(x, y, 1, 0.1)

    return Call(
        train,
        hinge_loss,
        {"x": x, "y": y, **start},
        lambda _: {
            "w1": first.weights - start["w1"],
            "g1": first.gain - start["g1"],
            "w2": second.weights - start["w2"],
            "g2": second.gain - start["g2"],
        },
        (x, y),
        bind={
            "w1": "net.children[0].weights",
            "g1": "net.children[0].gain",
            "w2": "net.children[2].weights",
            "g2": "net.children[2].gain",
        },
    )


ACTIVATION, LINEAR, LOSS = "activation.py", "linear.py", "loss.py"
MISTAKES = (
    mistake(57, r"self\.children", "self.children[1:]", "loop_cut_short"),
    mistake(59, r"return", "return not self.children[0].gd_step(lrate) or", "extra_factor"),
    mistake(
        29, r"self\.output\)", "self.output**2)", "derivative_at_wrong_point", "wrong_activation_derivative", file=ACTIVATION
    ),
    mistake(35, r"dldz\.reshape", "dlda.reshape", "missing_activation_derivative", file=ACTIVATION),
    mistake(72, r"a\*\(1-a\)", "a", "wrong_activation_derivative", file=ACTIVATION),
    mistake(72, r"1-a", "1-a**2", "wrong_activation_derivative", file=ACTIVATION),
    mistake(76, r"\*a$", "[None]", "missing_activation_derivative", file=ACTIVATION),
    mistake(54, r"/k", "/m", "batch_scale_1_over_N", "wrong_variable", file=LINEAR),
    mistake(55, r"self\.dldw0", "self.gain[None]", "gradient_or_update_used_for_weight", "wrong_variable", file=LINEAR),
    mistake(57, r"- lrate", "+ lrate", "sign_flipped", file=LINEAR),
    mistake(78, r", a\)", ", np.abs(a))", "wrong_activation_in_weight_gradient", file=LINEAR),
    mistake(79, r"= dldz", "= dldz * self.gain", "extra_factor", "wrong_variable", file=LINEAR),
    mistake(81, r"self\.weights", "self.dldw[0]", "gradient_or_update_used_for_weight", "wrong_variable", file=LINEAR),
    mistake(65, r" - labels/a", "", "loss_derivative_wrong", file=LOSS),
)
HINGE = (
    mistake(20, r"x < 0", "x > 0", "relu_mask_wrong", "loss_derivative_wrong", "upstream_gradient_dropped"),
    mistake(36, r"l > 0\] = 1", "l > 0] = 0", "relu_mask_wrong", "loss_derivative_wrong"),
    mistake(34, r"dadz, dlda", "np.ones_like(dadz), dlda", "missing_activation_derivative", file=ACTIVATION),
    mistake(52, r"a > 0", "a == 0", "relu_mask_wrong", file=ACTIVATION),
    mistake(52, r"\] = 1", "] = 2", "factor_2", "wrong_activation_derivative", file=ACTIVATION),
    mistake(55, r"np\.eye\(m\)\*a", "np.eye(m)[None]", "missing_activation_derivative", "relu_mask_wrong", file=ACTIVATION),
    mistake(43, r"= a", "= np.sign(a)", "wrong_activation_in_weight_gradient", file=LINEAR),
    mistake(58, r"- lrate", "+ lrate", "sign_flipped", file=LINEAR),
    mistake(58, r"\*dldw0_ave", "*dldw0_ave.sum()", "bias_gradient_reduction", file=LINEAR),
    mistake(81, r"self\.weights, dldz", "np.ones_like(self.weights), dldz", "wrong_variable", "missing_factor", file=LINEAR),
    mistake(83, r"return dlda", "return dlda * self.input", "extra_factor", "wrong_variable", file=LINEAR),
)
PROGRAMS = [
    Program(
        "khayliang/nn-numpy",
        "sequential.py",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[9]), two(MISTAKES[11], MISTAKES[0])),
        harmless=(
            Edit(65, r"\(1-labels\)/\(1-a\) - labels/a", "(a-labels)/(a*(1-a))", LOSS),
            Edit(81, r'np\.einsum\("ij,kjl->kil", self\.weights, dldz\)', "(self.weights @ dldz[0])[None]", LINEAR),
        ),
        more=(ACTIVATION, LINEAR, LOSS, "module.py"),
        backward={"sequential.py": (46, 48), ACTIVATION: (29, 77), LINEAR: (53, 83), LOSS: (64, 66)},
        group="ninth",
    ),
    Program(
        "khayliang/nn-numpy",
        LOSS,
        hinge,
        (*HINGE, two(HINGE[3], HINGE[7])),
        harmless=(Edit(37, r"-l\*labels", "np.where(l > 0, -labels, 0)"),),
        more=(ACTIVATION, LINEAR, "sequential.py", "module.py"),
        backward={LOSS: (32, 38), ACTIVATION: (29, 56), LINEAR: (53, 83)},
        group="ninth",
        name="hinge",
    ),
]
