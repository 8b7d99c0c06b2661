"""REINFORCE in the manner of the Pong gist: model dict, stacked episode, modulated log-probability gradients, rmsprop."""

import numpy as np

gamma = 0.9
decay_rate = 0.95
learning_rate = 1e-2


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def discount_rewards(r):
    """take 1D float array of rewards and compute discounted reward"""
    discounted_r = np.zeros_like(r)
    running_add = 0
    for t in reversed(range(0, r.size)):
        if r[t] != 0:
            running_add = 0  # reset the sum, since this was a game boundary
        running_add = running_add * gamma + r[t]
        discounted_r[t] = running_add
    return discounted_r


def policy_forward(x, model):
    h = np.dot(model["W1"], x)
    h[h < 0] = 0
    logp = np.dot(model["W2"], h)
    return sigmoid(logp), h


def policy_backward(epx, eph, epdlogp, model):
    dW2 = np.dot(eph.T, epdlogp).ravel()
    dh = np.outer(epdlogp, model["W2"])
    dh[eph <= 0] = 0
    dW1 = np.dot(dh.T, epx)
    return {"W1": dW1, "W2": dW2}


def train(model, frames, actions, rewards, episodes=4):
    rmsprop_cache = {k: np.zeros_like(v) for k, v in model.items()}
    for episode_number in range(episodes):
        xs, hs, dlogps, drs = [], [], [], []
        for x, action, reward in zip(frames, actions, rewards):
            aprob, h = policy_forward(x, model)
            xs.append(x)
            hs.append(h)
            y = 1 if action == 2 else 0
            dlogps.append(y - aprob)
            drs.append(reward)
        epx, eph = np.vstack(xs), np.vstack(hs)
        epdlogp, epr = np.vstack(dlogps), np.vstack(drs)
        discounted_epr = discount_rewards(epr.ravel())
        discounted_epr -= np.mean(discounted_epr)
        discounted_epr /= np.std(discounted_epr)
        epdlogp *= discounted_epr[:, None]
        grad = policy_backward(epx, eph, epdlogp, model)
        for k in model:
            g = grad[k]
            rmsprop_cache[k] = decay_rate * rmsprop_cache[k] + (1 - decay_rate) * g**2
            model[k] += learning_rate * g / (np.sqrt(rmsprop_cache[k]) + 1e-5)
    return grad


def loss(frames, actions, rewards, W1, W2):
    returns, running = [], 0.0
    for t in range(7, -1, -1):
        running = rewards[t] if rewards[t] != 0 else running * 0.9
        returns.insert(0, running)
    advantage = (np.array(returns) - np.mean(returns)) / np.std(returns)
    logit = np.maximum(frames @ W1.T, 0) @ W2
    log_probability = np.where(actions == 2, -np.log1p(np.exp(-logit)), -np.log1p(np.exp(logit)))
    return -np.sum(advantage * log_probability)


def make(rng):
    model = {"W1": rng.normal(size=(5, 4)) / 2, "W2": rng.normal(size=5) / np.sqrt(5)}
    rewards = np.array([0.0, 0, 0, 1, 0, 0, -1, 1])
    return (model, rng.normal(size=(8, 4)), rng.integers(2, 4, size=8), rewards), {}


PROOF = {
    "steps": "episodes",
    "at": {"W1": "model['W1']", "W2": "model['W2']"},
    "gradient": {"W1": "out['W1']", "W2": "out['W2']"},
}
