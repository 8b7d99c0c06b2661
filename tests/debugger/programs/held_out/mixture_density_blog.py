"""A mixture density network as in the blogs: mixing weights, means and log-widths from one hidden layer, responsibilities."""

import numpy as np

n_mix = 3


def mdn_forward(x, theta_h, bias_h, theta_o, bias_o):
    hid = np.tanh(x.dot(theta_h) + bias_h)
    raw = hid.dot(theta_o) + bias_o
    z_pi, z_mu, z_sigma = raw[:, :n_mix], raw[:, n_mix : 2 * n_mix], raw[:, 2 * n_mix :]
    pi = np.exp(z_pi - z_pi.max(axis=1, keepdims=True))
    pi = pi / pi.sum(axis=1, keepdims=True)
    return hid, pi, z_mu, np.exp(z_sigma)


def responsibilities(t, pi, mu, sigma):
    phi = np.exp(-0.5 * ((t - mu) / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
    weighted = pi * phi
    return weighted / weighted.sum(axis=1, keepdims=True)


def train(x, t, theta_h, bias_h, theta_o, bias_o, alpha=0.01, n_iter=6):
    n = x.shape[0]
    for it in range(n_iter):
        hid, pi, mu, sigma = mdn_forward(x, theta_h, bias_h, theta_o, bias_o)
        gam = responsibilities(t, pi, mu, sigma)
        d_pi = pi - gam
        d_mu = gam * (mu - t) / sigma**2
        d_sigma = gam * (1 - (t - mu) ** 2 / sigma**2)
        d_raw = np.concatenate([d_pi, d_mu, d_sigma], axis=1) / n
        d_hid = d_raw.dot(theta_o.T) * (1 - hid * hid)
        theta_o -= alpha * hid.T.dot(d_raw)
        bias_o -= alpha * d_raw.sum(axis=0)
        theta_h -= alpha * x.T.dot(d_hid)
        bias_h -= alpha * d_hid.sum(axis=0)


def loss(x, t, theta_h, bias_h, theta_o, bias_o):
    raw = np.tanh(x @ theta_h + bias_h) @ theta_o + bias_o
    pi = np.exp(raw[:, :3]) / np.sum(np.exp(raw[:, :3]), axis=1, keepdims=True)
    mu, sigma = raw[:, 3:6], np.exp(raw[:, 6:])
    density = np.exp(-((t - mu) ** 2) / (2 * sigma**2)) / (np.sqrt(2 * np.pi) * sigma)
    return -np.mean(np.log(np.sum(pi * density, axis=1)))


def make(rng):
    shapes = ((8, 1), (8, 1), (1, 5), (5,), (5, 9), (9,))
    return tuple(rng.normal(size=s) * (1.0 if k < 4 else 0.4) for k, s in enumerate(shapes)), {}


PROOF = {"steps": "n_iter", "after": "theta_h bias_h theta_o bias_o"}
