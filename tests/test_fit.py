"""The training loop: batches, stopping rules, history, Ctrl-C, and losses that are not finite."""

import numpy as np
import pytest

import microgradnp as mg

quiet = {"progress": False}


def bowl(w):
    return lambda: np.sum(w**2)


def test_history_of_gradient_descent_on_a_bowl():
    w = mg.Tensor([3.0, 4.0], requires_grad=True)
    result = mg.fit(bowl(w), w, optimizer=mg.optim.SGD(lr=0.1), iterations=5, **quiet)
    np.testing.assert_allclose(result.history.loss, [25 * 0.64**k for k in range(5)])  # each step multiplies w by 0.8
    np.testing.assert_allclose(result.history.gradient_norm, [10 * 0.8**k for k in range(5)])
    assert (result.iterations, result.reason, result.interrupted) == (5, "all 5 iterations done", False)
    assert result.history.seconds == sorted(result.history.seconds)
    np.testing.assert_allclose(w.numpy(), np.array([3.0, 4.0]) * 0.8**5)
    assert str(result).startswith("5 iterations, loss 4.194")


def test_gradient_norm_stops_at_the_first_iteration_below_it():
    w = mg.Tensor([3.0, 4.0], requires_grad=True)
    result = mg.fit(bowl(w), w, optimizer=mg.optim.SGD(lr=0.1), stop=mg.GradientNorm(1.0), **quiet)
    assert result.iterations == 12  # 10 * 0.8**11 < 1 < 10 * 0.8**10
    assert result.reason == "gradient norm 0.859 fell under 1"


def test_loss_plateau():
    w = mg.Tensor([1.0], requires_grad=True)
    result = mg.fit(lambda: np.sum(w * 0) + 1, w, iterations=50, stop=[mg.LossPlateau(patience=7), mg.GradientNorm(-1)], **quiet)
    assert result.iterations == 8
    assert "improved by less than 1e-06 of itself in 7 iterations" in result.reason


def test_a_stopping_rule_may_be_any_function():
    w = mg.Tensor([1.0], requires_grad=True)
    result = mg.fit(bowl(w), w, stop=lambda history: "enough" if len(history.loss) == 3 else None, **quiet)
    assert (result.iterations, result.reason) == (3, "enough")


def test_batches_cover_each_epoch_without_repetition():
    seen = []
    w = mg.Tensor([1.0], requires_grad=True)

    def loss(x, y):
        seen.append((x.numpy().copy(), y.numpy().copy()))
        return np.sum(w * x)

    data = np.arange(12.0)
    mg.fit(loss, w, (data, 10 * data), batch_size=4, iterations=6, rng=0, **quiet)
    for epoch in (seen[:3], seen[3:]):
        assert sorted(np.concatenate([x for x, _ in epoch])) == list(data)
    assert all(np.array_equal(y, 10 * x) for x, y in seen)
    assert not np.array_equal(seen[0][0], seen[3][0]), "reshuffled"


def test_the_last_batch_of_an_epoch_may_be_smaller():
    w, sizes = mg.Tensor([1.0], requires_grad=True), []

    def loss(x):
        sizes.append(len(x))
        return np.sum(w * x)

    data = (np.arange(10.0),)
    assert mg.fit(loss, w, data, batch_size=4, epochs=2, **quiet).iterations == 6
    assert mg.fit(loss, w, data, batch_size=4, epochs=2, drop_last=True, **quiet).iterations == 4
    assert sizes == [4, 4, 2, 4, 4, 2, 4, 4, 4, 4]


def test_ctrl_c_returns_what_there_is():
    w = mg.Tensor([3.0, 4.0], requires_grad=True)

    def interrupt(iteration, result):
        if iteration == 3:
            raise KeyboardInterrupt

    result = mg.fit(bowl(w), w, optimizer=mg.optim.SGD(lr=0.1), callback=interrupt, **quiet)
    assert (result.interrupted, result.iterations, result.reason) == (True, 3, "interrupted")
    np.testing.assert_allclose(w.numpy(), np.array([3.0, 4.0]) * 0.8**3)


@pytest.mark.filterwarnings("ignore:.*encountered in log:RuntimeWarning")
def test_a_loss_that_is_not_finite_names_iteration_and_operation_and_loses_nothing():
    w = mg.Tensor([1.0], requires_grad=True)

    def loss():
        ratio = np.log(w)
        return np.sum(ratio * 2) ** 1

    with pytest.raises(
        FloatingPointError, match=r"the loss is nan at iteration 2: log made nan at \(0,\) .* w = -3\.0 \(at test_fit"
    ) as caught:
        mg.fit(loss, w, optimizer=mg.optim.SGD(lr=2.0), **quiet)
    assert caught.value.result.iterations == 1
    assert "learning rate" in str(caught.value)
    assert w.item() == -3.0, "as after the last good step: 1 - 2 * 2/1"


