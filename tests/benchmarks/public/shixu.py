"""Shixu-max/Numpy-neural-network-two-layers-classifier: lists of weights, decay straight to the weights, a square or
logarithmic loss.

As published the derivative of the sigmoid sees the activated value, and no bias moves."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def build_for(criterion: str) -> Any:
    def loss(x: Any, y: Any, w0: Any, b0: Any, w1: Any, b1: Any) -> Any:
        p = 1 / (1 + np.exp(-(np.maximum(x @ w0 + b0, 0) @ w1 + b1)))
        if criterion == "MSE":
            return 0.5 * np.sum((p - y) ** 2)
        return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))

    def build(module: ModuleType, rng: np.random.Generator) -> Call:
        net = module.Classifier([4, 5, 3], lr=0.1)
        net.weights = [rng.normal(size=w.shape) for w in net.weights]
        net.biases = [rng.normal(size=b.shape) for b in net.biases]
        start = {}
        for k in range(2):
            start[f"w{k}"], start[f"b{k}"] = net.weights[k].copy(), net.biases[k].copy()
        x, y = rng.normal(size=(6, 4)), np.eye(3)[[0, 2, 1, 1, 0, 2]]
        return Call(
            net.trmodel,
            loss,
            {"x": x, "y": y, **start},
            lambda _: {n: (net.weights if n[0] == "w" else net.biases)[int(n[1])] - then for n, then in start.items()},
            (x, y, 1, 6, criterion),
            bind={n: f"self.{'weights' if n[0] == 'w' else 'biases'}[{n[1]}]" for n in start},
        )

    return build


COMMON = (
    mistake(28, r"x > 0 , 1 , 0", "x > 0 , x , 0", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(28, r"x > 0", "x < 1", "relu_mask_wrong"),
    mistake(70, r"len\(self\.acts\)-1, -1, -1", "len(self.acts)-1, -1, -2", "loop_cut_short", "wrong_index"),
    mistake(72, r" \* dx", "", "upstream_gradient_dropped"),
    mistake(72, r"Activation.*\* dx", "dx", "missing_activation_derivative"),
    mistake(73, r"self\.z\[i\]", "np.sign(self.z[i])", "wrong_activation_in_weight_gradient"),
    mistake(73, r"dx", "dx / len(dx)", "batch_scale_1_over_N"),
    mistake(74, r"self\.weights\[i\]", "self.grads[i]", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(84, r"self\.weights\[i\] -=", "self.weights[i] +=", "sign_flipped"),
)
OWN = {
    "MSE": (
        mistake(149, r"predict_y - batch_y", "predict_y - batch_y ** 2 - 0.1", "loss_derivative_wrong"),
        mistake(149, r"predict_y - batch_y", "np.sign(predict_y - batch_y)", "loss_derivative_wrong"),
        mistake(149, r"- batch_y", "- y", "wrong_variable", "loss_derivative_wrong"),
    ),
    "BCE": (
        mistake(152, r"predict_y - batch_y", "predict_y + batch_y", "sign_flipped", "loss_derivative_wrong"),
        mistake(152, r"predict_y \* \(", "(", "missing_factor", "loss_derivative_wrong"),
        mistake(
            152, r"np\.true_divide\((predict_y - batch_y), .*\)\)$", r"\1)", "loss_derivative_wrong", "extra_factor", blame=(151,)
        ),
    ),
}
PROGRAMS = [
    Program(
        "Shixu-max/Numpy-neural-network-two-layers-classifier",
        "twolayerclassifier.py",
        build_for(criterion),
        (
            *(m for k, m in enumerate(COMMON) if k != 2 and (criterion == "MSE" or k % 2)),
            *OWN[criterion],
            two(COMMON[1], COMMON[6]),
            two(COMMON[5], OWN[criterion][1]),
        ),
        harmless=(
            Edit(73, r"self\.z\[i\]\.T @ dx", "np.dot(self.z[i].T, dx)"),
            Edit(84, r"self\.grads\[i\] \* lr", "lr * self.grads[i]"),
        ),
        always=(Edit(152, r"1\+1e-5", "1+0"),) if criterion == "BCE" else (),
        mend=(
            Edit(22, r"t \* \(1\. - t\)", "x * (1. - x)"),
            Edit(73, r"$", '; self.gb = getattr(self, "gb", {}); self.gb[i] = dx.sum(axis=0, keepdims=True)'),
            Edit(84, r"$", "; self.biases[i] -= self.gb[i] * lr"),
        ),
        published=("derivative_of_activated_value", "derivative_at_wrong_point", "wrong_activation_derivative"),
        blame=(22, 21, 72, 83, 84),
        stubs={"tqdm.py": "def tqdm(x):\n    return x\n"},
        backward={"twolayerclassifier.py": (20, 152)},
        name=criterion.lower(),
        group="tenth",
    )
    for criterion in ("MSE", "BCE")
]
