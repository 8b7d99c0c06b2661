"""Exercises in backprop: their answers are right, and a learner's mistakes are told apart."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from microgradnp.cli import main
from microgradnp.practice.breaking import broken
from microgradnp.practice.exercise import Exercise
from microgradnp.practice.judge import Attempt, PracticeError, judged
from microgradnp.practice.models import KINDS
from microgradnp.practice.writing import file_text, function_text, layout, solution_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def practice(*options):
    return CliRunner().invoke(main, ["practice", *options])


def solved_text(exercise: Exercise) -> str:
    """The exercise with its answer in place."""
    text = file_text(exercise, "answer.py")
    head, tail = text.split("    # backward\n")
    return f"{head}    # backward\n{solution_of(exercise)}\n{tail[tail.index('    return loss') :]}"


def verdict(text: str, path: Path):
    path.write_text(text)
    return judged(Attempt(path))


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_right_and_an_unsolved_exercise_is_not(kind, tmp_path):
    for level in ("easy", "normal", "hard"):
        exercise = Exercise(kind, 1, level)
        assert verdict(solved_text(exercise), tmp_path / "a.py").status == 0
        assert verdict(file_text(exercise, "a.py"), tmp_path / "a.py").status == 1


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_many_seeds(kind, tmp_path):
    for seed in range(2, 12):
        exercise = Exercise(kind, seed, "easy")
        assert verdict(solved_text(exercise), tmp_path / "a.py").solved
        assert not verdict(file_text(exercise, "a.py"), tmp_path / "a.py").solved


def test_seeds_give_different_exercises_and_one_seed_the_same():
    texts = {file_text(Exercise("mlp", seed, "normal"), "a.py").partition("def ")[2] for seed in range(8)}
    assert len(texts) > 5
    assert Exercise("rnn", 3, "easy").statements == Exercise("rnn", 3, "easy").statements


@pytest.mark.parametrize("kind", KINDS)
def test_an_easy_exercise_has_one_wrong_line_and_the_check_names_it(kind, tmp_path):
    exercise = Exercise(kind, 1, "easy")
    right = {s.name: s.expression for s in exercise.statements[1]}
    (wrong,) = [s.name for s in broken(exercise) if s.expression != right[s.name]]
    found = verdict(file_text(exercise, "a.py"), tmp_path / "a.py")
    assert found.first is not None
    assert found.first.variable == wrong
    assert found.first.verdict == "wrong"


MISTAKES = {  # of mlp 1: one line of the answer, and what is written in its place -> (status, in the message)
    "sign": ("d_a2 = d_h2 * (1 - h2**2)", "d_a2 = -d_h2 * (1 - h2**2)", 1, "d_a2 is the first wrong gradient"),
    "transposed": ("d_W2 = h1.T @ d_a2", "d_W2 = (h1.T @ d_a2).T[:, :3]", 1, "d_W2 is the first wrong gradient"),
    "shape": ("d_b2 = d_a2.sum(axis=0)", "d_b2 = d_a2.sum()", 1, "d_b2 is the first wrong gradient"),
    "left empty": ("d_h1 = d_a2 @ W2.T", "d_h1 = ...", 1, "d_h1 is still empty"),
    "no array": ("d_c = d_error.sum(axis=0)", "d_c = 'no'", 1, "d_c is the first wrong gradient"),
    "not finite": ("d_c = d_error.sum(axis=0)", "d_c = d_error.sum(axis=0) / 0", 1, "d_c is the first wrong gradient"),
    "crash": ("d_V = h2.T @ d_error", "d_V = h2 @ d_error", 2, "columns, and d_error has"),
    "unknown name": ("d_V = h2.T @ d_error", "d_V = h9.T @ d_error", 2, "cannot be run: NameError"),
    "line left out": ("d_V = h2.T @ d_error", "pass", 1, "d_V is still to be written"),
    "forward": ("h2 = np.tanh(a2)", "h2 = np.sin(a2)", 1, "h2 has another value now"),
    "loss only": ("return loss, (d_W1, d_W2, d_b2, d_V, d_c)", "return loss", 1, "must return loss, (d_W1, d_W2"),
    "another order": ("(d_W1, d_W2, d_b2, d_V, d_c)", "(d_W2, d_W1, d_b2, d_V, d_c)", 1, "of W1, W2 that is returned is wrong"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named(case, tmp_path):
    exercise = Exercise("mlp", 1, "normal")
    old, new, status, told = MISTAKES[case]
    text = "\n".join(line.partition("  # ")[0] if "return" not in line else line for line in solved_text(exercise).split("\n"))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    assert text.count(old) == 1
    found = verdict(text.replace(old, new), tmp_path / "a.py")
    assert (found.solved, found.status) == (False, status)
    assert told in found.message


def test_gradients_by_other_names_are_right_and_a_wrong_line_among_them_is_found(tmp_path):
    exercise = Exercise("mlp", 1, "hard")
    lines = [line.replace("d_", "grad_") for line in layout(exercise.statements[1])]
    head = file_text(exercise, "a.py").partition("def loss_and_gradients")[0]
    text = head + function_text(exercise, lines).replace("(d_", "(grad_").replace(", d_", ", grad_")
    assert verdict(text, tmp_path / "a.py").solved
    found = verdict(text.replace("(1 - h1**2)", "(1 - h1)"), tmp_path / "a.py")
    number = next(k for k, line in enumerate(text.split("\n"), 1) if "(1 - h1**2)" in line)
    assert found.message == f"The gradient of W1 that is returned is wrong; the first wrong line is {number}."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def f(:\n", "line 1"),
        ("x = 1\n", "is no exercise"),
        ('EXERCISE = "mlp 0 normal"\n', "no function"),
        ('EXERCISE = "mlp 0 normal"\nraise ValueError("no")\n', "failed when it was imported"),
    ],
)
def test_what_cannot_be_checked_is_an_error(text, told, tmp_path):
    with pytest.raises(PracticeError, match=told):
        verdict(text, tmp_path / "a.py")


def test_hints_come_one_at_a_time(folder):
    assert practice("mlp", "--seed", "1").exit_code == 0
    told = [practice("mlp.py", *["--hint"] * count).output for count in range(3)]
    assert "d_error is still empty" in told[0]
    assert "rule" not in told[0]
    assert "Its rule: power rule" in told[1]
    assert "Formula" not in told[1]
    assert "Formula: dL/derror = 2 * " in told[2]
    assert "d_error = (2 / x.shape[0]) * error" in practice("mlp.py", "--solution").output


def test_an_easy_exercise_does_not_name_the_line_at_once(folder):
    practice("conv", "--level", "easy")
    assert "d_" not in practice("conv.py").output
    assert "is the first wrong gradient" in practice("conv.py", "--hint").output


def test_a_file_is_replaced_only_on_demand(folder):
    assert practice("mlp").exit_code == 0
    Path("mlp.py").write_text("mine")
    result = practice("mlp")
    assert result.exit_code == 2
    assert "mlp.py exists, and stays as it is" in result.output
    assert Path("mlp.py").read_text() == "mine"
    assert "replaced" in practice("mlp", "--force").output
    assert "EXERCISE" in Path("mlp.py").read_text()


def test_json_for_a_course_keeps_apart_what_the_learner_prints(folder):
    exercise = Exercise("softmax", 0, "normal")
    Path("a.py").write_text(solved_text(exercise).replace("    # backward", "    print('here')"))
    result = practice("a.py", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (found["exercise"], found["seed"], found["solved"], found["status"]) == ("softmax", 0, True, 0)
    assert found["returned"] == dict.fromkeys(exercise.model.parameters, "right")
    assert practice("gone.py", "--json").exit_code == 2
    assert practice("nothing").exit_code == 2


def test_the_check_leaves_its_arguments_to_the_learner(tmp_path):
    text = solved_text(Exercise("mlp", 1, "normal")).replace("    # backward\n", "    x = x.copy(); V *= 1\n    # backward\n")
    assert verdict(text, tmp_path / "a.py").solved
    assert np.isfinite(Exercise("mlp", 1, "normal").truth(1).arguments["V"]).all()
