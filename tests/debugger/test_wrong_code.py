"""Wrong code: the line, the cause, and a fix that was proved; mistakes of real people, and a sample of mutants."""

import copy
from pathlib import Path

import numpy as np
import pytest
from debugger import mutants, programs

import microgradnp as mg
from microgradnp.cli import story

LONG = 60.0  # seconds; no test may depend on the speed of the machine


def story_loss(x, y, W_input, W_output):
    h = mg.append_bias_unit(mg.sigmoid(x @ W_input), -1.0)
    return 0.5 * mg.sse(h @ W_output, y)


@pytest.mark.long  # a short one is in test_derive.py
@pytest.mark.parametrize("samples", [story.two_samples(), story.uniform_samples(0)], ids=["A", "B"])
def test_the_story(samples):
    x, t = samples
    weights = story.initial_weights(x, t, 0)
    report = mg.debug(story.step_with_the_bug, story_loss, (x, t, *weights, 0.05), bind={"y": "targets"}, budget=LONG)
    assert [a for a, e in report.gradients.items() if not e.ok] == ["W_input"]
    first = report.first_wrong
    assert first.source == "error += delta_output[n][k] * W_delta_output[j][k]"
    assert first.function == "step_with_the_bug"
    assert first.cause == "gradient_or_update_used_for_weight"
    assert first.certainty == "exact"
    line, old, new = first.fix
    assert line == first.line
    assert old == first.source
    assert "W_output[j][k]" in new
    right = mg.debug(story.step_done_right, story_loss, (x, t, *weights, 0.05), bind={"y": "targets"}, budget=LONG)
    assert right.ok


def loss(X, T, W1, b1, W2, b2):
    return 0.5 * np.sum((np.tanh(X @ W1 + b1) @ W2 + b2 - T) ** 2)


RIGHT = """
import numpy as np

def train(X, T, W1, b1, W2, b2, lr=0.1):
    z1 = X @ W1 + b1
    a1 = np.tanh(z1)
    y = a1 @ W2 + b2
    dy = y - T
    dW2 = a1.T @ dy
    db2 = dy.sum(axis=0)
    da1 = dy @ W2.T
    dz1 = da1 * (1 - a1**2)
    dW1 = X.T @ dz1
    db1 = dz1.sum(axis=0)
    W1 -= lr * dW1
    b1 -= lr * db1
    W2 -= lr * dW2
    b2 -= lr * db2
"""

POINT = {"derivative_at_wrong_point", "derivative_of_activated_value"}
MISTAKES = [
    ("dz1 = da1 * (1 - a1**2)", "dz1 = da1", {"W1", "b1"}, {"missing_activation_derivative"}),
    (
        "dz1 = da1 * (1 - a1**2)",
        "dz1 = da1 * (1 - z1**2)",
        {"W1", "b1"},
        {"derivative_at_wrong_point", "derivative_of_activated_value"},
    ),
    ("dz1 = da1 * (1 - a1**2)", "dz1 = da1 * (1 - a1)", {"W1", "b1"}, {"wrong_activation_derivative"}),
    ("dz1 = da1 * (1 - a1**2)", "dz1 = da1 * a1 * (1 - a1)", {"W1", "b1"}, {"wrong_activation_derivative"}),
    ("da1 = dy @ W2.T", "da1 = dy @ dW2.T", {"W1", "b1"}, {"gradient_or_update_used_for_weight"}),
    ("dW2 = a1.T @ dy", "dW2 = z1.T @ dy", {"W2"}, {"wrong_activation_in_weight_gradient"}),
    ("db1 = dz1.sum(axis=0)", "db1 = dz1.mean(axis=0)", {"b1"}, {"bias_gradient_reduction"}),
    ("db2 = dy.sum(axis=0)", "db2 = dy.sum()", {"b2"}, {"bias_gradient_reduction"}),
    ("dW1 = X.T @ dz1", "dW1 = -X.T @ dz1", {"W1"}, {"sign_flipped"}),
    ("dW1 = X.T @ dz1", "dW1 = X.T @ dz1 / len(X)", {"W1"}, {"batch_scale_1_over_N"}),
    ("dW2 = a1.T @ dy", "dW2 = 2 * a1.T @ dy", {"W2"}, {"factor_2", "extra_factor"}),
    ("W2 -= lr * dW2", "W2 += lr * dW2", {"W2"}, {"sign_flipped"}),
]


def numbers(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=s) for s in ((7, 3), (7, 2), (3, 4), 4, (4, 2), 2)]


def written(path, text):
    path.write_text(text)
    return programs.load("test", path.stem, path).train


