"""Healthy trainings with losses of other forms: noise, weights, masks, pairs, likelihoods. The doctor must not alarm any.

python tests/benchmarks/clinic_forms.py [names ...]
"""
# ruff: noqa: E731

from __future__ import annotations

import sys
import warnings

import numpy as np

import microgradnp as mg

nn, optim = mg.nn, mg.optim


def fit(loss, model, data, opt=None, **o):
    return mg.fit(loss, model, data, optimizer=opt or optim.Adam(lr=0.01), progress=False, **({"iterations": 500} | o))


def curve(r, n=150):
    x = r.normal(size=(n, 5))
    return x, np.sin(x[:, :1]) + 0.5 * x[:, 1:2]


def noise_in_the_loss(r):
    x, t = curve(r)
    net = nn.MLP([5, 32, 1], activation="tanh", rng=r)
    n = np.random.default_rng(5)
    return fit(lambda x, t: mg.mse(net(x + 0.05 * n.normal(size=x.shape)), t), net, (x, t))


def variational(r):
    z = np.tanh(r.normal(size=(160, 2)))
    x = z @ r.normal(size=(2, 8))
    x /= x.std()
    enc, dec, n = (
        nn.MLP([8, 16, 4], activation="tanh", rng=r),
        nn.MLP([2, 16, 8], activation="tanh", rng=r),
        np.random.default_rng(3),
    )

    def loss(x):
        h = enc(x)
        m, s = h[:, :2], h[:, 2:]
        y = dec(m + np.exp(0.5 * s) * n.normal(size=m.shape))
        return np.mean(np.sum((y - x) ** 2, axis=1)) - 0.002 * np.mean(np.sum(1 + s - m * m - np.exp(s), axis=1))

    return fit(loss, nn.Sequential(enc, dec), (x,), iterations=800)


def weighted(r):
    x, t = curve(r)
    w = r.uniform(0.5, 2, (150, 1))
    net = nn.MLP([5, 32, 1], activation="tanh", rng=r)
    return fit(lambda x, t, w: np.sum(w * (net(x) - t) ** 2) / np.sum(w), net, (x, t, w))


def gaussian(r):
    x, t = curve(r, 300)
    t = t + 0.1 * r.normal(size=t.shape)
    net = nn.MLP([5, 32, 2], activation="tanh", rng=r)

    def loss(x, t):
        y = net(x)
        m, s = y[:, :1], y[:, 1:]
        return np.mean(0.5 * np.exp(-2 * s) * (m - t) ** 2 + s)

    return fit(loss, net, (x, t), iterations=800)


def poisson(r):
    x = r.normal(size=(300, 4))
    t = r.poisson(np.exp(1.2 + 0.8 * x[:, :1] - 0.5 * x[:, 1:2])) * 1.0
    net = nn.Linear(4, 1, rng=r)

    def loss(x, t):
        z = net(x)
        return np.mean(np.exp(z) - t * z)

    return fit(loss, net, (x, t), optim.SGD(lr=0.05), iterations=800)


def huber(r):
    x, t = curve(r)
    net = nn.MLP([5, 32, 1], activation="tanh", rng=r)
    return fit(lambda x, t: np.mean(np.sqrt(1 + (net(x) - t) ** 2) - 1), net, (x, t))


def two_heads(r):
    x = r.normal(size=(200, 6))
    a, b = np.sin(x[:, :1]), mg.one_hot((x[:, 2] > 0) * 1, 2)
    net = nn.MLP([6, 32, 3], activation="relu", rng=r)
    return fit(lambda x, a, b: mg.mse(net(x)[:, :1], a) + mg.cross_entropy(net(x)[:, 1:], b), net, (x, a, b))


def masked(r):
    x = r.normal(size=(120, 8, 2))
    n = r.integers(3, 9, 120)
    m = (np.arange(8) < n[:, None]) * 1.0
    t = (np.cumsum(x[:, :, 0], 1) > 0) * 1.0
    rnn, out = nn.LSTM(2, 16, rng=r), nn.Linear(16, 1, rng=r)

    def loss(x, t, m):
        z = out(rnn(x)[0])[:, :, 0]
        return np.sum(m * (np.logaddexp(0, z) - t * z)) / np.sum(m)

    return fit(loss, nn.Sequential(rnn, out), (x, t, m), optim.Adam(lr=0.02))


