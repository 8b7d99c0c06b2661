"""The notebook in examples/ runs from top to bottom, and prints what is stored in it."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason='needs pip install "microgradnp[notebook]"')
nbclient = pytest.importorskip("nbclient", reason='needs pip install "microgradnp[notebook]"')
pytest.importorskip("ipykernel", reason='needs pip install "microgradnp[notebook]"')

NOTEBOOK = Path(__file__).parent.parent / "examples" / "notebook.ipynb"


def said(cell) -> str:
    """The text of a cell's outputs, but for what depends on the machine: sizes, last digits, samples left out for speed."""
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.get("outputs", ())]
    text = "\n".join(text for text in texts if text.strip() and not text.startswith(("<page", "<IPython")))
    return re.sub(r"1\d digits|^Note: the fault was looked for on the first .*\n", "", text, flags=re.M)


def test_the_notebook_runs_and_prints_what_it_printed(monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    stored = nbformat.read(NOTEBOOK, as_version=4)
    again = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(again, timeout=120, kernel_name="python3").execute()
    code = [(a, b) for a, b in zip(stored.cells, again.cells, strict=True) if a.cell_type == "code"]
    assert len(code) >= 7
    for before, after in code:
        assert said(after) == said(before), before.source
        kinds = [{key for o in cell.outputs for key in o.get("data", {})} for cell in (before, after)]
        assert kinds[0] == kinds[1]
    shown = "".join(o["data"].get("text/html", "") for _, cell in code for o in cell.outputs if "data" in o)
    assert shown.count("<iframe srcdoc") == 2  # the page, of a comparison and of a training
    assert shown.count("mg-graph") >= 2  # the picture of the loss
    assert "WRONG: train" in shown
    assert "mg-fit" in shown
