"""A network in plain NumPy, and its graph as a picture: shapes, values, gradients, and the line that made each.

python examples/see_the_graph.py [--out FOLDER]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import microgradnp as mg

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=Path, help="folder for the picture (default: a temporary one)")
out = parser.parse_args().out or Path(tempfile.mkdtemp())
out.mkdir(parents=True, exist_ok=True)

rng = np.random.default_rng(0)
X = rng.uniform(size=(20, 7))  # (samples, inputs)
targets = rng.uniform(size=(20, 2))  # (samples, outputs)
W1 = mg.Tensor(rng.normal(size=(7, 3)), requires_grad=True)
b1 = mg.Tensor(np.zeros(3), requires_grad=True)
W2 = mg.Tensor(rng.normal(size=(3, 2)), requires_grad=True)
b2 = mg.Tensor(np.zeros(2), requires_grad=True)

h = np.tanh(X @ W1 + b1)  # (samples, hidden)
y = h @ W2 + b2  # (samples, outputs)
loss = np.mean((y - targets) ** 2)
loss.backward(retain_grads=True)  # keeps the graph, and the gradient of every node in it

drawing = mg.draw(loss)  # a graphviz.Digraph, which shows itself in a notebook
boxes = drawing.picture.boxes
for box in boxes:
    print(f"{box.kind:10} {box.name:24} {box.shape:17} {box.place}")
path = mg.render(drawing, out / "see_the_graph.svg", engine="builtin")
print(f"\n{len(boxes)} boxes and {len(drawing.picture.edges)} edges: {path}")

assert len(boxes) == 14
assert [box.name for box in boxes if box.kind == "parameter"] == ["W1", "b1", "W2", "b2"]
assert [box.name for box in boxes if box.kind == "data"] == ["X", "targets"]
assert {"h", "y", "loss"} <= {box.name for box in boxes}
assert all(box.name in path.read_text() for box in boxes)
assert boxes[-1].lines == (f"value  {loss.item():.6g}", "grad   1")