def policy(r):
    x = r.normal(size=(200, 4))
    a = r.integers(0, 3, 200)
    reward = (a == np.argmax(x[:, :3], 1)) * 1.0
    adv = reward - reward.mean()
    net = nn.MLP([4, 24, 3], activation="tanh", rng=r)
    h = mg.one_hot(a, 3)
    return fit(lambda x, h, adv: -np.mean(adv * np.sum(h * mg.log_softmax(net(x)), axis=1)), net, (x, h, adv), iterations=150)


def physics(r):
    net = nn.MLP([1, 16, 1], activation="tanh", rng=r)
    s = np.linspace(0, 2, 40)[:, None]

    def loss():
        u = lambda s: s * net(s)
        d = (u(s + 1e-3) - u(s - 1e-3)) / 2e-3
        return np.mean((d - np.cos(s)) ** 2)

    return fit(loss, net, ())


def dropout(r):
    x, t = curve(r, 300)
    net = nn.Sequential(nn.Linear(5, 64, rng=r), "relu", nn.Dropout(0.2, rng=1), nn.Linear(64, 1, rng=r))
    return fit(lambda x, t: mg.mse(net(x), t), net, (x, t))


def contrastive(r):
    z = r.normal(size=(60, 3))
    a, b = z @ r.normal(size=(3, 8)), z @ r.normal(size=(3, 8))
    f, g = nn.MLP([8, 16, 4], activation="tanh", rng=r), nn.MLP([8, 16, 4], activation="tanh", rng=r)
    return fit(lambda a, b: -np.mean(np.diagonal(mg.log_softmax(f(a) @ g(b).T))), nn.Sequential(f, g), (a, b), iterations=400)


def augmented(r):
    x, t = curve(r)
    net = nn.MLP([5, 32, 1], activation="tanh", rng=r)
    n = np.random.default_rng(5)
    return fit(lambda x, t: mg.mse(net(x * (1 + 0.02 * n.normal(size=(x.shape[0], 1)))), t), net, (x, t), batch_size=50)


def sampled_negatives(r):
    c = r.integers(0, 20, 300)
    o = (c + r.integers(1, 3, 300)) % 20
    E, F, n = (
        mg.Tensor(0.3 * r.normal(size=(20, 8)), requires_grad=True),
        mg.Tensor(0.3 * r.normal(size=(20, 8)), requires_grad=True),
        np.random.default_rng(2),
    )

    def loss(c, o):
        c, o = c.numpy().astype(int), o.numpy().astype(int)
        k = n.integers(0, 20, c.shape)
        good, bad = np.sum(E[c] * F[o], axis=1), np.sum(E[c] * F[k], axis=1)
        return np.mean(np.logaddexp(0, -good) + np.logaddexp(0, bad))

    return fit(loss, {"E": E, "F": F}, (c, o), optim.Adam(lr=0.02))


def ratings(r):
    U, V = r.normal(size=(30, 3)), r.normal(size=(20, 3))
    M = U @ V.T
    M[r.uniform(size=M.shape) < 0.5] = np.nan
    A, B = (mg.Tensor(0.5 * r.normal(size=s), requires_grad=True) for s in ((30, 3), (20, 3)))
    there = ~np.isnan(M)
    return fit(lambda m: np.sum(np.where(there, (A @ B.T - np.where(there, M, 0)) ** 2, 0)) / there.sum(), {"A": A, "B": B}, (M,))


def hinge(r):
    x = r.normal(size=(200, 4))
    t = np.sign(x[:, :1] + x[:, 1:2])
    net = nn.Linear(4, 1, rng=r)
    return fit(lambda x, t: np.mean(np.maximum(0, 1 - t * net(x))) + 1e-3 * np.sum(net.W**2), net, (x, t))


def smoothed(r):
    x = r.normal(size=(200, 4))
    t = mg.one_hot((x[:, 0] > 0) * 1 + (x[:, 1] > 0), 3) * 0.9 + 0.1 / 3
    net = nn.MLP([4, 24, 3], activation="relu", rng=r)
    return fit(lambda x, t: -np.mean(np.sum(t * mg.log_softmax(net(x)), axis=1)), net, (x, t))