def test_nan_in_the_data_is_named():
    w = mg.Tensor([1.0], requires_grad=True)
    with pytest.raises(FloatingPointError, match=r"iteration 1: .* \(2,\).* holds nan at \(1,\) from the start"):
        mg.fit(lambda x: np.sum(w * x), w, (np.array([1.0, np.nan]),), **quiet)


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_a_gradient_that_is_not_finite_names_the_parameter():
    w = mg.Tensor([0.0], requires_grad=True, name="w")
    with pytest.raises(FloatingPointError, match="the gradient of w is not finite"):
        mg.fit(lambda: np.sum(np.sqrt(w)), w, **quiet)
    assert w.item() == 0.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda w: mg.fit(mg.sse, w, np.ones(3), np.zeros(3)), TypeError, "put the data in a tuple"),
        (lambda w: mg.fit(mg.sse, w, (), mg.optim.SGD(lr=1)), TypeError, "the optimizer is given by name"),
        (lambda w: mg.fit(lambda: 3.0, w, **quiet), TypeError, "loss must stay a Tensor, got float"),
        (lambda w: mg.fit(lambda: w * 2, w, **quiet), ValueError, "not a scalar"),
        (lambda w: mg.fit(bowl(w), w, (np.ones(3), np.ones(4)), **quiet), ValueError, r"\[3, 4\] samples"),
        (lambda w: mg.fit(bowl(w), w, batch_size=2, **quiet), ValueError, "batch_size=2 needs data"),
        (lambda w: mg.fit(bowl(w), [], **quiet), ValueError, "no parameters"),
    ],
)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message):
        call(mg.Tensor([1.0, 2.0], requires_grad=True))


def test_progress_bar_shows_the_loss_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    w = mg.Tensor([3.0, 4.0], requires_grad=True)
    mg.fit(bowl(w), w, optimizer=mg.optim.SGD(lr=0.1), iterations=3)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "loss" in captured.err


def test_no_progress_bar_in_a_pipe(capsys):
    w = mg.Tensor([3.0, 4.0], requires_grad=True)
    mg.fit(bowl(w), w, iterations=3)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("backend", [None, "numba"])
def test_a_rule_that_stops_just_before_the_loss_overflows_ends_the_training_without_an_error(backend):
    if backend:
        pytest.importorskip("numba", reason='needs pip install "microgradnp[fast]"')
    w = mg.Tensor(np.ones(3), requires_grad=True)
    rule = lambda history: "enough" if len(history.loss) == 2 else None  # noqa: E731
    with np.errstate(all="ignore"):
        result = mg.fit(lambda: np.sum(np.exp(w * w)), w, optimizer=mg.optim.SGD(lr=1.0), stop=rule, backend=backend, **quiet)
    assert (result.iterations, result.reason) == (2, "enough")
    assert np.all(np.abs(w.numpy()) > 1e9), "the third loss is infinite"


def test_fit_trains_no_other_parameters_than_the_optimizer_was_made_for():
    body, head = (mg.Tensor(np.ones((2, 2)), requires_grad=True, name=name) for name in ("body", "head"))
    frozen = mg.optim.SGD([head], lr=0.1)

    def loss():
        return np.sum((body @ head) ** 2)

    with pytest.raises(ValueError, match="made for head, and fit is to train body, head"):
        mg.fit(loss, [body, head], optimizer=frozen, iterations=1, progress=False)
    mg.fit(loss, [head], optimizer=frozen, iterations=1, progress=False)
    np.testing.assert_array_equal(body.numpy(), np.ones((2, 2)))


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        ({"optimizer": "adam"}, r"mg\.optim\.Adam\(lr="),
        ({"optimizer": mg.optim.RMSProp}, r"mg\.optim\.RMSProp\(lr="),
        ({"stop": "plateau"}, r"mg\.LossPlateau"),
        ({"stop": [mg.GradientNorm]}, r"mg\.GradientNorm"),
    ],
)
def test_a_name_or_a_class_in_place_of_an_object_is_answered(options, cure):
    w = mg.Tensor(np.ones(2), requires_grad=True)
    with pytest.raises(TypeError, match=cure):
        mg.fit(lambda: np.sum(w**2), w, progress=False, **options)


def test_a_loss_in_place_of_its_function_is_answered():
    w = mg.Tensor(np.ones(2), requires_grad=True)
    with pytest.raises(TypeError, match="pass a function that returns it"):
        mg.fit(np.sum(w**2), w, progress=False)
