"""Epochs, data of all kinds, validation, early stopping, limits, schedules, and unknown arguments."""

import json

import numpy as np
import pytest

import microgradnp as mg

quiet = {"progress": False}
X = np.random.default_rng(0).normal(size=(12, 3))
Y = X @ [[1.0], [-2.0], [0.5]]


def line(seed=0):
    """A linear model and its loss."""
    model = mg.nn.Linear(3, 1, rng=seed)
    return model, lambda x, y: mg.mse(model(x), y)


def trained(**options):
    """The weights and the result of a short training."""
    model, loss = line()
    result = mg.fit(loss, model, options.pop("data", (X, Y)), optimizer=mg.optim.SGD(lr=0.1, momentum=0.5), **options, **quiet)
    return model.W.numpy(), result


def test_epochs_are_passes_over_the_data():
    weights, result = trained(epochs=3, batch_size=5, rng=0)
    assert (result.iterations, result.reason) == (9, "all 9 iterations done")
    np.testing.assert_array_equal(weights, trained(iterations=9, batch_size=5, rng=0)[0])
    assert trained(epochs=4)[1].iterations == 4
    with pytest.raises(ValueError, match="give iterations=2 or epochs=3, not both"):
        trained(iterations=2, epochs=3)


@pytest.mark.parametrize("kind", ["list", "generator", "function", "loader"])
def test_batches_from_an_iterable(kind):
    batches = [(X[k : k + 4], Y[k : k + 4]) for k in (0, 4, 8)]

    class Loader:
        def __iter__(self):
            return iter(batches)

    data = {"list": batches, "generator": (b for b in batches), "function": lambda: (b for b in batches), "loader": Loader()}[
        kind
    ]
    weights, result = trained(data=data)
    assert result.iterations == 3, "one pass"
    if kind == "generator":
        with pytest.raises(ValueError, match="a generator gives one epoch, not 2; pass a function"):
            trained(data=(b for b in batches), epochs=2)
        assert trained(data=(b for b in batches), iterations=9)[1].reason == "the data ended after 3 iterations"
    else:
        assert trained(data=data, epochs=2)[1].iterations == 6
        assert trained(data=data, iterations=7)[1].iterations == 7
    model, loss = line()
    optimizer = mg.optim.SGD(model, lr=0.1, momentum=0.5)
    for x, y in batches:
        optimizer.zero_grad()
        loss(x, y).backward()
        optimizer.step()
    np.testing.assert_array_equal(weights, model.W.numpy())


def test_data_that_gives_no_batch_and_data_of_another_kind():
    with pytest.raises(ValueError, match="data gave no batch"):
        trained(data=iter([]))
    with pytest.raises(TypeError, match="data must be a tuple of arrays or an iterable of batches, got int"):
        trained(data=3)
    with pytest.raises(TypeError, match="data must be a tuple of arrays or an iterable of batches, got dict"):
        trained(data={"x": X, "y": Y})
    with pytest.raises(ValueError, match="batch_size=2 is for arrays"):
        trained(data=lambda: iter([]), batch_size=2)


def test_a_memory_map_stays_on_the_disk(tmp_path):
    held = np.memmap(tmp_path / "x", float, "w+", shape=X.shape)
    held[:] = X
    weights, _ = trained(data=(held, Y), batch_size=4, iterations=5, rng=0)
    np.testing.assert_array_equal(weights, trained(batch_size=4, iterations=5, rng=0)[0])


def test_accumulated_batches_are_one_large_batch():
    batches = [(X[k : k + 4], Y[k : k + 4]) for k in (0, 4, 8)]
    weights, result = trained(data=batches, accumulate=3, epochs=5)
    whole, one = trained(iterations=5)
    np.testing.assert_allclose(weights, whole, rtol=1e-12)
    np.testing.assert_allclose(result.history.loss, one.history.loss, rtol=1e-12)
    assert trained(data=batches, accumulate=2, epochs=1)[1].iterations == 2, "the rest is a step, too"
    model, loss = line()
    validated = mg.fit(loss, model, (X, Y), batch_size=3, accumulate=3, epochs=3, metrics={"one": lambda x, y: 1}, **quiet)
    assert validated.history.validated == [2, 3, 4], "an epoch may end inside of a step"


def test_validation_is_done_as_after_eval_and_changes_nothing():
    model = mg.nn.Sequential(mg.nn.Dropout(0.5, rng=0), mg.nn.BatchNorm(3), mg.nn.Linear(3, 1, rng=0))
    model.layers[1].eval()  # frozen by the user
    seen = []

    def loss(x, y):
        seen.append([m.training for m in (model, *model.layers[:2])])
        return mg.mse(model(x), y)

    result = mg.fit(
        loss,
        model,
        (X, Y),
        batch_size=6,
        epochs=2,
        validation=(X, Y),
        metrics={"largest": lambda x, y: np.max(model(x))},
        **quiet,
    )
    assert result.history.validated == [2, 4]
    assert len(result.history.validation) == len(result.history.metrics["largest"]) == 2
    assert seen == [[True, True, False]] * 2 + [[False] * 3] + [[True, True, False]] * 2 + [[False] * 3]
    assert [m.training for m in (model, *model.layers[:2])] == [True, True, False]
    assert model.eval() is model
    assert result.history.validation[-1] == mg.mse(model(X), Y).item()
    assert trained(iterations=7, validation=(X, Y), validation_every=3)[1].history.validated == [3, 6, 7]


