"""Which quantities of a model with a loop are known: each is computed by itself, as a gradient of another function."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.derive.quantities import quantities
from microgradnp.debugger.match.references import evaluate

STEPS, COUNT, SIZE = 4, 3, 2


def terms(x, t, W, V, moved=None, read=None, carried=None):
    """The loss of each step.

    `moved` is added to what each step passes through `tanh`, `read` to the state that is read out, `carried` to that before.
    """
    h, found = np.zeros((COUNT, SIZE)), []
    for k in range(STEPS):
        z = np.concatenate([h if carried is None else h + carried[k], x[k]], axis=1) @ W
        h = np.tanh(z if moved is None else z + moved[k])
        y = (h if read is None else h + read[k]) @ V
        found.append(0.5 * np.sum((y - t[k]) ** 2))
    return found


def loss(x, t, W, V):
    total = 0.0
    for part in terms(x, t, W, V):
        total = total + part
    return total


def point(seed):
    rng = np.random.default_rng(seed)
    shapes = {"x": (STEPS, COUNT, 2), "t": (STEPS, COUNT, 2), "W": (SIZE + 2, SIZE), "V": (SIZE, 2)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


POINTS = (point(1), point(2))
KNOWN = list(quantities(*(evaluate(loss, values) for values in POINTS)))


def is_known(arrays, kinds):
    """Whether there is a quantity that is an array at each of the two points."""
    return any(
        q.kind in kinds and all(np.shape(p) == a.shape and np.allclose(p, a) for p, a in zip(q.pair, arrays, strict=True))
        for q in KNOWN
    )


def gradient(function, array):
    return np.asarray(mg.grad(function)(array))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_gradients_of_all_steps_are_one_array(axis):
    zeros = np.zeros((STEPS, COUNT, SIZE))
    arrays = [gradient(lambda d, v=values: sum(terms(**v, moved=d)), zeros) for values in POINTS]
    assert is_known([np.moveaxis(array, 0, axis) for array in arrays], ("adjoint",))


@pytest.mark.parametrize(("use", "step"), [("read", 0), ("read", 2), ("carried", 1), ("carried", 3)])
def test_what_one_use_adds_to_the_gradient_of_a_state(use, step):
    """The state is read out, and put together with the next input: what that adds is the rest of the gradient."""
    zeros = np.zeros((STEPS, COUNT, SIZE))
    arrays = [gradient(lambda d, v=values: sum(terms(**v, **{use: d})), zeros)[step] for values in POINTS]
    assert is_known(arrays, ("share",))


@pytest.mark.parametrize("step", range(STEPS))
def test_what_the_loss_of_one_step_adds_to_the_gradient_of_the_weights(step):
    arrays = [gradient(lambda W, v=values: terms(**{**v, "W": W})[step], values["W"]) for values in POINTS]
    assert is_known(arrays, ("share",))


@pytest.mark.parametrize(("count", "axis"), [(2, 0), (2, 1), (4, 0)])
def test_the_blocks_of_a_gradient(count, axis):
    """Those of the state and of the input, and those of each gate, where there are gates."""
    wholes = [gradient(lambda W, v=values: loss(**{**v, "W": W}), values["W"]) for values in POINTS]
    for blocks in zip(*(np.split(whole, count, axis) for whole in wholes), strict=True):
        assert is_known(blocks, ("row",))
