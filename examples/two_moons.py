"""Two moons: a small network learns a boundary that no line can be, and early stopping gives the best weights back.

python examples/two_moons.py
"""

import numpy as np

import microgradnp as mg


def moons(number, rng):
    """Points (2 * number, 2) on two half circles with noise, and their classes."""
    angle = rng.uniform(0, np.pi, (2, number))
    upper = np.stack([np.cos(angle[0]), np.sin(angle[0])], axis=1)
    lower = np.stack([1 - np.cos(angle[1]), 0.5 - np.sin(angle[1])], axis=1)
    points = np.concatenate([upper, lower]) + rng.normal(scale=0.15, size=(2 * number, 2))
    return points, np.repeat([0, 1], number)


x, classes = moons(150, np.random.default_rng(0))
x_test, classes_test = moons(500, np.random.default_rng(1))


def trained(model):
    """The accuracy on new points, and the result of the training."""
    result = mg.fit(
        lambda x, classes: mg.cross_entropy(model(x), classes),
        model,
        (x, classes),
        optimizer=mg.optim.Adam(lr=2e-2),
        epochs=300,
        batch_size=50,
        validation=(x_test[::2], classes_test[::2]),
        metrics={"accuracy": lambda x, classes: mg.accuracy(model(x), classes)},
        stop=mg.EarlyStopping(40),
        rng=2,
        progress=False,
    )
    return mg.accuracy(model(x_test[1::2]), classes_test[1::2]), result


line, _ = trained(mg.nn.Linear(2, 2, rng=0))
model = mg.nn.MLP([2, 16, 16, 2], activation="tanh", rng=0)
curve, result = trained(model)
print(f"a line: {line:.1%} of new points are right; two hidden layers: {curve:.1%}")
print(result)

print("\nthe boundary (. and #), with points of both classes (o and x):")
across, down = np.linspace(-1.6, 2.6, 64), np.linspace(1.6, -1.1, 22)
grid = np.stack(np.meshgrid(across, down), axis=-1)  # (22, 64, 2)
picture = np.where(np.argmax(model(grid).numpy(), axis=-1) == 0, ".", "#")
for point, kind in zip(x[::3], classes[::3], strict=True):
    row, column = np.abs(down - point[1]).argmin(), np.abs(across - point[0]).argmin()
    picture[row, column] = "ox"[kind]
print("\n".join("".join(row) for row in picture))
assert line < 0.93 < 0.96 < curve
assert {".", "#"} <= set(picture.ravel())
