"""`mg.diagnose` measures with the training's own loss: healthy classifiers, counts and language models are not accused."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.debugger.capture.bind import BindingError, Wanted
from microgradnp.debugger.capture.program import Program
from microgradnp.doctor.handwritten.course import boundary

RNG = np.random.default_rng(4)
X = RNG.normal(size=(150, 4))
SCORE = X @ np.array([1.5, -2.0, 1.0, 0.5])
LABEL = (SCORE > 0) * 1.0
NOISY = (SCORE + 1.5 * RNG.normal(size=150) > 0) * 1.0
COUNTS = RNG.poisson(np.exp(0.4 * SCORE)) * 1.0
LABELS = np.stack([LABEL, X[:, 0] > 0, X[:, 3] > 0.5], 1) * 1.0


def by_hand(p, t):
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


def poisson(z, t):
    return np.mean(np.exp(z) - t * z)


LOSSES = {  # name -> (loss of the output and the targets, function at the output, targets)
    "logits": (mg.bce_with_logits, mg.identity, LABEL[:, None]),
    "one dimension": (lambda z, t: mg.bce_with_logits(z[:, 0], t), mg.identity, LABEL),
    "noisy labels": (mg.bce_with_logits, mg.identity, NOISY[:, None]),
    "probabilities": (mg.bce, mg.sigmoid, LABEL[:, None]),
    "by hand": (by_hand, mg.sigmoid, LABEL[:, None]),
    "margin": (lambda z, t: np.mean(mg.softplus((1 - 2 * t) * z)), mg.identity, LABEL[:, None]),
    "hinge": (lambda z, t: mg.hinge(z, 2 * t - 1), mg.identity, LABEL[:, None]),
    "three labels": (mg.bce, mg.sigmoid, LABELS),
    "counts": (poisson, mg.identity, COUNTS[:, None]),
    "absolute errors": (lambda y, t: np.mean(abs(y - t)), mg.identity, SCORE[:, None]),
}


def trained(loss, final, t, lr=0.05, iterations=300):
    net = mg.nn.MLP([4, 8, t[0].size if t.ndim > 1 else 1], rng=0, output=final)
    optimizer = mg.optim.Adam(lr=lr)
    return mg.fit(lambda x, t: loss(net(x), t), net, (X, t), optimizer=optimizer, iterations=iterations, progress=False)


@pytest.mark.parametrize("name", LOSSES)
def test_what_has_learned_is_not_accused(name):
    found = mg.diagnose(trained(*LOSSES[name]))
    assert not found.causes, str(found)
    assert found.verdict in ("healthy", "at its floor")


@pytest.mark.parametrize("name", ["probabilities", "by hand", "three labels"])
def test_a_rate_that_is_too_low_is_named_all_the_same(name):
    found = mg.diagnose(trained(*LOSSES[name], lr=1e-6))
    assert [c.name for c in found.causes][:1] == ["learning_rate_too_low"], str(found)


def test_the_level_of_a_constant_answer_is_that_of_the_loss():
    share, mean = LABEL.mean(), COUNTS.mean()
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    for name, level in {"by hand": entropy, "logits": entropy, "counts": mean - mean * np.log(mean)}.items():
        found = mg.diagnose(trained(*LOSSES[name]))
        assert np.isclose(found.levels["best constant"], level, rtol=1e-4), name


def test_a_loss_without_a_floor_cannot_be_told():
    net = mg.nn.Linear(4, 2, rng=0)

    def loss(x, t):
        return np.mean(net(x)[:, 1] + 0.5 * (net(x)[:, 0] - t) ** 2 * np.exp(-2 * net(x)[:, 1]))

    found = mg.diagnose(mg.fit(loss, net, (X, NOISY + SCORE), optimizer=mg.optim.Adam(lr=0.02), iterations=300, progress=False))
    assert found.verdict == "could not tell", str(found)
    assert not found.causes


def logistic(x, t, w, b):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


def descent(x, t, w, b):
    for _ in range(300):
        d = (1 / (1 + np.exp(-(x @ w + b))) - t) / len(x)
        w = w - 1.0 * x.T @ d
        b = b - 1.0 * d.sum()
    return w, b


def test_a_logistic_regression_in_numpy():
    found = mg.diagnose(descent, logistic, (X, LABEL, np.zeros(4), 0.0))
    assert found.verdict == "healthy", str(found)


def test_a_budget_that_ends_at_once_is_no_missing_loop():
    assert mg.diagnose(descent, logistic, (X, LABEL, np.zeros(4), 0.0), budget=0).steps

    def slow(x, t, w, b):
        for _ in range(2):
            for _row in range(300):
                pass
            w = w - x.T @ (1 / (1 + np.exp(-(x @ w + b))) - t) / len(x)
        return w, b

    program = Program(slow, (X, LABEL, np.zeros(4), 0.0), {})
    with pytest.raises(BindingError, match="budget="):
        boundary(program, Wanted(["x", "t", "w", "b"], set(), {}), until=0)


class Tokens(mg.nn.Module):
    """A language model. With `both` it reads the sequence from the end, too."""

    def __init__(self, both):
        self.e, self.r, self.o = mg.nn.Embedding(5, 6, rng=0), mg.nn.GRU(6, 8, rng=0), mg.nn.Linear(8, 5, rng=0)
        self.both = both

    def forward(self, tokens):
        e = self.e(tokens)
        h = self.r(e)[0]
        return self.o(h + self.r(e[:, ::-1])[0][:, ::-1] if self.both else h)


@pytest.mark.parametrize("both", [False, True])
def test_the_next_token_is_a_leak_only_where_the_model_sees_it(both):
    tokens, net = RNG.integers(0, 5, (20, 7)), Tokens(both)
    data = tokens[:, :-1], tokens[:, 1:]
    found = mg.diagnose(lambda i, t: mg.cross_entropy(net(i), t), parameters=net, data=data, budget=1)
    assert ("target_in_inputs" in [c.name for c in found.causes]) == both, str(found)
