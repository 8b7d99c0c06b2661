"""shehio/Policy-Gradient: an agent with a memory of an episode, and a net that ascends by RMSProp."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

REWARDS = [0.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 1.0]
ACTIONS = [2, 3, 3, 2, 2, 3, 2, 2]
GAMMA = 0.9


def advantages() -> Any:
    gains, after = np.zeros(len(REWARDS)), 0.0
    for t in reversed(range(len(REWARDS))):
        after = REWARDS[t] if REWARDS[t] else after * GAMMA
        gains[t] = after
    return (gains - np.mean(gains)) / np.std(gains)


def loss(states: Any, labels: Any, gains: Any, W1: Any, W2: Any) -> Any:
    z = np.maximum(states @ W1.T, 0) @ W2
    return np.sum(gains * (np.log(1 + np.exp(z)) - labels * z))


def agent_of(module: ModuleType, rng: np.random.Generator) -> tuple[Any, dict[str, Any]]:
    import src.hyperparameters
    import src.mlp

    net = src.mlp.MLP(4, 5, 1, "")
    net.model = {"W1": rng.normal(size=(5, 4)), "W2": rng.normal(size=5)}
    agent = module.Agent(net, src.hyperparameters.HyperParameters(0.05, 0.9, GAMMA, 1, 1000))
    return agent, {name: value.copy() for name, value in net.model.items()}


def play(agent: Any, states: Any, actions: Any, rewards: Any) -> None:
    chosen = iter(actions)
    agent.sample_action = lambda state: next(chosen)
    for state, reward in zip(states, rewards, strict=True):
        agent.sample_and_record_action(state)
        agent.reap_reward(reward)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    agent, start = agent_of(module, rng)
    states = rng.normal(size=(len(REWARDS), 4))

    def train(states, actions, rewards):
        play(agent, states, actions, rewards)
        agent._Agent__accumalate_gradient()

    return Call(
        train,
        loss,
        {"states": states, "labels": np.array(ACTIONS) == 2, "gains": advantages(), **start},
        lambda _: agent.policy_network.gradient_buffer,
        (states, ACTIONS, REWARDS),
        bind={name: f"agent.policy_network.model[{name!r}]" for name in start},
    )


def updates(module: ModuleType, rng: np.random.Generator) -> Call:
    agent, start = agent_of(module, rng)
    states = rng.normal(size=(len(REWARDS), 4))

    def train(states, actions, rewards, episodes):
        for episode in range(1, episodes + 1):
            play(agent, states, actions, rewards)
            agent.make_episode_end_updates(episode)

    return Call(
        train,
        loss,
        {"states": states, "labels": np.array(ACTIONS) == 2, "gains": advantages(), **start},
        lambda _: {name: agent.policy_network.model[name] - value for name, value in start.items()},
        (states, ACTIONS, REWARDS, 3),
        bind={name: f"agent.policy_network.model[{name!r}]" for name in start},
    )


ROOT = "atari/algorithms/pg"
AGENT, MLP = f"{ROOT}/src/agent.py", f"{ROOT}/src/mlp.py"
MORE = (MLP, f"{ROOT}/src/memory.py", f"{ROOT}/src/hyperparameters.py")
PROGRAMS = [
    Program(
        "shehio/Policy-Gradient",
        AGENT,
        build,
        (
            mistake(26, r"1 if action == 2 else 0", "action", "loss_derivative_wrong", "wrong_variable"),
            mistake(32, r"y - action_probability_space", "-action_probability_space", "loss_derivative_wrong", "wrong_variable"),
            mistake(
                32,
                r"y - action_probability_space",
                "(y - action_probability_space) * action_probability_space * (1 - action_probability_space)",
                "loss_derivative_wrong",
                "extra_factor",
            ),
            mistake(
                64, r"episode_discounted_rewards", "episode_rewards", "wrong_variable", "missing_factor", "loss_derivative_wrong"
            ),
            mistake(
                64, r"episode_dlogps \*= .*$", "pass", "missing_factor", "loss_derivative_wrong", "upstream_gradient_dropped"
            ),
            mistake(99, r" \* gamma", "", "missing_factor"),
            mistake(104, r"discounted_rewards -= .*$", "pass", "normalisation_term_missing"),
            mistake(77, r"episode_hidden_layers", "np.ones_like(episode_hidden_layers)", "relu_mask_wrong", "wrong_variable"),
            mistake(41, r"eph\.T", "(eph / len(eph)).T", "batch_scale_1_over_N", "extra_factor", file=MLP),
            mistake(43, r"eph <= 0", "dh <= 0", "relu_mask_wrong", "wrong_variable", file=MLP),
            mistake(43, r"dh\[eph <= 0\] = 0", "pass", "relu_mask_wrong", "missing_activation_derivative", file=MLP),
            mistake(45, r'"W1": dW1', '"W1": -dW1', "sign_flipped", file=MLP),
            two(
                mistake(99, r" \* gamma", "", "missing_factor"),
                mistake(43, r"eph <= 0", "dh <= 0", "relu_mask_wrong", "wrong_variable", file=MLP),
            ),
        ),
        harmless=(
            Edit(42, r"np\.outer\(epdlogp, (.*)\)$", r"epdlogp * \1", MLP),
            Edit(43, r"dh\[eph <= 0\] = 0", "dh = dh * (eph > 0)", MLP),
        ),
        more=MORE,
        root=ROOT,
        stubs={"src/__init__.py": ""},
        backward={AGENT: (54, 78), MLP: (38, 48)},
        group="later",
    ),
    Program(
        "shehio/Policy-Gradient",
        AGENT,
        updates,
        (
            mistake(
                65, r"\(1 - decay_rate\) \* g\*\*2", "g**2", "optimizer_rule_wrong", "missing_factor", file=MLP, blame=(64, 66)
            ),
            mistake(65, r"g\*\*2", "g", "optimizer_rule_wrong", "missing_factor", file=MLP, blame=(64, 66)),
            mistake(
                65,
                r"decay_rate \* self\.rmsprop_cache\[k\] \+ ",
                "",
                "optimizer_rule_wrong",
                "missing_path_through_time",
                file=MLP,
                blame=(64, 66),
            ),
            mistake(67, r"\+= learning_rate", "-= learning_rate", "sign_flipped", file=MLP),
            mistake(67, r"np\.sqrt\((self\.rmsprop_cache\[k\])\)", r"\1", "optimizer_rule_wrong", "missing_factor", file=MLP),
            mistake(68, r"self\.gradient_buffer\[k\] = .*$", "pass", "gradient_accumulated_across_steps", file=MLP),
            mistake(43, r"eph <= 0", "eph < 0", "relu_mask_wrong", file=MLP),
        ),
        harmless=(
            Edit(67, r"learning_rate \* g / ", "g * learning_rate / ", MLP),
            Edit(42, r"np\.outer\(epdlogp, (.*)\)$", r"epdlogp * \1", MLP),
        ),
        adaptive=True,
        more=MORE,
        root=ROOT,
        stubs={"src/__init__.py": ""},
        backward={AGENT: (54, 78), MLP: (38, 68)},
        name="updates",
        group="later",
    ),
]
