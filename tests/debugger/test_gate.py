"""The gate of `mg.debug`: right code is never called wrong, wrong code never right, whatever its variables are called."""

import ast
import builtins
import functools
from pathlib import Path

import numpy as np
import pytest
from debugger import programs

import microgradnp as mg
from microgradnp.cli.debug import exit_code

HERE = Path(__file__).parent


def arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=shape) for shape in shapes)


def loss(x, t, V, U):
    return 0.5 * np.sum((np.tanh(x @ V) @ U - t) ** 2)


SQUARE = arrays((6, 3), (6, 3), (3, 3), (3, 3))


def slopes(x, t, V, U):
    h = np.tanh(x @ V)
    d = h @ U - t
    return x.T @ ((d @ U.T) * (1 - h * h)), h.T @ d


# ---------------------------------------------------------------------------------------------------------- right code


def returns_the_gradient_of_the_data_too(x, t, V, U):
    h = np.tanh(x @ V)
    d = h @ U - t
    back = (d @ U.T) * (1 - h * h)
    return back @ V.T, x.T @ back, h.T @ d


def does_not_apply_the_gradient_of_the_data(x, t, V, U, pace=0.1):
    dx, a, b = returns_the_gradient_of_the_data_too(x, t, V, U)
    assert dx.shape == x.shape
    V -= pace * a
    U -= pace * b


def two_rates(x, t, V, U, quick=0.2, slow=0.01):
    a, b = slopes(x, t, V, U)
    V -= quick * a
    U -= slow * b


def rates_from_the_caller(x, t, V, U, paces=(0.3, 0.07)):
    for p, g, pace in zip((V, U), slopes(x, t, V, U), paces, strict=True):
        p -= pace * g


def heavy_ball(x, t, V, U):
    va, vb = 0 * V, 0 * U
    for _ in range(4):
        a, b = slopes(x, t, V, U)
        va, vb = 0.8 * va + a, 0.8 * vb + b
        V, U = V - 0.02 * va, U - 0.02 * vb
    return V, U


def scaled_by_its_own_history(x, t, V, U):
    seen = [0 * V, 0 * U]
    for _ in range(3):
        for k, (p, g) in enumerate(zip((V, U), slopes(x, t, V, U), strict=True)):
            seen[k] = 0.9 * seen[k] + 0.1 * g * g
            p -= 0.01 * g / (np.sqrt(seen[k]) + 1e-6)


def sample_by_sample(x, t, V, U):
    for row, goal in zip(x, t, strict=True):
        h = np.tanh(row @ V)
        d = h @ U - goal
        step = np.outer(row, (U @ d) * (1 - h * h)), np.outer(h, d)
        V -= 0.05 * step[0]
        U -= 0.05 * step[1]


def sums_up_over_samples(x, t, V, U):
    total = [np.zeros_like(V), np.zeros_like(U)]
    for row, goal in zip(x, t, strict=True):
        h = np.tanh(row @ V)
        d = h @ U - goal
        total[0] += np.outer(row, (U @ d) * (1 - h * h))
        total[1] += np.outer(h, d)
    V -= 0.1 * total[0]
    U -= 0.1 * total[1]


def in_single_precision(x, t, V, U):
    x, t, V, U = (a.astype(np.float32) for a in (x, t, V, U))
    a, b = slopes(x, t, V, U)
    return V - np.float32(0.1) * a, U - np.float32(0.1) * b


def stops_when_it_is_good(x, t, V, U):
    while loss(x, t, V, U) > 1e-3:
        a, b = slopes(x, t, V, U)
        V = V - 0.01 * a
        U = U - 0.01 * b
        if np.sum(a * a) < 1e3:
            break
    return V, U


def in_a_dict(x, t, V, U):
    net = {"V": V.copy(), "U": U.copy()}
    for _ in range(2):
        found = dict(zip("VU", slopes(x, t, **net), strict=True))
        net = {name: value - 0.1 * found[name] for name, value in net.items()}
    return net


RIGHT = [
    returns_the_gradient_of_the_data_too,
    does_not_apply_the_gradient_of_the_data,
    two_rates,
    rates_from_the_caller,
    heavy_ball,
    scaled_by_its_own_history,
    sums_up_over_samples,
    in_single_precision,
    stops_when_it_is_good,
    in_a_dict,
]


