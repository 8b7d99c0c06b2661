"""leepand/single-ddqn-numpy: linear and sigmoid layers whose parameters are in a dict of the model; plain steps and Adam."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(x: Any, y: Any, W0: Any, b0: Any, W2: Any, b2: Any) -> Any:
    h = 1 / (1 + np.exp(-(W0 @ x + b0)))
    return 0.5 * np.sum((W2 @ h + b2 - y) ** 2) / 6


def build_for(adam: bool) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        from activationLayers import SigmoidLayer
        from linearLayer import LinearLayer

        opt = "adam" if adam else "normal"
        policy = module.A2CPolicy(0.1, "net")
        first, last = LinearLayer(3, 5, opt=opt), LinearLayer(5, 2, opt=opt)
        for layer in (first, SigmoidLayer(5), last):
            policy.add(layer)
        start = {"W0": (5, 3), "b0": (5, 1), "W2": (2, 5), "b2": (2, 1)}
        start = {name: rng.normal(size=shape) for name, shape in start.items()}
        model: dict[str, Any] = {f"net_{name}": value.copy() for name, value in start.items()}
        model["model_updated_cnt"] = 3
        for k in (0, 2):
            model[f"net_m1{k}"] = {c: 0.3 * rng.normal(size=start[f"{c}{k}"].shape) for c in "Wb"}
            model[f"net_m2{k}"] = {c: np.full(start[f"{c}{k}"].shape, 2.0) for c in "Wb"}
        first.eta = last.eta = 0.1
        x, y = rng.normal(size=(3, 6)), rng.normal(size=(2, 6))

        def train(x, y, model):
            out, seen = policy.predict(x, model, update_mode=True)
            return policy.fit(seen, out, y, model, "MSE")

        return Call(
            train,
            loss,
            {"x": x, "y": y, **start},
            lambda result: {name: result[f"net_{name}"] - value for name, value in start.items()},
            (x, y, model),
            bind={name: f"model['net_{name}']" for name in start},
        )

    return build


FILE, LINEAR, ACT, COST = "a2c_policy.py", "linearLayer.py", "activationLayers.py", "cost_functions.py"


BACK = (
    mistake(124, r"Y - Y_hat", "Y", "loss_derivative_wrong", file=COST),
    mistake(124, r"Y - Y_hat", "Y - Y_hat ** 2", "loss_derivative_wrong", file=COST),
    mistake(124, r"\(Y - Y_hat\)", "np.sign(Y - Y_hat)", "loss_derivative_wrong", file=COST),
    mistake(55, r" \* A \* \(1 - A\)", "", "missing_activation_derivative", file=ACT),
    mistake(55, r"1 - A\)", "1 + A)", "wrong_activation_derivative", file=ACT),
    mistake(55, r"A \* \(1 - A\)", "(1 - A**2)", "wrong_activation_derivative", file=ACT),
    mistake(55, r"upstream_grad \* ", "", "upstream_gradient_dropped", file=ACT),
    mistake(78, r"A_prev\.T", "np.sign(A_prev.T)", "wrong_activation_in_weight_gradient", file=LINEAR),
    mistake(81, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=LINEAR),
    mistake(81, r"axis=1, ", "", "bias_gradient_reduction", file=LINEAR),
    mistake(84, r"W\.T", "dW.T", "gradient_or_update_used_for_weight", "wrong_variable", file=LINEAR),
    mistake(129, r"W - lr", "W + lr", "sign_flipped", file=LINEAR),
    mistake(130, r"\* db", "* b", "gradient_or_update_used_for_weight", "wrong_variable", file=LINEAR),
)
ADAM = (
    mistake(99, r"\(1 - self\.b1\) \* dW", "dW", "optimizer_rule_wrong", "missing_factor", file=LINEAR),
    mistake(99, r"= self\.b1", "= self.b2", "optimizer_rule_wrong", "wrong_variable", file=LINEAR),
    mistake(100, r"\+ \(1", "- (1", "optimizer_rule_wrong", "sign_flipped", file=LINEAR),
    mistake(101, r"dW\*\*2", "dW", "optimizer_rule_wrong", file=LINEAR),
    mistake(102, r"db\*\*2", "np.abs(db)", "optimizer_rule_wrong", file=LINEAR),
    mistake(102, r"\(1 - self\.b2\) \* ", "", "optimizer_rule_wrong", "missing_factor", file=LINEAR),
    mistake(108, r"self\.b1", "self.b2", "optimizer_rule_wrong", "wrong_variable", file=LINEAR, blame=(107,)),
    mistake(117, r"\*\* \(model", "* (model", "optimizer_rule_wrong", file=LINEAR, blame=(116,)),
    mistake(120, r"np\.sqrt\(v_w_hat\)", "v_w_hat", "optimizer_rule_wrong", file=LINEAR),
    mistake(120, r"v_w_hat", 'm2["W"]', "optimizer_rule_wrong", "wrong_variable", file=LINEAR),
    mistake(121, r"m_b_hat", 'm1["b"]', "optimizer_rule_wrong", "wrong_variable", file=LINEAR),
    mistake(121, r"-=", "+=", "sign_flipped", "optimizer_rule_wrong", file=LINEAR),
)
COMMON = {
    "harmless": (
        Edit(78, r"np\.dot\(upstream_grad, A_prev\.T\)", "upstream_grad @ A_prev.T", LINEAR),
        Edit(55, r"upstream_grad \* A \* \(1 - A\)", "upstream_grad * (A - A**2)", ACT),
    ),
    "more": (LINEAR, ACT, COST),
    "stubs": {
        "utils.py": "import numpy\ndef initialize_parameters(n_in, n_out, _):\n    return {'W': numpy.zeros((n_out, n_in))}\n"
    },
    "group": "eleventh",
}
PROGRAMS = [
    Program(
        "leepand/single-ddqn-numpy",
        FILE,
        build_for(False),
        (*BACK, two(BACK[0], BACK[7]), two(BACK[4], BACK[8])),
        backward={LINEAR: (77, 85), ACT: (54, 56), COST: (118, 126)},
        name="plain",
        **COMMON,
    ),
    Program(
        "leepand/single-ddqn-numpy",
        FILE,
        build_for(True),
        (*ADAM, two(ADAM[0], BACK[9]), two(ADAM[8], BACK[5])),
        adaptive=True,
        backward={LINEAR: (98, 121)},
        name="adam",
        **COMMON,
    ),
]
