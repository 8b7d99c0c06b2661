"""A training in a file: resumed after any end, it equals the uninterrupted one bit for bit."""

import itertools
import signal

import numpy as np
import pytest
from kill_and_resume import kill_and_resume

import microgradnp as mg

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.sin(X @ [[1.0], [-2.0], [0.5]])


class Stopped(Exception):  # noqa: N818
    pass


def training(path=None, iterations=30, fail_at=None, make=lambda: mg.optim.Adam(lr=0.02), data=None, rng=None, **options):
    """Train a network with running means and dropout, validation and early stopping. Returns all of it that may differ."""
    model = mg.nn.Sequential(
        mg.nn.Linear(3, 8, rng=0), mg.nn.BatchNorm(8), mg.tanh, mg.nn.Dropout(0.2, rng=1), mg.nn.Linear(8, 1, rng=2)
    )
    optimizer = make()

    def fail(iteration, result):
        if iteration == fail_at:
            raise Stopped

    arguments = {"batch_size": 6, "rng": 5 if rng is None else rng} if data is None else {}
    result = mg.fit(
        lambda x, y: mg.mse(model(x), y),
        model,
        (X, Y) if data is None else data(),
        optimizer=optimizer,
        iterations=iterations,
        schedule=mg.optim.cosine(0.02, 30),
        validation=(X[:9], Y[:9]),
        stop=mg.EarlyStopping(50),
        callback=fail,
        checkpoint=path,
        resume=path is not None,
        progress=False,
        **arguments,
        **options,
    )
    history = {name: column for name, column in result.history.to_dict().items() if name != "seconds"}
    arrays = {name: np.array(a.numpy() if isinstance(a, mg.Tensor) else a) for name, a in model.state().items()}
    generator = model.layers[3].rng.bit_generator.state
    return history, arrays, generator, result.iterations, result.best, result.reason


def same(first, second):
    np.testing.assert_equal(first, second)


OPTIMIZERS = [
    lambda: mg.optim.SGD(lr=0.1),
    lambda: mg.optim.SGD(lr=0.1, momentum=0.9),
    lambda: mg.optim.AdamW(lr=0.02),
    lambda: mg.optim.RMSProp(lr=0.02, momentum=0.5),
]
DATA = [  # None stands for arrays with a batch size
    None,
    lambda: [(X[k : k + 8], Y[k : k + 8]) for k in range(0, 40, 8)],
    lambda: lambda: ((X[k : k + 8], Y[k : k + 8]) for k in range(0, 40, 8)),
    lambda: ((X[k % 33 : k % 33 + 8], Y[k % 33 : k % 33 + 8]) for k in range(50)),
]


@pytest.mark.parametrize(("make", "data"), [*zip(OPTIMIZERS, DATA, strict=True)])
def test_an_error_at_any_iteration(tmp_path, make, data):
    whole = training(make=make, data=data)
    for number, (fail_at, every) in enumerate([(1, 1), (7, 2), (8, 1), (29, 5)]):
        path = tmp_path / f"{number}.npz"
        with pytest.raises(Stopped):
            training(path, fail_at=fail_at, make=make, data=data, every=every)
        same(training(path, make=make, data=data, every=every), whole)
        same(training(path, make=make, data=data, every=every), whole)  # a training that is complete is not continued


def test_a_generator_that_is_shared_with_a_layer_goes_on_where_it_was(tmp_path):
    def shared(path, fail_at=None):
        random = np.random.default_rng(3)
        layer = mg.nn.Dropout(0.3, rng=random)
        model = mg.nn.Sequential(layer, mg.nn.Linear(3, 1, rng=random))
        stop = lambda h: "stopped" if len(h.loss) == fail_at else None  # noqa: E731
        options = {
            "batch_size": 7,
            "rng": random,
            "stop": stop,
            "checkpoint": path,
            "resume": path is not None,
            "progress": False,
        }
        mg.fit(lambda x, y: mg.mse(model(x), y), model, (X, Y), iterations=20, **options)
        return model.layers[1].W.numpy(), random.random()

    whole = shared(None)
    shared(tmp_path / "run.npz", fail_at=8)
    same(shared(tmp_path / "run.npz"), whole)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_two_kills(tmp_path):
    seen = kill_and_resume(tmp_path, 2, 150, np.random.default_rng(0))
    assert seen == sorted(seen)
    assert seen[0] > 0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"make": lambda: mg.optim.SGD(lr=0.1)}, ValueError, "the checkpoint is of another optimizer than SGD"),
        ({"batch_size": 5}, ValueError, "belongs to batch_size=6, here it is 5"),
        ({"every": 0}, ValueError, "every=0 must be at least 1"),
        ({"path": "nowhere/run.npz"}, FileNotFoundError, "there is no folder nowhere for the checkpoint"),
    ],
)
def test_another_training(tmp_path, change, error, message):
    training(tmp_path / "run.npz", 3)
    if "batch_size" in change:
        change = {"data": lambda: (X, Y)} | change
    with pytest.raises(error, match=message):
        training(**({"path": tmp_path / "run.npz"} | change))


