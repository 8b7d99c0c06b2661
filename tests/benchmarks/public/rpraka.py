"""rpraka/Modular-Neural-Net-Numpy: a module for each layer; columns, sums over examples, momentum and RMSProp as steps of a
layer.

As published the RMSProp step moves a bias along itself and not along its gradient."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

SIZES = (3, 5, 4, 2)


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any) -> Any:
    z = W1 @ X + b1
    h = np.tanh(W2 @ np.where(z > 0, z, 0.1 * z) + b2)
    return 0.5 * np.sum((W3 @ h + b3 - Y) ** 2)


def build_for(step: str) -> Any:
    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        import LeakyReluLayer
        import TanhLayer

        linear = [module.LinearLayer((SIZES[k], 6), SIZES[k + 1]) for k in range(3)]
        leaky, tanh = LeakyReluLayer.LeakyReluLayer(), TanhLayer.TanhLayer()
        start = {}
        for k, layer in enumerate(linear, 1):
            layer.params["W"] = start[f"W{k}"] = rng.normal(size=layer.params["W"].shape)
            layer.params["b"] = start[f"b{k}"] = rng.normal(size=layer.params["b"].shape)
            if step == "RMS_prop_step":
                layer.params["S_dW"], layer.params["S_db"] = 40.0, 40.0
        X, Y = rng.normal(size=(3, 6)), rng.normal(size=(2, 6))

        def train(X, Y):
            linear[0].forward(X)
            leaky.forward(linear[0].Z)
            linear[1].forward(leaky.A)
            tanh.forward(linear[1].Z)
            linear[2].forward(tanh.A)
            linear[2].backward(linear[2].Z - Y)
            tanh.backward(linear[2].dA_prev)
            linear[1].backward(tanh.dZ)
            leaky.backward(linear[1].dA_prev)
            linear[0].backward(leaky.dZ)
            for layer in linear:
                getattr(layer, step)(0.1)

        return Call(
            train,
            loss,
            {"X": X, "Y": Y, **start},
            lambda _: {name: linear[int(name[1]) - 1].params[name[0]] - then for name, then in start.items()},
            (X, Y),
            bind={name: f"linear[{int(name[1]) - 1}].params['{name[0]}']" for name in start},
        )

    return build


LEAKY, TANH = "LeakyReluLayer.py", "TanhLayer.py"
COMMON = (
    mistake(34, r"self\.A_prev\.T", "np.sign(self.A_prev).T", "wrong_activation_in_weight_gradient"),
    mistake(34, r"upstream_grad @", "(upstream_grad / self.A_prev.shape[1]) @", "batch_scale_1_over_N"),
    mistake(38, r"self\.params\[\"W\"\]", "self.dW", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(38, r"@ upstream_grad", "@ np.sign(upstream_grad)", "upstream_gradient_dropped"),
    mistake(41, r"axis=1, ", "", "bias_gradient_reduction"),
    mistake(41, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
    mistake(28, r"0\.1, 1", "0, 1", "relu_mask_wrong", "wrong_activation_derivative", file=LEAKY),
    mistake(28, r"self\.Z <= 0", "upstream_grad <= 0", "relu_mask_wrong", "wrong_variable", file=LEAKY),
    mistake(28, r"np\.multiply\(upstream_grad, (.*)\)$", r"\1", "upstream_gradient_dropped", file=LEAKY),
)
OWN = {
    "momentum_step": (
        mistake(57, r"\(1 - beta\) \* self\.dW", "self.dW", "optimizer_rule_wrong", "missing_factor"),
        mistake(61, r"beta \* V_db \+", "beta * V_db -", "optimizer_rule_wrong", "sign_flipped"),
        mistake(65, r"V_dW", "W", "gradient_or_update_used_for_weight", "wrong_variable"),
    ),
    "RMS_prop_step": (
        mistake(84, r"np\.square\(self\.dW\)", "self.dW", "optimizer_rule_wrong"),
        mistake(92, r"- learning_rate", "+ learning_rate", "sign_flipped"),
        mistake(93, r"np\.sqrt\(self", "(self", "optimizer_rule_wrong", blame=(92,)),
    ),
}
PROGRAMS = [
    Program(
        "rpraka/Modular-Neural-Net-Numpy",
        "LinearLayer.py",
        build_for(step),
        (*(COMMON if step[0] == "m" else COMMON[::3]), *OWN[step], two(COMMON[4], COMMON[8]), two(COMMON[0], OWN[step][1])),
        harmless=(
            Edit(38, r"self\.params\[\"W\"\]\.T @ upstream_grad", "np.dot(self.params['W'].T, upstream_grad)"),
            Edit(41, r"np\.sum\(upstream_grad, axis=1, keepdims=True\)", "upstream_grad.sum(axis=1, keepdims=True)"),
        ),
        adaptive=step[0] == "R",
        more=(LEAKY, TANH, "utils.py"),
        mend=(Edit(95, r"self\.params\[\"b\"\]", "self.db"),) if step[0] == "R" else (),
        published=("gradient_or_update_used_for_weight", "optimizer_rule_wrong", "wrong_variable") if step[0] == "R" else (),
        blame=(94, 95) if step[0] == "R" else (),
        backward={"LinearLayer.py": (34, 95), LEAKY: (28, 28)},
        name=step[:3].lower(),
        group="tenth",
    )
    for step in ("momentum_step", "RMS_prop_step")
]
