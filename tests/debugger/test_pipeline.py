"""The steps of the debugger, each called alone on one small wrong program; and the rows that name a mistake, one by one."""

import ast
import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import microgradnp
import microgradnp as mg
from microgradnp.debugger import derived
from microgradnp.debugger.blame.blame import blame
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.fresh import Inputs
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.roles import is_rate
from microgradnp.debugger.capture.trace import Run, capture
from microgradnp.debugger.case import Budget, Case, Question
from microgradnp.debugger.explain import Explanation, Fault
from microgradnp.debugger.judge.rerun import Rerun
from microgradnp.debugger.judge.verdict import judge
from microgradnp.debugger.match.matches import match
from microgradnp.debugger.match.references import model_arguments
from microgradnp.debugger.record.alarm import OutOfTimeError, alarm
from microgradnp.debugger.record.record import record
from microgradnp.debugger.record.replay import replay
from microgradnp.debugger.repair.causes import EXPLAIN, ROWS, Mended, always, cause_of
from microgradnp.debugger.repair.search import repair
from microgradnp.debugger.repair.workshop import Workshop
from microgradnp.debugger.report import meant
from microgradnp.debugger.report.facts import Finding
from microgradnp.debugger.told import report

DEBUGGER = Path(microgradnp.__file__).parent / "debugger"


def train(X, T, W1, W2, rate=0.1):
    h = np.tanh(X @ W1)
    e = h @ W2 - T
    d = e @ W2.T * (1 + h**2)
    W1 -= rate * X.T @ d
    W2 -= rate * h.T @ e


def loss(X, T, W1, W2):
    return 0.5 * np.sum((np.tanh(X @ W1) @ W2 - T) ** 2)


def numbers():
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), rng.normal(size=(3, 4)), rng.normal(size=(4, 2))


def named(trace, name):
    """The value that a line of the code gave this name."""
    return next(v for v in trace.versions if v.path == name and v.line)


@pytest.fixture
def question():
    return Question(Program(train, numbers(), {}), loss, Wanted(*model_arguments(loss)), Budget(60.0))


@pytest.fixture
def soon():
    return time.thread_time() + 60


def test_each_step_can_be_called_alone(question, soon):
    program = question.program

    trace = capture(program, question.wanted)
    assert trace.changed == {"W1", "W2"}
    assert trace.finished
    assert {v.expression for v in trace.variables.values()} == {"X", "T", "W1", "W2"}

    matches = match(trace, loss)
    assert matches.of(named(trace, "h")).reference.kind == "value"
    assert matches.of(named(trace, "d")) is None

    verdict = judge(trace, matches)
    assert verdict.wrong == ["W1"]
    assert verdict.entries["W2"].ok
    assert verdict.entries["W2"].scale == pytest.approx(-0.1)

    rerun = Rerun(program, loss, Run(), trace, verdict)
    assert rerun.right_with({}) == {"W2"}
    assert rerun.repeats()

    blamed = blame(trace, matches, verdict, rerun, soon)
    assert blamed.first is named(trace, "d")
    assert blamed.certain
    assert blamed.proof.mends == {"W1", "W2"}
    assert rerun.right_with(blamed.proof.writes) == {"W1", "W2"}

    with Workshop(program) as workshop:
        fix = repair(trace, blamed, rerun, workshop, soon)
    assert fix.complete
    assert fix.old == "d = e @ W2.T * (1 + h**2)"
    assert fix.new == "d = e @ W2.T * (1 - h ** 2)"
    assert workshop.tried > 0
    assert cause_of(fix, blamed, trace, verdict) == "sign_flipped"

    case = Case(question, Run(), trace, matches, verdict)
    found = report(case, Explanation([Fault(case, blamed, fix)], workshop.tried))
    assert not found.ok
    assert found.first_wrong.fix[2] == fix.new
    assert found.first_wrong.certainty == "exact"
    assert str(found).startswith("WRONG: train, step 0")


def test_fresh_inputs_are_other_numbers_of_the_same_kind(question):
    X, _, W1, _ = numbers()
    usual = capture(question.program, question.wanted).before
    fresh = capture(question.program, question.wanted, Run(inputs=Inputs(0, (W1.tobytes(),)).fresh(1))).before
    assert np.array_equal(usual["X"], X)
    assert fresh["X"].shape == X.shape
    for name in ("X", "W1"):
        assert not np.any(fresh[name] == usual[name])


