"""Every example runs as a user runs it; each ends by asserting what it prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
LONG = {
    "char_rnn",
    "cluster",
    "cnn_digits",
    "compile_for_speed",
    "gallery",
    "lstm_adding_problem",
    "seed_network",
    "stalled",
    "tiny_transformer",
}
NEEDS = {  # example -> library, extra
    "cluster": ("distributed", "dask"),
    "cnn_digits": ("sklearn", "examples"),
    "no_hidden_layer_digits": ("sklearn", "examples"),
    "softmax_digits": ("sklearn", "examples"),
    "compile_for_speed": ("numba", "fast"),
    "data_parallel": ("jax", "jax"),
}


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem, marks=[pytest.mark.long] * (path.stem in LONG)) for path in EXAMPLES]
)
def test_example_runs(path, tmp_path):
    if path.stem in NEEDS:
        library, extra = NEEDS[path.stem]
        pytest.importorskip(library, reason=f'needs pip install "microgradnp[{extra}]"')
    assert re.search("^ *assert ", path.read_text(), re.MULTILINE), "an example asserts what it prints"
    environment = {**os.environ, "PYTHONWARNINGS": "default", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
