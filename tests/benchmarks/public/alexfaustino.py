"""alex-faustino/rl-sandbox: course work; REINFORCE with a table of logits, here one trajectory.

As published the other actions of a state get the probability of the action that was taken."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(s: Any, a: Any, r: Any, policy: Any) -> Any:
    logits = policy[s]
    chosen = np.sum(logits * np.eye(3)[a], axis=1) - np.log(np.sum(np.exp(logits), axis=1))
    return -np.sum(r) * np.sum(chosen)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    s, a, r = np.array([0, 2, 1, 2, 0, 2]), np.array([1, 0, 2, 2, 1, 1]), np.array([1, 0, 2, 1, 0, 3])
    policy = rng.normal(size=(4, 3))

    class Held:
        learning_rate = 0.1

        def sample_trajectory(self, *_):
            return s, a, r

    held = Held()
    return Call(
        module.step,
        loss,
        {"s": s, "a": a, "r": r, "policy": policy.copy()},
        lambda result: {"policy": result - policy},
        (held, policy, 1, 6, []),
    )


FILE = "hw5_afausti2/tablemethodsrl.py"
MISTAKES = (
    mistake(152, r"\+=", "=", "gradient_overwritten", "gradient_accumulated_across_steps"),
    mistake(152, r"s\[t\]", "s[t - 1]", "wrong_time_index", "wrong_index"),
    mistake(152, r"a\[t\]", "a[t - 1]", "wrong_time_index", "wrong_index"),
    mistake(150, r"range\(episode_length\)", "range(episode_length - 1)", "loop_cut_short"),
    mistake(177, r"policy\[s, :\]\) /", "policy[a, :]) /", "wrong_index"),
    mistake(177, r" / np\.sum\(.*$", "", "softmax_jacobian_wrong", "missing_factor"),
    mistake(179, r"-policy", "policy", "sign_flipped"),
    mistake(179, r"grad_J\[s, :\]", "grad_J[:, :]", "wrong_index"),
    mistake(180, r"= 1 - ", "= ", "loss_derivative_wrong", "sign_flipped"),
    mistake(180, r"1 - policy_a\[a\]", "1", "loss_derivative_wrong"),
    mistake(180, r"1 - policy_a\[a\]", "1 - policy_a[0]", "wrong_index"),
    mistake(180, r"grad_J\[s, a\]", "grad_J[s, a - 1]", "wrong_index"),
)
PROGRAMS = [
    Program(
        "alex-faustino/rl-sandbox",
        FILE,
        build,
        (*MISTAKES, two(MISTAKES[2], MISTAKES[9]), two(MISTAKES[0], MISTAKES[7])),
        harmless=(
            Edit(180, r"1 - policy_a\[a\]", "-policy_a[a] + 1"),
            Edit(161, r"self\.learning_rate \* grad_J", "2 * self.learning_rate * grad_J"),
        ),
        keep=((1, 1), (174, 181), (142, 161)),
        head="def step(self, policy, batch_size, episode_length, seen):",
        foot="            return policy",
        always=(
            Edit(160, r"all_cum_rewards", "seen"),
            Edit(161, r"policy = (.*)$", r"policy = \1; return policy"),
        ),
        mend=(Edit(179, r"-policy_a\[a\]", "-policy_a"),),
        published=("wrong_index", "softmax_jacobian_wrong"),
        backward={FILE: (142, 181)},
        group="eleventh",
    )
]