def test_values_can_be_written_into_a_run(question):
    trace = capture(question.program, question.wanted)
    matches = match(trace, loss)
    verdict = judge(trace, matches)
    blamed = blame(trace, matches, verdict, Rerun(question.program, loss, Run(), trace, verdict), time.perf_counter() + 60)
    mended = capture(question.program, question.wanted, Run(writes=blamed.proof.writes))
    assert judge(mended, match(mended, loss)).ok


def test_a_kept_edit_stays_until_the_workshop_closes(question, soon):
    trace = capture(question.program, question.wanted)
    matches = match(trace, loss)
    verdict = judge(trace, matches)
    rerun = Rerun(question.program, loss, Run(), trace, verdict)
    with Workshop(question.program) as workshop:
        fix = repair(trace, blame(trace, matches, verdict, rerun, soon), rerun, workshop, soon)
        assert rerun.right_with({}) == {"W2"}, "an edit that was tried is taken back"
        workshop.keep(fix.edit, fix.file, fix.change.after)
        assert rerun.right_with({}) == {"W1", "W2"}
    assert rerun.right_with({}) == {"W2"}


def test_edits_are_tried_in_an_order_that_does_not_depend_on_the_hash_seed():
    code = (
        "from types import SimpleNamespace as S; import numpy as np; "
        "from microgradnp.debugger.repair.workshop import shapes_seen; "
        "names = {('train', name) for name in 'h delta cache W1 e'.split()}; "
        "print(*shapes_seen(S(tracer=S(versions=[S(array=np.ones(3), known_as=names)])))['train'])"
    )
    said = {
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True).stdout
        for seed in "123"
    }
    assert len(said) == 1
    assert said.pop().split()


# ------------------------------------------------------------------------------------------- names of mistakes

EXAMPLES = {  # (kind, slug) -> what the edit and its surroundings are; `old` and `new` of the edit, `line` as it stood
    ("", "forward_differs"): {"is_forward": True},
    ("add.at", "repeated_index_lost"): {},
    ("", "regularisation_term_wrong"): {"kind": "sign", "term": "lam * W"},
    ("", "conv_kernel_reversed"): {"kind": "slice", "parent": ast.Slice(), "field": "step"},
    ("", "factor_2"): {"kind": "constant", "old": "a @ b", "new": "2 * (a @ b)", "line": "d = a @ b"},
    ("sign", "wrong_activation_derivative"): {"old": "1 + h", "factor": "1 - h"},
    ("order", "missing_path_through_time"): {"old": "dh_next = dh", "new": "move line 3 out of the loop of line 2"},
    ("order", "gradient_overwritten"): {"old": "dW = 0", "new": "move line 3 out of the loop of line 2"},
    ("order", "updated_weights_used"): {"new": "move line 3 after line 5"},
    ("sign", "sign_flipped"): {"old": "a", "new": "-a"},
    ("matmul", "matmul_vs_elementwise"): {},
    ("transpose", "transposed"): {},
    ("range", "loop_cut_short"): {},
    ("slice", "wrong_index"): {},
    ("compare", "relu_mask_wrong"): {},
    ("mask", "missing_activation_derivative"): {},
    ("branch", "upstream_gradient_dropped"): {},
    ("scale", "batch_scale_1_over_N"): {},
    ("axis", "bias_gradient_reduction"): {},
    ("flag", "bias_gradient_reduction"): {},
    ("softmax", "softmax_jacobian_wrong"): {},
    ("normalisation", "normalisation_term_missing"): {},
    ("accumulate", "gradient_accumulated_across_steps"): {"carries_over": True},
    ("accumulate", "update_wrong"): {"writes_parameter": True},
    ("accumulate", "gradient_overwritten"): {},
    ("reduction", "bias_gradient_reduction"): {"others_are_right": True},
    ("reduction", "batch_scale_1_over_N"): {"others_are_right": False},
    ("index", "wrong_time_index"): {"new": "t"},
    ("index", "wrong_index"): {"new": "k"},
    ("unwrap", "derivative_of_activated_value"): {"line": "d = e * slope(tanh(z))"},
    ("unwrap", "wrong_variable"): {"line": "d = e * tanh(z)"},
    ("wrap", "derivative_of_activated_value"): {"factor": "tanh_prime(a)"},
    ("wrap", "wrong_variable"): {"line": "d = e * z"},
    ("function", "wrong_activation_derivative"): {},
    ("updated", "updated_weights_used"): {"was_weight": True},
    ("updated", "gradient_or_update_used_for_weight"): {"was_weight": False},
    ("operand", "relu_mask_wrong"): {"line": "d[z < 0] = 0"},
    ("operand", "gradient_or_update_used_for_weight"): {"gradient_for_weight": True},
    ("operand", "derivative_at_wrong_point"): {"factor": "(1 - h ** 2)"},
    ("operand", "wrong_activation_in_weight_gradient"): {"value_in_weight_gradient": True},
    ("operand", "wrong_variable"): {},
    ("derivative", "derivative_of_activated_value"): {"old": "slope(a)", "new": "a * (1 - a)"},
    ("derivative", "wrong_activation_derivative"): {"factor": "1 - h"},
    ("derivative", "missing_activation_derivative"): {"new": "d * (1 - h ** 2)"},
    ("extra factor", "wrong_activation_derivative"): {"factor": "1 - h"},
    ("extra factor", "extra_factor"): {},
    ("factor", "upstream_gradient_dropped"): {"adds_adjoint": True},
    ("factor", "wrong_activation_derivative"): {"factor": "1 - h"},
    ("factor", "missing_activation_derivative"): {"old": "d", "new": "d * (z > 0)"},
    ("factor", "batch_scale_1_over_N"): {"old": "dW", "new": "dW * self.eta"},
    ("factor", "missing_factor"): {"old": "d", "new": "d * theta"},
    ("term", "regularisation_term_wrong"): {"old": "dW", "new": "dW + lam * W"},
    ("term", "missing_path_through_time"): {"old": "dh", "new": "dh + dh_next"},
    ("term", "wrong_activation_derivative"): {"old": "1", "new": "1 - h", "factor": "1 - h"},
    ("term", "loss_derivative_wrong"): {"old": "p", "new": "p - y"},
    ("term", "update_wrong"): {"old": "dW", "new": "dW + W", "line": "return dW", "summand_is_weight": True},
    ("term", "normalisation_term_missing"): {"old": "dx", "new": "dx + q", "line": "dx = dvar * k"},
    ("term", "missing_term"): {"old": "dx", "new": "dx + q"},
    ("constant", "wrong_activation_derivative"): {"factor": "1 - h"},
    ("constant", "bias_gradient_reduction"): {"old": "1", "new": "0", "line": "db = d.sum(axis=1)"},
    ("constant", "wrong_index"): {"old": "1", "new": "2", "line": "d = a[1]"},
    ("constant", "factor_2"): {"old": "3", "new": "2", "line": "d = 3 * e"},
    ("", "unknown"): {"kind": "of no row"},
}


