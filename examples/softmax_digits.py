"""Handwritten digits: a softmax classifier with one hidden layer, minibatches and Adam.

pip install "microgradnp[examples]"  # scikit-learn, for its digits
python examples/softmax_digits.py
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import microgradnp as mg

images, labels = load_digits(return_X_y=True)  # (1797, 64) in 0 ... 16, (1797,)
X, X_test, digits, digits_test = train_test_split(images / 16, labels, test_size=0.25, random_state=0, stratify=labels)

model = mg.nn.MLP([64, 32, 10], activation=mg.relu, rng=0)
result = mg.fit(
    lambda x, t: mg.cross_entropy(model(x), t),
    model,
    (X, digits),
    optimizer=mg.optim.Adam(lr=5e-3),
    iterations=1500,
    batch_size=64,
    rng=0,
)
with mg.no_grad():
    accuracy = float((model(X_test).argmax(axis=1) == digits_test).numpy().mean())
print(f"{result}\ntest accuracy {accuracy:.1%} on {len(X_test)} digits")

assert accuracy >= 0.95
