"""`mg.check`: right pairs in many styles are never accused, wrong ones are found, and the line is named."""

import importlib.util
import json
import linecache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pairs import functions, objects
from pairs.mistakes import MISTAKES

import microgradnp as mg
from microgradnp.cli import main

FOLDER = Path(__file__).parent / "pairs"
MODULES = {"functions": functions, "objects": objects}
RIGHT = [pytest.param(module, name, id=name) for module in MODULES.values() for name in module.CASES]


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(3))  # 20 seeds: `python tests/benchmarks/check_pairs.py`
@pytest.mark.parametrize(("module", "name"), RIGHT)
def test_right_pairs_are_right(module, name, seed):
    report = mg.check(*module.CASES[name](rng(seed)), **module.OPTIONS.get(name, {}), seed=seed)
    assert report.verdict == "RIGHT", str(report)


def broken(file, right, wrong, folder):
    """(the module with a mistake, the lines of the mistake)."""
    text = (FOLDER / f"{file}.py").read_text()
    assert text.count(right) == 1, right
    path = folder / f"{file}.py"
    path.write_text(text.replace(right, wrong))
    first = text[: text.index(right)].count("\n") + 1
    spec = importlib.util.spec_from_file_location(f"broken_{file}", path)
    module = importlib.util.module_from_spec(spec)
    linecache.checkcache(str(path))
    spec.loader.exec_module(module)
    return module, range(first, first + max(right.count("\n"), wrong.count("\n")) + 1)


@pytest.mark.parametrize(("file", "name", "right", "wrong"), MISTAKES, ids=[f"{m[1]}: {m[3][:40]}" for m in MISTAKES])
def test_mistakes_are_found(file, name, right, wrong, tmp_path, monkeypatch):
    monkeypatch.setattr("microgradnp.debugger.pairs.check.wrong_lines", lambda *_: ([], []))  # the verdict alone is quick
    module, _ = broken(file, right, wrong, tmp_path)
    report = mg.check(*module.CASES[name](rng()), **module.OPTIONS.get(name, {}))
    assert report.verdict == "WRONG", str(report)
    assert report.exit_status == 1


# ------------------------------------------------------------------------------------------------- what is said


def test_the_report_names_line_cause_and_fix(tmp_path):
    right = "    db = np.sum(dout, axis=0)\n    return dx, dw, db\n\n\ndef case_affine"
    module, where = broken("functions", right, right.replace("np.sum", "np.mean"), tmp_path)
    report = mg.check(*module.CASES["affine"](rng()))
    assert str(report).startswith("WRONG: affine_forward and affine_backward: the gradient of b\n")
    assert report.first_wrong.line == where[0]
    assert report.first_wrong.cause == "bias_gradient_reduction"
    assert report.first_wrong.fix == "db = np.sum(dout, axis=0)"
    assert not report.ok
    assert report.gradients["b"].verdict == "WRONG"
    assert report.gradients["x"].verdict == "RIGHT"
    assert "constant factor 0.25" in report.gradients["b"].how


def tanh_layer(x, w, b):
    z = x @ w + b
    return np.tanh(z), (x, w, z)


def without_slope(dy, cache):
    x, w, z = cache
    dz = dy * (1 - z**2)
    return dz @ w.T, x.T @ dz, dz.sum(0)


def without_upstream(dy, cache):
    x, w, z = cache
    dz = 1 - np.tanh(z) ** 2
    return dz @ w.T, x.T @ dz, dz.sum(0)


def unrelated(dy, cache):
    x, w, z = cache
    dz = dy + z**3
    return dz @ w.T, x.T @ dz, dz.sum(0)


@pytest.mark.parametrize(
    ("backward", "cause"),
    [(without_slope, "wrong_activation_derivative"), (without_upstream, "upstream_gradient_dropped"), (unrelated, "")],
)
def test_a_cause_is_named_only_where_the_numbers_prove_it(backward, cause):
    r = rng()
    report = mg.check(tanh_layer, backward, r.normal(size=(5, 3)), r.normal(size=(3, 2)), r.normal(size=2))
    assert report.first_wrong.source.startswith("dz = ")
    assert report.first_wrong.cause == cause


