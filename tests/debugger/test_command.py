"""`python -m microgradnp debug`, as a user types it: what it prints, and its exit status."""

import json
import re
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from microgradnp.cli import main

ROOT = Path(__file__).parents[2]
MODEL = """
import numpy as np
def loss(X, T, W):
    return 0.5 * np.sum((X @ W - T) ** 2)
"""
RIGHT = """
def train(X, T, W, lr=0.1):
    W -= lr * X.T @ (X @ W - T)
"""
WRONG = """
def train(X, T, W, lr=0.1):
    W -= lr * X.T @ (X @ W + T)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    np.savez("d.npz", X=rng.normal(size=(5, 3)), T=rng.normal(size=(5, 2)), W=rng.normal(size=(3, 2)))
    for name, text in (("model", MODEL), ("right", RIGHT), ("wrong", WRONG)):
        Path(f"{name}.py").write_text(text)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["debug", *arguments])


def test_right_code_exits_with_0(folder):
    result = run("right.py:train", "--model", "model.py:loss", "--data", "d.npz")
    assert result.exit_code == 0, result.output
    assert "RIGHT: " in result.output
    assert "moves by -0.1 times its gradient (-lr)" in result.output


def test_wrong_code_exits_with_1_and_writes_the_page(folder):
    result = run("wrong.py:train", "--model", "model.py:loss", "--data", "d.npz", "--html", "r.html")
    assert result.exit_code == 1, result.output
    assert "wrong.py:3" in result.output
    assert "W -= lr * X.T @ (X @ W - T)" in result.output
    assert "WRONG" in Path("r.html").read_text() or "wrong" in Path("r.html").read_text()
    assert [p.name for p in folder.glob("*.part")] == []


SCRIPT = """
import numpy as np
from shapes import rows

rng = np.random.default_rng(3)
X, T, W = rng.normal(size=(rows, 3)), rng.normal(size=(rows, 2)), rng.normal(size=(3, 2))
for epoch in range(50):
    error = X @ W {sign} T
    step = X.T @ error
    W -= 0.1 * step
    print("epoch", epoch)
"""


@pytest.mark.parametrize(("sign", "code"), [("-", 0), ("+", 1)])
def test_a_script_without_functions(folder, sign, code):
    Path("shapes.py").write_text("rows = 5\n")
    Path("script.py").write_text(SCRIPT.format(sign=sign))
    result = run("script.py", "--model", "model.py:loss")
    assert result.exit_code == code, result.output
    assert "script.py, step 0" in result.stdout
    assert "line 8\n    - error = X @ W + T\n    + error = X @ W - T\n" in result.stdout or code == 0


def test_arguments_are_taken_from_the_file_where_no_data_are_given(folder):
    Path("whole.py").write_text(f"{SCRIPT.split('for')[0].replace('rows', '4').replace('from shapes import 4', '')}{WRONG}")
    result = run("whole.py:train", "--model", "model.py:loss")
    assert result.exit_code == 1, result.output
    assert "W -= lr * X.T @ (X @ W - T)" in result.stdout


def test_json(folder):
    result = run("wrong.py:train", "--model", "model.py:loss", "--data", "d.npz", "--json")
    told = json.loads(result.stdout)
    assert told["ok"] is False
    assert told["gradients"]["W"]["ok"] is False
    assert told["findings"][0]["line"] == 3
    assert told["findings"][0]["fix"][0] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.py:train", "--model", "model.py:loss"], "gone.py does not exist"),
        (["right.py:nope", "--model", "model.py:loss"], "right.py has no nope; it has train"),
        (["right", "--model", "model.py:loss"], "write file.py:function"),
        (["gone.py", "--model", "model.py:loss"], "gone.py does not exist"),
        (["syntax.py", "--model", "model.py:loss"], "syntax.py is not a Python program"),
        (["right.py:train", "--model", "model.py:loss"], "needs X, T, W; give them with --data"),
        (["right.py:train", "--model", "model.py:loss", "--data", "model.py"], "is not an .npz file"),
        (["right.py:train", "--model", "model.py:loss", "--data", "few.npz"], "few.npz lacks T, W; it has X"),
        (["right.py:train", "--model", "other.py:loss", "--data", "d.npz"], "nothing in the hand-written code is called V"),
        (["right.py:train", "--model", "model.py:loss", "--data", "d.npz", "--bind", "W=nope"], "could not be evaluated"),
        (["right.py:train", "--model", "model.py:loss", "--data", "d.npz", "--bind", "W"], "is not ARGUMENT=EXPRESSION"),
        (["broken.py:train", "--model", "model.py:loss"], "ZeroDivisionError: division by zero (broken.py:1)"),
        (["raises.py:train", "--model", "model.py:loss", "--data", "d.npz"], "KeyError: 'nothing' (raises.py:2)"),
        (["klass.py:Net.fit", "--model", "model.py:loss"], "is a method of the class Net"),
        (["klass.py:Net", "--model", "model.py:loss"], "Net is a class; name a function or a method that trains it"),
    ],
)
def test_what_cannot_be_run_exits_with_2_and_says_why(folder, arguments, said):
    np.savez("few.npz", X=np.ones((2, 2)))
    Path("other.py").write_text(MODEL.replace("X @ W", "X @ W.T").replace("W", "V"))
    Path("broken.py").write_text("1 / 0\n")
    Path("syntax.py").write_text("for x in\n")
    Path("raises.py").write_text("def train(X, T, W):\n    {}['nothing']\n")
    Path("klass.py").write_text("class Net:\n    def fit(self):\n        pass\n")
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_page_that_cannot_be_written_is_said(folder):
    result = run("right.py:train", "--model", "model.py:loss", "--data", "d.npz", "--html", "no/such/folder.html")
    assert result.exit_code == 2
    assert "cannot write" in result.output
    assert "RIGHT: " in result.output


@pytest.mark.long
@pytest.mark.parametrize("page", ["README.md", pytest.param("examples/guide/check.md", marks=pytest.mark.long)])
def test_a_page_shows_what_its_command_prints(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("microgradnp.debugger.fewer.SLOW", float("inf"))
    text = Path(page).read_text()
    command = re.search(r"<!-- debug -->\n```bash\n(.*?)\n```", text, re.DOTALL)[1]
    shown = re.search(r"<!-- debug prints -->\n```text\n(.*?)\n```", text, re.DOTALL)[1]
    result = CliRunner().invoke(main, [*command.split()[3:], "--budget", "600"])  # no test may depend on the speed of the machine
    assert result.exit_code == 1
    # Only what the command prints: a destructor of an earlier test may complain on stderr at any moment.
    printed, expected = (re.sub(r"1\d digits", "all digits", text).strip() for text in (result.stdout, shown))
    assert OutputChecker().check_output(expected + "\n", printed + "\n", ELLIPSIS), "last digits depend on the processor"
