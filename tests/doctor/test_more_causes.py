"""Causes in the data and in the course: balance, labels, repeated rows, limits, schedules, precision, evaluation."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.doctor.chart import climbed
from microgradnp.doctor.handwritten.pace import pace_of
from microgradnp.doctor.lab import Lab
from microgradnp.doctor.patient import of_fit
from microgradnp.training.steps import Changes

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 5))
Y = np.sin(1.5 * X[:, :1]) + 0.3 * X[:, 1:2]
CLASSES = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 1)


class Net:
    def __init__(self, outputs=1, act=np.tanh, dtype=float):
        rng = np.random.default_rng(1)
        start = {"W": 0.3 * rng.normal(size=(5, 16)), "b": np.zeros(16), "V": 0.3 * rng.normal(size=(16, outputs))}
        self.p = {name: mg.Tensor(w.astype(dtype), requires_grad=True, name=name) for name, w in start.items()}
        self.act = act

    def __call__(self, x):
        return self.act(x @ self.p["W"] + self.p["b"]) @ self.p["V"]


def trained(net, x=X, t=Y, loss=mg.mse, lr=0.2, iterations=200, **options):
    options |= {"optimizer": mg.optim.SGD(lr=lr), "iterations": iterations, "progress": False}
    return mg.fit(lambda x, t: loss(net(x), t), net.p, (x, t), **options)


def of_rows(y, t):
    """The cross-entropy as people write it by hand: NumPy counts the class -1 from the end."""
    return -np.mean(mg.log_softmax(y)[np.arange(len(y)), t.numpy()])


def few_of_one():
    rows = np.concatenate([np.flatnonzero(CLASSES == 0).repeat(4), np.flatnonzero(CLASSES == 1)[:6]])
    return X[rows], CLASSES[rows]


def copied():
    x = X.copy()
    x[:100] = x[RNG.integers(0, 20, 100)]
    return x


def with_a_penalty(size):
    net = Net()

    def loss(x, t):
        return mg.mse(net(x), t) + size * np.sum(net.p["W"] ** 2) + size * np.sum(net.p["V"] ** 2)

    return mg.fit(loss, net.p, (X, Y), optimizer=mg.optim.SGD(lr=0.1), iterations=400, progress=False)


HALF = (X.astype(np.float16), Y.astype(np.float16))
SICK = {  # cause -> a training, and what its evidence says
    "always_clipped": (lambda: trained(Net(), clip_norm=1e-3), "clipped in 100% of 200 steps"),
    "schedule_ended": (lambda: trained(Net(), schedule=lambda step: 0.2 * 0.8**step), "the rate fell from 0.2"),
    "precision_too_low": (lambda: trained(Net(dtype=np.float16), *HALF, lr=1e-4), "rounds away in float16"),
    "rows_contradict": (lambda: trained(Net(), copied()), "have the inputs of another row"),
    "classes_out_of_balance": (
        lambda: trained(Net(2), *few_of_one(), mg.cross_entropy, 0.003, 300),
        "of the samples are of class 0; of the others 0% are recognised",
    ),
    "targets_broadcast": (
        lambda: trained(Net(), t=Y[:, 0], loss=lambda y, t: np.mean((y - t) ** 2)),
        "the output (120, 1) and the targets (120,) give (120, 120)",
    ),
    "penalty_too_strong": (lambda: with_a_penalty(1.0), "is a penalty, made of the parameters alone"),
    "targets_out_of_range": (
        lambda: trained(Net(), t=np.sign(Y), loss=mg.bce_with_logits),
        "the loss is a cross-entropy: it can fall without end",
    ),
    "labels_malformed": (lambda: trained(Net(3), t=CLASSES - 1, loss=of_rows), "class numbers are negative"),
}


@pytest.mark.parametrize("cause", SICK)
def test_the_cause_is_named_first(cause):
    train, evidence = SICK[cause]
    found = mg.diagnose(train())
    assert [c.name for c in found.causes][:1] == [cause], str(found)
    assert evidence in found.causes[0].evidence


def of_pairs(y, t):
    return np.mean(((y - y.T) - (t - t.T)) ** 2)


HEALTHY = {
    "a small penalty": lambda: with_a_penalty(1e-4),
    "a logistic loss of signs": lambda: trained(Net(), t=np.sign(Y), loss=lambda z, t: np.mean(np.log(1 + np.exp(-t * z))), lr=1),
    "all pairs of answers": lambda: trained(
        Net(), loss=lambda y, t: np.mean(((y - y.T) - (t - t.T)) ** 2), lr=0.05, iterations=600
    ),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_training_is_not_alarmed(name):
    found = mg.diagnose(HEALTHY[name]())
    assert not found.causes, str(found)


def test_labels_that_begin_at_1():
    found = mg.diagnose(trained(Net(4), t=mg.one_hot(CLASSES + 1, 4), loss=mg.cross_entropy, lr=1e-3))
    never = next(cause for cause in found.causes if cause.name == "class_never_occurs")
    assert "4 classes, and the targets are 1 to 3: class 0 never occurs" in never.evidence
    assert never.treatment == "count the classes from 0: labels - 1"


def noisy(z):
    return np.tanh(z) * (RNG.uniform(size=z.shape) > 0.3)


def normed(z):
    return np.tanh((z - np.mean(z, axis=0)) / np.sqrt(np.var(z, axis=0) + 1e-5))


@pytest.mark.parametrize(("act", "word"), [(noisy, "dropout"), (normed, "batch norm")])
def test_an_evaluation_in_training_mode(act, word):
    net = Net(act=act)
    result = trained(net, iterations=50)
    cause = mg.diagnose(result, predict=net).causes[0]
    assert cause.name == "evaluation_in_training_mode"
    assert word in cause.treatment


@pytest.mark.parametrize(
    "options",
    [{"clip_norm": 0.3}, {"clip_value": 0.1}, {"schedule": mg.optim.cosine(0.3, 600)}],
    ids=lambda options: next(iter(options)),
)
def test_a_training_with_limits_or_a_schedule_is_repeated(options):
    net = Net()
    found = mg.diagnose(trained(net, iterations=600, **options))
    assert found.verdict == "healthy", str(found)
    patient = of_fit(trained(Net(), iterations=12, **options))
    again = Lab(patient).run(patient.start, 12)
    assert all(np.allclose(again.weights[name], w, rtol=1e-9) for name, w in patient.end.items())
    assert not np.allclose(Lab(replace(patient, changes=Changes())).run(patient.start, 12).weights["W"], patient.end["W"])


def test_the_pace_of_a_descent_with_a_limit():
    rng = np.random.default_rng(0)
    slopes = [{"w": rng.normal(size=4) * size} for size in (0.5, 3.0, 2.0, 0.4, 4.0, 0.3)]
    weights = [{"w": np.zeros(4)}]
    for g in slopes:
        norm = np.linalg.norm(g["w"])
        weights.append({"w": weights[-1]["w"] - 0.1 * g["w"] * min(1, 2 / norm)})
    pace = pace_of(range(len(weights)), weights, [*slopes, slopes[0]])
    assert np.isclose(pace.lr, 0.1)
    assert np.isclose(pace.changes.clip_norm, 2)
    assert pace.length is None
    assert pace_of(range(7), [{"w": -0.1 * k * np.ones(4)} for k in range(7)], [{"w": np.ones(4)}] * 7) is None


def test_a_run_that_is_gone_on_with_is_one_run():
    patient = of_fit(trained(Net(), iterations=12, schedule=mg.optim.cosine(0.3, 40), batch_size=25, rng=0))
    for how in ({"lr": 0.1}, {"optimizer": mg.optim.Adam(lr=0.03)}):
        lab = Lab(patient)
        whole, part = lab.run(patient.start, 20, **how), lab.run(patient.start, 7, **how)
        steps = lab.steps
        gone_on = lab.run(patient.start, 20, **how, after=part)
        assert lab.steps - steps < 14
        assert gone_on.losses == whole.losses
        assert all(np.array_equal(gone_on.weights[name], w) for name, w in whole.weights.items())


def test_the_best_rate_is_climbed_to_with_few_runs():
    asked = []

    def loss(rate):
        asked.append(rate)
        return abs(np.log10(rate)) if rate < 30 else np.inf

    assert np.isclose(climbed(loss, climbed(loss, 1e-4, (100.0, 1e4)), (3.0, 10.0)), 1)
    assert climbed(loss, 1e3, (100.0, 1e4)) == 10
    assert len(set(asked)) < 12


def test_running_statistics_stay_as_they_were():
    model = mg.nn.Sequential(mg.nn.Linear(5, 16, rng=0), mg.nn.BatchNorm(16), "relu", mg.nn.Linear(16, 1, rng=1))
    loss = lambda x, t: mg.mse(model(x), t)  # noqa: E731
    fitted = mg.fit(loss, model, (X, Y), optimizer=mg.optim.Adam(lr=0.02), epochs=60, batch_size=40, rng=0, progress=False)
    before = {name: value.copy() for name, value in model.state().items()}

    def predict(x):
        found = model.eval()(x)
        model.train()
        return found

    for found in (mg.diagnose(fitted, predict=predict), mg.diagnose(loss, parameters=model, data=(X, Y), predict=predict)):
        assert not [cause for cause in found.causes if cause.name.startswith("evaluation")], str(found)
        assert all(np.array_equal(value, before[name]) for name, value in model.state().items())


def test_a_reconstruction_is_no_leak():
    net = mg.nn.MLP([5, 8, 5], rng=0)
    fitted = mg.fit(lambda x, t: mg.mse(net(x), t), net, (X, X), optimizer=mg.optim.Adam(lr=0.02), iterations=600, progress=False)
    assert mg.diagnose(fitted).verdict == "healthy"


def test_a_sigmoid_before_a_loss_of_logits():
    net = mg.nn.MLP([5, 8, 1], output="sigmoid", rng=0)
    fitted = mg.fit(lambda x, t: mg.bce_with_logits(net(x), t), net, (X, (Y > 0) * 1.0), iterations=20, progress=False)
    cause = mg.diagnose(fitted).causes[0]
    assert cause.name == "softmax_twice"
    assert "cannot fall under 0.313" in cause.evidence


def noise(x):
    return 0.05 * RNG.normal(size=np.shape(x))


WEIGHTS = RNG.uniform(0.5, 2, (120, 1))
THERE = WEIGHTS > 0.8
MISSING = np.where(THERE, Y, np.nan)
OF_OTHER_FORMS = {  # healthy losses with more than an output and targets
    "noise is added to the inputs": lambda net: (lambda x, t: mg.mse(net(x + noise(x)), t), (X, Y)),
    "rows are drawn in the loss": lambda net: (lambda x, t: batch(net, x.numpy(), t.numpy()), (X, Y)),
    "each row has a weight": lambda net: (lambda x, t, w: np.sum(w * (net(x) - t) ** 2) / 120, (X, Y, WEIGHTS)),
    "weights are brought along": lambda net: (lambda x, t: np.sum(WEIGHTS * (net(x) - t) ** 2) / 120, (X, Y)),
    "missing targets are left out": lambda net: (lambda x, t: np.mean(np.where(THERE, net(x) - Y, 0) ** 2), (X, MISSING)),
    "a mask leaves rows out": lambda net: (lambda x, t, m: np.sum(m * (net(x) - t) ** 2) / 60, (X, Y, (WEIGHTS > 1) * 1.0)),
}


def batch(net, x, t):
    rows = RNG.permutation(len(x))
    return mg.mse(net(x[rows]), t[rows]) + 1e-3 * np.mean(net(x[rows[:30]]) ** 2)


@pytest.mark.parametrize("form", OF_OTHER_FORMS)
def test_losses_of_other_forms_are_not_alarmed(form):
    net = mg.nn.MLP([5, 24, 1], activation="tanh", rng=0)
    loss, data = OF_OTHER_FORMS[form](net)
    fitted = mg.fit(loss, net.parameters(), data, optimizer=mg.optim.Adam(lr=0.02), iterations=400, progress=False)
    found = mg.diagnose(fitted)
    assert not found.causes, str(found)


def test_inputs_that_are_shuffled_in_the_loss_lose_their_targets():
    net = mg.nn.MLP([5, 24, 1], activation="tanh", rng=0)
    loss = lambda x, t: mg.mse(net(x[RNG.permutation(120)]), t)  # noqa: E731
    found = mg.diagnose(mg.fit(loss, net, (X, Y), iterations=50, progress=False))
    assert found.causes[0].name == "rows_misaligned"
    assert "away from their targets" in found.causes[0].evidence


def test_a_target_in_other_units_and_one_that_is_nearly_there():
    scaled, near = X.copy(), X.copy()
    scaled[:, 4], near[:, 4] = 3 * Y[:, 0] - 1, Y[:, 0] + 0.02 * RNG.normal(size=120)
    assert "times a factor plus an offset" in mg.diagnose(trained(Net(), scaled, iterations=50)).causes[0].evidence
    found = mg.diagnose(trained(Net(), near))
    assert found.verdict == "healthy"
    assert any("column 4 of the inputs alone tells column 0" in note for note in found.notes), str(found)
    assert not any("alone tells" in note for note in mg.diagnose(trained(Net(), iterations=600)).notes)


def test_accumulated_batches_and_those_of_a_list_are_repeated():
    whole = of_fit(trained(Net(), iterations=12))
    accumulated = of_fit(trained(Net(), iterations=12, accumulate=3, batch_size=40, rng=0))
    a, b = (Lab(patient).run(patient.start, 12) for patient in (whole, accumulated))
    assert all(np.allclose(a.weights[name], w, rtol=1e-9) for name, w in b.weights.items())  # 3 batches of 40 are all 120 rows
    net = Net()
    batches = [(X[k : k + 40], Y[k : k + 40]) for k in (0, 40, 80)]
    loss = lambda x, t: mg.mse(net(x), t)  # noqa: E731
    fitted = mg.fit(loss, net.p, batches, optimizer=mg.optim.SGD(lr=1e-4), epochs=60, progress=False)
    found = mg.diagnose(fitted)
    assert [cause.name for cause in found.causes][:1] == ["learning_rate_too_low"], str(found)
    assert any("joined" in note for note in found.notes)
    net, source = Net(), itertools.cycle(batches)
    loss = lambda x, t: mg.mse(net(x), t)  # noqa: E731
    fitted = mg.fit(loss, net.p, source, optimizer=mg.optim.SGD(lr=1e-4), iterations=180, progress=False)
    found = mg.diagnose(fitted)
    assert [cause.name for cause in found.causes][:1] == ["learning_rate_too_low"], str(found)
    assert any("120 different rows" in note for note in found.notes)
