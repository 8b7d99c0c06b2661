"""The README and the guide: their code prints what the pages show, and the map names every room."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_architecture import FLOORS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
GUIDE = sorted((ROOT / "examples" / "guide").glob("*.md"))
UNTESTED = ["see", "map", "README"]  # pages with little or no code
PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *GUIDE]


@pytest.mark.filterwarnings("ignore:drawn with the built-in layout")
@pytest.mark.parametrize("page", [ROOT / "README.md", *GUIDE], ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_the_code_of_a_page_prints_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(page.read_text(), {}, page.name, str(page), 0)
    report = []
    results = doctest.DocTestRunner(optionflags=flags).run(test, out=report.append)
    assert results.failed == 0, "".join(report)
    assert results.attempted > 10 or page.stem in UNTESTED


@pytest.mark.parametrize(
    ("mark", "last"), [("tour", "python -m microgradnp tour"), ("tests", 'python -m pytest -q -n 2 -m "not long"')]
)
def test_the_two_commands_stand_where_ci_looks_for_them(mark, last):
    first, second = re.search(rf"<!-- {mark} -->\n```bash\n(.*?)\n```", README, re.S).group(1).split("\n")
    assert first.startswith("python -m pip install ")
    assert second == last


@pytest.mark.parametrize("mark", ["wrong", "loss"])
def test_the_lines_of_the_readme_are_those_of_its_example(mark):
    shown = re.search(rf"<!-- {mark} -->\n```python\n(.*?)```", README, re.S).group(1)
    code = (ROOT / "examples" / "char_rnn_wrong.py").read_text()
    assert shown in code.replace('    """The same network once more, without its backprop."""\n', "")


@pytest.mark.long
def test_the_losses_that_the_readme_names():
    code = (ROOT / "examples" / "char_rnn_wrong.py").read_text()
    wrong, right = {"__name__": "wrong"}, {"__name__": "right"}
    exec(code, wrong)
    exec(code.replace("dh_next = Wh @ da", "dh_next = Wh.T @ da"), right)
    wrong, right = wrong["train"](2000), right["train"](2000)
    said = re.search(r"from ([\d.]+) to ([\d.]+) a letter.*falls to ([\d.]+)\.", README, re.S)
    start, end, mended = (float(text) for text in said.groups())
    assert abs(wrong[0] - start) < 0.06
    assert abs(np.mean(wrong[-50:]) - end) < 0.2
    assert abs(np.mean(right[-50:]) - mended) < 0.2


def test_the_speeds_of_the_readme_are_those_of_the_guide():
    table = (ROOT / "examples" / "guide" / "compile.md").read_text().split("<!-- benchmark -->")[1]
    rows = {line.split("|")[1].strip(): line.split("|")[2:5:2] for line in table.splitlines() if line.startswith("| ")}
    eager, numpy, numba = "the graph (eager), data as Tensors", "`compile`, numpy", "`compile`, numba"
    small = [eager, numpy, numba, "JAX, `jit`", "PyTorch, eager", "MyGrad", "HIPS autograd"]
    large = [eager, numba, "PyTorch, eager", "JAX, `jit`"]
    shown = [
        [float(number) for number in re.findall(r"[\d.]+", line.split("|")[2])]
        for line in README.splitlines()
        if "test_compiled_step.py" in line
    ]
    assert [*shown[0], *shown[1]] == [float(f"{float(rows[name][0]):.1f}") for name in small]
    assert shown[2] == [float(f"{float(rows[name][1]):.2f}") for name in large]


def test_the_map_names_every_room_from_the_bottom_up():
    text = (ROOT / "examples" / "guide" / "map.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) <= 18
    rooms = [name.rstrip("/").removesuffix(".py") for row in rows for name in re.findall(r"`(.*?)`", row)]
    assert rooms == [room for room in FLOORS if not room.startswith("__")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_every_file_that_a_page_names_exists(page):
    text = page.read_text()
    for name in re.findall(r"(?:examples|tests)/[\w/.]+\.\w+", text):
        assert (ROOT / name).is_file(), name
    for target in re.findall(r"(?:\]\(|src=\"|srcset=\")([^)\"#:]+)[)\"#]", text):
        assert (page.parent / target).exists(), target


def test_every_example_and_every_page_of_the_guide_is_listed():
    listed = (ROOT / "examples" / "README.md").read_text()
    for path in (ROOT / "examples").glob("*.py"):
        assert f"({path.name})" in listed
    index = (ROOT / "examples" / "guide" / "README.md").read_text()
    for path in (ROOT / "examples" / "guide").iterdir():
        assert path.name == "README.md" or f"({path.name})" in index


def test_the_printed_backprop_is_what_the_example_prints():
    page = (ROOT / "examples" / "guide" / "compile.md").read_text()
    shown = re.search(r"<!-- emitted -->\n```text\n(.*?)```", page, re.S).group(1)
    printed = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "print_the_backprop.py")], capture_output=True, text=True, check=True
    ).stdout
    assert shown in printed