@pytest.mark.parametrize("train", RIGHT, ids=lambda f: f.__name__)
def test_right_code_is_called_right(train):
    for seed in (0, 1):
        report = mg.debug(train, loss, arrays((6, 3), (6, 3), (3, 3), (3, 3), seed=seed))
        assert report.word == "RIGHT", str(report)
        assert {"U", "V"} <= set(report.gradients)
        assert exit_code(report) == 0


def test_updates_after_every_sample_are_judged_with_the_sample_that_was_bound():
    report = mg.debug(sample_by_sample, loss, SQUARE, bind={"x": "row[None]", "t": "goal[None]"})
    assert report.word == "RIGHT", str(report)


class Accumulating:
    """A bias of zeros has the very bytes of its accumulator."""

    def __init__(self):
        self.V, self.c = arrays((3, 2))[0], np.zeros(2)
        self.sums = [np.zeros((3, 2)), np.zeros(2)]

    def learn(self, x, t):
        d = np.tanh(x @ self.V) + self.c - t
        self.sums[0] += x.T @ (d * (1 - np.tanh(x @ self.V) ** 2))
        self.sums[1] += d.sum(axis=0)
        self.V -= 0.1 * self.sums[0]
        self.c -= 0.1 * self.sums[1]
        for total in self.sums:
            total[...] = 0


def biased(x, t, V, c):
    return 0.5 * np.sum((np.tanh(x @ V) + c - t) ** 2)


def test_a_bias_of_zeros_and_its_accumulator():
    report = mg.debug(Accumulating().learn, biased, arrays((5, 3), (5, 2)))
    assert report.word == "RIGHT", str(report)


def test_a_closure_and_a_partial_are_judged_and_left_alone():
    net = Accumulating()
    before = net.V.copy()
    x, t = arrays((5, 3), (5, 2))
    for train in (lambda x, t: net.learn(x, t), functools.partial(Accumulating.learn, net)):
        assert mg.debug(train, biased, (x, t)).word == "RIGHT"
        assert np.array_equal(net.V, before)


def test_targets_that_are_filled_in_after_they_were_made():
    def train(x, classes, V, rate=0.1):
        t = np.zeros((len(x), 3))
        t[np.arange(len(x)), classes] = 1
        V -= rate * x.T @ (x @ V - t)

    def squares(x, t, V):
        return 0.5 * np.sum((x @ V - t) ** 2)

    x, V = arrays((6, 4), (4, 3))
    assert mg.debug(train, squares, (x, np.arange(6) % 3, V)).word == "RIGHT"


# ---------------------------------------------------------------------------------------------------------- wrong code


def transposed(x, t, V, U):
    a, b = slopes(x, t, V, U)
    V -= 0.1 * a.T
    U -= 0.1 * b


def grows(x, t, V, U):
    va, vb = 0 * V, 0 * U
    for _ in range(3):
        a, b = slopes(x, t, V, U)
        va, vb = 1.3 * va + a, 1.3 * vb + b
        V, U = V - 0.01 * va, U - 0.01 * vb
    return V, U


def factor_called_beta(x, t, V, U, eta=0.1):
    beta = len(x) / 2
    a, b = slopes(x, t, V, U)
    V -= eta * beta * a
    U -= eta * b


def factor_called_kappa(x, t, V, U, eta=0.1):
    kappa = len(x) / 2
    a, b = slopes(x, t, V, U)
    V -= eta * kappa * a
    U -= eta * b


def no_slope(x, t, V, U):
    h = np.tanh(x @ V)
    d = h @ U - t
    V -= 0.1 * x.T @ (d @ U.T)
    U -= 0.1 * h.T @ d


def updated_first(x, t, V, U):
    h = np.tanh(x @ V)
    d = h @ U - t
    U -= 0.1 * h.T @ d
    V -= 0.1 * x.T @ ((d @ U.T) * (1 - h * h))


def rmsprop_of_a_wrong_gradient(x, t, V, U):
    a, b = slopes(x, t, V, U)
    for p, g in ((V, a + x.T @ t), (U, b)):
        p -= 0.1 * g / (np.sqrt(g * g) + 0.1)


WRONG = [
    (transposed, {"V"}),
    (grows, set()),  # the rule alone is wrong
    (factor_called_beta, {"V"}),
    (factor_called_kappa, {"V"}),
    (no_slope, {"V"}),
    (updated_first, {"V"}),
    (rmsprop_of_a_wrong_gradient, {"V"}),
]


@pytest.mark.parametrize(("train", "wrong"), WRONG, ids=[train.__name__ for train, _ in WRONG])
def test_wrong_code_is_called_wrong(train, wrong):
    report = mg.debug(train, loss, SQUARE)
    assert report.word == "WRONG"
    assert set(report.verdict.wrong) == wrong
    assert exit_code(report) == 1