def test_another_model_and_files_that_hold_no_training(tmp_path):
    path = tmp_path / "run.npz"
    model = mg.nn.Linear(3, 1)
    options = {"checkpoint": path, "resume": True, "iterations": 1, "progress": False}
    mg.fit(lambda: np.sum(model.W), model, **options)
    other = mg.nn.Linear(3, 2, bias=None)
    message = r"of another model: parameter W has shape \(3, 2\), in the checkpoint \(3, 1\); parameter b is gone"
    with pytest.raises(ValueError, match=message):
        mg.fit(lambda: np.sum(other.W), other, **options)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="is not a whole npz file"):
        mg.fit(lambda: np.sum(model.W), model, **options)
    mg.save(model, path)
    with pytest.raises(ValueError, match=r"holds no training; was it written by mg.save\?"):
        mg.fit(lambda: np.sum(model.W), model, **options)
    with pytest.raises(ValueError, match="resume=True needs the file"):
        mg.fit(lambda: np.sum(model.W), model, resume=True)


class Odd(mg.optim.SGD):
    """An optimizer that remembers a function."""

    memory = None

    def __init__(self):
        super().__init__(lr=0.1)
        self.memory = itertools.count()


def test_an_optimizer_that_no_file_can_hold_is_refused_at_once(tmp_path):
    with pytest.raises(TypeError, match=r"the optimizer\.memory is a count, which a checkpoint cannot hold"):
        training(tmp_path / "run.npz", make=Odd)


def test_fewer_iterations_than_the_checkpoint_has_end_at_once(tmp_path):
    options = {"checkpoint": tmp_path / "run.npz", "progress": False}
    model = mg.nn.Linear(3, 1)
    mg.fit(lambda: np.sum(model.W**2), model, iterations=5, **options)
    before = model.W.numpy().copy()
    assert mg.fit(lambda: np.sum(model.W**2), model, iterations=2, resume=True, **options).iterations == 5
    assert np.array_equal(model.W.numpy(), before)


def test_groups_of_an_optimizer_are_not_undone_silently():
    a, b = (mg.Tensor(np.ones(2), requires_grad=True) for _ in range(2))
    groups = [{"params": a}, {"params": b, "lr": 0.0}]
    with pytest.raises(ValueError, match="the optimizer has groups"):
        mg.fit(lambda: np.sum(a * b), [a, b], optimizer=mg.optim.SGD(groups, lr=0.1), iterations=1, progress=False)
    mg.fit(lambda: np.sum(a * b), groups, optimizer=mg.optim.SGD(groups, lr=0.1), iterations=1, progress=False)
    assert a.numpy()[0] != 1
    assert b.numpy()[0] == 1


def test_another_training_is_not_resumed(tmp_path):
    def train(lr=0.1, x=X, resume=True, **options):
        model = mg.nn.Linear(3, 1, rng=0)
        optimizer = mg.optim.SGD(lr=lr)
        loss = lambda x, y: mg.mse(model(x), y)  # noqa: E731
        given = {"iterations": 3, "checkpoint": tmp_path / "run.npz", "resume": resume, "progress": False} | options
        return mg.fit(loss, model, (x, Y), optimizer=optimizer, **given)

    train(resume=False)
    for changed, message in [
        ({"lr": 0.2}, r"lr was 0\.1 and is 0\.2"),
        ({"clip_norm": 1.0}, r"clip_norm was None and is 1\.0"),
        ({"x": X + 1}, r"the numbers of data\[0\] are others"),
        ({"x": X.astype(np.float32)}, r"data\[0\] was float64 \(40, 3\) and is float32"),
        ({"schedule": mg.optim.constant(0.1)}, r"schedule\(0\) was None and is 0\.1"),
    ]:
        with pytest.raises(ValueError, match=message):
            train(**changed)
    assert train(iterations=5).iterations == 5