def triplet(r):
    c = r.normal(size=(3, 6))
    k = r.integers(0, 3, 120)
    a, p, q = (
        c[k] + 0.3 * r.normal(size=(120, 6)),
        c[k] + 0.3 * r.normal(size=(120, 6)),
        c[(k + 1) % 3] + 0.3 * r.normal(size=(120, 6)),
    )
    f = nn.MLP([6, 12, 2], activation="tanh", rng=r)
    return fit(
        lambda a, p, q: np.mean(np.maximum(0, 1 + np.sum((f(a) - f(p)) ** 2, 1) - np.sum((f(a) - f(q)) ** 2, 1))), f, (a, p, q)
    )


def sequence(r):
    x = r.normal(size=(60, 10, 2))
    t = np.cumsum(x[:, :, :1], axis=1) / 3
    rnn, out = nn.GRU(2, 16, rng=r), nn.Linear(16, 1, rng=r)
    return fit(lambda x, t: mg.mse(out(rnn(x)[0]), t), nn.Sequential(rnn, out), (x, t), optim.Adam(lr=0.02))


def class_weights(r):
    x = r.normal(size=(300, 4))
    k = (x[:, 0] > 1).astype(int)
    w = np.array([0.6, 3.0])[k]
    net = nn.MLP([4, 24, 2], activation="relu", rng=r)
    t = mg.one_hot(k, 2)
    return fit(lambda x, t: -np.mean(w * np.sum(t * mg.log_softmax(net(x)), axis=1)), net, (x, t))


def quantile(r):
    x, t = curve(r, 300)
    net = nn.MLP([5, 32, 1], activation="tanh", rng=r)
    return fit(lambda x, t: np.mean(np.maximum(0.8 * (t - net(x)), -0.2 * (t - net(x)))), net, (x, t), iterations=800)


def two_inputs(r):
    x, z = r.normal(size=(200, 3)), r.normal(size=(200, 3))
    t = np.sum(x * z, 1, keepdims=True) / 2
    f, g = nn.MLP([3, 24, 8], activation="tanh", rng=r), nn.MLP([3, 24, 8], activation="tanh", rng=r)
    return fit(
        lambda x, z, t: mg.mse(np.sum(f(x) * g(z), axis=1, keepdims=True), t), nn.Sequential(f, g), (x, z, t), iterations=800
    )


def skip_gram_softmax(r):
    c = r.integers(0, 12, 300)
    o = (c + r.integers(1, 3, 300)) % 12
    E, F = (
        mg.Tensor(0.3 * r.normal(size=(12, 6)), requires_grad=True),
        mg.Tensor(0.3 * r.normal(size=(6, 12)), requires_grad=True),
    )
    return fit(
        lambda c, o: -np.mean(mg.log_softmax(E[c.numpy()] @ F)[np.arange(300), o.numpy()]),
        {"E": E, "F": F},
        (c, o),
        optim.Adam(lr=0.03),
    )


def flow(r):
    x = np.exp(0.5 * r.normal(size=(200, 1))) + 1
    a, b = mg.Tensor(np.zeros(1), requires_grad=True), mg.Tensor(np.zeros(1), requires_grad=True)
    return fit(lambda x: np.mean(0.5 * ((np.log(x) - a) * np.exp(-b)) ** 2 + b), {"a": a, "b": b}, (x,))


ALL = (
    noise_in_the_loss,
    variational,
    weighted,
    gaussian,
    poisson,
    huber,
    two_heads,
    masked,
    policy,
    physics,
    dropout,
    contrastive,
    augmented,
    sampled_negatives,
    ratings,
    hinge,
    smoothed,
    triplet,
    sequence,
    class_weights,
    quantile,
    two_inputs,
    skip_gram_softmax,
    flow,
)


def main(chosen):
    warnings.filterwarnings("ignore")
    alarms = count = 0
    for make in ALL:
        if chosen and make.__name__ not in chosen:
            continue
        count += 1
        found = mg.diagnose(make(np.random.default_rng(7)))
        alarms += bool(found.causes)
        print(
            f"{make.__name__}: {found.verdict} {[cause.name for cause in found.causes]}, {found.steps:.0f} evaluations",
            flush=True,
        )
    print(f"FORMS: alarms {alarms} on {count}")


if __name__ == "__main__":
    main(sys.argv[1:])
