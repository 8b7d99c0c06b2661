"""Compiled steps: the same numbers as the graph, never somebody else's, and refused where a trace would freeze a decision."""

import functools
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operators import OPERATORS, Operator
from random_graphs import random_graph
from test_emit import READS_NUMBERS, Layer, equal, weighted

import microgradnp as mg
from microgradnp.core.errors import ConcretizationError

rng = np.random.default_rng(0)
x, targets = rng.uniform(size=(20, 7)), rng.uniform(size=(20, 2))
V, W = rng.normal(size=(8, 3)), rng.normal(size=(4, 2))


def loss(x, t, V, W):
    h = mg.append_bias_unit(mg.sigmoid(mg.append_bias_unit(x) @ V))
    return 0.5 * mg.sse(h @ W, t)


def near(found, expected, digits):
    for a, b in zip([found[0], *found[1]], [expected[0], *expected[1]], strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        scale = np.max(np.abs(b), initial=0) if np.all(np.isfinite(b)) else 0
        np.testing.assert_allclose(a, b, rtol=0, atol=scale * 10.0**-digits)


@pytest.mark.parametrize("record", OPERATORS, ids=lambda record: record.name)
def test_every_function_compiles_to_what_its_graph_returns(record: Operator):
    samples = list(record.samples(np.random.default_rng(2)))
    for k, sample in enumerate(samples[:: max(1, len(samples) // 3)]):
        chosen = tuple(i for i, a in enumerate(sample.args) if isinstance(a, np.ndarray) and a.dtype.kind in "fc")
        if not chosen:
            continue
        dtype = np.float32 if k % 2 else float
        args = [a.astype(dtype) if i in chosen and a.dtype.kind == "f" else a for i, a in enumerate(sample.args)]
        f = weighted(record, sample.options)
        step = mg.compile(f, wrt=chosen)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                first, second = step(*args), step(*args)
            except ConcretizationError:
                assert record.name in READS_NUMBERS
                continue
            expected = mg.value_and_grad(f, chosen)(*args)
        near(first, expected, 15 if dtype is float else 6)
        equal(second, first)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 1_000_000), st.booleans())
def test_random_graphs(seed, analytic):
    graph = random_graph(seed, analytic=analytic)
    every = tuple(range(len(graph.inputs)))

    def f(*inputs):
        return graph(*inputs) + 0 * sum(np.sum(a) for a in inputs)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step = mg.compile(f, wrt=every)
        for arrays in (graph.inputs, [a + 0.25 for a in graph.inputs], [a - 0.5 for a in graph.inputs]):
            found, expected = step(*arrays), mg.value_and_grad(f, every)(*arrays)
            for a, b in zip([found[0], *found[1]], [expected[0], *expected[1]], strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-14 * max(1, np.max(np.abs(b), initial=0)))
    assert step.traces == 1


class Settings:
    scale = 2.0

    @staticmethod
    def scaled(a):
        return np.sum(a) * Settings.scale


class Slots:
    __slots__ = ("scale",)

    def __init__(self):
        self.scale = 2.0


def by_partial():
    scales = [2.0]
    return functools.partial(lambda a, by: np.sum(a) * by[0], by=scales), lambda: scales.append(scales.pop() + 1)


def by_default():
    scales = [2.0]
    return lambda a, by=scales: np.sum(a) * by[0], lambda: scales.append(scales.pop() + 1)


def by_key():
    scales = {"one": 2.0}
    return lambda a: sum(np.sum(a) * by for by in scales.values()), lambda: scales.update(two=3.0)


def by_set():
    scales = {2.0}
    return lambda a: sum(np.sum(a) * by for by in scales), lambda: scales.add(3.0)


def by_slot():
    slots = Slots()
    return lambda a: np.sum(a) * slots.scale, lambda: setattr(slots, "scale", 3.0)


def by_text():
    slots = Slots()
    return lambda a: np.sum(a) * getattr(slots, "scale"), lambda: setattr(slots, "scale", 3.0)  # noqa: B009


def by_class():
    return lambda a: np.sum(a) * Settings.scale, lambda: setattr(Settings, "scale", Settings.scale + 1)


def by_static_method():
    return lambda a: Settings.scaled(a), lambda: setattr(Settings, "scale", Settings.scale + 1)


def by_other_function():
    slots = Slots()
    other = lambda a, given: np.sum(a) * given.scale  # noqa: E731
    return lambda a: other(a, slots), lambda: setattr(slots, "scale", 3.0)


def by_name_of_a_ufunc():
    activation = np.tanh

    def change():
        nonlocal activation
        activation = np.sin

    return lambda a: np.sum(activation(a)), change


WAYS = {name.removeprefix("by_"): way for name, way in list(globals().items()) if name.startswith("by_")}


class TestTheStep:
    def test_is_bit_for_bit_that_of_the_graph(self):
        step = mg.compile(loss, wrt=("V", "W"))
        for _ in range(3):
            args = rng.uniform(size=(20, 7)), rng.uniform(size=(20, 2)), rng.normal(size=(8, 3)), rng.normal(size=(4, 2))
            equal(step(*args), mg.value_and_grad(loss, (2, 3))(*args))
        assert step.traces == 1
        assert "matmul(" in step.source

    def test_results_belong_to_the_caller(self):
        step = mg.compile(loss, wrt=("V", "W"))
        first = step(x, targets, V, W)
        kept = [a.copy() for a in first[1]]
        step(x, targets, 2 * V, 2 * W)
        equal(list(first[1]), kept)
        first[1][0][...] = 7
        equal(step(x, targets, V, W)[1], tuple(kept))

    def test_reused_results_are_written_again(self):
        step = mg.compile(loss, wrt=("V", "W"), reuse=True)
        first = step(x, targets, V, W)
        equal(first[1], mg.value_and_grad(loss, (2, 3))(x, targets, V, W)[1])
        second = step(x, targets, 2 * V, W)
        assert first[1][0] is second[1][0]

    def test_a_gradient_that_is_an_argument_is_a_copy(self):
        value, (a, b) = mg.compile(lambda a, b: np.sum(a * b), wrt=(0, 1))(x, x + 1)
        assert not np.shares_memory(a, x)
        a[...] = 0
        equal((value, b), (np.sum(x * (x + 1)), x))

    def test_arguments_are_not_written_to(self):
        copies = [a.copy() for a in (x, targets, V, W)]
        mg.compile(loss, wrt=(0, 1, 2, 3))(*copies)
        for copy, original in zip(copies, (x, targets, V, W), strict=True):
            np.testing.assert_array_equal(copy, original)

    def test_other_shapes_dtypes_and_python_values_are_traced_once_each(self):
        def f(x, power=2, scale=1.0):
            return scale * np.sum(x**power)

        step = mg.compile(f)
        for args in [(x,), (x[:3],), (x.astype(np.float32),), (x, 3), (x, 3.0), (x, 2, 0.5), (x,), (x, 3)]:
            equal(step(*args), mg.value_and_grad(f)(*args))
        assert step.traces == 6
        equal(step(x, scale=0.5), mg.value_and_grad(f)(x, scale=0.5))

    def test_layouts_lists_and_tensors(self):
        step = mg.compile(lambda a, b: np.sum(np.ravel(a) * np.ravel(b)))
        for a in (x, np.asfortranarray(x), x[::-1], x.T.copy().T, mg.Tensor(x)):
            equal(step(a, x), (np.sum(np.ravel(np.asarray(a)) * np.ravel(x)), x))
        equal(step([1.0, 2.0], x[0, :2]), (np.sum(x[0, :2] * [1, 2]), x[0, :2]))

    def test_trees_have_trees_of_gradients(self):
        def f(p, x):
            return np.sum(np.tanh(x @ p["W"]) * p["layers"][0].W) + 0 * p["n"]

        p = {"W": V[:7], "layers": [Layer(rng.normal(size=3))], "n": 3}
        step = mg.compile(f)
        for q in (p, {**p, "W": 2 * p["W"]}):
            found, expected = step(q, x), mg.value_and_grad(f)(q, x)
            equal((found[0], found[1]["W"], found[1]["layers"][0].W), (expected[0], expected[1]["W"], expected[1]["layers"][0].W))
            assert found[1]["n"] is None
        assert step.traces == 1

    def test_parameters_that_are_read_from_outside(self):
        model = mg.nn.MLP([7, 3, 2], rng=0)
        f = lambda x, t: mg.mse(model(x), t)  # noqa: E731
        step = mg.compile(f, wrt=model)
        for _ in range(2):
            value, gradients = step(x, targets)
            result = f(x, targets)
            result.backward()
            equal(value, result.numpy())
            for name, parameter in model.parameters().items():
                equal(gradients[name], parameter.grad)
                parameter.zero_grad()
                parameter.data -= 0.1
        assert step.traces == 1
        with pytest.raises(TypeError, match="say wrt=model"):
            mg.compile(f)(x, targets)

    def test_variables_of_the_module_are_looked_at_each_time(self):
        scale, shift = 2.0, np.ones(7)
        f = lambda x: np.sum(np.sin(scale * x + shift))  # noqa: E731
        step = mg.compile(f)
        equal(step(x), mg.value_and_grad(f)(x))
        scale = 3.0
        equal(step(x), mg.value_and_grad(f)(x))
        shift = np.zeros(7)
        equal(step(x), mg.value_and_grad(f)(x))
        shift[2] = 5.0
        equal(step(x), mg.value_and_grad(f)(x))
        assert step.traces == 4

    def test_arrays_that_numpy_computed_with_before_the_trace_could_see_it_are_watched(self):
        shift, held = np.arange(7.0), mg.Tensor(np.arange(7.0))
        f = lambda x: np.sum(x * np.sin(shift) * float(np.max(held.numpy())))  # noqa: E731
        step = mg.compile(f)
        for _ in range(2):
            equal(step(x), mg.value_and_grad(f)(x))
            shift[2] += 1
            equal(step(x), mg.value_and_grad(f)(x))
            held.data[6] += 1
        equal(step(x), mg.value_and_grad(f)(x))

    def test_gradients_follow_the_arrays_of_an_object(self):
        """A formula may compute something from such an array alone, as the exponent minus one."""

        class Model:
            power = np.array([2.0, 3.0, 4.0])

        model, f = Model(), lambda x: np.sum(x**model.power)
        step = mg.compile(f)
        for _ in range(2):
            near([step(x[0, :3])[0], step(x[0, :3])[1]], mg.value_and_grad(f)(x[0, :3]), 14)
            model.power[:] = 5.0, 4.0, 2.5

    @pytest.mark.parametrize("way", sorted(WAYS))
    def test_a_change_of_what_is_read_from_outside_is_noticed(self, way):
        f, change = WAYS[way]()
        step = mg.compile(f)
        equal(step(x), mg.value_and_grad(f)(x))
        change()
        equal(step(x), mg.value_and_grad(f)(x))
        assert step.traces == 2

    def test_a_changed_object_among_the_arguments_is_noticed(self):
        slots, f = Slots(), lambda a, given: np.sum(a) * given.scale
        step = mg.compile(f)
        for scale in (2.0, 3.0):
            slots.scale = scale
            equal(step(x, slots), mg.value_and_grad(f)(x, slots))

    def test_a_rule_that_is_given_again_is_noticed(self):
        @mg.primitive
        def double(a):
            return 2 * a

        step = mg.compile(lambda a: double(a))
        for factor in (2.0, 3.0):
            mg.rule(double, lambda g, y, a, factor=factor: g * factor)
            assert step(1.0)[1] == factor

    def test_parameters_that_were_made_anew(self):
        held = {"w": mg.Tensor(np.ones(2), requires_grad=True)}
        w = mg.Tensor(np.ones(2), requires_grad=True)
        of_dict = mg.compile(lambda a: np.sum(held["w"] * a), wrt=held)
        of_list = mg.compile(lambda a: np.sum(w * a), wrt=[w])
        for step in (of_dict, of_list):
            step(np.ones(2))
        held["w"] = w = mg.Tensor(np.zeros(2), requires_grad=True)
        np.testing.assert_array_equal(of_dict(np.ones(2))[1]["w"], np.ones(2))
        with pytest.warns(UserWarning, match="If that was made anew, compile again"):
            of_list(np.ones(2))

    def test_keywords_and_positions_may_be_mixed(self):
        f = lambda a, b=x, *, c=2.0: np.sum(a * b) * c  # noqa: E731
        step = mg.compile(f)
        for _ in range(2):
            assert step(x, c=3.0)[0] == np.sum(x * x) * 3
            assert step(x)[0] == np.sum(x * x) * 2
            assert step(x, x + 1)[0] == np.sum(x * (x + 1)) * 2
            assert step(x, c=4.0, b=x + 1)[0] == np.sum(x * (x + 1)) * 4
        assert step.traces == 4

    def test_functions_and_objects_among_the_arguments(self):
        class Scale:
            def __init__(self, by):
                self.by = by

            def __repr__(self):
                return "Scale"

        f = lambda x, activation, scale: np.sum(activation(x)) * scale.by  # noqa: E731
        step = mg.compile(f)
        for activation, scale in [(np.tanh, Scale(2.0)), (np.sin, Scale(2.0)), (np.tanh, Scale(3.0))]:
            equal(step(x, activation, scale), mg.value_and_grad(f)(x, activation, scale))

    def test_threads_have_buffers_of_their_own(self):
        step = mg.compile(loss, wrt=("V", "W"))
        wrong = []

        def work(seed):
            r = np.random.default_rng(seed)
            args = r.uniform(size=(20, 7)), r.uniform(size=(20, 2)), r.normal(size=(8, 3)), r.normal(size=(4, 2))
            expected = mg.value_and_grad(loss, (2, 3))(*args)
            for _ in range(200):
                found = step(*args)
                if not all(np.array_equal(a, b) for a, b in zip(found[1], expected[1], strict=True)):
                    wrong.append(seed)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong

    @pytest.mark.parametrize("of_parameter", [False, True])
    def test_what_another_thread_computes_from_an_argument_or_a_parameter_is_refused(self, of_parameter):
        w = mg.Tensor(np.ones(2), requires_grad=True)

        def loss(a):
            with ThreadPoolExecutor(1) as threads:
                return threads.submit(lambda: np.sum((w if of_parameter else a) ** 2)).result() * np.sum(a)

        with pytest.raises(ConcretizationError, match="used in another thread or after the trace"):
            mg.compile(loss, wrt=[w])(np.ones(2))

    def test_a_traced_value_that_was_kept_is_refused_later(self):
        kept = []
        mg.compile(lambda a: kept.append(2 * a) or np.sum(a))(np.ones(2))
        with pytest.raises(ConcretizationError, match="used in another thread or after the trace"):
            kept[0] * 2

    def test_threads_that_trace_one_parameter_leave_it_as_it_was(self):
        w = mg.Tensor(np.ones(2), requires_grad=True)
        inside = threading.Event(), threading.Event()

        def loss(a):
            me = threads.index(threading.current_thread())
            inside[me].set()
            if me == 0:
                inside[1].wait(0.2)
            else:
                threads[0].join(0.2)
            return np.sum(w * a)

        threads = [threading.Thread(target=mg.compile(loss, wrt=[w]), args=(np.ones(2),)) for _ in range(2)]
        threads[0].start()
        inside[0].wait()
        threads[1].start()
        for thread in threads:
            thread.join()
        assert type(w) is mg.Tensor

    def test_memory_of_a_thousand_layers(self):
        """Of each layer the backward pass needs its activation; nothing else may stay."""
        batch, units, layers = 32, 16, 1000

        def deep(x, W):
            for _ in range(layers):
                x = np.tanh(x @ W)
            return np.sum(x)

        step = mg.compile(deep, wrt=1)
        args = rng.normal(size=(batch, units)), rng.normal(size=(units, units)) / 4
        near([step(*args)[0], step(*args)[1]], mg.value_and_grad(deep, 1)(*args), 12)
        activations = layers * batch * units * 8
        assert step.bytes <= 1.2 * activations


class TestGuards:
    def test_are_left_out_and_come_back_where_they_matter(self):
        f = lambda x: np.sum(np.where(x > 0, np.log(x), 0) + np.where(x > 0, x / np.maximum(x, 0), 1))  # noqa: E731
        step = mg.compile(f)
        with np.errstate(all="ignore"):
            for point in ([1.0, 2.0], [1.0, 0.0], [2.0, -1.0], [3.0, 4.0]):
                equal(step(np.array(point)), mg.value_and_grad(f)(np.array(point)))
        assert step.traces == 1

    def test_infinite_gradients_are_those_of_the_graph(self):
        step = mg.compile(lambda x: np.sum(np.sqrt(x)))
        with np.errstate(all="ignore"):
            for point in (np.array([0.0, 1.0]), np.array([np.inf, 1.0]), np.array([np.nan, 1.0])):
                equal(step(point), mg.value_and_grad(lambda x: np.sum(np.sqrt(x)))(point))


class TestNeverSilentlyWrong:
    @pytest.mark.parametrize(
        ("f", "how"),
        [
            (lambda x: np.sum(x) if np.sum(x) > 1 else np.sum(x**2), "a decision"),
            (lambda x: np.sum(x) * float(np.sum(x)), r"float\(\)"),
            (lambda x: np.sum(x) * np.sum(x).item(), r"\.item\(\)"),
            (lambda x: np.sum(x[: int(np.sum(x))]), r"int\(\)"),
            (lambda x: np.sum(np.unique(x)), "unique"),
        ],
    )
    def test_what_would_freeze_a_number_is_refused(self, f, how):
        with pytest.raises(TypeError, match=how):
            mg.compile(f)(x)

    def test_random_numbers_are_refused(self):
        coins = iter([0, 1])
        with pytest.raises(ValueError, match="makes another array"):
            mg.compile(lambda x: np.sum(x * np.random.default_rng().normal(size=x.shape)))(x)
        with pytest.raises(ValueError, match="does something else each time it is called"):
            mg.compile(lambda x: np.sum(x) + np.random.default_rng().normal())(x)
        with pytest.raises(ValueError, match="does something else each time it is called"):
            mg.compile(lambda x: np.sum(x) if np.random.default_rng().random() < next(coins) else np.sum(x**2))(x)

    def test_wrong_calls(self):
        with pytest.raises(ValueError, match="backend='torch'; it must be one of 'numpy', 'numba', 'jax'"):
            mg.compile(loss, "torch")
        with pytest.raises(TypeError, match="the numba backend takes no option 'sharding'"):
            mg.compile(loss, "numba", sharding=None)
        step = mg.compile(loss, wrt=("V", "W"))
        step(x, targets, V, W)
        with pytest.raises(ValueError, match="called without that argument"):
            step(x, targets, V)
        with pytest.raises(ValueError, match="matmul: "):
            step(x, targets, V[:-1], W)
        with pytest.raises(ValueError, match="must return a real scalar"):
            mg.compile(lambda x: x)(x)
        with pytest.raises(TypeError, match="holds no floating-point"):
            mg.compile(lambda x: np.sum(x))(np.arange(3))
        equal(step(x, targets, V, W), mg.value_and_grad(loss, (2, 3))(x, targets, V, W))


# ------------------------------------------------------------------------------------------- inside of a graph


def cubes(z):
    return np.sum(z**3)


def test_a_compiled_function_inside_of_a_graph_takes_part():
    step, x = mg.compile(cubes), np.array([0.5, -2.0])
    step(x)
    for loss, right in (
        (lambda x: step(x)[0], 3 * x**2),
        (lambda x: step(x * 2.0)[0], 24 * x**2),
        (lambda x: np.sum(step(x)[1] * x), 9 * x**2),  # its gradient is differentiated, too
        (lambda x: step(np.copy(x.numpy()))[0] * np.sum(x), np.full(2, np.sum(x**3))),
    ):
        np.testing.assert_allclose(mg.grad(loss)(x), right, rtol=1e-14)
        np.testing.assert_allclose(mg.jacobian(loss)(x), right, rtol=1e-14)
    np.testing.assert_allclose(mg.hessian(lambda x: step(x)[0])(x), np.diag(6 * x), rtol=1e-14)
    W = mg.Tensor(x, requires_grad=True)
    h = W * 2.0
    step(h)[0].backward()
    np.testing.assert_allclose(W.grad, 24 * x**2, rtol=1e-14)
    value, slope = step(x)
    assert not isinstance(value, mg.Tensor)
    np.testing.assert_array_equal(slope, 3 * x**2)
    value, slope = step(W)
    assert not isinstance(value, mg.Tensor), "a parameter is an argument like any other"


def test_a_compiled_function_that_reads_a_value_of_the_graph_takes_part():
    x = np.array([0.5, -2.0])

    def loss(x):
        h = x * 2.0
        step = mg.compile(lambda z: np.sum(z * h), wrt=0)
        return step(np.ones(2))[0]

    np.testing.assert_array_equal(mg.grad(loss)(x), [2.0, 2.0])


def test_one_that_was_compiled_for_parameters_is_refused_inside_of_a_graph():
    W = mg.Tensor([1.0, 2.0], requires_grad=True, name="W")
    step = mg.compile(lambda x: np.sum(W * x), wrt=[W])
    with pytest.raises(TypeError, match="was compiled for parameters"):
        mg.grad(lambda x: step(x)[0])(np.ones(2))


def test_a_compiled_function_has_the_rules_of_the_place_where_it_is_called():
    step, x = mg.compile(lambda x: np.sum(np.tanh(x))), np.array([0.5, -2.0])
    own = 1 - np.tanh(x) ** 2
    np.testing.assert_allclose(step(x)[1], own)
    with mg.override(np.tanh, lambda g, y, a: g * 3.0):
        np.testing.assert_array_equal(step(x)[1], [3.0, 3.0])
        with mg.override(np.tanh, lambda g, y, a: g * 5.0):
            np.testing.assert_array_equal(step(x)[1], [5.0, 5.0])
        np.testing.assert_array_equal(step(x)[1], [3.0, 3.0])
    np.testing.assert_allclose(step(x)[1], own)
    assert step.traces == 3


# ----------------------------------------------------------------------------------------- names and depths


def test_names_of_arguments_that_the_backends_use_themselves():
    text = "def loss({0}, {1}): return NUMPY.sum({0} * {1} + NUMPY.exp({0}))"
    x, y = np.arange(6.0).reshape(2, 3) / 3, np.arange(6.0).reshape(2, 3) - 1
    for first, second in (("np", "float"), ("range", "math"), ("a" * 5000, "b" * 5000), ("out", "numbers"), ("sum", "exp")):
        space = {"NUMPY": np}
        exec(text.format(first, second), space)
        value, gradient = mg.compile(space["loss"], backend="numpy", wrt=(0, 1))(x, y)
        assert value == pytest.approx(np.sum(x * y + np.exp(x)))
        assert np.allclose(gradient[0], y + np.exp(x), rtol=1e-13)
        assert np.allclose(gradient[1], x, rtol=1e-13)


def test_a_long_chain_is_compiled_in_linear_time():
    def chain(x, steps):
        for _ in range(steps):
            x = np.sin(x) * 1.01
        return np.sum(x)

    def calls(steps):
        counted = 0

        def count(_frame, event, _value):
            nonlocal counted
            counted += event == "call"

        earlier = sys.getprofile()
        sys.setprofile(count)
        try:
            mg.compile(lambda x: chain(x, steps))(np.ones(3))
        finally:
            sys.setprofile(earlier)
        return counted

    calls(10)  # what is loaded on first use
    assert calls(400) < 3 * calls(200)


def test_numba_takes_long_expressions_in_parts_and_refuses_what_takes_minutes():
    pytest.importorskip("numba")

    def chain(x, steps):
        for _ in range(steps):
            x = x * 1.01 + 0.01
        return np.sum(x)

    x = np.arange(3.0)
    value, gradient = mg.compile(lambda x: chain(x, 60), backend="numba")(x)
    assert value == pytest.approx(chain(x, 60), rel=1e-14)
    assert np.allclose(gradient, 1.01**60, rtol=1e-13)
    with pytest.warns(UserWarning, match=r"cannot take a program of \d+ steps.*falls back to the NumPy backend"):
        _, gradient = mg.compile(lambda x: chain(x, 1000), backend="numba")(x)
    assert np.allclose(gradient, 1.01**1000, rtol=1e-12)


# --------------------------------------------------------------------------------------- options that are arguments


GRID, WEIGHTS = np.arange(12.0).reshape(3, 4), np.arange(12.0).reshape(3, 4) ** 2
OPTIONS = {  # a function with an option among its arguments -> values of the option
    "shift": (lambda x, k: np.sum(np.roll(x, k) * WEIGHTS), [np.int64(1), np.int64(2), 3, np.array(4)]),
    "shifts": (lambda x, k: np.sum(np.roll(x, k, axis=(0, 1)) * WEIGHTS), [np.array([1, 0]), np.array([2, 3])]),
    "computed shifts": (lambda x, k: np.sum(np.roll(x, k * 2, axis=(0, 1)) * WEIGHTS), [np.array([1, 0]), np.array([2, 3])]),
    "axis": (lambda x, k: np.sum(np.cumsum(x, axis=k) * WEIGHTS), [np.int64(0), np.int64(1), -1]),
    "degrees of freedom": (lambda x, k: np.var(x, ddof=k), [np.int64(0), np.int64(1)]),
    "order": (lambda x, k: np.linalg.norm(np.ravel(x) + 1.0, ord=k), [np.int64(1), np.int64(3)]),
    "a mask": (lambda x, k: np.sum(np.max(x, axis=1, where=k, initial=0.0) ** 2), [WEIGHTS > 3.0, WEIGHTS < 30.0]),
    "a tuple": (lambda x, k: np.sum(x[k] ** 2), [[0, 1], (0, 1), [1, 1]]),
    "a sign": (lambda x, k: np.sum(x * np.copysign(1.0, k)), [0.0, -0.0, 1.0]),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_that_is_an_argument_is_followed_by_the_gradient(name):
    f, values = OPTIONS[name]
    step = mg.compile(f, wrt=0)
    for k in [*values, *values]:
        value, slope = step(GRID, k)
        expected, right = mg.value_and_grad(f)(GRID, k)
        np.testing.assert_allclose(value, expected, rtol=1e-14)
        np.testing.assert_allclose(slope, right, rtol=1e-14)


def test_an_array_of_shifts_needs_no_second_trace():
    f, values = OPTIONS["computed shifts"]
    step = mg.compile(f, wrt=0)
    for k in values:
        step(GRID, k)
    assert step.traces == 1
