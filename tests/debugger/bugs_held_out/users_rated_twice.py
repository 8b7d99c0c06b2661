"""Film ratings in one vectorised step, no loop over ratings. Users with many ratings learn slowest, it should be the reverse."""

import numpy as np


class Recommender:
    def __init__(self, people, movies, person_bias, mean):
        self.people = people
        self.movies = movies
        self.person_bias = person_bias
        self.mean = mean

    def rate(self, who, what):
        return np.sum(self.people[who] * self.movies[what], axis=1) + self.person_bias[who] + self.mean

    def fit_batch(self, who, what, stars, gamma):
        err = self.rate(who, what) - stars
        p, m = self.people[who], self.movies[what]
        self.people[who] -= gamma * err[:, None] * m
        np.subtract.at(self.movies, what, gamma * err[:, None] * p)
        np.subtract.at(self.person_bias, who, gamma * err)
        self.mean -= gamma * err.sum()
        return 0.5 * np.sum(err**2)


def train(model, who, what, stars, gamma=0.05, rounds=3):
    return [model.fit_batch(who, what, stars, gamma) for _ in range(rounds)]


def loss(who, what, stars, people, movies, person_bias, mean):
    return 0.5 * np.sum((np.sum(people[who] * movies[what], axis=1) + person_bias[who] + mean - stars) ** 2)


BIND = {name: "self." + name for name in ("people", "movies", "person_bias", "mean")}


def make(rng):
    model = Recommender(rng.normal(size=(3, 3)), rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=1))
    who, what = np.array([0, 0, 1, 2, 2, 0]), np.array([1, 3, 0, 2, 3, 2])
    return (model, who, what, rng.integers(1, 6, size=6) / 2), {}


TRUTH = {
    "lines": ["self.people[who] -= gamma * err[:, None] * m"],
    "cause": {"repeated_index_lost"},
    "wrong": {"people"},
    "fixed": ("self.people[who] -= gamma * err[:, None] * m", "np.subtract.at(self.people, who, gamma * err[:, None] * m)"),
}
PROOF = {"steps": "rounds", "at": {k: v.replace("self", "model") for k, v in BIND.items()}, "after": list(BIND)}
