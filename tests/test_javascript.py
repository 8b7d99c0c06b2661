"""The program as JavaScript, run by Node: it returns the graph's numbers, and what it does not cover is refused by name."""

import json
import shutil
import subprocess

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.emitter.javascript import live_program

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs Node (apt install nodejs)")
rng = np.random.default_rng(0)

SHOWN = """"use strict";
function shown(x) {
  if (typeof x === "number") return Number.isFinite(x) ? x : String(x);
  return ArrayBuffer.isView(x) || Array.isArray(x) ? Array.from(x, shown) : x;
}
const show = (x) => console.log(JSON.stringify(shown(x)));
"""


def run(text: str) -> list:
    """What a text shows, by Node."""
    found = subprocess.run([NODE, "-"], input=SHOWN + text, capture_output=True, text=True, timeout=60, check=False)
    assert not found.returncode, found.stderr
    return [json.loads(line) for line in found.stdout.splitlines()]


def typed(array) -> str:
    return f"Float64Array.of({', '.join(map(repr, np.ravel(array).astype(float).tolist()))})"


def near(found, expected):
    found, expected = np.array(found, float), np.ravel(np.asarray(expected, float))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * max(1, np.max(np.abs(expected), initial=0)))


@needs_node
def test_a_live_program_returns_every_value_and_every_gradient():
    x, t = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    W = mg.Tensor(rng.normal(size=(4, 2)), requires_grad=True, name="W")
    V = mg.Tensor(rng.normal(size=(3, 3)), requires_grad=True, name="class")
    loss = mg.sse(mg.append_bias_unit(mg.sigmoid(x @ V)) @ W, t)
    live = live_program(loss)
    loss.backward(retain_grads=True)
    leaves = ", ".join(typed(getattr(live.nodes[k], "_array", live.nodes[k])) for k in live.leaves)
    ((values, gradients),) = run(
        f"{live.text} const r = run([{leaves}]); console.log(JSON.stringify(shown([r.values, r.gradients])));"
    )
    for k, node in enumerate(live.nodes):
        near(values[k], getattr(node, "_array", node))
        assert live.has_gradient[k] == (gradients[k] is not None) == (getattr(node, "grad", None) is not None)
        if live.has_gradient[k]:
            near(gradients[k], node.grad)
