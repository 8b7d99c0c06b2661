"""Softmax with one hidden layer and momentum. Loss goes down at first, then the hidden layer does strange things."""

import numpy as np


def onehot(labels, n):
    return np.eye(n)[labels]


def train(images, labels, w_h, b_h, w_y, b_y, lr=0.1, mom=0.9, n_epochs=4):
    n_class = w_y.shape[1]
    m_wh, m_bh = np.zeros_like(w_h), np.zeros_like(b_h)
    m_wy, m_by = np.zeros_like(w_y), np.zeros_like(b_y)
    for epoch in range(n_epochs):
        hid = 1 / (1 + np.exp(-(images @ w_h + b_h)))
        logit = hid @ w_y + b_y
        expo = np.exp(logit - logit.max(axis=1, keepdims=True))
        soft = expo / expo.sum(axis=1, keepdims=True)

        d_logit = (soft - onehot(labels, n_class)) / len(images)
        d_wy = hid.T @ d_logit
        d_by = d_logit.sum(axis=0)
        d_hid = d_logit @ d_wy.T
        d_pre = d_hid * hid * (1 - hid)
        d_wh = images.T @ d_pre
        d_bh = d_pre.sum(axis=0)

        m_wy = mom * m_wy - lr * d_wy
        m_by = mom * m_by - lr * d_by
        m_wh = mom * m_wh - lr * d_wh
        m_bh = mom * m_bh - lr * d_bh
        w_y += m_wy
        b_y += m_by
        w_h += m_wh
        b_h += m_bh
    return w_h, b_h, w_y, b_y


def loss(images, labels, w_h, b_h, w_y, b_y):
    s = (1 / (1 + np.exp(-(images @ w_h + b_h)))) @ w_y + b_y
    return np.mean(np.log(np.sum(np.exp(s), axis=1)) - s[np.arange(len(s)), labels])


def make(rng):
    labels = rng.permutation(np.arange(6) % 3)
    return (rng.normal(size=(6, 4)), labels, *(rng.normal(size=s) for s in ((4, 5), (5,), (5, 3), (3,)))), {}


TRUTH = {
    "lines": ["d_hid = d_logit @ d_wy.T"],
    "cause": {"gradient_or_update_used_for_weight"},
    "wrong": {"w_h", "b_h"},
    "fixed": ("d_logit @ d_wy.T", "d_logit @ w_y.T"),
}
PROOF = {"steps": "n_epochs", "after": "w_h b_h w_y b_y"}