def test_early_stopping_gives_the_best_parameters_back():
    model, _ = line()
    far = iter([3.0, 2.0, 1.0, 4.0, 5.0, 6.0])
    kept = []

    def distance(x, y):
        kept.append(model.W.numpy().copy())
        return next(far)

    result = mg.fit(
        lambda x, y: mg.mse(model(x), y),
        model,
        (X, Y),
        metrics={"far": distance},
        stop=mg.EarlyStopping(2, "far", largest=False),
        optimizer=mg.optim.SGD(lr=0.1),
        **quiet,
    )
    assert (result.iterations, result.best) == (5, 3)
    assert result.reason == "far did not improve in 2 validations; the parameters are those of iteration 3"
    np.testing.assert_array_equal(model.W.numpy(), kept[2])
    assert mg.EarlyStopping(3, "a").best(mg.training.history.History(metrics={"a": [1.0, np.nan, 2.0, 2.0]})) == 2
    assert mg.EarlyStopping(3, "a", least=0.5).best(mg.training.history.History(metrics={"a": [1.0, 1.4, 1.6]})) == 2


def test_early_stopping_needs_something_to_watch():
    with pytest.raises(ValueError, match=r"EarlyStopping needs validation=\(x, y\)"):
        trained(stop=mg.EarlyStopping())
    with pytest.raises(ValueError, match=r"EarlyStopping watches 'a'; metrics= has \[\]"):
        trained(stop=mg.EarlyStopping(metric="a"), validation=(X, Y))


def test_schedule_clipping_and_callbacks():
    _, result = trained(
        iterations=9,
        schedule=mg.optim.step_decay(0.2, 2, 0.5),
        clip_norm=0.1,
        callback=[lambda k, r: None, lambda k, r: "seen enough" if k == 4 else None],
    )
    assert result.history.learning_rate == [0.2, 0.2, 0.1, 0.1]
    assert (result.iterations, result.reason) == (4, "seen enough")
    assert min(result.history.gradient_norm) > 0.1, "the norm before clipping"
    model, loss = line()
    before = model.W.numpy().copy()
    mg.fit(loss, model, (X, Y), optimizer=mg.optim.SGD(lr=1.0), iterations=1, clip_value=0.01, **quiet)
    np.testing.assert_allclose(np.abs(model.W.numpy() - before), 0.01)


def test_history_as_a_picture_as_a_dict_and_in_one_line(tmp_path):
    _, result = trained(iterations=30, validation=(X, Y), metrics={"one": lambda x, y: 1})
    picture = result.history.plot(tmp_path / "curves.svg")
    assert (tmp_path / "curves.svg").read_text() == picture == picture._repr_svg_()
    assert all(word in picture for word in ("loss", "validation", "one", "learning rate", "gradient norm"))
    assert picture.count("<svg") == 5
    held = json.loads(json.dumps(result.history.to_dict()))
    assert held["validated"] == list(range(1, 31))
    for line_ in (repr(result), repr(result.history), repr(picture)):
        assert "\n" not in line_
        assert len(line_) < 130
    assert repr(mg.fit(*line()[::-1], (X, Y), iterations=0, **quiet)) == "Fit(0 iterations, no loss: all 0 iterations done)"
    assert repr(result.history).startswith("History(30 iterations, loss ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lr", r"fit has no lr: write optimizer=mg.optim.SGD\(lr=...\)"),
        ("batchsize", "fit has no batchsize; did you mean batch_size?"),
        ("validation_data", r"fit has no validation_data: write validation=\(x, y\)"),
        ("zzz", "fit has no zzz; it has loss, parameters, data, optimizer"),
    ],
)
def test_unknown_arguments_are_answered_with_the_nearest_known_one(name, message):
    with pytest.raises(TypeError, match=message):
        trained(**{name: 1})


def test_a_training_that_cannot_be_repeated_is_not_diagnosed():
    assert trained(iterations=2)[1].training is not None
    assert trained(data=iter([(X, Y)]), iterations=1)[1].training is not None  # what a generator gave is kept
    with pytest.raises(TypeError, match=r"diagnose: .*do not fit together"):
        mg.diagnose(trained(data=[(X, Y), (X,)], iterations=1)[1])


def test_the_model_in_place_of_the_loss():
    with pytest.raises(TypeError, match=r"parameters is an array; write mg.fit\(loss, model, \(x, y\)\)"):
        mg.fit(line()[0], X, Y)
