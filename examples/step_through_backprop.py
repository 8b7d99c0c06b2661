"""Backprop by hand with a mistake, laid over the graph. The page names the first wrong gradient, steps and replays.

python examples/step_through_backprop.py [--out FOLDER]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import microgradnp as mg

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=Path, help="folder for the pages (default: a temporary one)")
out = parser.parse_args().out or Path(tempfile.mkdtemp())
out.mkdir(parents=True, exist_ok=True)

rng = np.random.default_rng(0)
x = rng.uniform(size=(20, 7))  # (samples, inputs)
targets = rng.uniform(size=(20, 2))  # (samples, outputs)
W = mg.Tensor(rng.normal(size=(7, 3)), requires_grad=True)
V = mg.Tensor(rng.normal(size=(3, 2)), requires_grad=True)


def model(x, targets):
    z = x @ W  # (samples, hidden)
    h = mg.sigmoid(z)
    y = h @ V  # (samples, outputs)
    error = 0.5 * mg.sse(y, targets)
    loss = error + 0.05 * np.sum(W**2)
    return loss, z, h, y


loss, z, h, y = model(x, targets)

# By hand, with two mistakes. The slope of the sigmoid, h * (1 - h), is missing. So is the second use of W, in the penalty.
delta_y = y.numpy() - targets
delta_h = delta_y @ V.numpy().T
delta_z = delta_h
by_hand = {"y": delta_y, "V": h.numpy().T @ delta_y, "h": delta_h, "z": delta_z, "W": x.T @ delta_z}

wrong = mg.view(loss, out / "wrong.html", hand_written=by_hand)
report = mg.compare(loss, by_hand)
print(report)
print(wrong)

# With both mended no mark is left. The second page plays how the network learns.
delta_z = delta_h * h.numpy() * (1 - h.numpy())
mended = {**by_hand, "z": delta_z, "W": x.T @ delta_z + 0.1 * W.numpy()}
right = mg.compare(loss, mended)
training = mg.fit(
    lambda x, targets: model(x, targets)[0],
    [W, V],
    (x, targets),
    optimizer=mg.optim.SGD(lr=2e-2),
    iterations=300,
    snapshots=20,
    progress=False,
)
loss, *_ = model(x, targets)
print(mg.view(loss, out / "training.html", fit=training))
print(f"{len(training.snapshots)} snapshots of {training}")

assert [entry.name for entry in report.entries if not entry.ok] == ["z", "W"]
assert right.ok
assert '"first":null' not in (out / "wrong.html").read_text()
assert '"first":null' in (out / "training.html").read_text()
assert '"replay"' in (out / "training.html").read_text()
assert (out / "wrong.html").stat().st_size < 120_000
