"""The printed backprop: it returns what the graph returns, reads like a text, and says what it is for."""

import ast
import subprocess
import sys
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from operators import OPERATORS, Operator
from random_graphs import random_graph

import microgradnp as mg
from microgradnp.cli import main
from microgradnp.core.errors import ConcretizationError
from microgradnp.emitter.emit import source_of
from microgradnp.emitter.families import families_of
from microgradnp.emitter.question import ask

rng = np.random.default_rng(0)
x, targets = rng.uniform(size=(20, 7)), rng.uniform(size=(20, 2))
W_hidden, W_out = rng.normal(size=(8, 3)), rng.normal(size=(4, 2))


def loss(x, targets, W_hidden, W_out):
    h = mg.append_bias_unit(mg.sigmoid(mg.append_bias_unit(x) @ W_hidden))
    y = h @ W_out
    return 0.5 * mg.sse(y, targets)


def run(text, *args, name="value_and_grad", forbid=True):
    """What the function of a text returns; the text may not import us."""
    assert "microgradnp" not in text
    namespace = {}
    exec(compile(text, "text", "exec"), namespace)
    with np.errstate(all="ignore"):
        return namespace[name](*args)


def statements(text, name="value_and_grad"):
    function = next(node for node in ast.parse(text).body if getattr(node, "name", None) == name)
    return [node for node in function.body if not isinstance(node, (ast.Expr, ast.Return))]


def equal(found, expected):
    """Bit for bit, in every leaf."""
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            equal(a, b)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            equal(found[key], expected[key])
    elif expected is None:
        assert found is None
    else:
        assert np.asarray(found).dtype == np.asarray(expected).dtype
        np.testing.assert_array_equal(found, expected)


def agrees(f, *args, wrt=0):
    """The text of f, which returned the same as the graph."""
    text = mg.emit(f, *args, wrt=wrt)
    equal(run(text, *args), mg.value_and_grad(f, wrt)(*args))
    return text


class TestTheSeedNetwork:
    text = mg.emit(loss, x, targets, W_hidden, W_out, wrt=("W_hidden", "W_out"))

    def test_has_at_most_twelve_statements(self):
        assert len(statements(self.text)) <= 12

    def test_reads_like_a_text(self):
        for line in (
            "def value_and_grad(x, targets, W_hidden, W_out):",
            "y = h @ W_out ",
            "error = y - targets ",
            "loss = 0.5 * np.vdot(error, error)",
            "d_W_out = h.T @ error ",
            "d1 = (error @ W_out.T)[..., :-1] * v2 * (1.0 - v2) ",
            "# (20, 3)",
            "return loss, (d_W_hidden, d_W_out)",
        ):
            assert line in self.text
        assert " 2 *" not in self.text
        assert "d_x" not in self.text
        assert "reshape" not in self.text

    def test_returns_bit_for_bit_what_the_graph_returns_for_any_sizes(self):
        for n, inputs, hidden, outputs in [(20, 7, 3, 2), (1, 7, 3, 2), (33, 4, 6, 1)]:
            args = (
                rng.uniform(size=(n, inputs)),
                rng.uniform(size=(n, outputs)),
                rng.normal(size=(inputs + 1, hidden)),
                rng.normal(size=(hidden + 1, outputs)),
            )
            equal(run(self.text, *args), mg.value_and_grad(loss, (2, 3))(*args))

    def test_runs_without_us(self):
        code = (
            "import sys; sys.modules['microgradnp'] = None\n"
            + self.text
            + "\nprint(value_and_grad(np.ones((2, 7)), np.ones((2, 2)), np.ones((8, 3)), np.ones((4, 2)))[0])"
        )
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        expected = loss(*(mg.Tensor(np.ones(s)) for s in ((2, 7), (2, 2), (8, 3), (4, 2)))).item()
        assert float(found.stdout) == expected, found.stderr


def weighted(record: Operator, options):
    def f(*args):
        y = record.call(*args, **options)
        weights = np.cos(np.arange(np.size(y), dtype=float)).reshape(np.shape(y))
        return np.sum(np.real(y * weights.astype(y.dtype.type(0).real.dtype if y.dtype.kind in "fc" else float)))

    return f