def test_a_recording_of_all_steps_is_not_hurried():
    assert not mg.debug(grows, loss, SQUARE, budget=30).hurried


def test_a_recording_that_ends_early_says_which_steps_were_judged(monkeypatch):
    monkeypatch.setattr("microgradnp.debugger.judge.gate.MOST", (40,))  # operations: the first step, and not the second
    report = mg.debug(grows, loss, SQUARE)
    assert report.word == "RIGHT"
    assert any("ended after step 0: later steps were not judged" in note for note in report.notes)
    assert report.hurried


# ----------------------------------------------------------------------------------------------- between right and wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_the_rows_of_a_batch_are_found_under_another_name(wrong):
    def train(x, t, V, U):
        rows = np.array([4, 0, 2])
        some, goals = x[rows], t[rows]
        h = np.tanh(some @ V)
        d = h @ U - goals
        V -= 0.1 * some.T @ ((d @ U.T) * (1 - h * h * (2 if wrong else 1)))
        U -= 0.1 * h.T @ d

    report = mg.debug(train, loss, SQUARE, budget=60.0)  # not the speed of the machine
    assert report.word == ("WRONG" if wrong else "RIGHT")
    assert report.verdict.wrong == (["V"] if wrong else [])
    assert "x is some and t is goals here: the rows that the step works on (bind= says otherwise)" in report.notes
    kept = mg.debug(train, loss, SQUARE, bind={"x": "x", "t": "t"}, budget=60.0)
    assert kept.word == "CANNOT JUDGE"
    assert exit_code(kept) == 2


CHANGES = {
    "shuffled": "p = rng.permutation(len(x)); x, t = x[p], t[p]",
    "shuffled in place": "p = rng.permutation(len(x)); x[:] = x[p]; t[:] = t[p]",
    "drawn again": "p = np.array([0, 0, 1, 1, 2, 2]); x, t = x[p], t[p]",
    "noisy": "x = x + 0.01 * rng.normal(size=x.shape)",
    "mirrored": "x = x[:, ::-1]",
    "scaled": "x = (x - x.mean(0)) / x.std(0)",
}
EPOCHS = """
import numpy as np
def train(x, t, V, U):
    rng = np.random.default_rng(1)
    for epoch in range(3):
        {change}
        for k in range(0, len(x), {batch}):
            some, goals = x[k : k + {batch}], t[k : k + {batch}]
            h = np.tanh(some @ V)
            d = {factor} * (h @ U - goals)
            dU = h.T @ d
            dV = some.T @ (d @ U.T * {slope})
            V, U = V - 0.05 * dV, U - 0.05 * dU
    return V, U
"""