def mended(kind, old="a", new="b", line="d = e", factor="a", term="", parent=None, field="value", **answers):
    """A mended mistake of which only the texts are known; `answers` says what else holds of it, and all the rest does not."""
    edit = SimpleNamespace(kind=kind, old=old, new=new, parent=parent, field=field)
    fix = SimpleNamespace(edit=edit, old=line, factor=factor, term=term, file="none.py", line=1)
    unsaid = ("is_forward", "carries_over", "writes_parameter", "others_are_right", "was_weight", "gradient_for_weight")
    unsaid += ("value_in_weight_gradient", "adds_adjoint", "summand_is_weight")

    class Said(Mended):
        meanings = lambda self, text: []  # noqa: E731

    for name in unsaid:
        setattr(Said, name, answers.get(name, False))
    return Said(fix, None, None, None)


@pytest.mark.parametrize(("row", "example"), EXAMPLES.items(), ids=[" ".join(filter(None, row)) for row in EXAMPLES])
def test_a_row_names_its_mistake(row, example):
    kind, slug = row
    case = mended(**{"kind": kind, **example})
    first = next(r for r in ROWS if r.kind in ("", case.edit.kind) and r.holds(case))
    assert (first.kind, first.slug) == (kind, slug)


def test_a_missing_penalty_is_told_from_a_wrong_update():
    example = {"old": "dW", "new": "dW + W", "summand_is_weight": True}
    for line, slug in (("dW = x.T @ d", "regularisation_term_wrong"), ("W -= lr * dW", "update_wrong")):
        case = mended("term", line=line, **example)
        assert next(r.slug for r in ROWS if r.kind in ("", "term") and r.holds(case)) == slug


def test_every_row_has_an_example_and_every_slug_a_sentence():
    assert {(row.kind, row.slug) for row in ROWS} == set(EXAMPLES)
    assert {row.slug for row in ROWS} <= set(EXPLAIN)
    assert ROWS[-1].holds is always


@pytest.mark.parametrize("name", ["lr", "self.lr", "learning_rate", "learningRate", "etaW", "lr0", "alpha_t", "step_size"])
def test_names_of_learning_rates(name):
    assert is_rate(name)


