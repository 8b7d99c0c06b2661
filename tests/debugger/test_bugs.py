"""Wrong programs as people write them: the set of wrong gradients, the line, the cause. What is not reached is listed."""

import ast
from pathlib import Path

import numpy as np
import pytest
from debugger import programs

import microgradnp as mg
from microgradnp.debugger.repair.edits import holds_itself
from microgradnp.debugger.repair.mistakes import Scope

BUGS = Path(__file__).parent / "bugs"
FILES = [path for folder in ("bugs", "bugs_held_out") for path in sorted((BUGS.parent / folder).glob("*.py"))]
NAMES = sorted(path.stem for path in BUGS.glob("*.py"))
SLOW = {  # they take seconds each
    "copied_delta",
    "decay_sleeps_at_zero_bias",
    "dot_for_times",
    "dropout_mask_forgotten",
    "gamma_is_one",
    "last_weight_left_out",
    "never_zeroed",
    "no_gradient_from_the_future",
    "one_m_forgotten",
    "repeated_words",
    "sigmoid_twice",
    "slope_of_the_error",
    "square_not_transposed",
    "story_step_for_weight",
    "two_sign_and_input",
    "two_slope_and_bias",
}
# The debugger says that it does not know, or names a neighbour: each of these is a thing to do.
OTHER_LINE = {"decay_sleeps_at_zero_bias"}
NO_CAUSE = {"decay_sleeps_at_zero_bias", "no_gradient_from_the_future"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] if name in SLOW else []) for name in NAMES])
def test_what_is_said_about_a_wrong_program(name):
    module = programs.load("bugs", name, BUGS / f"{name}.py")
    truth = module.TRUTH
    args, kwargs = module.make(np.random.default_rng(1))
    report = mg.debug(module.train, module.loss, args, kwargs, getattr(module, "BIND", {}), budget=60.0)
    assert not report.ok
    wrong = {argument for argument, entry in report.gradients.items() if not entry.ok}
    assert wrong == truth["wrong"] or not truth["wrong"], "no set is given where the forward pass is wrong"
    first = report.first_wrong
    if name in OTHER_LINE:
        assert first.certainty == "suspected"
    else:
        assert first.source in truth["lines"], str(report)
    if name not in NO_CAUSE:
        assert first.cause in truth["cause"], str(report)
    if first.fix:
        line, old, new = first.fix
        text = Path(module.__file__).read_text().split("\n")[line - 1]
        assert text.strip() == old
        assert new != old


@pytest.mark.parametrize("name", sorted(OTHER_LINE | NO_CAUSE))
def test_the_exceptions_are_programs(name):
    assert name in NAMES


@pytest.mark.parametrize(("folder", "name"), [(path.parent, path.stem) for path in FILES], ids=[path.stem for path in FILES])
def test_a_mended_program_is_right(tmp_path, folder, name):
    text = (folder / f"{name}.py").read_text()
    fixes = programs.load("bugs", name, folder / f"{name}.py").TRUTH["fixed"]
    for old, new in [fixes] if isinstance(fixes, tuple) else fixes:
        text = text.replace(old, new, 1)
    path = tmp_path / f"{name}_mended.py"
    path.write_text(text)
    module = programs.load("mended", name, path)
    args, kwargs = module.make(np.random.default_rng(1))
    report = mg.debug(module.train, module.loss, args, kwargs, getattr(module, "BIND", {}), budget=60.0)
    assert report.ok, str(report)


COMPREHENSION = """
import numpy as np

class Line:
    def __init__(self, w):
        self.w = w

    def learn(self, x, t, lr=0.1):
        e = x @ self.w - t
        self.w -= lr * x.T @ e
        return float(0.5 * np.sum(e**2))

def train(line, x, t):
    return {}

def loss(x, t, w):
    return 0.5 * np.sum((x @ w - t) ** 2)
"""


@pytest.mark.parametrize(
    "rounds",
    [
        "[line.learn(x, t) for _ in range(4)]",
        "sum(line.learn(x, t) for _ in range(4))",
        "list(map(lambda _: line.learn(x, t), range(4)))",
    ],
)
@pytest.mark.parametrize("sign", ["-", "+"])
def test_a_comprehension_is_a_training_loop(tmp_path, rounds, sign):
    path = tmp_path / "rounds.py"
    path.write_text(COMPREHENSION.format(rounds).replace("self.w -=", f"self.w {sign}="))
    module = programs.load("mended", "rounds", path)
    rng = np.random.default_rng(0)
    args = (module.Line(rng.normal(size=(3, 2))), rng.normal(size=(5, 3)), rng.normal(size=(5, 2)))
    report = mg.debug(module.train, module.loss, args, bind={"w": "line.w"}, budget=60.0)
    assert report.ok == (sign == "-"), str(report)
    if sign == "+":
        assert report.first_wrong.fix[2] in {"self.w -= lr * x.T @ e", "e = t - x @ self.w"}  # either sign mends it


@pytest.mark.long
@pytest.mark.parametrize(
    ("split", "name", "right", "wrong", "arguments", "fixed"),
    [
        # a number that is no rate may be exactly the factor, and is no convention; a short one is in test_rates.py
        ("unseen", "matrix_factorisation", "P += alpha * dP", "P += K * dP", {"P"}, "P += alpha * dP"),
        ("unseen", "lecture_logistic_loops", "w2 - alpha * dw2", "w2 - a * dw2", {"w2"}, "w2 = w2 - alpha * dw2"),
    ],
)
def test_what_only_looks_right_is_not_accepted(tmp_path, split, name, right, wrong, arguments, fixed):
    text = (BUGS.parent / "programs" / split / f"{name}.py").read_text()
    assert text.count(right) == 1
    path = tmp_path / f"{name}.py"
    path.write_text(text.replace(right, wrong))
    module = programs.load("wrong", name, path)
    args, kwargs = module.make(np.random.default_rng(4))
    report = mg.debug(module.train, module.loss, args, kwargs, getattr(module, "BIND", {}), budget=60.0)
    assert {argument for argument, entry in report.gradients.items() if not entry.ok} == arguments
    assert report.first_wrong.fix[2].startswith(fixed), str(report)


@pytest.mark.parametrize(
    ("statement", "new", "shapes", "refused"),
    [
        ("x[i] = v", "x", {"x": None}, True),
        ("x[i] = v", "f(x)", {"x": None}, True),
        ("x.append(v)", "x", {}, True),
        ("x.append(v)", "row", {}, True),
        ("x[i] = v", "x[j]", {"x": None}, False),
        ("x[i] = v", "x", {"x": (3,)}, False),
        ("x[i] = v", "y", {"x": None}, False),
    ],
)
def test_no_edit_puts_a_list_into_itself(statement, new, shapes, refused):
    scope = Scope(shapes, [], [], [], [], set(), {"x", "row"})
    assert holds_itself(ast.parse(statement).body[0], ast.parse(new, mode="eval").body, scope) == refused
