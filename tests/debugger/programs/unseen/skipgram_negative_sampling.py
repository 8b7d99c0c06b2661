"""Word vectors with negative sampling, the assignment's two functions; samples repeat, so rows are added up."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, negSampleWordIndices):
    indices = [outsideWordIdx] + negSampleWordIndices
    gradOutsideVecs = np.zeros_like(outsideVectors)
    scores = outsideVectors[indices] @ centerWordVec
    sign = -np.ones(len(indices))
    sign[0] = 1
    s = sigmoid(sign * scores)
    loss = -np.sum(np.log(s))
    dscores = sign * (s - 1)
    gradCenterVec = dscores @ outsideVectors[indices]
    np.add.at(gradOutsideVecs, indices, np.outer(dscores, centerWordVec))
    return loss, gradCenterVec, gradOutsideVecs


def train(center, outsideWords, centerWordVectors, outsideVectors, negatives, step=0.3, iterations=6):
    for it in range(iterations):
        gradCenter = np.zeros(centerWordVectors.shape)
        gradOutside = np.zeros(outsideVectors.shape)
        total = 0.0
        for word, negs in zip(outsideWords, negatives):
            value, gc, go = negSamplingLossAndGradient(centerWordVectors[center], word, outsideVectors, negs)
            total += value
            gradCenter[center] += gc
            gradOutside += go
        centerWordVectors -= step * gradCenter
        outsideVectors -= step * gradOutside
    return total


def loss(center, outsideWords, negatives, centerWordVectors, outsideVectors):
    v, total = centerWordVectors[center], 0.0
    for word, negs in zip(outsideWords, negatives):
        total = total + np.log(1 + np.exp(-np.sum(outsideVectors[word] * v)))
        for n in negs:
            total = total + np.log(1 + np.exp(np.sum(outsideVectors[n] * v)))
    return total


def make(rng):
    return (2, [0, 4], rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), [[1, 3, 1], [5, 5, 0]]), {}


PROOF = {"steps": "iterations", "after": "centerWordVectors outsideVectors"}
