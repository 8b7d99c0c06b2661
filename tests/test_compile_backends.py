"""The Numba and JAX backends, and `fit` with each: they return the graph's numbers up to rounding or fall back with a warning."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from test_compile import V, W, loss, near, targets, x

import microgradnp as mg

rng = np.random.default_rng(0)
LIBRARIES = {"numba": "fast", "jax": "jax"}


@pytest.fixture(params=LIBRARIES)
def backend(request):
    pytest.importorskip(request.param, reason=f'needs pip install "microgradnp[{LIBRARIES[request.param]}]"')
    return request.param


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory):
    os.environ["MICROGRADNP_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    del os.environ["MICROGRADNP_CACHE"]


def classifier(x, labels, p):
    h = mg.relu(x @ p["W"] + p["b"])
    z = h @ p["V"]
    log_p = mg.log_softmax(z)
    return -np.mean(log_p * labels) + 0.01 * np.sum(p["W"] ** 2)


def smooth(a, b):
    c = np.tanh(a) * np.exp(-np.square(b)) + np.sqrt(1 + a**2) / (2 + np.cos(b))
    d = np.where(a > 0, np.log1p(np.abs(a)), np.minimum(a, b)) - np.arctan2(a, 3 + b)
    return np.sum(c[1:, :4:2] * d[:-1, 1::2]) + np.mean(np.max(c, axis=1, keepdims=True) * d.T[:, None, :].sum(axis=0))


def vectors(a, b):
    return a @ b + np.vdot(a, a) + np.sum(np.maximum(np.expand_dims(a, 1), b)) + np.sum((a / np.max(a)) ** 3)


labels = np.eye(2)[rng.integers(0, 2, 20)]
parameters = {"W": rng.normal(size=(7, 5)), "b": rng.normal(size=5), "V": rng.normal(size=(5, 2))}
CASES = {
    "story": (loss, (x, targets, V, W), (0, 1, 2, 3)),
    "smooth": (smooth, (rng.normal(size=(5, 5)), rng.normal(size=(5, 5))), (0, 1)),
    "vectors": (vectors, (rng.uniform(0.1, 1, size=6), rng.uniform(0.1, 1, size=6)), (0, 1)),
    "scalars": (lambda a, b: a * np.exp(b) + a**2, (np.array(0.5), np.array(2.0)), (0, 1)),
    "stacks": (
        lambda a, b, v: (
            np.sum((a @ b) ** 2) + np.sum(np.tanh(b @ v) * (v @ np.swapaxes(b, 1, 2))) + np.var(a, axis=2, ddof=1).sum()
        ),
        (rng.normal(size=(2, 1, 3, 4)), rng.normal(size=(5, 4, 4)), rng.normal(size=4)),
        (0, 1, 2),
    ),
    "wide": (
        lambda a, b: np.sum(np.tanh(a @ b @ np.tri(60)) @ a),
        (rng.normal(size=(60, 40)), rng.normal(size=(40, 60))),
        (0, 1),
    ),
}


@pytest.mark.parametrize(("name", "dtype"), [*((name, np.float64) for name in CASES), ("vectors", np.float32)])
def test_backends_return_what_the_graph_returns(backend, name, dtype):
    f, args, wrt = CASES[name]
    args = [a.astype(dtype) for a in args]
    step = mg.compile(f, backend, wrt=wrt)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # nothing falls back
        for k in range(2):
            moved = [a + dtype(k * 0.1) for a in args]
            near(step(*moved), mg.value_and_grad(f, wrt)(*moved), 13 if dtype is np.float64 else 5)
    assert "def kernel" in step.source


def test_trees_and_parameters_from_outside(backend):
    step = mg.compile(classifier, backend, wrt=2)
    found, expected = step(x, labels, parameters), mg.value_and_grad(classifier, 2)(x, labels, parameters)
    near([found[0], list(found[1].values())], [expected[0], list(expected[1].values())], 13)
    model = mg.nn.MLP([7, 3, 2], rng=0)
    value, gradients = mg.compile(lambda x, t: mg.mse(model(x), t), backend, wrt=model)(x, targets)
    result = mg.mse(model(x), targets)
    result.backward()
    near([value, list(gradients.values())], [result.numpy(), [p.grad for p in model.parameters().values()]], 13)


def test_results_belong_to_the_caller(backend):
    step = mg.compile(lambda a, b: np.sum(a * b) + np.sum(a), backend, wrt=(0, 1))
    first = step(x, x + 1)
    kept = [a.copy() for a in first[1]]
    first_again = step(2 * x, x)
    np.testing.assert_array_equal(first[1], kept)
    first_again[1][0][...] = 0
    near(step(x, x + 1), [first[0], kept], 15)


def test_what_a_backend_cannot_take_falls_back_with_one_warning(backend):
    step = mg.compile(lambda x: np.sum(np.sort(np.median(x, axis=0)) * np.arange(7)), backend)
    message = {
        "numba": r"numba has no loops for .*median.*sort; \d+ steps of <lambda> stay NumPy",
        "jax": r"the jax backend cannot take .*; <lambda> falls back to the NumPy backend",
    }
    with pytest.warns(UserWarning, match=message[backend]):
        found = step(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        step(x + 1)
    near([found[0], [found[1]]], [found[0], [mg.grad(lambda x: np.sum(np.sort(np.median(x, axis=0)) * np.arange(7)))(x)]], 15)


def test_guards_come_back_where_they_matter(backend):
    f = lambda x: np.sum(np.where(x > 0, np.log(x), 0))  # noqa: E731
    step = mg.compile(f, backend)
    with np.errstate(all="ignore"):
        for point in ([1.0, 2.0], [1.0, 0.0], [3.0, 4.0]):
            value, slope = step(np.array(point))
            expected = mg.value_and_grad(f)(np.array(point))
            np.testing.assert_allclose([value, *slope], [expected[0], *expected[1]], rtol=1e-15)


def test_extremes_of_the_exponential(backend):
    z = np.array([-1e4, -746.0, -700.0, -1.0, -0.0, 0.0, 1e-300, 1.0, 709.7, 710.0, np.inf, -np.inf, np.nan])
    step = mg.compile(lambda z, w: np.vdot(np.exp(z) * w, w), backend, wrt=1)
    with np.errstate(all="ignore"):
        found = [step(z[k : k + 1], np.ones(1))[0] for k in range(len(z))]
        np.testing.assert_allclose(found, np.exp(z), rtol=1e-15, atol=1e-300)
    slopes = mg.compile(lambda z: np.sum(mg.sigmoid(z)), backend)(z[:10])[1]
    np.testing.assert_allclose(slopes, mg.grad(lambda z: np.sum(mg.sigmoid(z)))(z[:10]), rtol=1e-12, atol=1e-300)


def test_a_missing_library_says_how_to_get_it(backend, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=rf'pip install "microgradnp\[{LIBRARIES[backend]}\]"'):
        mg.compile(loss, backend, wrt=2)(x, targets, V, W)


OPTIMIZERS = {
    "sgd": lambda: mg.optim.SGD(lr=1e-2),
    "momentum": lambda: mg.optim.SGD(lr=1e-2, momentum=0.9),
    "adam": lambda: mg.optim.Adam(lr=1e-2),
}


def train(backend, optimizer, **options):
    model = mg.nn.MLP([7, 3, 2], bias="unit", rng=0)
    f = lambda x, t: 0.5 * mg.sse(model(x), t)  # noqa: E731
    result = mg.fit(f, model, (x, targets), optimizer=optimizer, progress=False, backend=backend, **options)
    return result, [p.numpy().copy() for p in model.parameters().values()]


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        ("sgd", {"iterations": 300, "stop": mg.GradientNorm(0.2)}),
        ("momentum", {"iterations": 150, "stop": [mg.LossPlateau(20, 1e-2), mg.GradientNorm(1e-9)]}),
        ("adam", {"iterations": 70, "batch_size": 6, "drop_last": True, "rng": 3}),
    ],
    ids=["norm", "plateau", "batches"],
)
def test_fit_takes_the_same_steps(optimizer, options):
    expected, weights = train(None, OPTIMIZERS[optimizer](), **options)
    for backend in ("numpy", "numba", "jax"):
        try:
            result, found = train(backend, OPTIMIZERS[optimizer](), **options)
        except ImportError:
            continue
        assert (result.iterations, result.reason.split()[0]) == (expected.iterations, expected.reason.split()[0])
        np.testing.assert_allclose(result.history.loss, expected.history.loss, rtol=1e-12)
        np.testing.assert_allclose(result.history.gradient_norm, expected.history.gradient_norm, rtol=1e-9)
        assert len(result.history.seconds) == result.iterations
        assert sorted(result.history.seconds) == result.history.seconds
        for a, b in zip(found, weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_fit_takes_arguments_that_are_called_as_variables_of_the_compiled_loop():
    pytest.importorskip("numba", reason='needs pip install "microgradnp[fast]"')
    data = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    w = mg.Tensor(np.eye(3), requires_grad=True)
    found = []
    for error in (lambda x, t: np.sum((np.tanh(x @ w) - t) ** 2), lambda b, a: np.sum((np.tanh(b @ w) - a) ** 2)):
        w.data = np.eye(3)
        mg.fit(error, [w], data, iterations=3, optimizer=mg.optim.SGD(lr=0.01), progress=False, backend="numba")
        found.append(np.array(w.data))
    np.testing.assert_array_equal(found[0], found[1])


def test_fit_goes_on_where_the_optimizer_was(backend):
    found = []
    for chosen in (None, backend):
        model = mg.nn.MLP([7, 3, 2], rng=0)
        optimizer = mg.optim.Adam(lr=1e-2)
        for _ in range(2):
            f = lambda x, t, model=model: mg.mse(model(x), t)  # noqa: E731
            mg.fit(f, model, (x, targets), optimizer=optimizer, iterations=30, progress=False, backend=chosen)
        found.append(np.concatenate([p.numpy().ravel() for p in model.parameters().values()]))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-10)


def test_fit_with_a_callback_sees_every_step(backend):
    seen = []
    result, _ = train(backend, mg.optim.SGD(lr=1e-2), iterations=7, callback=lambda k, r: seen.append((k, r.loss)))
    assert [k for k, _ in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert seen[-1][1] == result.loss


def test_a_loss_that_blows_up_is_told_as_in_python(backend):
    def go(backend):
        w = mg.Tensor(np.ones(3), requires_grad=True, name="w")
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError) as error:
            mg.fit(
                lambda: np.sum(np.exp(w * w)), w, optimizer=mg.optim.SGD(lr=1.0), iterations=50, progress=False, backend=backend
            )
        return re.sub(r"\d\.\d+", "?", str(error.value)), error.value.result, w.numpy().copy()

    expected, found = go(None), go(backend)
    assert found[0] == expected[0]
    assert found[1].iterations == expected[1].iterations
    np.testing.assert_allclose(found[2], expected[2], rtol=1e-12)


@pytest.fixture
def ctrl_c():
    """Ctrl-C as at a terminal: a shell starts programs in the background without it."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_loses_nothing():
    pytest.importorskip("numba", reason='needs pip install "microgradnp[fast]"')
    train("numba", mg.optim.SGD(lr=1e-3), iterations=20)  # compiled now
    timer = threading.Timer(1.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    result, weights = train("numba", mg.optim.SGD(lr=1e-3), iterations=10**8)
    assert result.interrupted
    assert result.reason == "interrupted"
    assert result.iterations < 10**8
    assert len(result.history.loss) == result.iterations > 0
    _, others = train("numba", mg.optim.SGD(lr=1e-3), iterations=result.iterations)
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_compiled_code_is_found_again(tmp_path):
    pytest.importorskip("numba", reason='needs pip install "microgradnp[fast]"')
    code = (
        "import numpy as np, microgradnp as mg\n"
        "f = lambda a: np.sum(np.exp(a) * a)\n"
        "print(mg.compile(f, 'numba')(np.arange(3.0))[0])\n"
        "import sys; kernel = next(m for n, m in sys.modules.items() if n.startswith('step_')).kernel_\n"
        "print(len(kernel.stats.cache_hits))\n"
    )
    env = {**os.environ, "MICROGRADNP_CACHE": str(tmp_path)}
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env) for _ in range(2)]
    assert [run.stdout.split()[1] for run in runs] == ["0", "1"], runs[0].stderr
    assert runs[0].stdout.split()[0] == runs[1].stdout.split()[0] == str(np.sum(np.exp(np.arange(3.0)) * np.arange(3)))


PATH = Path(__file__).parent / "benchmarks" / "compiled_graphs.py"
spec = importlib.util.spec_from_file_location("compiled_graphs", PATH)
compiled_graphs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(compiled_graphs)


def test_random_graphs(backend):
    """A sample of the benchmark's."""
    seeds, largest = (range(12), 8) if backend == "jax" else ((0, 1, 3, 7, 62), 4)
    found = [compiled_graphs.check(seed, backend, largest) for seed in seeds]
    assert set(found) <= {"right", "left to NumPy"}
    assert found.count("right") >= 2


def test_labels_that_are_out_of_bounds_are_an_error(backend):
    def f(W, x, labels):
        return -np.mean(mg.log_softmax(x @ W)[np.arange(len(labels)), labels])

    start, classes = rng.normal(size=(7, 3)), rng.integers(0, 3, 20)
    step = mg.compile(f, backend)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        np.testing.assert_allclose(step(start, x, classes)[1], mg.grad(f)(start, x, classes), rtol=1e-12)
    with pytest.raises(IndexError, match=r"an index of 3 \.\.\. 5 is out of bounds for an axis of size 3"):
        step(start, x, classes + 3)
