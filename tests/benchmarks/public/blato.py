"""Blato122/pong-rl-gym: policy gradients for three actions, two hidden layers, rewards discounted and normalised."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(xs: Any, actions: Any, rewards: Any, W1: Any, W2: Any, W3: Any) -> Any:
    logits = np.maximum(np.maximum(xs @ W1, 0) @ W2, 0) @ W3
    logp = logits[np.arange(len(actions)), actions] - np.log(np.sum(np.exp(logits), axis=1))
    returns, running = [], 0.0
    for reward in rewards[::-1, 0]:
        running = reward if reward != 0 else 0.9 * running
        returns.append(running)
    advantage = np.array(returns[::-1])
    return np.sum((advantage - np.mean(advantage)) / np.std(advantage) * logp)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.gamma = 0.9
    start = {"W1": rng.normal(size=(4, 6)), "W2": rng.normal(size=(6, 5)), "W3": rng.normal(size=(5, 3))}
    module.model = {name: value.copy() for name, value in start.items()}
    xs, actions = rng.normal(size=(7, 4)), np.array([0, 2, 1, 1, 0, 2, 1])
    rewards = np.array([[0.0], [0.0], [1.0], [0.0], [0.0], [0.0], [-1.0]])

    def train(xs, actions, rewards):
        hs, h2s, dL_dlogits = [], [], []
        for x, action in zip(xs, actions, strict=True):
            action_probs, h, h2 = module.policy_forward(x)
            y = np.zeros(3)
            y[action] = 1
            hs.append(h)
            h2s.append(h2)
            dL_dlogits.append(y - action_probs)
        module.ep_xs = xs
        ep_dL_dlogits = np.vstack(dL_dlogits) * module.discount_rewards(rewards)
        return module.policy_backward(np.vstack(hs), np.vstack(h2s), ep_dL_dlogits)

    return Call(
        train,
        loss,
        {"xs": xs, "actions": actions, "rewards": rewards, **start},
        lambda grad: {name: grad[name] for name in start},
        (xs, actions, rewards),
        bind={name: f"module.model['{name}']" for name in start},
    )


MISTAKES = (
    mistake(51, r"reversed\(range\(r\.shape\[0\]\)\)", "range(r.shape[0])", "wrong_time_index"),
    mistake(52, r"running_add = 0", "pass", "extra_factor", "wrong_variable"),
    mistake(53, r"\* gamma", "", "missing_factor"),
    mistake(54, r"running_add", "r[t]", "wrong_variable"),
    mistake(55, r"discounted_r -= .*$", "pass", "normalisation_term_missing"),
    mistake(77, r"ep_h2s\.T", "np.sign(ep_h2s).T", "wrong_activation_in_weight_gradient"),
    mistake(78, r"ep_dL_dlogits @", "np.abs(ep_dL_dlogits) @", "wrong_variable", "upstream_gradient_dropped"),
    mistake(79, r"ep_h2s <= 0", "ep_h2s > 0", "relu_mask_wrong"),
    mistake(79, r"dL_dh2\[ep_h2s <= 0\] = 0", "pass", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(80, r"dL_dh2 ", "(ep_dL_dlogits @ model['W3'].T) ", "missing_activation_derivative", "wrong_variable"),
    mistake(80, r"ep_hs\.T", "(ep_hs > 0).T", "wrong_activation_in_weight_gradient"),
    mistake(84, r'model\["W2"\]\.T', "dL_dW2.T", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(87, r"dL_dh\[ep_hs <= 0\] = 0", "dL_dh[dL_dh <= 0] = 0", "relu_mask_wrong", "wrong_variable"),
    mistake(88, r"ep_xs\.T", "ep_xs[::-1].T", "wrong_time_index", "wrong_index"),
    mistake(91, r"'W1':dL_dW1", "'W1':dL_dW1 / len(ep_xs)", "batch_scale_1_over_N"),
    mistake(91, r"'W3':dL_dW3", "'W3':-dL_dW3", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "Blato122/pong-rl-gym",
        "3-actions-pong.py",
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[8]), two(MISTAKES[10], MISTAKES[15])),
        harmless=(
            Edit(79, r"dL_dh2\[ep_h2s <= 0\] = 0", "dL_dh2 = dL_dh2 * (ep_h2s > 0)"),
            Edit(88, r"ep_xs\.T @ dL_dh", "np.dot(ep_xs.T, dL_dh)"),
        ),
        keep=((1, 1), (30, 35), (46, 91)),
        backward={"3-actions-pong.py": (46, 91)},
        group="ninth",
    )
]
