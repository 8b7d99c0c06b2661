"""Pictures, byte for byte as they were when somebody looked at them: a change of the drawing has to be looked at again.

After looking: python tests/test_golden.py, which writes tests/golden/*.svg anew.
"""

import re
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"
SOURCE = """import numpy as np
import microgradnp as mg

X = np.array([[1.0, -2.0], [0.5, 4.0], [3.0, 0.25]])  # numbers that every machine computes alike
targets = np.array([1.0, 0.0, 2.0])
W = mg.Tensor([[1.0, -1.0, 0.5], [2.0, 0.5, 0.25]], requires_grad=True)
v = mg.Tensor([0.5, 1.0, -2.0], requires_grad=True)
h = mg.relu(X @ W)
y = h @ v
loss = mg.sse(y, targets) + np.sum(W**2)
loss.backward(retain_grads=True)
"""
PICTURES = {"network.svg": "TB", "network_left_to_right.svg": "LR"}


def picture(path: Path, direction: str) -> str:
    code = f"{SOURCE}mg.render(loss, {str(path)!r}, engine='builtin', direction={direction!r})\n"
    exec(compile(code, "network.py", "exec"), {})
    return path.read_text()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_it_was(name, tmp_path):
    assert picture(tmp_path / name, PICTURES[name]) == (FOLDER / name).read_text()


def test_the_golden_pictures_hold_what_was_computed_by_hand():
    """y and the loss, worked out on paper."""
    text = (FOLDER / "network.svg").read_text()
    # X @ W = [[-3, -2, 0], [8.5, 1.5, 1.25], [3.5, -2.875, 1.5625]], h its positive part, y = h @ v
    y = [0.0, 8.5 * 0.5 + 1.5 - 2.5, 3.5 * 0.5 - 2 * 1.5625]
    loss = sum((a - b) ** 2 for a, b in zip(y, [1.0, 0.0, 2.0], strict=True)) + 1 + 1 + 0.25 + 4 + 0.25 + 0.0625
    assert f"value  {loss:.6g}" in text
    assert re.search(r"value {2}\[ *0 +3\.25 +-1\.38\]|value {2}\[0 3\.25 -1\.38\]", text)
    assert 'class="mg-name"' in text
    assert "prefers-color-scheme:dark" in text


if __name__ == "__main__":
    for file, flow in PICTURES.items():
        picture(FOLDER / file, flow)
        sys.stdout.write(f"{FOLDER / file}\n")