@pytest.mark.parametrize("batch", [6, 3])
@pytest.mark.parametrize("change", CHANGES)
def test_data_that_change_between_epochs_are_no_parameters(change, batch, tmp_path):
    """They move, but not because of the loss. Where samples are repeated, a batch may hold each of them, and not all the data."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((6, 3), (6, 2), (3, 4), (4, 2))]
    for slope, word in (("(1 - h**2)", "RIGHT"), ("h * (1 - h)", "WRONG")):
        path = tmp_path / f"epochs_{word}.py"
        path.write_text(EPOCHS.format(change=CHANGES[change], batch=batch, factor=2, slope=slope))
        program = programs.load("gate", path.stem, path)
        report = mg.debug(program.train, loss, tuple(arrays), budget=60.0)
        assert report.word == word, str(report)
        assert report.verdict.wrong == ([] if word == "RIGHT" else ["V"])


def test_a_parameter_that_is_forgotten_stands_in_the_heading():
    def train(x, t, V, c):
        V -= 0.1 * x.T @ ((np.tanh(x @ V) + c - t) * (1 - np.tanh(x @ V) ** 2))

    report = mg.debug(train, biased, arrays((5, 3), (5, 2), (3, 2), (2,)))
    assert report.word == "NOT CHECKED"
    assert str(report).startswith("NOT CHECKED (c): ")
    assert exit_code(report) == 2


def test_a_small_difference_is_told_in_digits():
    def train(x, t, V, U):
        a, b = slopes(x, t, V, U)
        V -= 0.1 * a / (1 + 1e-7 * np.abs(a))
        U -= 0.1 * b

    report = mg.debug(train, loss, SQUARE)
    assert report.word.startswith("AGREES TO ")
    assert exit_code(report) == 2
    assert '"verdict": "AGREES TO' in report.to_json()


def test_a_fix_of_the_first_weights_is_no_fix():
    def train(x, t):
        rng = np.random.default_rng(3)
        V = rng.uniform(-1, 1, (3, 4))
        U = rng.uniform(-1, 1, (4, 3))
        for _ in range(2):
            h = np.tanh(x @ V)
            d = h @ U - t
            V = V - 0.1 * x.T @ (d @ U.T * (1 - h) * (1 + h) * h)
            U = U - 0.1 * h.T @ d
        return V, U

    report = mg.debug(train, loss, SQUARE[:2], budget=3.0)
    assert report.word == "WRONG"
    assert all(finding.fix is None or "uniform" not in finding.fix[2] for finding in report.findings)


# ------------------------------------------------------------------------------------------------ names play no role


class Renamer(ast.NodeTransformer):
    """Gives every variable of the functions another name, except in the model and in what makes the arguments."""

    def __init__(self, tree, rng):
        kept = {"self", "cls", *dir(builtins)}
        for node in tree.body:
            bound = [node.name] if hasattr(node, "name") else []
            bound += [a.asname or a.name for a in getattr(node, "names", [])]
            bound += [n.id for n in ast.walk(node) if isinstance(n, ast.Name)] if isinstance(node, ast.Assign) else []
            kept.update(bound)
        self.functions = {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        kept |= self.functions
        bodies = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name not in ("loss", "make")]
        names = {n.arg for b in bodies for n in ast.walk(b) if isinstance(n, ast.arg)}
        names |= {n.id for b in bodies for n in ast.walk(b) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        fixed = [n for c in bodies for n in ast.walk(c) if isinstance(n, ast.ClassDef)]
        kept |= {n.id for c in fixed for s in c.body if isinstance(s, ast.Assign) for n in ast.walk(s) if isinstance(n, ast.Name)}
        words = rng.permutation(len(names) + 50)
        self.names = {name: f"q{words[k]}z" for k, name in enumerate(sorted(names - kept))}

    def visit_FunctionDef(self, node):
        if node.name in ("loss", "make"):
            return node
        return self.generic_visit(node)

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.names.get(node.arg, node.arg)
        return node

    def visit_Nonlocal(self, node):
        node.names = [self.names.get(name, name) for name in node.names]
        return node

    visit_Global = visit_Nonlocal  # noqa: N815  # the name that `ast` asks for

    def visit_Call(self, node):
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for keyword in node.keywords if called in self.functions or called in self.names else ():
            keyword.arg = self.names.get(keyword.arg, keyword.arg)
        return self.generic_visit(node)


def renamed(path, folder, seed):
    """The module of a program with other names, and what renames an expression."""
    tree = ast.parse(path.read_text())
    renamer = Renamer(tree, np.random.default_rng(seed))
    tree.body = [renamer.visit(n) if isinstance(n, (ast.FunctionDef, ast.ClassDef)) else n for n in tree.body]
    new = folder / f"{path.stem}_{seed}.py"
    new.write_text(ast.unparse(ast.fix_missing_locations(tree)))
    return programs.load("gate", new.stem, new), renamer


SPLITS = ("dev", "hidden", "wide", "unseen", "right_only", "held_out")
CORPUS = [HERE / "programs" / split / f"{name}.py" for split in SPLITS for name in programs.names(split)][::6]
CORPUS += [path for folder in ("bugs", "bugs_held_out") for path in sorted((HERE / folder).glob("*.py"))][::4]


@pytest.mark.parametrize("path", CORPUS, ids=[path.stem for path in CORPUS])
def test_the_verdict_hangs_on_no_name(path, tmp_path):
    plain = programs.load("gate", path.stem, path)
    first = mg.debug(plain.train, plain.loss, *plain.make(np.random.default_rng(1)), getattr(plain, "BIND", {}), budget=6.0)
    other, renamer = renamed(path, tmp_path, 5)
    args, kwargs = other.make(np.random.default_rng(1))
    kwargs = {renamer.names.get(name, name): value for name, value in kwargs.items()}
    bound = {argument: variable.expression for argument, variable in first.trace.variables.items()}
    bind = {argument: ast.unparse(renamer.visit(ast.parse(expression, mode="eval"))) for argument, expression in bound.items()}
    second = mg.debug(other.train, other.loss, args, kwargs, bind, budget=6.0)
    assert second.word == first.word, f"{first}\n\nwith other names: {second}"
    assert set(second.verdict.wrong) == set(first.verdict.wrong)
