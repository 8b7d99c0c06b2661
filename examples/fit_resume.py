"""A training that is killed and goes on: the weights are equal bit for bit to those of a training that ran through.

python examples/fit_resume.py
"""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import microgradnp as mg


def train(path, iterations=400):
    """Train with running means and dropout. If `path` holds a training, it is continued."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 8))
    y = np.sin(x[:, :2])
    model = mg.nn.Sequential(
        mg.nn.Linear(8, 32, rng=1), mg.nn.BatchNorm(32), mg.relu, mg.nn.Dropout(0.1, rng=2), mg.nn.Linear(32, 2, rng=3)
    )
    result = mg.fit(
        lambda x, y: mg.mse(model(x), y),
        model,
        (x, y),
        optimizer=mg.optim.Adam(lr=1e-2),
        schedule=mg.optim.cosine(1e-2, iterations),
        iterations=iterations,
        batch_size=50,
        validation=(x[:100], y[:100]),
        rng=4,
        checkpoint=path,
        every=5,
        resume=True,
        progress=False,
    )
    return model, result


if __name__ == "__main__" and len(sys.argv) > 1:
    train(sys.argv[1])
    sys.exit()

folder = Path(tempfile.mkdtemp())
process = subprocess.Popen([sys.executable, __file__, str(folder / "run.npz")])
while not (folder / "run.npz").exists():  # until something is written
    time.sleep(0.01)
time.sleep(0.05)
process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
process.wait()

model, result = train(folder / "run.npz")
whole, _ = train(folder / "whole.npz")
print(f"killed, and continued: {result}")
result.history.plot(folder / "curves.svg")
print("the curves are in a picture of", len((folder / "curves.svg").read_text()) // 1000, "kB")
same = [np.array_equal(a, b) for a, b in zip(model.state().values(), whole.state().values(), strict=True)]
print(f"{sum(same)} of {len(same)} arrays are equal bit for bit")
assert all(same)
assert result.iterations == 400