@pytest.mark.parametrize("name", ["theta", "beta", "multiplier", "kappa", "ratio", "metal", "W"])
def test_names_that_only_hold_the_letters_of_one(name):
    assert not is_rate(name)


# ------------------------------------------------------------------------------------------- rooms

ROOMS = [
    "world",
    "capture",
    "match",
    "record",
    "judge",
    "optimizer",
    "blame",
    "repair",
    "derive",
    "report",
    "",  # the modules beside them
    "pairs",
]  # from the bottom up
MODULES = ("alarm", "calls", "census", "nodes", "outside", "sites", "values", "world")
WORLD = {f"record.{module}" for module in MODULES}  # every run needs them


def imports(path):
    """The modules of the debugger that a module imports: also inside functions, and for the type checker alone."""
    inside = "microgradnp.debugger."
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith(inside):
            base = node.module.removeprefix(inside.rstrip(".")).strip(".")
            for alias in node.names:
                whole = f"{base}.{alias.name}".strip(".")
                yield whole if (DEBUGGER / f"{whole.replace('.', '/')}.py").exists() else base


def room_of(module):
    return "world" if module in WORLD else module.rpartition(".")[0]


def test_the_rooms_of_the_debugger_import_downwards():
    modules = {".".join(path.relative_to(DEBUGGER).with_suffix("").parts): set(imports(path)) for path in DEBUGGER.rglob("*.py")}
    assert {room_of(module) for module in modules} == set(ROOMS)
    up = [
        f"{module} -> {other}"
        for module, others in modules.items()
        for other in others
        if ROOMS.index(room_of(other)) > ROOMS.index(room_of(module))
    ]
    assert up == []


def test_a_fix_of_a_part_says_what_is_still_wrong():
    finding = Finding("h", "f", "net.py", 3, "h = a", "unknown", "", "", (3, "h = a", "h = b"), "exact", ["W"], leaves=["b", "c"])
    assert "with it these are still wrong: b, c" in str(finding)
    assert "still wrong" not in str(dataclasses.replace(finding, leaves=[]))
    assert "fix, verified on fresh inputs: line 3" in str(finding), "when another fix mends the rest"
    part = str(dataclasses.replace(finding, certainty="part"))
    assert "change that mends W only, and perhaps not the mistake itself: line 3" in part
    assert "verified" not in part


def test_an_error_of_the_debugger_is_told_and_changes_no_verdict(monkeypatch):
    def fails(question, deadline):
        raise KeyError("ours")

    monkeypatch.setattr(derived, "derive", fails)
    found = mg.debug(train, loss, numbers())
    assert found.word == "WRONG"
    assert found.verdict.wrong == ["W1"]
    assert any("the debugger failed" in note and "KeyError: 'ours'" in note for note in found.notes)


def test_a_fix_that_multiplies_all_gradients_is_not_called_verified():
    finding = Finding("d", "train", "net.py", 3, "d = e", "unknown", "", "", (3, "d = e", "d = 5 * e"), "scaled", times=5.0)
    assert "verified" not in str(finding)
    assert "all gradients are 5 times the model's" in str(finding)


def right(X, T, W1, W2, rate=0.1):
    h = np.tanh(X @ W1)
    e = h @ W2 - T
    d = e @ W2.T * (1 - h**2)
    W1 -= rate * X.T @ d
    W2 -= rate * h.T @ e


@pytest.mark.parametrize("budget", [0.0, 0.05])
def test_a_budget_that_is_too_small_is_named_and_nobody_is_accused(budget):
    found = mg.debug(right, loss, numbers(), budget=budget)
    assert not found.verdict.wrong
    assert not found.findings
    assert found.word == "RIGHT" or ("the budget of" in str(found) and found.hurried)


def doubled(x):
    return x * 2 + 1


def test_after_the_alarm_work_of_the_debugger_ends():
    x = np.ones(3)
    made = record(doubled, (x,))
    made.again = None
    with alarm(-1.0), pytest.raises(OutOfTimeError):
        replay(made, everything=True)
    assert replay(made, everything=True).faithful


def test_a_finding_whose_statement_was_not_traced_has_the_node_of_its_name(monkeypatch):
    answers = {"nodes_called": [3], "like_nodes": [], "runs_of": []}
    for name, found in answers.items():
        monkeypatch.setattr(meant, name, lambda *_, found=found: found)
    shown = SimpleNamespace(blame=None, first_wrong=None, matches=SimpleNamespace(evaluation=None))
    assert meant.node_meant(shown, SimpleNamespace(expected="dL/dz")) == 3