READS_NUMBERS = {  # the shape or dtype of their result depends on numbers, or whether they are defined
    "arccos arcsin arctanh log log2 log10 logn power sqrt real_if_close",  # of np.emath
    "unique unique_all unique_counts unique_inverse unique_values union1d setxor1d setdiff1d trim_zeros compress extract",
    "getitem bincount poly frexp choose piecewise polymul polydiv insert",
}
READS_NUMBERS = {name for names in READS_NUMBERS for name in names.split()}


@pytest.mark.parametrize("record", OPERATORS, ids=lambda record: record.name)
def test_every_function_is_printed_and_returns_what_its_graph_returns(record: Operator):
    samples = list(record.samples(np.random.default_rng(1)))
    printed = 0
    for k, sample in enumerate([samples[len(samples) // 2], samples[-1]]):
        chosen = tuple(i for i, a in enumerate(sample.args) if isinstance(a, np.ndarray) and a.dtype.kind in "fc")
        dtype = np.float32 if k else float
        args = [a.astype(dtype) if i in chosen and a.dtype.kind == "f" else a for i, a in enumerate(sample.args)]
        if not chosen:
            continue
        f = weighted(record, sample.options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                source = source_of(f, tuple(args), {}, chosen, "value_and_grad")
            except ConcretizationError:
                assert record.name in READS_NUMBERS
                continue
            found, expected = run(source.text, *source.arguments(source.question)), mg.value_and_grad(f, chosen)(*args)
        printed += 1
        for a, b in zip([found[0], *found[1]], [expected[0], *expected[1]], strict=True):
            scale = np.max(np.abs(b), initial=0) if np.all(np.isfinite(b)) else 0
            np.testing.assert_allclose(a, b, rtol=0, atol=scale * (1e-15 if dtype is float else 4e-7))
    assert printed or record.name in READS_NUMBERS


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 1_000_000), st.booleans())
def test_random_graphs_are_printed(seed, analytic):
    graph = random_graph(seed, analytic=analytic, largest=12)

    def f(*inputs):
        return graph(*inputs) + 0 * sum(np.sum(a) for a in inputs)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = tuple(range(len(graph.inputs)))
        found, expected = run(mg.emit(f, *graph.inputs, wrt=every), *graph.inputs), mg.value_and_grad(f, every)(*graph.inputs)
    for a, b in zip([found[0], *found[1]], [expected[0], *expected[1]], strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-15 * max(1, np.max(np.abs(b), initial=0)))


class TestSizes:
    def test_a_mean_and_labels_are_written_for_any_batch(self):
        def f(W, x, labels):
            z = x @ W
            log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
            return -np.mean(log_p[np.arange(len(labels)), labels])

        W, labels = rng.normal(size=(7, 3)), rng.integers(0, 3, 20)
        text = agrees(f, W, x, labels)
        assert "np.arange(labels.shape[0])" in text
        other = (W, rng.normal(size=(5, 7)), rng.integers(0, 3, 5))
        equal(run(text, *other), mg.value_and_grad(f)(*other))

    def test_sizes_that_happen_to_be_equal_are_not_taken_for_one(self):
        def f(x, W, t):
            return np.mean((np.tanh(x @ W).reshape(-1)[:, None] * np.ones((1, 2))) ** 2) + mg.mse(x @ W, t)

        text = agrees(f, x[:3], rng.normal(size=(7, 3)), x[:3, :3], wrt=1)  # three samples, three units
        assert "of any sizes that fit together" in text
        other = x[:5], rng.normal(size=(7, 2)), x[:5, :2]
        equal(run(text, *other), mg.value_and_grad(f, 1)(*other))

    def test_a_literal_that_happens_to_be_a_size_stays_a_literal(self):
        text = agrees(lambda x: np.sum(x**2) / 20, x)
        assert "/ 20" in text
        assert run(text, x[:4])[0] == np.sum(x[:4] ** 2) / 20

    def test_an_unrolled_loop_refuses_another_length(self):
        def f(W, x):
            h = np.zeros(3)
            for t in range(x.shape[0]):
                h = np.tanh(x[t] @ W + h)
            return np.sum(h)

        W, steps = rng.normal(size=(7, 3)), x[:4]
        text = agrees(f, W, steps)
        with pytest.raises(ValueError, match="was written for other shapes"):
            run(text, W, x[:6])

    def test_captured_parameters_of_a_model_are_arguments(self):
        model = mg.nn.MLP([7, 3, 2], rng=0)
        text = mg.emit(lambda x, t: mg.mse(model(x), t), x, targets)
        parameters = list(model.parameters().values())
        value, gradients = run(text, x, targets, *(p.numpy() for p in parameters))
        result = mg.mse(model(x), targets)
        result.backward()
        equal((value, list(gradients)), (result.numpy(), [p.grad for p in parameters]))
        assert "for the sizes that it checks, and any others that fit together" in text
        assert "(x.shape[1], t.shape[1], " in text
        by_name = mg.emit(lambda x, t: mg.mse(model(x), t), x, targets, wrt=model, check=True)
        equal(run(by_name, x, targets, *(p.numpy() for p in parameters))[1], {k: p.grad for k, p in model.parameters().items()})
        found = subprocess.run([sys.executable, "-c", by_name], capture_output=True, text=True)
        assert "agrees" in found.stdout, found.stderr

    @pytest.mark.parametrize("shape", [(4, 5, 2), (4, 7, 2), (6, 5, 2), (2, 5, 3)])
    def test_sizes_that_add_up_are_free(self, shape):
        """The columns of two arrays side by side are the rows of W, whether or not these sizes are equal."""

        def f(x, h, W):
            return np.mean(np.tanh(np.concatenate([x, h], axis=1) @ W))

        def arguments(inputs, units, outputs):
            return rng.normal(size=(3, inputs)), rng.normal(size=(3, units)), rng.normal(size=(inputs + units, outputs))

        for start in ((4, 5, 2), (3, 3, 6)):
            text = agrees(f, *arguments(*start), wrt=(0, 1, 2))
            assert "of any sizes that fit together" in text
            other = arguments(*shape)
            equal(run(text, *other), mg.value_and_grad(f, (0, 1, 2))(*other))

    def test_axes_that_nothing_ties_are_free_one_by_one(self):
        def f(q, k):  # both have four rows; the root of a size has no text
            return np.sum(np.tanh(q @ k.T / np.sqrt(q.shape[1])) ** 2)

        text = agrees(f, rng.normal(size=(4, 9)), rng.normal(size=(4, 9)))
        assert "(q.shape[1], k.shape[1]) != (9, 9)" in text
        other = rng.normal(size=(3, 9)), rng.normal(size=(6, 9))
        equal(run(text, *other), mg.value_and_grad(f)(*other))

    @pytest.mark.parametrize(
        ("f", "before", "after"),
        [
            (lambda x, W: np.sum(np.tanh(x.reshape(len(x), -1) @ W)), [(6, 4, 5), (20, 3)], [(2, 4, 5), (20, 4)]),  # images
            (lambda x, t: np.mean(x.reshape(-1) * np.exp(t.reshape(-1))), [(5, 3), (5, 3)], [(2, 4), (2, 4)]),
            (lambda x, k: np.sum(np.lib.stride_tricks.sliding_window_view(x, k.shape) * k), [(7, 8), (2, 3)], [(5, 4), (2, 3)]),
            (lambda a, b: np.einsum("ij,ji->", np.sin(a), b) / a.size, [(3, 3), (3, 3)], [(2, 4), (4, 2)]),
            (lambda a, b, c: np.mean(np.where(a > 0, b * a, c)), [(3, 3), (3, 3), (3, 3)], [(2, 4), (2, 4), (2, 4)]),
            (lambda A, x: np.sum(np.linalg.inv(A) @ x) + np.linalg.slogdet(A)[1], [(4, 4), (4, 2)], [(3, 3), (3, 1)]),
            (lambda x: np.sum(np.max(x.reshape(len(x), x.shape[1] // 2, 2), axis=2) ** 2), [(5, 6)], [(3, 6)]),  # pooling
            (lambda x, W: np.sum(np.tanh(np.zeros(3) + x @ W)), [(4, 2), (2, 3)], [(5, 7), (7, 3)]),
            (lambda x, k: np.sum(np.convolve(x, k, "valid") ** 2), [(20,), (3,)], [(9,), (5,)]),
        ],
    )
    def test_what_is_free_beside_what_is_not(self, f, before, after):
        text = agrees(f, *(rng.normal(size=shape) for shape in before))
        other = [rng.normal(size=shape) for shape in after]
        found, expected = run(text, *other), mg.value_and_grad(f)(*other)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-9, atol=1e-12)

    def test_a_loop_over_time_is_free_in_the_batch(self):
        def f(x, W, U):
            h = np.zeros((x.shape[0], W.shape[1]))
            for t in range(x.shape[1]):
                h = np.tanh(x[:, t] @ W + h @ U)
            return np.mean(h)

        W, U = rng.normal(size=(3, 2)), rng.normal(size=(2, 2))
        text = agrees(f, rng.normal(size=(5, 4, 3)), W, U, wrt=(1, 2))
        assert "if x.shape[1] != 4:" in text
        other = rng.normal(size=(7, 4, 3)), W, U
        equal(run(text, *other), mg.value_and_grad(f, (1, 2))(*other))

    def test_a_number_that_follows_from_a_size_in_another_way_fixes_this_size(self):
        def f(x, W):
            return np.sum(np.tanh(x @ W)) * np.log(x.shape[0])

        text = agrees(f, x, W_hidden[:7], wrt=1)
        assert "if x.shape[0] != 20:" in text
        other = x[:, :4], W_hidden[:4]
        equal(run(text, *other), mg.value_and_grad(f, 1)(*other))

    def test_axes_of_a_function_that_cannot_be_looked_into_are_checked_unless_numpy_refuses(self):
        @mg.primitive
        def table(a, b):
            return a[:, None] * b[None]

        mg.rule(table, lambda g, y, a, b: g @ b, lambda g, y, a, b: a @ g)
        text = agrees(lambda a, b, c: np.sum(np.sin(table(a, b))) + np.mean(c**2), x[0], x[1], x, wrt=(0, 1, 2))
        assert "(a.shape, b.shape) != ((7,), (7,))" in text
        run(text, x[0], x[1], x[:3])
        with pytest.raises(ValueError, match="was written for other shapes"):
            run(text, x[0], x[1, :5], x)


class TestSteps:
    """Each part of the way to a text can be called alone."""

    def test_families_of_axes(self):
        def f(x, W, b, V):
            return np.mean(np.concatenate([np.tanh(x @ W + b), x], axis=1) @ V)

        args = [rng.normal(size=shape) for shape in ((5, 3), (3, 3), (3,), (6, 2))]
        question = ask(f, tuple(args), {}, 1).question
        families = families_of(question.trace(unguarded=True).program(unguarded=True), [])
        assert [set(family.axes) for family in families] == [
            {(0, 0)},  # rows of x
            {(0, 1), (1, 0)},  # columns of x, rows of W
            {(1, 1), (2, 0)},  # columns of W, entries of b
            {(3, 0)},  # rows of V: the two above together
            {(3, 1)},
        ]
        (joint,) = [family for family in families if family.summands]
        assert {axis for summand in joint.summands for axis in summand.axes} == {(0, 1), (1, 0), (1, 1), (2, 0)}

    def test_a_program_with_and_without_guards_from_one_call(self):
        count = 0

        def f(x):
            nonlocal count
            count += 1
            return np.sum(np.sqrt(x))

        call = ask(f, (np.array([4.0, 0.0]),), {}, 0).question.trace(unguarded=True)
        assert len(call.program(unguarded=True).steps()) < len(call.program(unguarded=False).steps())
        assert count == 2

    def test_importing_loads_no_library_beside_numpy(self):
        code = "import sys, microgradnp.emitter.emit, microgradnp.compiler.compile; print(*sys.modules)"
        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        heavy = {"click", "dask", "graphviz", "jax", "jinja2", "matplotlib", "numba", "rich", "scipy", "sklearn", "torch"}
        assert not heavy & {name.partition(".")[0] for name in loaded}


class TestCalls:
    """How often `emit` calls the function."""

    def calls(self, f, *args, **options):
        count = 0

        def counted(*given):
            nonlocal count
            count += 1
            return f(*given)

        text = mg.emit(counted, *args, **options)
        assert count <= 5
        return count, "was written for other shapes" not in text

    @pytest.mark.parametrize("check", [False, True])
    def test_with_free_sizes(self, check):
        W = rng.normal(size=(7, 3))
        assert self.calls(lambda x: np.mean(x**2), x, check=check) == (4, True)
        assert self.calls(lambda x, W: np.mean(np.tanh(x @ W)), x, W, wrt=(0, 1), check=check) == (4, True)
        assert self.calls(lambda x, W, t: mg.mse(x @ W, t), x, W, x @ W, wrt=(0, 1, 2), check=check) == (4, True)

    @pytest.mark.parametrize("check", [False, True])
    def test_without(self, check):
        half = lambda x: np.sum(x[: len(x) // 2])  # noqa: E731
        assert self.calls(half, x, check=check) == (4, False)
        assert self.calls(lambda x, W: half(x @ W), x, np.eye(7), wrt=1, check=check) == (4, False)
        assert self.calls(lambda x, W, t: half(x @ W - t), x, np.eye(7), x, wrt=(1, 2), check=check) == (4, False)

    def test_at_worst(self):
        point = np.array([[1.0, 0.0, 2.0], [3.0, 1.0, 2.0]])  # where a guard is at work
        roots = lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0)) / np.sqrt(x.shape[1])  # noqa: E731 -- a size that has no text
        assert self.calls(roots, point) == (5, False)
        assert self.calls(lambda x: np.sum(mg.grad(roots)(x) ** 2), point) == (5, False)
        assert self.calls(lambda s, x: np.sum(np.tanh(x * s)), 2.0, x) == (5, True)  # a Python number is the first argument
        model = mg.nn.MLP([7, 3, 2], rng=0)
        assert self.calls(lambda x: np.sum(model(x)) / np.sqrt(len(x)), x) == (4, False)

    def test_when_it_refuses(self):
        for f in (lambda x: np.sum(x) if np.sum(x) > 0 else 0, lambda x: np.sum(x) + np.random.default_rng().normal()):
            with pytest.raises((TypeError, ValueError)):
                self.calls(f, x)


@dataclass
class Layer:
    W: np.ndarray
    rate: int = 2


class TestArguments:
    def test_trees(self):
        tree = {"a": [x[0], x[1]], "layer": Layer(x[2])}
        text = mg.emit(lambda p, s: np.sum(p["a"][0] * p["layer"].W ** p["layer"].rate) * s, tree, 3.0)
        _, slopes = run(text, tree)
        expected = mg.grad(lambda p: np.sum(p["a"][0] * p["layer"].W ** 2) * 3.0)(tree)
        equal(slopes["a"], expected["a"])
        equal(slopes["layer"], {"W": expected["layer"].W, "rate": None})

    def test_what_is_differentiated_when_nothing_is_said(self):
        assert "with respect to a" in mg.emit(lambda a, b: np.sum(a * b), x, x)
        assert "with respect to b" in mg.emit(lambda a, b: np.sum(a * b), x, mg.Tensor(x, requires_grad=True))

    def test_names_become_identifiers_and_cannot_run_code(self):
        def f(x):
            h = np.sin(x)
            h.name = "h\nimport os; os.system('false')#"
            k = h * h
            k.name = "class"
            return np.sum(k + h)

        text = agrees(f, x[0])
        assert "import os" not in text
        assert "class_ = " in text

    def test_keys_and_file_names_cannot_run_code(self):
        key = '"""\nraise SystemExit("injected")\n"""'
        agrees(lambda p: np.sum(p[key] ** 2), {key: x})
        scope = {"np": np}
        exec(
            compile("def f(x):\n    y = np.sin(x)\n    return np.sum(y * y)", "a\nraise SystemExit('injected')\n.py", "exec"),
            scope,
        )
        assert "\nraise" not in agrees(scope["f"], x)

        class Key:
            def __repr__(self):
                return "(_ for _ in ()).throw(SystemExit('injected'))"

        strange = Key()
        for use in (mg.emit, lambda f, p: mg.compile(f)(p)):
            with pytest.raises(TypeError, match="keys of a dict of arrays must be strings or numbers"):
                use(lambda p: np.sum(p[strange]), {strange: x})

    def test_names_of_functions_that_are_needed_do_no_harm(self):
        def f(sigmoid, np_, scatter, v, d):
            append_bias_unit = np.exp(scatter[1:])
            return np.sum(mg.sigmoid(sigmoid) * np_) + np.sum(mg.append_bias_unit(append_bias_unit * v) * d)

        agrees(f, x[0], x[1], x[2], x[3, 1:], x[4], wrt=(0, 1, 2, 3, 4))

    @pytest.mark.parametrize("name", ["a b", "class", "f()\n", ""])
    def test_the_functions_name_is_checked(self, name):
        with pytest.raises(ValueError, match="is not a valid name for a function"):
            mg.emit(lambda x: np.sum(x), x, name=name)


class TestNeverSilentlyWrong:
    @pytest.mark.parametrize(
        ("f", "arrays", "wrong"),
        [
            (lambda x, y: np.sum((x - y) ** 2), ((3, 2), (3, 2)), ((3, 2), (1, 2))),
            (lambda x, y: np.sum((x - y) ** 2), ((3, 2), (3, 2)), ((1, 2), (3, 2))),
            (lambda x, y: mg.sse(x * 2, y), ((3, 2), (3, 2)), ((3, 2), (3, 1))),
            (lambda x, w, b: np.sum(np.tanh(x @ w + b)), ((5, 3), (3, 2), (2,)), ((5, 3), (3, 2), (1,))),
            (lambda x, w, b: np.sum(np.tanh(x @ w + b)), ((5, 3), (3, 2), (2,)), ((5, 3), (3, 1), (2,))),
            (lambda a, b: np.sum(a[1:] * b), ((4,), (3,)), ((2,), (3,))),
            (lambda a, b: np.sum(a[1:] * b), ((4,), (3,)), ((4,), (1,))),
            (lambda a, b, c: np.sum(a * b * c), ((4,), (4,), (4,)), ((1,), (4,), (1,))),
        ],
    )
    def test_sizes_that_broadcast_where_they_were_equal_are_refused(self, f, arrays, wrong):
        r, wrt = np.random.default_rng(0), tuple(range(len(arrays)))
        text = agrees(f, *(r.normal(size=shape) for shape in arrays), wrt=wrt)
        assert "for arrays of any sizes" in text
        with pytest.raises(ValueError, match=r"\.shape.* must be .*\.shape|broadcast|matmul"):
            run(text, *map(np.ones, wrong))

    @pytest.mark.parametrize(
        ("f", "how"),
        [
            (lambda x: np.sum(x) if np.sum(x) > 1 else np.sum(x**2), "a decision"),
            (lambda x: np.sum(x) * float(np.sum(x)), r"float\(\)"),
            (lambda x: np.sum(x) * np.sum(x).item(), r"\.item\(\)"),
            (lambda x: np.sum(x) * np.sum(x).numpy(), r"\.numpy\(\)"),
            (lambda x: np.sum(x * np.asarray(x.detach())), "a conversion to an ndarray"),
            (lambda x: np.sum(x[: int(np.sum(x))]), r"int\(\)"),
            (lambda x: np.sum(np.unique(x)), "unique"),
            (lambda x: np.sum(x[np.nonzero(x > 0.5)]), "nonzero"),
            (lambda x: np.mean(x[x > 0.5]), "the length of its result depends on the numbers"),
            (lambda x: np.mean(x[0][np.argmax(x) > np.arange(7)]), "the length of its result depends on the numbers"),
            (lambda x: np.sum(np.repeat(x[0], np.argsort(x[1]))), "the length of its result depends on the numbers"),
            (lambda x: np.sum(x[0][np.flatnonzero(x[0] > 0.5)]), "the length of its result depends on the numbers"),
            (lambda x: np.sum(x) if np.allclose(x.detach(), 0) else np.sum(x**2), "allclose"),
        ],
    )
    def test_what_would_freeze_a_number_is_refused(self, f, how):
        with pytest.raises(TypeError, match=how):
            mg.emit(f, x)

    def test_the_line_is_named(self):
        def f(x):
            while np.sum(x) > 1:
                x = x / 2
            return np.sum(x)

        with pytest.raises(TypeError, match=rf"test_emit.py:{f.__code__.co_firstlineno + 1} reads the numbers"):
            mg.emit(f, x)

    def test_a_truth_value_is_not_taken_for_another(self):
        """NumPy has one True: where it is a result and an option, the two must not be mixed up."""
        f = lambda x: np.where(np.all(x > -9), 1.0, 2.0) * np.sum(x) + np.sum(x, where=np.True_)  # noqa: E731
        equal(run(agrees(f, x), x - 100), mg.value_and_grad(f)(x - 100))
        with pytest.raises(TypeError, match="its use as an option"):
            mg.emit(lambda x: np.sum(x, where=np.all(x > 0)), x)

    def test_works_while_somebody_looks_for_nan(self):
        with mg.debug_nans():
            agrees(lambda x: np.sum(np.log(x)), x)

    def test_an_argument_that_is_no_parameter_may_not_decide_either(self):
        with pytest.raises(TypeError, match="a decision"):
            mg.emit(lambda W, x: np.sum(W) if np.sum(x) > 0 else -np.sum(W), x, x)
        with pytest.raises(TypeError, match="a decision"):
            mg.emit(lambda W, x: np.sum(W * (1.0 if mg.Tensor(x)[0] > 0 else 2.0)), x, x[0])

    def test_random_numbers_are_refused(self):
        with pytest.raises(ValueError, match="makes another array"):
            mg.emit(lambda x: np.sum(x * np.random.default_rng().normal(size=x.shape)), x)
        with pytest.raises(ValueError, match="does something else each time it is called"):
            mg.emit(lambda x: np.sum(x * np.random.default_rng().normal()), x)

    def test_backward_inside_is_refused(self):
        def f(x):
            value = np.sum(x)
            value.backward()
            return value

        with pytest.raises(TypeError, match="hand over the function that returns the loss"):
            mg.emit(f, x, wrt=0)

    def test_a_gradient_follows_the_arrays_that_are_read_from_outside(self):
        """What a formula computes from such an array alone must not be frozen: the value would be right, the gradient wrong."""

        class Model:
            def __init__(self, seed):
                r = np.random.default_rng(seed)
                self.W, self.power, self.scale = r.normal(size=(7, 3)), r.uniform(2, 3, size=3), r.uniform(1, 2, size=3)

            def __call__(self, x):
                return np.sum(np.cosh(x @ self.W) ** self.power / self.scale)

        for wrap in (lambda f: f, lambda f: lambda x: np.sum(mg.grad(f)(x) ** 2)):  # also in a gradient that is taken inside
            first, second = Model(1), Model(2)
            source = source_of(wrap(first), (x,), {}, 0, "value_and_grad")
            names = {id(getattr(first, name)): name for name in ("W", "power", "scale")}
            outside = [getattr(second, names[id(value.data)]) for value in source.program.captured]
            assert len(outside) == 3
            found, expected = run(source.text, x, *outside), mg.value_and_grad(wrap(second))(x)
            np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
            np.testing.assert_allclose(found[1], expected[1], rtol=1e-9)

    def test_guards_are_written_where_they_are_at_work(self):
        f = lambda x: np.sum(np.where(x > 0, np.log(x), 0))  # noqa: E731
        with np.errstate(all="ignore"):
            plain, guarded = agrees(f, np.array([1.0, 2.0])), agrees(f, np.array([1.0, 0.0]))
        assert "== 0" not in plain
        assert "== 0" in guarded

    def test_gradients_of_gradients(self):
        f = lambda x: np.sum(mg.grad(lambda y: np.sum(np.sin(y) * x))(x) ** 2)  # noqa: E731
        text = agrees(f, x[0])
        assert "np.cos" in text

    def test_stopped_gradients_stay_stopped(self):
        agrees(lambda x: np.sum(x * mg.stop_gradient(x) ** 2), x)

    def test_nothing_of_a_trace_is_left_behind(self):
        W = mg.Tensor(x, requires_grad=True)
        with pytest.raises(TypeError):
            mg.emit(lambda: np.sum(W) if np.sum(W) > 0 else np.sum(W * W))
        assert type(W) is mg.Tensor
        assert float(np.sum(W)) == np.sum(x)


class TestProof:
    text = mg.emit(loss, x, targets, W_hidden, W_out, wrt=(2, 3), check=True)

    def test_a_right_text_proves_itself(self):
        found = subprocess.run([sys.executable, "-c", self.text], capture_output=True, text=True)
        assert found.stdout.strip() == "the gradient agrees with central differences", found.stderr

    def test_a_wrong_text_does_not(self):
        wrong = self.text.replace("h.T @ error", "1.001 * h.T @ error")
        assert wrong != self.text
        found = subprocess.run([sys.executable, "-c", wrong], capture_output=True, text=True)
        assert "AssertionError: the gradient gives" in found.stderr

    def test_trees_and_single_precision(self):
        f = lambda p, k: np.sum(np.tanh(p["a"]) * p["b"][k])  # noqa: E731
        text = mg.emit(f, {"a": x[0].astype(np.float32), "b": x.astype(np.float32)}, np.array([3, 1]).max(), check=True)
        found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
        assert "agrees" in found.stdout, found.stderr


class TestCommand:
    def test_prints_the_text(self, tmp_path):
        model, data = tmp_path / "model.py", tmp_path / "d.npz"
        model.write_text("import numpy as np\n\n\ndef loss(x, W):\n    return np.sum((x @ W) ** 2)\n")
        np.savez(data, x=x, W=x.T)
        result = CliRunner().invoke(main, ["emit", f"{model}:loss", "--data", str(data), "--wrt", "W"])
        assert result.exit_code == 0, result.output
        assert "forward: loss, model.py:5" in result.output
        equal(run(result.output, x, x.T), (np.sum((x @ x.T) ** 2), x.T @ (2 * (x @ x.T))))
        every = CliRunner().invoke(main, ["emit", f"{model}:loss", "--data", str(data), "--name", "both"])
        assert "with respect to x and W" in every.output
        assert "def both(x, W):" in every.output

    @pytest.mark.parametrize(
        ("body", "args", "message"),
        [
            ("return x", [], "must return a real scalar"),
            ("return np.sum(x) if np.sum(x) > 0 else 0", [], "a decision"),
            ("return np.sum(x)", ["--wrt", "V"], "has no argument V; it has x"),
            ("return np.sum(x)", ["--name", "a b"], "not a valid name"),
        ],
    )
    def test_mistakes_are_told(self, tmp_path, body, args, message):
        model, data = tmp_path / "model.py", tmp_path / "d.npz"
        model.write_text(f"import numpy as np\ndef loss(x):\n    {body}\n")
        np.savez(data, x=x)
        result = CliRunner().invoke(main, ["emit", f"{model}:loss", "--data", str(data), *args])
        assert result.exit_code == 2
        assert message in result.output


def test_a_result_in_the_place_of_the_function_is_refused():
    with pytest.raises(TypeError, match="pass the function that computes it"):
        mg.emit(mg.sse(mg.Tensor(np.ones(2), requires_grad=True), np.zeros(2)))
