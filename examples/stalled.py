"""Two trainings that learn nothing. Why? `python -m microgradnp diagnose examples/stalled.py:digits`, or `:thousand_classes`.

Each function returns what `mg.fit` returned. The doctor measures it, tries treatments from the same start, and names the cause.
"""

import numpy as np

import microgradnp as mg


def digits():
    """A classifier without a hidden layer, sigmoids under a sum of squared errors, and a rate of 1: it stays at chance."""
    rng = np.random.default_rng(0)
    patterns = rng.uniform(size=(10, 64)) > 0.6
    classes = rng.integers(0, 10, 500)
    x = np.clip(patterns[classes] + 0.3 * rng.normal(size=(500, 64)), 0, 1)
    model = mg.nn.Linear(64, 10, rng=0)

    def loss(x, t):
        return mg.sse(mg.sigmoid(model(x)), t)

    data = (x, mg.one_hot(classes, 10))
    return mg.fit(loss, model, data, optimizer=mg.optim.SGD(lr=1.0), iterations=300, progress=False)


def thousand_classes():
    """A loss that stays at 6.9, the logarithm of 1000: all classes get the same probability."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 1000, 200)
    x = rng.normal(size=(1000, 16))[classes] + 0.1 * rng.normal(size=(200, 16))
    model = mg.nn.Linear(16, 1000, init=lambda r, shape: 0.01 * r.normal(size=shape), rng=0)

    def loss(x, t):
        return mg.cross_entropy(model(x), t)

    return mg.fit(loss, model, (x, classes), optimizer=mg.optim.SGD(lr=1e-3), iterations=300, progress=False)


if __name__ == "__main__":
    for train, cause in ((digits, "output_saturated"), (thousand_classes, "learning_rate_too_low")):
        found = mg.diagnose(train())
        print(f"{train.__name__}: {found}\n")
        assert cause in [c.name for c in found.causes[:2]]
