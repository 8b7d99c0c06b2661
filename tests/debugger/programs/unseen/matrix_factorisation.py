"""A recommender: a table of ratings with holes, users times items, loops over entries, decay."""

import numpy as np


def train(R, P, Q, K=2, steps=10, alpha=0.02, beta=0.05):
    for step in range(steps):
        dP = np.zeros(P.shape)
        dQ = np.zeros(Q.shape)
        for i in range(len(R)):
            for j in range(len(R[i])):
                if R[i][j] > 0:
                    eij = R[i][j] - np.dot(P[i, :], Q[:, j])
                    for k in range(K):
                        dP[i][k] += 2 * eij * Q[k][j] - beta * P[i][k]
                        dQ[k][j] += 2 * eij * P[i][k] - beta * Q[k][j]
        P += alpha * dP
        Q += alpha * dQ
    return P, Q


def loss(R, P, Q):
    seen = (np.asarray(R) > 0) * 1.0
    error = np.sum(seen * (R - P @ Q) ** 2)
    counts_user = np.sum(seen, axis=1, keepdims=True)
    counts_item = np.sum(seen, axis=0)
    return error + 0.025 * (np.sum(counts_user * P**2) + np.sum(counts_item * Q**2))


def make(rng):
    R = np.array([[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 2, 4], [0, 1, 5, 4]])
    return (R, rng.uniform(size=(5, 2)), rng.uniform(size=(2, 4))), {}


PROOF = {"steps": "steps", "after": "P Q"}
