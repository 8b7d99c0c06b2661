"""The commands, as a user types them."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import microgradnp
from microgradnp.cli import main
from microgradnp.cli.errors import with_options


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    out = tmp_path_factory.mktemp("tour")
    return out, CliRunner().invoke(main, ["tour", "--verbose", "--quick", "--out", str(out), "--seed", "4"])


@pytest.mark.long
def test_the_tour_answers_the_question(told):
    out, result = told
    assert result.exit_code == 0, result.output
    assert "Why does it stall" in result.output
    wrong_line = "error += delta_output[n][k] * W_delta_output[j][k]"
    assert wrong_line in result.output, result.output[:3000]
    fixes = "* W_output[j][k]; in line 85: move line 85", "* (W_output[j][k] - W_delta_output[j][k])"  # two, or one of both
    assert any(fix in result.output for fix in fixes)
    assert "a saddle" in result.output or "flat, not done" in result.output  # what remains
    assert "What to do: 1. the fix" in result.output
    assert str(out / "graph.html") in result.output.replace("\n", "")


@pytest.mark.long
def test_its_tables_compare_code_by_hand_with_the_graph(told):
    _, result = told
    lines = [line.split() for line in result.output.splitlines()]
    verdicts = ["agrees" if line[-1] == "agrees" else "differs" for line in lines if line[:1] == ["E_hidden"]]
    assert verdicts == ["differs", "agrees", "differs", "agrees"]
    assert [line[-1] for line in lines if line[:1] == ["E_output"]] == ["agrees"] * 4


@pytest.mark.long
def test_the_tour_writes_two_pictures_and_a_page(told):
    out, _ = told
    assert sorted(path.name for path in out.iterdir()) == ["curves.svg", "graph.html", "graph.svg"]
    graph = ET.parse(out / "graph.svg").getroot()
    text = " ".join(graph.itertext())
    for shown in ("W_input", "W_output", "sigmoid", "matmul", "(8, 3)", "(20, 2)"):
        assert shown in text
    curves = " ".join(ET.parse(out / "curves.svg").getroot().itertext())
    assert "B, with the bug" in curves


def test_a_folder_that_cannot_be_written_is_an_error_and_no_traceback(tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = CliRunner().invoke(main, ["tour", "--quick", "--out", str(tmp_path / "file" / "tour")])
    assert result.exit_code == 2
    assert "Choose another path" in result.output


def test_version_and_help():
    assert microgradnp.__version__ in CliRunner().invoke(main, ["--version"]).output
    assert "tour" in CliRunner().invoke(main, ["-h"]).output


def test_every_command_is_told_in_a_whole_sentence():
    listed = CliRunner().invoke(main, ["--help"], terminal_width=80).output.partition("Commands:")[2]
    for name in main.commands:
        assert re.search(rf"^  {name} .*[^.]\.$", listed, re.M), name


def test_help_loads_nothing_heavy():
    code = "import sys; from microgradnp.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1].split()
    assert {name.split(".")[1] for name in loaded if name.startswith("microgradnp.")} == {"cli", "core", "rules", "derivatives"}
    assert not {"rich", "pygal", "graphviz"} & set(loaded)


@pytest.mark.parametrize("command", ["debug", "emit", "view"])
def test_what_cannot_be_loaded_is_one_message_and_status_2(command):
    options = ["--model", "gone.py:loss"] if command == "debug" else []
    result = CliRunner().invoke(main, [command, "gone.py:f", *options])
    assert (result.exit_code, result.output) == (2, "Error: gone.py does not exist\n")


WRONG = """import numpy as np
rng = np.random.default_rng(0)
x, t, W = rng.normal(size=(4, 2)), rng.normal(size=(4, 3)), rng.normal(size=(2, 3))
def f(x, t, W):
    y = x @ W
    dW = x.T @ (y - t) ** 2
    return dW
def loss(x, t, W):
    return 0.5 * np.sum((x @ W - t) ** 2)
def double(x):
    return 2 * x
def back(dout):
    return 2 * dout
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("code.py").write_text(WRONG)
    Path("dir").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("debug", "Missing argument 'CODE.py[:FUNCTION]'. See microgradnp debug --help"),
        ("emit --nope x", "No such option '--nope'. Did you mean '--name'? See microgradnp emit --help"),
        ("--nope", "No such option '--nope'. See microgradnp --help"),
        ("nope", "No such command 'nope'. See microgradnp --help"),
        ("practice mlp --level x", "'x' is not one of"),
        ("emit dir:loss", "dir is a folder, not a Python file"),
        ("emit code.py:loss --data code.py", "code.py is not an .npz file of arrays; write one with np.savez"),
        ("draw code.py:loss --out x.foo", "the suffix must be .svg"),
        ("draw code.py:f --out x.svg", "Error"),
        ("view code.py:loss --out dir", "File 'dir' is a directory"),
        ("view code.py:loss --out gone/x.html", "cannot write gone/x.html: the folder gone does not exist. Create it first"),
    ],
)
def test_a_mistake_in_the_command_is_one_line(command, told, folder):
    result = CliRunner().invoke(main, command.split(), prog_name="microgradnp")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_view_writes_a_page_that_computes(folder):
    np.savez("d.npz", x=np.ones((4, 2)), t=np.ones((4, 3)), W=np.ones((2, 3)))
    result = CliRunner().invoke(main, ["view", "code.py:loss", "--data", "d.npz", "--live", "--out", "live.html"])
    assert result.exit_code == 0, result.output
    assert '"live":{' in Path("live.html").read_text()