def test_the_report_as_json_and_html():
    report = mg.check(*functions.CASES["affine"](rng()))
    content = json.loads(report.to_json())
    assert (content["verdict"], content["ok"], content["not_checked"]) == ("RIGHT", True, [])
    assert content["gradients"]["w"]["digits"] >= 12
    assert "<table>" in report._repr_html_()
    assert "RIGHT: affine_forward and affine_backward" in report._repr_html_()


def test_a_gradient_that_is_not_given_is_not_checked():
    def forward(x, w, b):
        return x @ w + b, (x, w)

    def backward(dout, cache):
        x, w = cache
        return dout @ w.T, x.T @ dout

    arrays = rng().normal(size=(5, 4)), rng().normal(size=(4, 3)), np.zeros(3)
    report = mg.check(forward, backward, *arrays)
    assert report.headline == "NOT CHECKED: b of forward and backward"
    assert (report.ok, report.exit_status) == (False, 2)
    assert "gradients=('x', 'w')" in str(report)
    assert mg.check(forward, backward, *arrays, gradients=("x", "w")).verdict == "RIGHT"


def test_digits_that_agree_are_an_answer_of_their_own():
    def forward(x):
        return x / np.sqrt(np.sum(x**2) + 1e-5), x

    def backward(dout, x):
        n = np.sqrt(np.sum(x**2)) + 1e-6  # another epsilon, in another place
        return dout / n - x * np.sum(dout * x) / n**3

    report = mg.check(forward, backward, rng().normal(size=6))
    assert report.verdict.startswith("AGREES TO ")
    assert report.verdict.endswith(" DIGITS")
    assert (report.ok, report.exit_status) == (False, 2)


def test_what_cannot_be_told_apart_is_refused_with_what_to_write():
    def forward(x, y):
        return np.tanh(x) * y, (x, y)

    def backward(dout, cache):
        x, y = cache
        return [dout * np.tanh(x) * 2, dout * y * 2][:: 1 if dout is not None else 2]

    arrays = rng(1).normal(size=3), rng(2).normal(size=3)
    report = mg.check(forward, lambda dout, cache: backward(dout, cache)[::-1], *arrays)
    assert report.exit_status != 0


def test_gradients_may_be_named():
    class Layer:
        def __init__(self):
            self.A, self.B = rng(1).normal(size=(4, 4)), rng(2).normal(size=(4, 4))

        def forward(self, x):
            self.x = x
            return np.tanh(x @ self.A) @ self.B

        def backward(self, d):
            h = np.tanh(self.x @ self.A)
            self.first, self.second = h.T @ d, self.x.T @ (d @ self.B.T * (1 - h**2))
            return d @ self.B.T * (1 - h**2) @ self.A.T

    x = rng().normal(size=(5, 4))
    report = mg.check(Layer(), x)
    assert report.headline.startswith("NOT CHECKED: A, B")
    assert "first or second" in str(report)
    assert mg.check(Layer(), x, gradients={"x": 0, "B": "first", "A": "second"}).verdict == "RIGHT"
    assert mg.check(Layer(), x, gradients={"A": "first", "B": "second"}).verdict == "WRONG"
    with pytest.raises(ValueError, match="gradients names C; there are x, A, B"):
        mg.check(Layer(), x, gradients={"C": "first"})


def test_a_pair_that_raises_is_no_verdict():
    def forward(x):
        raise ZeroDivisionError("no data")

    report = mg.check(forward, lambda dout, cache: dout, np.ones(3))
    assert report.verdict == "CANNOT JUDGE"
    assert "forward raised ZeroDivisionError: no data (test_check.py:" in report.reason
    report = mg.check(lambda x: (x * 2, x), lambda dout, cache: 1 / 0, np.ones(3))
    assert "ZeroDivisionError" in report.reason
    assert report.exit_status == 2


