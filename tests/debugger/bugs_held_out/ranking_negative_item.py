"""Bayesian personalised ranking of films; the scores of all films rise together and the ranking gets no better."""

import numpy as np


class Ranker:
    def __init__(self, taste, film, popularity):
        self.taste = taste
        self.film = film
        self.popularity = popularity

    def compare(self, u, liked, other):
        gap = self.taste[u] @ (self.film[liked] - self.film[other])
        return gap + self.popularity[liked] - self.popularity[other]

    def learn(self, u, liked, other, eta, decay):
        x = self.compare(u, liked, other)
        surprise = 1.0 / (1.0 + np.exp(x))
        p, qi, qj = self.taste[u].copy(), self.film[liked].copy(), self.film[other].copy()
        self.taste[u] += eta * (surprise * (qi - qj) - decay * p)
        self.film[liked] += eta * (surprise * p - decay * qi)
        self.film[other] += eta * (surprise * p - decay * qj)
        self.popularity[liked] += eta * surprise
        self.popularity[other] -= eta * surprise


def train(ranker, triples, eta=0.1, decay=0.02, n_pass=2):
    for _ in range(n_pass):
        for u, liked, other in triples:
            ranker.learn(u, liked, other, eta, decay)


def loss(u, liked, other, decay, taste, film, popularity):
    gap = np.sum(taste[u] * (film[liked] - film[other])) + popularity[liked] - popularity[other]
    penalty = np.sum(taste[u] ** 2) + np.sum(film[liked] ** 2) + np.sum(film[other] ** 2)
    return np.log(1 + np.exp(-gap)) + 0.5 * decay * penalty


def make(rng):
    ranker = Ranker(rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4))
    return (ranker, [(0, 1, 3), (2, 0, 2), (1, 3, 0)]), {}


TRUTH = {
    "lines": ["self.film[other] += eta * (surprise * p - decay * qj)"],
    "cause": {"sign_flipped"},
    "wrong": {"film"},
    "fixed": ("(surprise * p - decay * qj)", "(-surprise * p - decay * qj)"),
}
PROOF = {
    "with": {"triples": "triples[:1]", "n_pass": 1},
    "at": {
        "u": "triples[0][0]",
        "liked": "triples[0][1]",
        "other": "triples[0][2]",
        **{n: "ranker." + n for n in ("taste", "film", "popularity")},
    },
    "after": "taste film popularity",
}
