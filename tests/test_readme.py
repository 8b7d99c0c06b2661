"""The README and the guide: their code prints what the pages show, and the map names every room."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_architecture import FLOORS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
GUIDE = sorted((ROOT / "examples" / "guide").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *GUIDE]


@pytest.mark.filterwarnings("ignore:drawn with the built-in layout")
@pytest.mark.parametrize("page", [ROOT / "README.md", *GUIDE], ids=lambda page: page.stem)
def test_the_code_of_a_page_prints_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(page.read_text(), {}, page.name, str(page), 0)
    report = []
    results = doctest.DocTestRunner(optionflags=flags).run(test, out=report.append)
    assert results.failed == 0, "".join(report)
    assert results.attempted > 10 or page.stem == "see"


def test_the_wrong_lines_of_the_readme_are_those_of_its_example():
    shown = re.search(r"<!-- wrong -->\n```python\n(.*?)```", README, re.S).group(1)
    assert shown in (ROOT / "examples" / "xor_by_hand.py").read_text()


def test_the_map_names_every_room_from_the_bottom_up():
    rows = [line.split("|")[1] for line in README[README.index("## Map") :].splitlines() if line.startswith("| `")]
    assert len(rows) <= 17
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
    for path in GUIDE:
        assert f"(examples/guide/{path.name})" in README


def test_the_printed_backprop_is_what_the_example_prints():
    shown = re.search(r"<!-- emitted -->\n```text\n(.*?)```", README, re.S).group(1)
    printed = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "print_the_backprop.py")], capture_output=True, text=True, check=True
    ).stdout
    assert shown in printed
