"""Kill a training with SIGKILL at 20 random moments, resume it each time, and compare it with an uninterrupted one bit for bit.

python tests/benchmarks/kill_and_resume.py
"""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from microgradnp.training.checkpoints import iterations_in

SCRIPT = """
import sys, numpy as np, microgradnp as mg
x = np.random.default_rng(0).normal(size=(300, 20)); y = np.sin(x[:, :2])
model = mg.nn.Sequential(
    mg.nn.Linear(20, 16, rng=0), mg.nn.BatchNorm(16), mg.relu, mg.nn.Dropout(0.1, rng=1), mg.nn.Linear(16, 2, rng=2)
)
print("ready", flush=True)
mg.fit(
    lambda a, b: mg.mse(model(a), b), model, (x, y), optimizer=mg.optim.Adam(lr=1e-2), iterations=int(sys.argv[2]), batch_size=32,
    rng=3, validation=(x[:50], y[:50]), stop=mg.EarlyStopping(1000), checkpoint=sys.argv[1], every=3, resume=True, progress=False
)
mg.save(model, sys.argv[1] + ".model")
"""


def start(path, iterations):
    """The script in a process of its own, when it has begun to train."""
    command = [sys.executable, "-c", SCRIPT, str(path), str(iterations)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


def kill_and_resume(folder, kills, iterations, random):
    """Kill a training at random moments, finish it, and compare it with an uninterrupted one.

    Returns the iterations that the file had reached at the kills.
    """
    seen, path = [], folder / "run.npz"
    for _ in range(kills):
        process = start(path, iterations)
        before = path.stat().st_mtime_ns if path.exists() else 0
        while process.poll() is None and (not path.exists() or path.stat().st_mtime_ns == before):
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.1))
        process.kill()
        process.communicate()
        assert process.returncode in (0, -signal.SIGKILL)
        seen.append(iterations_in(path))
    for name in (path, folder / "whole.npz"):
        process = start(name, iterations)
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    killed, whole = (np.load(folder / f"{name}.npz.model") for name in ("run", "whole"))
    np.testing.assert_equal({name: killed[name] for name in killed.files}, {name: whole[name] for name in whole.files})
    return seen


if __name__ == "__main__":
    reached = kill_and_resume(Path(tempfile.mkdtemp()), 20, 1500, np.random.default_rng())
    print(f"killed after {', '.join(map(str, reached))} iterations of 1500; the resumed training is equal bit for bit")
