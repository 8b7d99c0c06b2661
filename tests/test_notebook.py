"""The notebooks in examples/ and in the guide run from top to bottom, and print what is stored in them."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason='needs pip install "microgradnp[notebook]"')
nbclient = pytest.importorskip("nbclient", reason='needs pip install "microgradnp[notebook]"')
pytest.importorskip("ipykernel", reason='needs pip install "microgradnp[notebook]"')

NOTEBOOK = Path(__file__).parent.parent / "examples" / "notebook.ipynb"
GUIDE = sorted((NOTEBOOK.parent / "guide").glob("*.ipynb"))
NUMBER = r"\d+\.?\d*(?:e[+-]?\d+)?"


def said(cell) -> str:
    """The text of a cell's outputs, but for what depends on the machine: sizes, last digits, samples left out for speed."""
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.get("outputs", ())]
    text = "\n".join(text for text in texts if text.strip() and not text.startswith(("<page", "<IPython")))
    return re.sub(r"1\d digits|^Note: the fault was looked for on the first .*\n", "", text, flags=re.M)


def test_the_notebook_runs_and_prints_what_it_printed(monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    stored = nbformat.read(NOTEBOOK, as_version=4)
    again = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(again, timeout=120, iopub_timeout=60, kernel_name="python3").execute()
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


@pytest.mark.long
@pytest.mark.parametrize("path", GUIDE, ids=lambda path: path.stem)
def test_a_notebook_of_the_guide_prints_what_it_printed(path, tmp_path, monkeypatch):
    if "dask" in path.read_text():
        pytest.importorskip("dask.array", reason='needs pip install "microgradnp[dask]"')
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    stored, again = (nbformat.read(path, as_version=4) for _ in range(2))
    where = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(again, timeout=120, iopub_timeout=60, kernel_name="python3", resources=where).execute()
    for before, after in zip(stored.cells, again.cells, strict=True):
        texts = [re.sub(r" at 0x[0-9a-f]+", "", said(cell)) for cell in (before, after)]
        assert re.sub(NUMBER, "#", texts[1]) == re.sub(NUMBER, "#", texts[0]), before.source
        shown, printed = ([float(number) for number in re.findall(NUMBER, text)] for text in texts)
        assert printed == pytest.approx(shown, rel=0.05), before.source


@pytest.mark.parametrize("path", GUIDE, ids=lambda path: path.stem)
def test_a_notebook_of_the_guide_is_stored_with_text_and_drawings_only(path):
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert {kind for output in outputs for kind in output.get("data", {})} <= {"text/plain", "image/svg+xml"}
    assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs)
    assert not re.search(r"/tmp|/home|/root|/work|0x[0-9a-f]{6}", "".join(map(str, outputs)))
    words = "".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\(([^)#:]+)\)", words):
        assert (path.parent / target).exists(), target
