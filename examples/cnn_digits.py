"""A small convolutional network learns scikit-learn's digits.

pip install "microgradnp[examples]"  # scikit-learn, for its digits
python examples/cnn_digits.py
"""

import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import microgradnp as mg

digits = load_digits()
x, classes = digits.images[:, None] / 16, digits.target  # (samples, 1, 8, 8)
order = np.random.default_rng(0).permutation(len(x))
train, test = order[:1400], order[1400:]

model = mg.nn.Sequential(
    mg.nn.Conv2d(1, 16, 3, padding=1, rng=0),  # (samples, 16, 8, 8)
    mg.relu,
    mg.nn.MaxPool(2),  # (samples, 16, 4, 4)
    lambda a: a.reshape(len(a), -1),
    mg.nn.Dropout(0.2, rng=1),
    mg.nn.Linear(256, 10, rng=2),
)
print(model)
mg.fit(
    lambda images, numbers: mg.cross_entropy(model(images), numbers),
    model,
    (x[train], classes[train]),
    optimizer=mg.optim.Adam(lr=5e-3),
    iterations=400,
    batch_size=70,
    rng=3,
    progress=False,
)
accuracy = mg.accuracy(model.eval()(x[test]), classes[test])
print(f"accuracy on {len(test)} digits that it has not seen: {accuracy:.1%}")

print("the first learned kernel:")
for row in model.layers[0].W.numpy()[0, 0]:
    print(" ".join(" .:*#"[min(4, int(4 * (v - row.min()) / (np.ptp(row) + 1e-9)))] for v in row))

path = Path(tempfile.mkdtemp()) / "digits.npz"
mg.save(model, path)
for parameter in model.parameters().values():
    parameter.data[...] = 0
assert mg.accuracy(mg.load(model, path)(x[test]), classes[test]) == accuracy >= 0.97