def test_a_product_of_wrong_shapes_is_told_by_its_arrays():
    r = rng()
    report = mg.check(
        lambda x, w: (x @ w, (x, w)),
        lambda dout, cache: (dout @ cache[1].T, wrong_product(cache[0], dout)),
        r.normal(size=(5, 3)),
        r.normal(size=(3, 2)),
    )
    assert "x (5, 3) times dout (5, 2) is no matrix product" in report.reason
    assert "say how it is called" not in report.reason


def wrong_product(x, dout):
    return x @ dout


def test_nothing_to_differentiate_and_no_pair():
    with pytest.raises(TypeError, match=r"no array of floating-point numbers.*x.astype\(float\)"):
        mg.check(lambda x: (x, x), lambda dout, cache: dout, np.arange(3))
    with pytest.raises(TypeError, match="Affine is a class; pass an object of it"):
        mg.check(objects.Affine, np.ones(3))
    with pytest.raises(TypeError, match="no methods forward and backward"):
        mg.check(3, np.ones(3))


def test_a_function_that_differs_from_run_to_run_is_not_judged():
    import os

    report = mg.check(lambda x: (x * os.urandom(1)[0], None), lambda dout, cache: dout, np.ones(3) * 0.5)
    assert report.verdict == "CANNOT JUDGE"
    assert "two runs of forward differ" in report.reason


def test_kinks_accuse_nobody():
    report = mg.check(functions.relu_forward, functions.relu_backward, np.zeros((3, 4)))
    assert report.verdict == "RIGHT"
    assert "kink" in str(report)


def test_zeros_and_ones_hide_nothing():
    def backward(dout, cache):
        dx, dgamma, dbeta = functions.layernorm_backward(dout, (cache[0], cache[1], np.ones(6)))
        return dx, dgamma, dbeta

    report = mg.check(functions.layernorm_forward, backward, rng().normal(size=(5, 6)), np.ones(6), np.zeros(6))
    assert report.verdict == "WRONG"
    assert "right at your values, and wrong at others" in str(report)


def test_nothing_of_the_user_changes(capsys):
    layer = objects.BatchNorm(3)
    x, state = rng().normal(size=(6, 3)), np.random.get_state()[1].copy()  # noqa: NPY002

    class Loud(objects.BatchNorm):
        def backward(self, dout):
            print("backward")
            return super().backward(dout)

    before = {name: np.copy(value) for name, value in vars(layer).items()}
    kept = x.copy()
    assert mg.check(layer, x).verdict == "RIGHT"
    assert mg.check(Loud(3), x).verdict == "RIGHT"
    assert vars(layer).keys() == before.keys()
    assert all(np.array_equal(value, before[name]) for name, value in vars(layer).items() if value is not None)
    assert np.array_equal(x, kept)
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    assert capsys.readouterr().out == ""


def test_single_precision_is_judged_in_double():
    x, w, b = (a.astype(np.float32) for a in (rng().normal(size=(4, 6)), rng().normal(size=(6, 5)), np.zeros(5)))
    assert mg.check(functions.affine_forward, functions.affine_backward, x, w, b).verdict == "RIGHT"


def test_parameters_that_a_second_call_would_spoil_are_not_checked():
    class Cell:
        """Makes its weights in the first call, and reads its own list by a counter."""

        def __init__(self):
            self.step, self.xs = 0, []

        def forward(self, x):
            if not hasattr(self, "W"):
                self.W = np.random.default_rng(1).normal(size=(4, 3))
            self.xs.append(x)
            self.step += 1
            return x @ self.W

        def backward(self, d):
            self.dW = self.xs[self.step - 1].T @ d
            return d @ self.W.T

    report = mg.check(Cell(), rng().normal(size=(5, 4)))
    assert report.headline == "NOT CHECKED: W of Cell"
    assert report.gradients["x"].verdict == "RIGHT"


def test_single_precision_inside_is_judged_with_its_digits():
    def forward(x, w):
        columns = np.empty(x.shape, dtype=np.float32)
        for n in range(len(x)):
            row = columns[n]
            row[...] = x[n]  # through another name: no graph
        return columns.astype(float) @ w, (x, w)

    def backward(dout, cache):
        x, w = cache
        return dout @ w.T, x.T @ dout

    arrays = rng().normal(size=(5, 4)), rng().normal(size=(4, 3))
    report = mg.check(forward, backward, *arrays)
    assert report.verdict == "RIGHT", str(report)
    assert "central differences" in str(report)
    assert mg.check(forward, lambda dout, cache: backward(1.02 * dout, cache), *arrays).verdict == "WRONG"


