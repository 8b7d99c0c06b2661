"""zhangshushu15/pg-pong-2025: a policy gradient with a dict of two matrices, rewards discounted and standardised; one episode."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(xs: Any, ys: Any, advantages: Any, W1: Any, W2: Any) -> Any:
    z = np.maximum(xs @ W1.T, 0) @ W2
    return -np.sum(advantages[:, 0] * (ys * z - np.log(1 + np.exp(z))))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"W1": rng.normal(size=(5, 4)), "W2": rng.normal(size=5)}
    model = module.model = {name: value.copy() for name, value in start.items()}
    grad_buffer = {name: np.zeros_like(value) for name, value in start.items()}
    xs, ys = rng.normal(size=(7, 4)), rng.integers(0, 2, size=7)
    rewards = np.array([[0.0], [1.0], [0.0], [0.0], [-1.0], [0.0], [1.0]])
    advantages = module.discount_rewards(rewards)
    advantages = (advantages - np.mean(advantages)) / np.std(advantages)

    def train(xs, ys, advantages):
        module.epx = xs
        hs, dlogps = [], []
        for x, y in zip(xs, ys, strict=True):
            aprob, h = module.policy_forward(x)
            hs.append(h)
            dlogps.append(y - aprob)
        grad = module.policy_backward(np.vstack(hs), np.vstack(dlogps) * advantages)
        for k in model:
            grad_buffer[k] += grad[k]

    return Call(
        train,
        loss,
        {"xs": xs, "ys": ys, "advantages": advantages, **start},
        lambda _: grad_buffer,
        (xs, ys, advantages),
        bind={name: f"model['{name}']" for name in start},
    )


PROGRAMS = [
    Program(
        "zhangshushu15/pg-pong-2025",
        "pg-pong-2025.py",
        build,
        (
            mistake(59, r"eph\.T", "(eph > 0).T", "wrong_activation_in_weight_gradient", "relu_mask_wrong"),
            mistake(59, r"epdlogp\)", "epdlogp ** 2)", "extra_factor", "wrong_variable"),
            mistake(59, r"\.ravel\(\)", ".ravel() / len(eph)", "batch_scale_1_over_N"),
            mistake(60, r"model\['W2'\]", "dW2", "gradient_or_update_used_for_weight", "wrong_variable"),
            mistake(61, r"eph <= 0", "eph >= 0", "relu_mask_wrong"),
            mistake(61, r"eph <= 0", "dh <= 0", "relu_mask_wrong", "wrong_variable"),
            mistake(61, r"dh\[eph <= 0\] = 0", "pass", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(62, r"epx", "epx ** 2", "wrong_activation_in_weight_gradient", "extra_factor"),
            mistake(63, r"'W1':dW1", "'W1':-dW1", "sign_flipped"),
            two(
                mistake(59, r"\.ravel\(\)", ".ravel() / len(eph)", "batch_scale_1_over_N"),
                mistake(61, r"eph <= 0", "eph >= 0", "relu_mask_wrong"),
            ),
        ),
        harmless=(
            Edit(60, r"np\.outer\(epdlogp, model\['W2'\]\)", "epdlogp * model['W2']"),
            Edit(61, r"dh\[eph <= 0\] = 0", "dh = dh * (eph > 0)"),
        ),
        keep=((2, 2), (11, 11), (28, 29), (40, 63)),
        group="last",
    )
]