@pytest.mark.filterwarnings("ignore:drawn with the built-in layout")
@pytest.mark.parametrize("command", ["emit", "view", "derive", "draw"])
def test_arguments_are_global_variables_without_a_file_of_data(command, folder):
    assert CliRunner().invoke(main, [command, "code.py:loss"]).exit_code == 0


def test_a_script_that_calls_none_of_its_functions_is_told_so(folder):
    Path("idle.py").write_text("def train(x, t, W):\n    W -= x.T @ (x @ W - t)\n")
    result = CliRunner().invoke(main, ["debug", "idle.py", "--model", "code.py:loss"])
    assert result.exit_code == 2
    assert result.stderr == "Error: idle.py never calls train. Name the function to run: idle.py:train\n"


def test_a_step_beyond_the_end_is_not_right(folder):
    text = WRONG.replace("    dW = x.T @ (y - t) ** 2\n    return dW", "    W -= x.T @ (y - t)")
    Path("moves.py").write_text(text)
    result = CliRunner().invoke(main, ["debug", "moves.py:f", "--model", "moves.py:loss", "--step", "3"])
    assert "step 0. Step 3 does not exist; this is step 0. " in result.output.split("\n")[0]
    assert "Note: step 3 could not be judged (the code takes 1 step); this is the first." in result.output
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("say which with bind={'X': 'xb', 'y': 'y[0, :]'}.", "say which with --bind X=xb --bind y='y[0, :]'."),
        ("bind['W'] = 'nope' could not be evaluated", "--bind W=nope could not be evaluated"),
        ("say which with bind=", "say which with --bind"),
        ("give a larger budget=. d = f(x, step=3)", "give a larger --budget. d = f(x, step=3)"),
    ],
)
def test_advice_is_given_in_the_words_of_the_command_line(said, told):
    assert with_options(said) == told


def test_diagnose_of_a_training_without_its_model_asks_for_it(folder):
    Path("plain.py").write_text("def train():\n    return [1.0, 0.5]\n")
    result = CliRunner().invoke(main, ["diagnose", "plain.py:train"])
    assert result.exit_code == 2
    assert "add --model MODEL.py:LOSS" in result.stderr


def test_check_takes_global_variables_too(folder):
    result = CliRunner().invoke(main, ["check", "code.py:double,back"])
    assert (result.exit_code, result.output[:5]) == (0, "RIGHT")


def test_a_report_is_coloured_on_a_terminal_and_opened_on_demand(folder, monkeypatch):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    command = ["debug", "code.py:f", "--model", "code.py:loss", "--budget", "0.5"]
    result = CliRunner().invoke(main, [*command, "--open"], color=True)
    assert result.exit_code == 1
    assert result.stdout.startswith("\x1b[31m\x1b[1mWRONG\x1b[0m: f, step 0")
    assert opened == [str(folder / "report.html")]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in CliRunner().invoke(main, command, color=True).stdout


def test_a_shell_completes_commands_and_files(monkeypatch):
    for words, position, offered in (("microgradnp pr", 1, "practice"), ("microgradnp debug x", 2, "file")):
        asked = {"_MICROGRADNP_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(position)}
        done = CliRunner().invoke(main, [], prog_name="microgradnp", complete_var="_MICROGRADNP_COMPLETE", env=asked)
        assert offered in done.output


def test_damaged_data_are_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text("import numpy as np\ndef loss(X, W):\n    return np.sum((X @ W) ** 2)\n")
    np.savez("good.npz", X=np.ones((3, 2)), W=np.ones((2, 1)))
    whole = Path("good.npz").read_bytes()
    Path("cut.npz").write_bytes(whole[: len(whole) // 2])
    Path("empty.npz").write_bytes(b"")
    Path("changed.npz").write_bytes(whole[:150] + bytes([whole[150] ^ 255]) + whole[151:])
    Path("text.npz").write_text("X = 1")
    np.savez("pickled.npz", X=np.array([{}]), W=np.ones(2))
    np.save("one.npy", np.ones(3))
    for name in ("cut.npz", "empty.npz", "changed.npz", "text.npz", "pickled.npz", "one.npy", "nowhere.npz"):
        result = CliRunner().invoke(main, ["emit", "model.py:loss", "--data", name])
        assert result.exit_code == 2, name
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert name in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert CliRunner().invoke(main, ["emit", "model.py:loss", "--data", "good.npz"]).exit_code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_full_output_is_one_line():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "microgradnp", "coverage"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "Error: cannot write to the standard output: No space left on device\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("check net.py:Net", "Net has no forward and backward; it has fit"),
        ("view net.py:loss --out page.txt", "page.txt: the page is a file that ends in .html"),
        ("emit net.py:loss --wrt W9", "net.py:loss has no argument W9; it has x, W"),
        ("view net.py:train", "view: needs a Tensor, got tuple; view the result of a computation, for example the loss\n"),
        ("debug net.py:stops --model net.py:loss", "x (3, 2) times W.T (1, 2) is no matrix product"),
        ("debug open.py:train --model net.py:loss", "'(' was never closed (open.py, line 1)\n"),
    ],
)
def test_slips_on_the_command_line_are_told_in_its_words(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("open.py").write_text("def train(x:\n")
    Path("net.py").write_text(
        "import numpy as np\nx, W = np.ones((3, 2)), np.ones((2, 1))\nclass Net:\n    def fit(self):\n        pass\n"
        "def loss(x, W):\n    return np.sum((x @ W) ** 2)\ndef train(x, W):\n    return x, W\n"
        "def stops(x, W):\n    return x @ W.T\n"
    )
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
