"""A classifier without a hidden layer: why it can learn nothing, and what makes it learn.

One matrix maps 64 pixels to 10 digits. Somebody adds up squared errors of sigmoids over all images, with a learning rate of 1.
The first step saturates every sigmoid. Its slope is 0, and nothing moves any more. The mean cross-entropy has the gradient p - y,
without the factor p * (1 - p), and does not stall.

pip install "microgradnp[examples]"  # scikit-learn, for its digits
python examples/no_hidden_layer_digits.py
"""

import numpy as np
from sklearn.datasets import load_digits

import microgradnp as mg

digits = load_digits()
x, classes = digits.data / 16, digits.target
train, test = np.arange(1300), np.arange(1300, len(x))
y = mg.one_hot(classes, 10)


def trained(loss, lr):
    """The model after 300 steps, and the loss's gradient norm in the last one."""
    model = mg.nn.Linear(64, 10, rng=0)
    result = mg.fit(lambda: loss(model(x[train])), model, optimizer=mg.optim.SGD(lr=lr), iterations=300, progress=False)
    return mg.accuracy(model(x[test]), classes[test]), result.history.gradient_norm[-1]


stuck, slope = trained(lambda z: mg.sse(mg.sigmoid(z), y[train]), lr=1.0)
print(f"sum of squared errors, rate 1: accuracy {stuck:.0%}, norm of the gradient {slope:.1e}")
right, slope = trained(lambda z: mg.bce_with_logits(z, y[train]), lr=30.0)
print(f"mean cross-entropy, rate 30:   accuracy {right:.0%}, norm of the gradient {slope:.1e}")
assert stuck < 0.2
assert right >= 0.9
