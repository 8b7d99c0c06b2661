"""Ctrl-C at any line of a training: the parameters, the optimizer's memory and the history are those of a completed step."""

import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import microgradnp as mg

STEPS = 3
PACKAGE = Path(mg.__file__).parent
LOOP = (str(PACKAGE / "training"), str(PACKAGE / "optim"))
LINES = [  # the files, and which lines are tried: every one or every fifth of the loop, and a hundred of the package
    pytest.param(LOOP, 1, id="loop", marks=pytest.mark.long),
    pytest.param(LOOP, 5, id="some of the loop"),
    pytest.param((str(PACKAGE),), None, id="package"),
]
OPTIMIZERS = {
    "SGD": lambda: mg.optim.SGD(lr=0.1),
    "momentum": lambda: mg.optim.SGD(lr=0.1, momentum=0.9),
    "Adam": lambda: mg.optim.Adam(lr=0.1),
}


class Training:
    """A small training, and what it leaves behind."""

    def __init__(self, make, backend, iterations=STEPS, **options):
        rng = np.random.default_rng(0)
        self.W = mg.Tensor(rng.normal(size=(2, 2)), requires_grad=True)
        self.b = mg.Tensor(rng.normal(size=2), requires_grad=True)
        self.data = rng.normal(size=(6, 2))
        self.optimizer = make()
        self.backend, self.iterations, self.options, self.result = backend, iterations, options, None

    def run(self):
        self.result = mg.fit(
            lambda x: np.sum((x @ self.W + self.b - 1) ** 2),
            {"W": self.W, "b": self.b},
            (self.data,),
            optimizer=self.optimizer,
            iterations=self.iterations,
            batch_size=3,
            rng=0,
            progress=False,
            backend=self.backend,
            **self.options,
        )

    @property
    def state(self):
        """All numbers that a step changes, but for the time."""
        kept = {**getattr(self.optimizer, "velocity", {}), **getattr(self.optimizer, "moments", {})}
        memory = [
            np.asarray(part)
            for name in ("W", "b")
            for part in (kept.get(name, ()),)
            for part in (part if isinstance(part, tuple) else (part,))
        ]
        return [self.W.numpy(), self.b.numpy(), *memory]


def parts_of(kept):
    return kept if isinstance(kept, tuple) else (kept,)


def traced(training, action, at=-1, files=(str(PACKAGE),)):
    """Run a training, with `action` at the line event with this number in these files. Returns the number of all events."""
    count = 0

    def local(_frame, event, _value):
        nonlocal count
        if event == "line":
            count += 1
            if count == at:
                action()
        return local

    def entered(frame, _event, _value):
        return local if frame.f_code.co_filename.startswith(files) else None

    earlier = sys.gettrace()
    sys.settrace(entered)
    try:
        training.run()
    finally:
        sys.settrace(earlier)
    return count


def same(first, second):
    return len(first) == len(second) and all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def reference(make, backend, **options):
    """The state after 0, 1, ... steps."""
    states = []
    for iterations in range(STEPS + 1):
        training = Training(make, backend, iterations, **options)
        training.run()
        states.append(training.state)
    return states


def check(training, states, whole):
    """Nothing is half done."""
    result = training.result
    if result is None:  # interrupted before the first step
        assert same(training.state, states[0])
        return
    history = result.history
    assert len(history.loss) == len(history.gradient_norm) == len(history.seconds) == result.iterations
    assert history.loss == whole.history.loss[: result.iterations]
    assert same(training.state, states[result.iterations])
    assert result.interrupted or result.iterations == STEPS


@pytest.fixture(autouse=True)
def python_handles_ctrl_c():
    """A shell starts what it puts in the background with Ctrl-C switched off."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.parametrize(("files", "apart"), LINES)
@pytest.mark.parametrize("backend", [None, "numpy"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ctrl_c_at_any_line_leaves_no_step_half_done(name, backend, files, apart):
    make = OPTIMIZERS[name]
    states = reference(make, backend)
    whole = Training(make, backend)
    events = traced(whole, None, files=files)
    tried = range(1, events + 1, apart or 1 + events // 100)
    for at in tried:
        training = Training(make, backend)
        try:
            traced(training, lambda: signal.raise_signal(signal.SIGINT), at, files)
        except KeyboardInterrupt:
            assert training.result is None
        check(training, states, whole.result)
    assert len(tried) > 50 / (apart or 1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_with_validation_limits_and_a_checkpoint(tmp_path):
    options = {
        "accumulate": 2,
        "schedule": mg.optim.exponential(0.1, 0.9),
        "clip_norm": 1.0,
        "validation": (np.ones((2, 2)),),
        "checkpoint": tmp_path / "run.npz",
        "every": 1,
    }
    states = reference(OPTIMIZERS["Adam"], None, **options)
    whole = Training(OPTIMIZERS["Adam"], None, **options)
    events = traced(whole, None, files=LOOP)
    for at in range(1, events + 1, 29):
        training = Training(OPTIMIZERS["Adam"], None, **options)
        try:
            traced(training, lambda: signal.raise_signal(signal.SIGINT), at, LOOP)
        except KeyboardInterrupt:
            assert training.result is None
        check(training, states, whole.result)
        if training.result is not None:
            history = training.result.history
            assert len(history.learning_rate) == len(history.loss)
            assert len(history.validated) == len(history.validation)


def test_a_thread_of_its_own_trains_without_signals():
    training = Training(OPTIMIZERS["Adam"], None)
    thread = threading.Thread(target=training.run)
    thread.start()
    thread.join()
    assert same(training.state, reference(OPTIMIZERS["Adam"], None)[-1])


def test_a_handler_of_the_users_stays():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    try:
        training = Training(OPTIMIZERS["SGD"], None)
        traced(training, lambda: signal.raise_signal(signal.SIGINT), 200)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [1]
    assert training.result.iterations == STEPS


class Failing(mg.optim.SGD):
    """Momentum that fails at the second parameter."""

    def change(self, name, gradient):
        if name == "b" and self.velocity.get("W") is not None and "b" in self.velocity:
            raise RuntimeError("no change of b")
        return super().change(name, gradient)


def test_an_error_in_the_second_parameter_leaves_the_memory_of_the_first():
    training = Training(lambda: Failing(lr=0.1, momentum=0.9), None)
    with pytest.raises(RuntimeError, match="no change of b"):
        training.run()
    assert same(training.state, reference(OPTIMIZERS["momentum"], None)[1])
