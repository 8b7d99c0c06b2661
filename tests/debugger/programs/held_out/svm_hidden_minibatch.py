"""Two layers with the multiclass hinge loss of the vision course, softplus inside, a generator of mini-batches, L2 on weights."""

import numpy as np


def batches(pool, answers, size, rng):
    while True:
        pick = rng.choice(len(pool), size, replace=False)
        yield pool[pick], answers[pick]


class HingeNet:
    def __init__(self, n_in, n_hidden, n_class, rng):
        self.params = {}
        self.params["W1"] = rng.normal(size=(n_in, n_hidden))
        self.params["b1"] = 0.1 * rng.normal(size=n_hidden)
        self.params["W2"] = rng.normal(size=(n_hidden, n_class)) * 0.5
        self.params["b2"] = 0.1 * rng.normal(size=n_class)

    def loss(self, X_batch, y_batch, reg):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        num = X_batch.shape[0]
        hidden_in = X_batch.dot(W1) + b1
        hidden = np.log1p(np.exp(hidden_in))
        scores = hidden.dot(W2) + b2
        correct = scores[np.arange(num), y_batch][:, np.newaxis]
        margins = np.maximum(0, scores - correct + 1)
        margins[np.arange(num), y_batch] = 0
        data_loss = margins.sum() / num
        reg_loss = 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

        dscores = (margins > 0).astype(float)
        dscores[np.arange(num), y_batch] -= dscores.sum(axis=1)
        dscores /= num
        grads = {}
        grads["W2"] = hidden.T.dot(dscores) + reg * W2
        grads["b2"] = dscores.sum(axis=0)
        dhidden = dscores.dot(W2.T)
        dhidden_in = dhidden / (1 + np.exp(-hidden_in))
        grads["W1"] = X_batch.T.dot(dhidden_in) + reg * W1
        grads["b1"] = dhidden_in.sum(axis=0)
        return data_loss + reg_loss, grads


def train(net, pool, answers, reg=0.05, learning_rate=0.1, num_iters=6, batch_size=5, seed=4):
    stream = batches(pool, answers, batch_size, np.random.default_rng(seed))
    history = []
    for it in range(num_iters):
        X_batch, y_batch = next(stream)
        value, grads = net.loss(X_batch, y_batch, reg)
        history.append(value)
        for name in net.params:
            net.params[name] -= learning_rate * grads[name]
    return history


def loss(X_batch, y_batch, W1, b1, W2, b2, reg):
    scores = np.log(1 + np.exp(X_batch @ W1 + b1)) @ W2 + b2
    right = np.eye(3)[y_batch]
    gap = np.maximum(scores - np.sum(scores * right, axis=1, keepdims=True) + 1, 0) * (1 - right)
    return np.sum(gap) / len(right) + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))


def make(rng):
    return (HingeNet(3, 5, 3, rng), rng.normal(size=(8, 3)), rng.integers(0, 3, size=8)), {}


PICK = "[np.random.default_rng(4).choice(8, 5, replace=False)]"
PROOF = {
    "steps": "num_iters",
    "at": {
        "X_batch": "pool" + PICK,
        "y_batch": "answers" + PICK,
        "reg": "0.05",
        **{k: f"net.params['{k}']" for k in ("W1", "b1", "W2", "b2")},
    },
    "after": "W1 b1 W2 b2",
}
