"""How long drawing takes. Reported, not asserted:

python -m pytest tests/benchmarks/test_draw_speed.py --benchmark-enable --benchmark-columns=min,median
"""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.drawing.draw import draw
from microgradnp.drawing.rooms import built_in
from microgradnp.drawing.svg import svg_of

pytestmark = pytest.mark.long


def chain(length):
    x = mg.Tensor(np.ones((3, 3)), requires_grad=True)
    for _ in range(length):
        x = np.tanh(x)
    return x


def modules(layers):
    model = mg.nn.MLP([4] * (layers + 1), rng=0)
    return mg.sse(model(np.ones((2, 4))), np.zeros((2, 4)))


def recurrent(steps):
    W, h = mg.Tensor(np.eye(3) / 2, requires_grad=True), mg.Tensor(np.ones(3))
    total = 0.0
    for _ in range(steps):
        h = np.tanh(h @ W)
        total = total + np.sum(h)
    return total


GRAPHS = {
    "chain": lambda: chain(9_999),
    "modules": lambda: modules(2_000),
    "recurrent": lambda: recurrent(2_500),
}  # 10,000 boxes each


@pytest.mark.parametrize("name", GRAPHS)
def test_dot_of_ten_thousand_nodes(benchmark, name):
    loss = GRAPHS[name]()
    drawing = benchmark.pedantic(draw, (loss,), rounds=3)
    assert 9_990 < len(drawing.picture.boxes) < 10_020
    assert drawing.source.count("-> n") == len(drawing.picture.edges)


@pytest.mark.parametrize("name", GRAPHS)
def test_built_in_layout_of_ten_thousand_nodes(benchmark, name):
    picture = draw(GRAPHS[name]()).picture
    layout = benchmark.pedantic(built_in, (picture,), rounds=1)
    assert len(svg_of(picture, layout)) > 1e6


def test_a_small_picture(benchmark):
    picture = draw(modules(3)).picture
    benchmark(lambda: svg_of(picture, built_in(picture)))
