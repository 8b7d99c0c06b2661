"""shreya-pandey-eng/Pong-from-pixels: policy gradient for Pong, moves one by one; leaky ReLU, normalised rewards."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(screens: Any, actions: Any, rewards: Any, weights1: Any, weights2: Any) -> Any:
    gains, running = [0.0] * 6, 0.0
    for t in range(5, -1, -1):
        running = (0.0 if rewards[t] != 0 else running) * 0.99 + rewards[t]
        gains[t] = running
    advantage = (np.array(gains) - np.mean(gains)) / np.std(gains)
    z = screens @ weights1.T
    o = np.where(z > 0, z, 0.01 * z) @ weights2
    return np.sum(advantage * (np.log(1 + np.exp(o)) - (actions == 2) * o))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    module.LEARNING_SPEED = 0.1
    brain = {"weights1": rng.normal(size=(5, 4)), "weights2": rng.normal(size=5)}
    start = {name: value.copy() for name, value in brain.items()}
    screens, actions = rng.normal(size=(6, 4)), np.array([2, 3, 2, 2, 3, 2])
    rewards = np.array([0.0, 0, 1, 0, -1, 1])

    def train(brain, screens, actions, rewards):
        hiddens = [module.think(brain, screen)[1] for screen in screens]
        game_data = {"screens": screens, "hiddens": hiddens, "actions": actions, "rewards": rewards}
        return module.learn_from_game(brain, game_data)

    return Call(
        train,
        loss,
        {"screens": screens, "actions": actions, "rewards": rewards, **start},
        lambda result: {name: result[name] - then for name, then in start.items()},
        (brain, screens, actions, rewards),
        bind={name: f"brain['{name}']" for name in start},
    )


MISTAKES = (
    mistake(115, r"-=", "+=", "sign_flipped", "wrong_variable"),
    mistake(123, r"== 2", "== 3", "wrong_index", "loss_derivative_wrong"),
    mistake(125, r" \* processed_rewards\[i\]", "", "missing_factor", "loss_derivative_wrong"),
    mistake(125, r"processed_rewards\[i\]", "rewards[i]", "wrong_variable"),
    mistake(125, r"action_taken - prob_up", "action_taken", "loss_derivative_wrong"),
    mistake(126, r"\+= gradient", "= gradient", "gradient_overwritten", "gradient_accumulated_across_steps"),
    mistake(126, r"gradient \* hiddens\[i\]", "gradient * (hiddens[i] > 0)", "wrong_activation_in_weight_gradient"),
    mistake(127, r"gradient \* ", "", "upstream_gradient_dropped"),
    mistake(127, r"brain\['weights2'\]", "gradients2", "gradient_or_update_used_for_weight", "wrong_variable"),
    mistake(128, r"<= 0\] \*= 0\.01", "<= 0] *= 0", "relu_mask_wrong", "wrong_activation_derivative"),
    mistake(128, r"hidden_gradient\[hiddens.*$", "pass", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(129, r"screens\[i\]", "screens[i - 1]", "wrong_index"),
    mistake(122, r"range\(len", "range(1, len", "loop_cut_short"),
    mistake(131, r"\+=", "-=", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "shreya-pandey-eng/Pong-from-pixels",
        "Pong from Pixels.py",
        build,
        (*MISTAKES[1:], two(MISTAKES[6], MISTAKES[9]), two(MISTAKES[5], MISTAKES[11])),
        harmless=(
            Edit(129, r"np\.outer\(hidden_gradient, screens\[i\]\)", "hidden_gradient[:, None] * screens[i][None, :]"),
            Edit(128, r"hidden_gradient\[.*$", "hidden_gradient = np.where(hiddens[i] <= 0, 0.01, 1) * hidden_gradient"),
        ),
        keep=((29, 29), (41, 44), (55, 58), (71, 80), (98, 133)),
        backward={"Pong from Pixels.py": (122, 132)},
        group="eleventh",
    )
]
