"""A factorisation machine for clicks, labels -1 and 1, updated after every row by loops over its non-zero features."""

import numpy as np


class FM:
    def __init__(self, w0, w, factors):
        self.w0 = w0
        self.w = w
        self.factors = factors

    def score(self, row):
        self.sums = [0.0] * self.factors.shape[1]
        total = self.w0[0]
        for i in range(len(row)):
            total += self.w[i] * row[i]
        for f in range(self.factors.shape[1]):
            squares = 0.0
            for i in range(len(row)):
                term = self.factors[i, f] * row[i]
                self.sums[f] += term
                squares += term * term
            total += 0.5 * (self.sums[f] * self.sums[f] - squares)
        return total

    def see(self, row, click, eta, shrink):
        z = click * self.score(row)
        pressure = -click / (1.0 + np.exp(z))
        self.w0[0] -= eta * pressure
        for i in range(len(row)):
            self.w[i] -= eta * (pressure * row[i] + shrink * self.w[i])
            for f in range(self.factors.shape[1]):
                slope = row[i] * self.sums[f] - self.factors[i, f] * row[i] ** 2
                self.factors[i, f] -= eta * (pressure * slope + shrink * self.factors[i, f])
        return np.log1p(np.exp(-z))


def train(fm, rows, clicks, eta=0.05, shrink=0.01, n_pass=2):
    seen = []
    for _ in range(n_pass):
        cost = 0.0
        for row, click in zip(rows, clicks):
            cost += fm.see(row, click, eta, shrink)
        seen.append(cost / len(rows))
    return seen


def loss(row, click, shrink, w0, w, factors):
    pairs = 0.5 * np.sum((row @ factors) ** 2 - (row**2) @ (factors**2))
    fit = np.log(1 + np.exp(-click * (w0[0] + np.sum(w * row) + pairs)))
    return fit + 0.5 * shrink * (np.sum(w**2) + np.sum(factors**2))


def make(rng):
    rows = np.round(rng.normal(size=(4, 5)) * (rng.random(size=(4, 5)) < 0.8) + 0.2, 2)
    fm = FM(rng.normal(size=1), 0.5 * rng.normal(size=5), 0.5 * rng.normal(size=(5, 2)))
    return (fm, rows, [1, -1, -1, 1]), {}


PROOF = {
    "run": "fm.see(rows[0], clicks[0], 0.05, 0.01)",
    "at": {"row": "rows[0]", "click": "clicks[0]", "w0": "fm.w0", "w": "fm.w", "factors": "fm.factors"},
    "after": "w0 w factors",
}
