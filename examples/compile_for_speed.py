"""One training, three ways: the graph, a compiled step, and the whole loop as one compiled function.

pip install ".[fast]"
python examples/compile_for_speed.py
"""

import time

import numpy as np

import microgradnp as mg

rng = np.random.default_rng(0)
x, targets = rng.uniform(size=(20, 7)), rng.uniform(size=(20, 2))


def train(backend, iterations=20_000):
    model = mg.nn.MLP([7, 3, 2], bias="unit", rng=0)
    started = time.perf_counter()
    result = mg.fit(
        lambda x, t: 0.5 * mg.sse(model(x), t),
        model,
        (x, targets),
        optimizer=mg.optim.SGD(lr=1e-2),
        iterations=iterations,
        progress=False,
        backend=backend,
    )
    return result, (time.perf_counter() - started) / iterations


losses = []
for backend in (None, "numpy", "numba"):
    train(backend, 100)  # compiles
    result, seconds = train(backend)
    losses.append(result.loss)
    if __name__ == "__main__":
        print(f"{backend or 'graph':6s} {seconds * 1e6:6.2f} us a step: {result}")

assert np.allclose(losses, losses[0], rtol=1e-9)