def test_a_mean_over_samples_is_no_convention_for_data_or_for_one_of_two_parameters():
    def forward(x, w, b):
        return x @ w + b, (x, w)

    def backward(dout, cache):
        x, w = cache
        return dout @ w.T, x.T @ dout, dout.mean(0)

    arrays = rng().normal(size=(5, 4)), rng().normal(size=(4, 3)), np.zeros(3)
    assert mg.check(forward, backward, *arrays).verdict == "WRONG"
    alone = mg.check(lambda x, w: forward(x, w, 0), lambda d, c: (d @ c[1].T, c[0].T @ d / len(d)), *arrays[:2])
    assert alone.verdict == "CANNOT JUDGE"  # one parameter, and nothing to tell a mean from a mistake
    assert "1/5 of the true one" in str(alone)


def test_a_derivative_of_the_output_is_said_to_be_one():
    report = mg.check(*functions.CASES["sigmoid_of_output"](rng()))
    assert "right for the output of forward, not for its input" in str(report)


def test_a_shared_mean_is_a_convention_and_a_lonely_factor_is_none():
    report = mg.check(*functions.CASES["averaging_linear"](rng()))
    assert "means over 7 samples, a convention" in str(report)


# ------------------------------------------------------------------------------------------------- the command


def command(*arguments):
    return CliRunner().invoke(main, ["check", *arguments])


def test_the_command_checks_functions_and_layers():
    file = str(FOLDER / "functions.py")
    shapes = ["--shape", "x=4,6", "--shape", "w=6,5", "--shape", "b=5"]
    result = command(f"{file}:affine_forward,affine_backward", *shapes)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("RIGHT: affine_forward and affine_backward")
    assert command(f"{file}:affine_forward,relu_backward", *shapes).exit_code == 2
    assert command(f"{file}:softmax_loss", "--shape", "x=3,4", "--set", "y=[0, 1, 3]").exit_code == 0
    param = "dropout_param={'p': 0.5, 'mode': 'train'}"
    assert command(f"{file}:dropout_forward,dropout_backward", "--shape", "x=3,4", "--set", param).exit_code == 0
    layer = f"{FOLDER / 'objects.py'}:Affine"
    result = command(layer, "--init", "normal(4, 3), np.zeros(3)", "--shape", "x=5,4", "--json")
    assert json.loads(result.stdout)["verdict"] == "RIGHT"


def test_the_command_reads_arrays_and_exits_with_1_for_wrong_ones(tmp_path):
    broken("functions", "dx = dout * (x > 0)", "dx = dout * (x > 9)", tmp_path)
    np.savez(tmp_path / "x.npz", x=rng().normal(size=(4, 3)))
    code = f"{tmp_path / 'functions.py'}:relu_forward,relu_backward"
    result = command(code, "--data", str(tmp_path / "x.npz"), "--budget", "0.3")
    assert result.exit_code == 1, result.output
    assert "WRONG" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["layers.py"], "names nothing; write file.py:Layer"),
        (["gone.py:Layer"], "gone.py does not exist"),
        ([f"{FOLDER / 'functions.py'}:nothing"], "has no nothing; it has"),
        ([f"{FOLDER / 'functions.py'}:relu_forward,relu_backward"], "needs x; give --shape x=5,4"),
        ([f"{FOLDER / 'functions.py'}:relu_forward,relu_backward", "--shape", "x=a"], "a shape is whole numbers"),
        ([f"{FOLDER / 'functions.py'}:relu_forward,relu_backward", "--shape", "z=2"], "needs x"),
        ([f"{FOLDER / 'objects.py'}:Affine", "--init", "3", "--shape", "x=2,2"], "failed"),
    ],
)
def test_what_the_command_cannot_use(arguments, message):
    result = command(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
