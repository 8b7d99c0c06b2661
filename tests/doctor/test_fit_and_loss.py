"""`mg.diagnose` of a `Fit`, and of a loss with its parameters: each fault is named first, health is said, nothing moves."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

import microgradnp as mg

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 5))
Y = np.sin(1.5 * X[:, :1]) + 0.3 * X[:, 1:2]
CLASSES = (X[:, :1] + X[:, 1:2] > 0).astype(int)[:, 0] + (X[:, 2] > 1)
ONE_HOT = mg.one_hot(CLASSES, 3)


class Net:
    """Two layers by hand, so that a test can change any part."""

    def __init__(self, outputs=1, act=np.tanh, scale=1.0, bias=0.0, final=lambda z: z):
        rng = np.random.default_rng(1)
        self.act, self.final = act, final
        self.p = {
            "W": mg.Tensor(scale * rng.normal(size=(5, 16)) * 0.3, requires_grad=True, name="W"),
            "b": mg.Tensor(np.full(16, bias), requires_grad=True, name="b"),
            "V": mg.Tensor(scale * rng.normal(size=(16, outputs)) * 0.3, requires_grad=True, name="V"),
        }

    def __call__(self, x):
        return self.final(self.act(x @ self.p["W"] + self.p["b"]) @ self.p["V"])


def trained(net, x=X, t=Y, loss=mg.mse, lr=0.2, iterations=200, parameters=None, **options):
    def whole(x, t):
        return loss(net(x), t)

    try:
        with np.errstate(all="ignore"):
            optimizer = options.pop("optimizer", None) or mg.optim.SGD(lr=lr)
            chosen = parameters or net.p
            return mg.fit(whole, chosen, (x, t), optimizer=optimizer, iterations=iterations, progress=False, **options)
    except FloatingPointError as error:
        return error


def by_hand_softmax(z):
    e = np.exp(z)
    return e / np.sum(e, axis=0)


def log_loss(p, t):
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


def holed(x):
    x = x.copy()
    x[7, 2] = np.nan
    return x


@mg.primitive
def bent(z):
    return np.tanh(z)


mg.rule(bent, lambda g, y, z: g * (1 - y))  # the square is missing


class Climbing(mg.optim.SGD):
    def change(self, _name, gradient):
        return self.lr * gradient


SICK = {
    "bad_values_in_data": lambda: trained(Net(), holed(X)),
    "unstable_formula": lambda: trained(Net(scale=100, final=mg.sigmoid), t=(Y > 0) * 1.0, loss=log_loss),
    "rows_misaligned": lambda: trained(Net(), loss=lambda y, t: mg.mse(y[np.arange(len(X))[::-1].copy()], t)),
    "wrong_gradient": lambda: trained(Net(act=bent)),
    "parameter_not_trained": lambda: trained(net := Net(), parameters={"V": net.p["V"]}),
    "optimizer_bug": lambda: trained(Net(), optimizer=Climbing(lr=1e-3)),
    "softmax_wrong_axis": lambda: trained(Net(3, final=by_hand_softmax), t=ONE_HOT),
    "softmax_twice": lambda: trained(Net(3, final=mg.softmax), t=ONE_HOT, loss=mg.cross_entropy),
    "targets_out_of_range": lambda: trained(Net(final=mg.sigmoid), t=5 * Y),
    "symmetric_init": lambda: trained(Net(scale=0)),
    "dead_relu": lambda: trained(Net(act=mg.relu, bias=-40.0)),
    "targets_shifted": lambda: trained(Net(), t=np.roll(Y, 1, 0)),
    "inputs_unscaled": lambda: trained(Net(), 40 * X + 200),
    "targets_unscaled": lambda: trained(Net(), t=1000 * Y),
    "saturated_units": lambda: trained(Net(scale=60)),
    "learning_rate_too_high": lambda: trained(Net(), lr=20.0),
    "learning_rate_too_low": lambda: trained(Net(), lr=1e-5),
    "too_few_steps": lambda: trained(Net(), iterations=8, lr=0.1),
    "targets_unrelated": lambda: trained(Net(), t=RNG.normal(size=Y.shape)),
    "target_in_inputs": lambda: trained(Net(), np.hstack([X[:, :4], Y])),
}


@pytest.mark.parametrize("cause", SICK)
def test_the_fault_is_named_first(cause):
    found = mg.diagnose(SICK[cause]())
    assert [c.name for c in found.causes][:1] == [cause], str(found)
    assert found.verdict == "sick"
    assert found.causes[0].evidence


@pytest.mark.parametrize("net", [Net(), Net(act=mg.relu), Net(act=mg.sigmoid)], ids=["tanh", "relu", "sigmoid"])
def test_health_is_said(net):
    net = trained(net, lr=0.2, iterations=1500, optimizer=mg.optim.Adam(lr=0.02))
    found = mg.diagnose(net)
    assert found.healthy
    assert found.verdict == "healthy"
    assert str(found).startswith("HEALTHY")
    assert "explains" in found.summary


def test_a_model_is_not_too_small_while_its_inputs_are_unscaled():
    names = [cause.name for cause in mg.diagnose(trained(Net(), 100 * X + 500)).causes]
    assert names[0] == "inputs_unscaled"
    assert "capacity_too_small" not in names


def test_a_loss_with_parameters_of_now():
    net = Net(act=mg.relu, bias=-40.0)
    found = mg.diagnose(lambda x, t: mg.mse(net(x), t), parameters=net.p, data=(X, Y), optimizer=mg.optim.SGD(lr=0.1))
    assert found.causes[0].name == "dead_relu"
    assert "stopped" not in str(found)


def test_everything_is_as_it_was():
    net = Net()
    result = trained(net, lr=1e-4)
    kept = {name: p.numpy().copy() for name, p in net.p.items()}
    np.random.seed(5)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    mg.diagnose(result)
    assert all(np.array_equal(p.numpy(), kept[name]) for name, p in net.p.items())
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_an_evaluation_that_differs():
    net = Net()
    result = trained(net)
    assert mg.diagnose(result, predict=net).causes == []
    assert mg.diagnose(result, predict=lambda x: net(x * 2)).causes[0].name == "evaluation_differs"


def test_validation_rows_that_were_trained_on():
    result = trained(Net(), iterations=1000)
    assert mg.diagnose(result, validation=(X[:50], Y[:50])).causes[0].name == "validation_overlaps"


def test_the_activations_written_by_hand_are_known():
    result = trained(Net(act=lambda z: 1 / (1 + np.exp(-z)), scale=60))
    assert "saturated_units" in [cause.name for cause in mg.diagnose(result).causes]


def test_json_page_and_picture(tmp_path):
    found = mg.diagnose(trained(Net(), lr=1e-5))
    facts = json.loads(found.to_json())
    assert facts["verdict"] == "sick"
    assert facts["causes"][0]["name"] == "learning_rate_too_low"
    page = Path(found.save(tmp_path / "d.html")).read_text()
    assert "learning rate too low" in page
    assert "http:" not in page.partition("<svg")[0]
    picture = Path(found.draw(tmp_path / "d.svg")).read_text()
    assert {"W", "b", "V"} <= {text.text for text in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")}
    assert "norm of the gradient over the steps" in picture
    assert "learning rate too low" in found._repr_html_()


def test_what_is_no_training_is_refused():
    with pytest.raises(TypeError, match=r"no result of mg\.fit"):
        mg.diagnose(3)
