"""omkarv/pong-from-pixels: the policy gradient of an episode, by ascent, with a dict of weights in the module."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake


def loss(xs: Any, ys: Any, advantages: Any, W1: Any, W2: Any) -> Any:
    logp = np.maximum(xs @ W1.T, 0) @ W2
    return -np.sum(advantages[:, 0] * (ys * logp - np.log(1 + np.exp(logp))))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    before = {"W1": rng.normal(size=(4, 3)), "W2": rng.normal(size=4)}
    model = module.model = {name: value.copy() for name, value in before.items()}
    xs, ys, advantages = rng.normal(size=(6, 3)), rng.integers(0, 2, size=6), rng.normal(size=(6, 1))

    def train(xs, ys, advantages):
        hs, dlogps = [], []
        for x, y in zip(xs, ys, strict=True):
            aprob, h = module.policy_forward(x)
            hs.append(h)
            dlogps.append(y - aprob)
        grad = module.policy_backward(np.vstack(hs), xs, np.vstack(dlogps) * advantages)
        for k in model:
            model[k] += 0.1 * grad[k]

    return Call(
        train,
        loss,
        {"xs": xs, "ys": ys, "advantages": advantages, **before},
        lambda _: {name: model[name] - then for name, then in before.items()},
        (xs, ys, advantages),
        bind={"W1": "model['W1']", "W2": "model['W2']"},
    )


PROGRAMS = [
    Program(
        "omkarv/pong-from-pixels",
        "pong-from-pixels.py",
        build,
        (
            mistake(71, r"eph\.T", "np.tanh(eph.T)", "wrong_activation_in_weight_gradient"),
            mistake(72, r"model\['W2'\]", "dW2", "gradient_or_update_used_for_weight"),
            mistake(73, r"eph <= 0", "eph > 0", "relu_mask_wrong"),
            mistake(73, r"dh\[eph <= 0\] = 0", "pass", "relu_mask_wrong", "missing_activation_derivative"),
            mistake(73, r"eph <= 0", "dh <= 0", "relu_mask_wrong"),
            mistake(72, r"epdlogp", "np.abs(epdlogp)", "wrong_variable", "sign_flipped"),
            mistake(74, r"dh\.T", "eph.T", "wrong_variable", "upstream_gradient_dropped"),
            mistake(75, r"'W1':dW1", "'W1':-dW1", "sign_flipped"),
        ),
        harmless=(
            Edit(72, r"np\.outer\(epdlogp, model\['W2'\]\)", r"epdlogp.reshape(-1, 1) * model['W2']"),
            Edit(74, r"np\.dot\(dh\.T, epx\)", r"np.dot(epx.T, dh).T"),
            Edit(71, r"np\.dot\(eph\.T, epdlogp\)", r"(eph * epdlogp).sum(axis=0)"),
        ),
        keep=((5, 5), (34, 35), (58, 75)),
    )
]