@pytest.mark.parametrize(("right", "wrong", "arguments", "causes"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_named_and_mended(tmp_path, right, wrong, arguments, causes):
    assert RIGHT.count(right) == 1
    text = RIGHT.replace(right, wrong)
    report = mg.debug(written(tmp_path / "mistake.py", text), loss, numbers(), budget=LONG)
    found = report.first_wrong
    assert {a for a, e in report.gradients.items() if not e.ok} == arguments, str(report)
    assert found.source == wrong or (wrong == "dz1 = da1" and found.source == "da1 = dy @ W2.T"), str(report)
    assert found.cause in causes, str(report)
    assert found.certainty == "exact"
    assert found.fix[0] == found.line
    mended = text.replace(found.source, found.fix[2])  # the fix is text that can be put in
    assert mg.debug(written(tmp_path / "mended.py", mended), loss, numbers(3)).ok


@pytest.mark.parametrize(
    ("right", "wrong"), [("a1 = np.tanh(z1)", "a1 = np.tanh(-z1)"), ("y = a1 @ W2 + b2", "y = a1 @ W2 - b2")]
)
def test_another_forward_pass_is_no_proof_of_wrong_gradients(tmp_path, right, wrong):
    report = mg.debug(written(tmp_path / "mistake.py", RIGHT.replace(right, wrong)), loss, numbers(), budget=LONG)
    assert report.word == "CANNOT JUDGE"
    assert set(report.verdict.unjudged) == {"W1", "b1", "W2", "b2"}
    assert not report.ok


def test_the_right_program_of_these_mistakes_is_right(tmp_path):
    assert mg.debug(written(tmp_path / "right.py", RIGHT), loss, numbers()).ok


def test_updated_weights_are_named(tmp_path):
    lines = RIGHT.splitlines()
    update = lines.pop(lines.index("    W2 -= lr * dW2"))
    lines.insert(lines.index("    da1 = dy @ W2.T"), update)
    report = mg.debug(written(tmp_path / "early.py", "\n".join(lines)), loss, numbers(), budget=LONG)
    assert {a for a, e in report.gradients.items() if not e.ok} == {"W1", "b1"}
    assert report.first_wrong.cause == "updated_weights_used"


def test_two_independent_bugs_are_both_named(tmp_path):
    text = RIGHT.replace("db2 = dy.sum(axis=0)", "db2 = -dy.sum(axis=0)").replace("(1 - a1**2)", "(1 - a1)")
    report = mg.debug(written(tmp_path / "two.py", text), loss, numbers(), budget=LONG)
    assert {f.source for f in report.findings} == {"db2 = -dy.sum(axis=0)", "dz1 = da1 * (1 - a1)"}, str(report)
    assert all(f.fix for f in report.findings)


ACCUMULATED = """
import numpy as np

def train(X, T, W1, b1, W2, b2):
    dW1, dW2 = np.zeros_like(W1), np.zeros_like(W2)
    for epoch in range(5):
        a1 = np.tanh(X @ W1 + b1)
        dy = a1 @ W2 + b2 - T
        dz1 = (dy @ W2.T) * (1 - a1**2)
        dW1 += X.T @ dz1
        dW2 += a1.T @ dy
        W1 -= 0.01 * dW1
        b1 -= 0.01 * dz1.sum(axis=0)
        W2 -= 0.01 * dW2
        b2 -= 0.01 * dy.sum(axis=0)
"""


def test_what_is_wrong_from_the_second_step_on_is_found(tmp_path):
    report = mg.debug(written(tmp_path / "accumulated.py", ACCUMULATED), loss, numbers())
    assert not report.ok
    assert report.number == 1
    assert {a for a, e in report.gradients.items() if not e.ok} == {"W1", "W2"}


def decayed_loss(X, T, W1, b1, W2, b2):
    return loss(X, T, W1, b1, W2, b2) + 0.5 * 0.1 * np.sum(b1**2)


@pytest.mark.long
def test_a_penalty_that_sleeps_while_the_bias_is_zero_is_found(tmp_path):
    values = numbers()
    values[3] = np.zeros(4)
    report = mg.debug(written(tmp_path / "asleep.py", RIGHT), decayed_loss, values, budget=LONG)
    assert not report.ok
    assert {a for a, e in report.gradients.items() if not e.ok} == {"b1"}


def runs(train, args, kwargs):
    """Whether a mutant is a program at all."""
    try:
        with np.errstate(all="ignore"):
            train(*copy.deepcopy(args), **copy.deepcopy(kwargs))
    except Exception:
        return False
    return True


@pytest.mark.long
def test_a_sample_of_mutants(tmp_path):
    """Few of every program's mutants; the full table is `benchmarks/debug_mutations.py`. What is firm must be true."""
    seen = lines = fixes = misled = 0
    for name in ("rows_tanh_softmax", "trask_in_place", "layer_classes", "negated_gradients", "pure_lists"):
        module = programs.load("dev", name)
        text = mutants.normal_text(Path(module.__file__))
        taken = 0
        for k, mutant in enumerate(mutants.mutants(text, seed=5)):
            if taken == 2:
                break
            path = tmp_path / f"{name}_{k}.py"
            path.write_text(mutant.text)
            changed = programs.load("dev", f"{name}_{k}", path)
            args, kwargs = changed.make(np.random.default_rng(5))
            if not runs(changed.train, args, kwargs):
                continue
            report = mg.debug(changed.train, changed.loss, args, kwargs, getattr(changed, "BIND", {}), budget=LONG / 6)
            if report.ok or not report.findings:
                continue
            taken += 1
            seen += 1
            first = report.first_wrong
            hit = first.line in mutants.changed_lines(text, mutant.text)
            lines += hit
            fixes += first.fix is not None
            misled += not hit and first.certainty != "suspected"
    assert seen >= 8  # a slow machine ends the budget of some before anything is found
    assert lines >= 0.8 * seen
    assert fixes >= 0.7 * seen
    assert misled <= 1
