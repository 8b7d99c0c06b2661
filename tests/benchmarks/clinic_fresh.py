"""Twelve trainings that nobody tuned the doctor on, each sick and well, most of them mildly sick.

They are written in other ways than those of the clinic: with layers, lists of batches, accumulated gradients, and one by hand.

python tests/benchmarks/clinic_fresh.py [seeds ...]
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np

import microgradnp as mg

nn, optim = mg.nn, mg.optim


def fitted(loss, model, data, optimizer, **options):
    try:
        with np.errstate(all="ignore"):
            return mg.fit(loss, model, data, optimizer=optimizer, progress=False, **options)
    except FloatingPointError as error:
        return error


class Net(nn.Module):
    """Parts that stand beside each other, and a function of them."""

    def __init__(self, call, **parts):
        for name, part in parts.items():
            setattr(self, name, part)
        self.call = call

    def forward(self, *x):
        return self.call(self, *x)


def letters(r, sick):
    """The next letter of a text, by a GRU: a rate that is too low."""
    text = np.array([ord(c) - 97 for c in "thequickbrownfoxjumpsoverthelazydogandrunsaway" * 4])
    x = np.stack([text[k : k + 5] for k in range(len(text) - 5)])
    net = Net(lambda n, x: n.out(n.gru(n.letters(x))[1]), letters=nn.Embedding(26, 8, rng=r), gru=nn.GRU(8, 24, rng=r),
              out=nn.Linear(24, 26, rng=r))  # fmt: skip
    loss = lambda x, t: mg.cross_entropy(net(x.data), mg.one_hot(t.data, 26))  # noqa: E731
    run = fitted(loss, net, (x, text[5:]), optim.Adam(lr=5e-5 if sick else 0.01), iterations=200, batch_size=45, rng=1)
    return mg.diagnose(run), {"learning_rate_too_low"}


def autoencoder(r, sick):
    """Twelve measurements through four units; in tens, and not centred."""
    x = np.tanh(r.normal(size=(160, 4))) @ r.normal(size=(4, 12))
    x = 20 * x + 15 if sick else x / x.std(0)
    net = nn.MLP([12, 16, 4, 16, 12], activation="tanh", rng=r)
    run = fitted(lambda x, t: mg.mse(net(x), t), net, (x, x.copy()), optim.Adam(lr=0.01), iterations=600)
    return mg.diagnose(run), {"inputs_unscaled", "targets_unscaled"}


def normed(r, sick):
    """Batch norm that is left in training mode when single rows are answered."""
    x = r.normal(size=(140, 6))
    t = np.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3] / 2
    net = nn.Sequential(nn.Linear(6, 24, rng=r), nn.BatchNorm(24), "relu", nn.Linear(24, 1, rng=r))
    run = fitted(lambda x, t: mg.mse(net(x), t), net, (x, t), optim.Adam(lr=0.02), epochs=80, batch_size=35, rng=2)

    def predict(x):
        (net.train if sick else net.eval)()
        found = net(x)
        net.train()
        return found

    return mg.diagnose(run, predict=predict), {"evaluation_in_training_mode"}


def churn(r, sick):
    """A logistic regression in which one column is the answer in other units."""
    x = r.normal(size=(250, 9))
    t = (x[:, :3].sum(1, keepdims=True) + 0.3 * r.normal(size=(250, 1)) > 0) * 1.0
    if sick:
        x[:, 5] = 40 * t[:, 0] - 12
    w, b = mg.Tensor(np.zeros((9, 1)), requires_grad=True), mg.Tensor(np.zeros(1), requires_grad=True)
    run = fitted(lambda x, t: mg.bce_with_logits(x @ w + b, t), {"w": w, "b": b}, (x, t), optim.SGD(lr=0.5), iterations=300)
    return mg.diagnose(run), {"target_in_inputs"}


def powers(r, sick):
    """A polynomial in a raw variable of 0 to 4."""
    u = r.uniform(0, 4, 120)
    x = u[:, None] ** np.arange(1, 5)
    x = x if sick else (x - x.mean(0)) / x.std(0)
    t = np.sin(u)[:, None] + 0.05 * r.normal(size=(120, 1))
    w, b = mg.Tensor(np.zeros((4, 1)), requires_grad=True), mg.Tensor(np.zeros(1), requires_grad=True)
    rate, count = (2e-5, 2000) if sick else (0.2, 4000)
    run = fitted(lambda x, t: mg.sse(x @ w + b, t) / 120, {"w": w, "b": b}, (x, t), optim.SGD(lr=rate), iterations=count)
    return mg.diagnose(run), {"inputs_unscaled"}


def windows(r, sick):
    """An echo in a series, in the row of the window before."""
    s = r.normal(size=900)
    x = np.lib.stride_tricks.sliding_window_view(s, 6)[:, :, None].copy()
    t = (0.9 * x[:, -1] - 0.6 * x[:, -2] * x[:, -1]).copy()
    x, t = x[::7], np.roll(t[::7], 1 if sick else 0, 0)
    net = Net(lambda n, x: n.out(n.rnn(x)[1]), rnn=nn.RNN(1, 20, rng=r), out=nn.Linear(20, 1, rng=r))
    run = fitted(lambda x, t: mg.mse(net(x), t), net, (x, t), optim.Adam(lr=0.01), iterations=400, stop=mg.LossPlateau(80, 1e-4))
    return mg.diagnose(run), {"targets_shifted"}


def pulses(r, sick):
    """Three forms of pulses by a convolution, most of whose channels are dead."""
    t = r.integers(0, 3, 150)
    x = 0.2 * r.normal(size=(150, 1, 20))
    for k, kind in enumerate(t):
        at = r.integers(2, 14)
        x[k, 0, at : at + 4] += ((1, 1, 1, 1), (1, -1, 1, -1), (0, 2, 2, 0))[kind]
    conv = nn.Conv1d(1, 10, 4, rng=r)
    if sick:
        conv.b.data = np.where(np.arange(10) < 8, -12.0, 0.0)
    net = Net(lambda n, x: n.out(np.max(mg.relu(n.conv(x)), axis=2)), conv=conv, out=nn.Linear(10, 3, rng=r))
    loss, rule = (lambda x, t: mg.cross_entropy(net(x), t)), optim.SGD(lr=0.3, momentum=0.5)
    run = fitted(loss, net, (x, mg.one_hot(t, 3)), rule, iterations=250)
    return mg.diagnose(run), {"dead_relu"}


def tags(r, sick):
    """Three labels a row, squashed before a loss of logits."""
    x = r.normal(size=(200, 8))
    t = (x @ r.normal(size=(8, 3)) > 0.3) * 1.0
    net = nn.MLP([8, 20, 3], activation="relu", output="sigmoid" if sick else "identity", rng=r)
    run = fitted(lambda x, t: mg.bce_with_logits(net(x), t), net, (x, t), optim.Adam(lr=0.01), iterations=300)
    return mg.diagnose(run, predict=lambda x: net(x).numpy() > (0.5 if sick else 0)), {"softmax_twice"}


def block(r, sick):
    """A transformer block that says which of three marks came first, with a rate for Adam that is too high."""
    x = r.integers(0, 6, (220, 7))
    t = np.array([next((int(v) for v in row if v < 3), 0) for row in x])
    table, place = nn.Embedding(6, 12, rng=r), mg.Tensor(0.3 * r.normal(size=(7, 12)), requires_grad=True)
    net = Net(lambda n, x: n.out(np.mean(n.block(n.table(x) + n.place), axis=1)), table=table, place=place,
              block=nn.TransformerBlock(12, 2, rng=r), out=nn.Linear(12, 3, rng=r))  # fmt: skip
    loss = lambda x, t: mg.cross_entropy(net(x.data), mg.one_hot(t.data, 3))  # noqa: E731
    run = fitted(loss, net, (x, t), optim.Adam(lr=0.5 if sick else 0.01), iterations=200)
    return mg.diagnose(run), {"learning_rate_too_high"}


def by_hand(x, t, W, b, lr, epochs, sick):
    for _ in range(epochs):
        for rows in np.arange(len(x)).reshape(-1, 30):
            z = x[rows] @ W + b
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            d = (p - t[rows]) / 30
            if sick:
                d = d * p * (1 - p)
            W -= lr * x[rows].T @ d
            b -= lr * d.sum(0)


def rows_by_hand(r, sick):
    """A softmax regression by hand, in order of the rows, with the slope of a sigmoid in its delta."""
    t = r.integers(0, 4, 120)
    x = 2 * r.normal(size=(4, 7))[t] + r.normal(size=(120, 7))
    args = (x, mg.one_hot(t, 4), np.zeros((7, 4)), np.zeros(4), 0.3, 30, sick)
    return mg.diagnose(by_hand, lambda x, t, W, b: mg.cross_entropy(x @ W + b, t), args), {"wrong_gradient"}


def ridge(r, sick):
    """A list of batches, and a weight decay that is a little too strong."""
    x = r.normal(size=(150, 5))
    t = np.sin(2 * x[:, :1]) + 0.5 * x[:, 1:2]
    batches = [(x[k : k + 30], t[k : k + 30]) for k in range(0, 150, 30)]
    net = nn.MLP([5, 24, 1], activation="tanh", rng=r)
    rule = optim.SGD(lr=0.2, weight_decay=0.05 if sick else 0.0)
    return mg.diagnose(fitted(lambda x, t: mg.mse(net(x), t), net, batches, rule, epochs=150)), {"weight_decay_too_strong"}


def one_epoch(r, sick):
    """One pass over the data in accumulated batches."""
    x = r.normal(size=(320, 6))
    t = (x[:, 0] + x[:, 1] ** 2 > 1).astype(int)
    net = nn.MLP([6, 24, 2], activation="relu", rng=r)
    options = {"batch_size": 16, "accumulate": 2, "epochs": 1 if sick else 80, "rng": 3}
    loss = lambda x, t: mg.cross_entropy(net(x), t)  # noqa: E731
    return mg.diagnose(fitted(loss, net, (x, mg.one_hot(t, 2)), optim.Adam(lr=0.003), **options)), {"too_few_steps"}


CASES = (letters, autoencoder, normed, churn, powers, windows, pulses, tags, block, rows_by_hand, ridge, one_epoch)

SOFT = {"dead_relu", "weight_decay_too_strong"}  # these may do no harm


def main(seeds, cases=CASES, soft=SOFT):
    warnings.filterwarnings("ignore")
    first = second = sick = crashes = left_out = 0
    alarms, steps, seconds = [], [], []
    for case in cases:
        for is_sick in (True, False):
            for seed in seeds:
                began = time.process_time()
                try:
                    found, truth = case(np.random.default_rng([seed, 77]), is_sick)
                except Exception as error:
                    crashes += 1
                    sick += is_sick
                    print(f"{case.__name__}: {type(error).__name__}: {error}")
                    continue
                names = [cause.name for cause in found.causes]
                steps.append(found.steps)
                seconds.append(found.seconds)
                quality, took = found.measured.get("quality", np.nan), time.process_time() - began
                if is_sick and truth & set(soft) and quality > 0.85:
                    left_out += 1
                elif is_sick:
                    sick += 1
                    first += bool(truth & set(names[:1]))
                    second += bool(truth & set(names[:2]))
                elif names:
                    alarms.append((case.__name__, seed, names))
                told = f"{case.__name__} {'sick' if is_sick else 'well'} {seed}: {found.verdict} {names[:3]}"
                print(f"{told}, quality {quality:.2f}, {found.steps:.0f} evaluations, {took:.1f} s", flush=True)
    print(
        f"FRESH: {sick} sick, top-1 {first / sick:.1%}, top-2 {second / sick:.1%}; crashes {crashes}; "
        f"{left_out} left out, which learned all the same"
    )
    print(f"  alarms {len(alarms)} on {len(cases) * len(seeds)} well: {alarms}")
    print(f"  median {np.median(steps):.0f} gradient evaluations, {np.median(seconds):.2f} s")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [0, 1])
