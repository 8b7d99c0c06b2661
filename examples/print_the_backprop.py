"""The derived backprop of the seed network as NumPy source. The source is then run without microgradnp.

python examples/print_the_backprop.py
python examples/print_the_backprop.py > step.py && python step.py    # compares itself with finite differences
"""

import numpy as np

import microgradnp as mg


def loss(x, targets, W_hidden, W_out):
    h = mg.append_bias_unit(mg.sigmoid(mg.append_bias_unit(x) @ W_hidden))
    y = h @ W_out
    return 0.5 * mg.sse(y, targets)


rng = np.random.default_rng(0)
x, targets = rng.uniform(size=(20, 7)), rng.uniform(size=(20, 2))
W_hidden, W_out = rng.normal(size=(8, 3)), rng.normal(size=(4, 2))

text = mg.emit(loss, x, targets, W_hidden, W_out, wrt=("W_hidden", "W_out"), check=True)

if __name__ == "__main__":
    print(text, end="")

namespace: dict = {}
exec(text, namespace)
value, gradients = namespace["value_and_grad"](x, targets, W_hidden, W_out)
expected, right = mg.value_and_grad(loss, (2, 3))(x, targets, W_hidden, W_out)
assert np.isclose(value, expected, rtol=1e-12)
assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(gradients, right, strict=True))
