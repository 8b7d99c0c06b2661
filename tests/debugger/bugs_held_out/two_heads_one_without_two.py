"""A shared trunk with two heads (age as a number, breed as a class). The age head learns at half the speed."""

import numpy as np

nodes = ("trunk", "trunk_b", "age", "age_b", "fork", "fork_b", "breed", "breed_b")


def softmax(s):
    s = np.exp(s - s.max(axis=-1, keepdims=True))
    return s / s.sum(axis=-1, keepdims=True)


def losses_and_slopes(photo, years, breeds, w):
    n = len(photo)
    common = np.tanh(photo @ w["trunk"] + w["trunk_b"])
    guess = common @ w["age"] + w["age_b"]
    forked = np.tanh(common @ w["fork"] + w["fork_b"])
    chance = softmax(forked @ w["breed"] + w["breed_b"])
    mse = np.mean((guess - years) ** 2)
    nll = -np.mean(np.log(chance[np.arange(n), breeds]))
    g = {}
    d_guess = (guess - years) / n
    g["age"], g["age_b"] = common.T @ d_guess, d_guess.sum(0)
    d_breed = (chance - np.eye(chance.shape[1])[breeds]) / n
    g["breed"], g["breed_b"] = forked.T @ d_breed, d_breed.sum(0)
    d_fork = d_breed @ w["breed"].T * (1 - forked**2)
    g["fork"], g["fork_b"] = common.T @ d_fork, d_fork.sum(0)
    d_common = (d_guess @ w["age"].T + d_fork @ w["fork"].T) * (1 - common**2)
    g["trunk"], g["trunk_b"] = photo.T @ d_common, d_common.sum(0)
    return mse + nll, g


def train(photo, years, breeds, w, lr=0.05, epochs=5):
    curve = []
    for _ in range(epochs):
        value, g = losses_and_slopes(photo, years, breeds, w)
        curve.append(value)
        for name in nodes:
            w[name] -= lr * g[name]
    return curve


def loss(photo, years, breeds, trunk, trunk_b, age, age_b, fork, fork_b, breed, breed_b):
    c = np.tanh(photo @ trunk + trunk_b)
    s = np.tanh(c @ fork + fork_b) @ breed + breed_b
    nll = np.mean(np.log(np.sum(np.exp(s), axis=1)) - s[np.arange(len(breeds)), breeds])
    return np.mean((c @ age + age_b - years) ** 2) + nll


def make(rng):
    shapes = ((3, 5), (5,), (5, 1), (1,), (5, 4), (4,), (4, 3), (3,))
    w = {name: rng.normal(size=s) * 0.8 for name, s in zip(nodes, shapes)}
    return (rng.normal(size=(6, 3)), rng.normal(size=(6, 1)), rng.permutation(np.arange(6) % 3), w), {}


TRUTH = {
    "lines": ["d_guess = (guess - years) / n"],
    "cause": {"factor_2", "missing_factor"},
    "wrong": {"age", "age_b", "trunk", "trunk_b"},
    "fixed": ("d_guess = (guess - years) / n", "d_guess = 2 * (guess - years) / n"),
}
PROOF = {"steps": "epochs", "at": {n: f"w['{n}']" for n in nodes}, "after": list(nodes)}
