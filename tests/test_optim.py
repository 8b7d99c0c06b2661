"""Optimizers against their published formulas, and against PyTorch where it is installed."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core.habits import OPTIM, OPTIMIZERS


def descend(optimizer, start, steps):
    """Minimize sum(c * w**4) and return w; the gradient is 4 c w**3."""
    w = mg.Tensor(start, requires_grad=True)
    optimizer.bind(w)
    c = np.array([1.0, 0.1, 10.0])
    for _ in range(steps):
        optimizer.zero_grad()
        np.sum(c * w**4).backward()
        optimizer.step()
    return w.numpy()


START = np.array([1.0, -2.0, 0.5])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_is_its_recurrence(momentum):
    w, v, c = START.copy(), 0.0, np.array([1.0, 0.1, 10.0])
    for _ in range(25):
        v = momentum * v + 4 * c * w**3
        w = w - 0.01 * v
    np.testing.assert_allclose(descend(mg.optim.SGD(lr=0.01, momentum=momentum), START, 25), w, rtol=1e-12)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_steps_equal_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    options = {"lr": 0.01, "momentum": 0.8} if name == "SGD" else {"lr": 0.05, "betas": (0.8, 0.99)}
    w = torch.tensor(START, requires_grad=True)
    theirs = getattr(torch.optim, name)([w], **options)
    c = torch.tensor([1.0, 0.1, 10.0], dtype=torch.float64)
    for _ in range(25):
        theirs.zero_grad()
        (c * w**4).sum().backward()
        theirs.step()
    ours = descend(getattr(mg.optim, name)(**options), START, 25)
    np.testing.assert_allclose(ours, w.detach().numpy(), rtol=1e-10)


def test_first_adam_step_has_the_length_of_the_learning_rate():
    moved = descend(mg.optim.Adam(lr=0.05), START, 1) - START
    np.testing.assert_allclose(np.abs(moved), 0.05, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", [mg.optim.SGD(lr=0.1, momentum=0.5), mg.optim.Adam(lr=0.1)])
def test_parameters_keep_their_dtype(dtype, optimizer):
    w = mg.Tensor(np.ones(3, dtype), requires_grad=True)
    optimizer.bind({"w": w})
    np.sum(w**2).backward()
    optimizer.step()
    assert w.dtype == dtype
    assert np.all(w.numpy() < 1)


def test_a_parameter_without_a_gradient_stays():
    used, unused = mg.Tensor([1.0], requires_grad=True), mg.Tensor([1.0], requires_grad=True)
    optimizer = mg.optim.SGD([used, unused], lr=0.1)
    used.sum().backward()
    optimizer.step()
    assert (used.item(), unused.item()) == (0.9, 1.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: mg.optim.SGD(lr=0), ValueError, "lr must be positive, got 0"),
        (lambda: mg.optim.Adam(1e-3), TypeError, "the first argument is the parameters; name the rate: lr=0.001"),
        (lambda: mg.optim.SGD(momentum=1.0), ValueError, r"momentum must lie in \[0, 1\), got 1.0"),
        (lambda: mg.optim.Adam(betas=(0.9, 1.0)), ValueError, "betas must lie in"),
        (lambda: mg.optim.SGD([np.ones(3)]), TypeError, "parameter 0 is a ndarray; parameters must be Tensors"),
        (lambda: mg.optim.SGD([mg.Tensor([1.0])]), ValueError, "is not a parameter: requires_grad=True is missing"),
        (lambda: mg.optim.SGD([mg.Tensor(START, requires_grad=True) * 2]), ValueError, "not a result"),
        (lambda: mg.optim.SGD(learning_rate=0.1), TypeError, "SGD has no learning_rate: write lr="),
        (lambda: mg.optim.LBFGS(learning_rate=0.1), TypeError, "LBFGS has no learning_rate: leave it out; the line search"),
        (lambda: mg.optim.LBFGS(max_iter=9), TypeError, "LBFGS has no max_iter: write iterations="),
        (lambda: mg.optim.Adam(beta=0.1), TypeError, "did you mean betas?"),
        (lambda: mg.optim.SGD([]), ValueError, "no parameters to optimize"),
        (lambda: mg.optim.SGD(mg.Tensor([1.0], requires_grad=True)).step(), RuntimeError, r"call loss.backward\(\) first"),
        (lambda: descend(mg.optim.Optimizer(lr=1), START, 1), NotImplementedError, "Optimizer needs a method change"),
    ],
)
def test_mistakes(make, error, message):
    with pytest.raises(error, match=message):
        make()


PAIRS = [  # name in PyTorch, its options, and what differs here
    ("SGD", {"lr": 0.01, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.9, "momentum": 0.5, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.1}),
]


@pytest.mark.parametrize(("name", "options"), PAIRS, ids=[name for name, _ in PAIRS])
def test_a_hundred_steps_with_groups_decay_and_clipping_equal_pytorch(name, options):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = ([make(k * START) for k in (1, 2)] for make in (parameter, lambda a: torch.tensor(a, requires_grad=True)))
    groups = ({}, {"lr": 0.02, "weight_decay": 0.3})
    mine = getattr(mg.optim, {"RMSprop": "RMSProp"}.get(name, name))(
        [{"params": p} | more for p, more in zip(ours, groups, strict=True)], **options
    )
    other = getattr(torch.optim, name)([{"params": [p]} | more for p, more in zip(theirs, groups, strict=True)], **options)
    for _ in range(100):
        for optimizer, (a, b) in ((mine, ours), (other, theirs)):
            optimizer.zero_grad()
            (a**4 + a * b + b**2 * 3).sum().backward()
        norm = mg.optim.clip_norm(ours, 5.0)
        np.testing.assert_allclose(norm, float(torch.nn.utils.clip_grad_norm_(theirs, 5.0)), rtol=1e-12)
        mg.optim.clip_value(ours, 2.0)
        torch.nn.utils.clip_grad_value_(theirs, 2.0)
        mine.step()
        other.step()
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-12, atol=1e-12)


def parameter(array):
    return mg.Tensor(array, requires_grad=True)


SCHEDULES = [
    (mg.optim.step_decay(0.1, 7, 0.5), "StepLR", {"step_size": 7, "gamma": 0.5}),
    (mg.optim.exponential(0.1, 0.9), "ExponentialLR", {"gamma": 0.9}),
    (mg.optim.cosine(0.1, 50, 0.01), "CosineAnnealingLR", {"T_max": 50, "eta_min": 0.01}),
    (mg.optim.one_cycle(0.1, 50), "OneCycleLR", {"max_lr": 0.1, "total_steps": 50}),
]


@pytest.mark.parametrize(("schedule", "name", "options"), SCHEDULES, ids=[name for _, name, _ in SCHEDULES])
def test_schedules_equal_pytorch(schedule, name, options):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
    theirs = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
    rates = []
    for _ in range(50):
        rates.append(theirs.get_last_lr()[0])
        optimizer.step()
        if len(rates) < 50:
            theirs.step()
    np.testing.assert_allclose([schedule(k) for k in range(50)], rates, rtol=1e-10)


def test_lbfgs_takes_the_steps_of_scipy():
    optimize = pytest.importorskip("scipy.optimize", reason='needs pip install "microgradnp[scipy]"')
    rosen = lambda w: np.sum(100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2)  # noqa: E731
    a, b = parameter(np.array([-1.2, 1.0])), parameter(np.array([[0.5]]))
    flat, back = mg.ravel([a.numpy(), b.numpy()])
    join = lambda parts: np.concatenate([np.ravel(p) for p in parts])  # noqa: E731
    options = {"maxiter": 100, "maxcor": 10, "gtol": 1e-8, "ftol": 0.0}
    found = optimize.minimize(
        mg.value_and_grad(lambda v: rosen(join(back(v)))), flat, jac=True, method="L-BFGS-B", options=options
    )
    result = mg.optim.LBFGS([a, b]).step(lambda: rosen(join([a, b])))
    np.testing.assert_allclose(np.concatenate([a.numpy(), b.numpy().ravel()]), found.x, rtol=1e-12)
    np.testing.assert_allclose(found.x, 1, rtol=1e-6)
    assert result.nit == found.nit


def test_mistakes_with_lbfgs():
    pytest.importorskip("scipy.optimize", reason='needs pip install "microgradnp[scipy]"')
    w = parameter(START)
    with pytest.raises(TypeError, match=r"LBFGS\.step needs the loss as a function"):
        mg.fit(lambda: np.sum(w**2), w, optimizer=mg.optim.LBFGS(), iterations=1, progress=False)

    with pytest.raises(TypeError, match="LBFGS: the loss must stay a Tensor, got float"):
        mg.optim.LBFGS(w).step(lambda: 3.0)

    def fails():
        if np.any(w.numpy() != START):
            raise RuntimeError("in the loss")
        return np.sum(w**2)

    with pytest.raises(RuntimeError, match="in the loss"):
        mg.optim.LBFGS(w).step(fails)
    np.testing.assert_array_equal(w.numpy(), START)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"LBFGS: the loss or its gradient is NaN: .*log"):
        mg.optim.LBFGS(w).step(lambda: np.sum(np.log(w - 1e9)))
    np.testing.assert_array_equal(w.numpy(), START)
    for settings in ({"lr": 0.1}, {"weight_decay": 0.1}):
        with pytest.raises(TypeError, match=f"LBFGS: {next(iter(settings))}=0.1 would have no effect"):
            mg.optim.LBFGS([{"params": [w], **settings}])
    with pytest.raises(TypeError, match="parameters must be real"):
        mg.optim.LBFGS(parameter(np.ones(2, complex))).step(lambda: 0)


def test_a_warm_up_precedes_a_schedule():
    schedule = mg.optim.warm_up(mg.optim.exponential(1.0, 0.5), 3)
    assert [schedule(k) for k in range(6)] == [0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    assert mg.optim.constant(0.3)(99) == 0.3


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda w: mg.optim.SGD(w, nesterov=True), ValueError, "nesterov needs a momentum"),
        (lambda w: mg.optim.Adam(w, weight_decay=-1), ValueError, "weight_decay must not be negative"),
        (lambda w: mg.optim.SGD([{"params": w}, {"params": w}]), ValueError, "group 1 has a parameter of an earlier group"),
        (lambda w: mg.optim.SGD([{"params": w, "rate": 1}]), TypeError, "may set lr and weight_decay, not rate"),
        (lambda w: mg.optim.clip_norm(w, 0), ValueError, "largest norm must be positive"),
        (lambda w: mg.optim.clip_value(w, -1), ValueError, "largest value must be positive"),
    ],
)
def test_mistakes_in_groups_and_limits(make, error, message):
    with pytest.raises(error, match=message):
        make(parameter(START))


@pytest.mark.parametrize("name", [*OPTIM, *OPTIMIZERS])
def test_names_of_other_libraries_are_answered(name):
    where = mg.optim if name in OPTIM else mg.optim.SGD()
    with pytest.raises(AttributeError, match=f"has no (attribute )?'?{name}'?: [a-z]"):
        getattr(where, name)


def test_a_rate_that_changes_changes_all_groups():
    a, b = parameter(START), parameter(START)
    optimizer = mg.optim.SGD([{"params": a}, {"params": b, "lr": 0.2}], lr=0.1)
    optimizer.lr = 0.05
    assert [optimizer.rate(name) for name in optimizer.parameters] == [0.05, 0.1]
    assert repr(optimizer) == "SGD(momentum=0.0, nesterov=False, lr=0.05, weight_decay=0.0; 2 parameters)"


@pytest.mark.parametrize("optimizer", [mg.optim.SGD(lr=0.1, weight_decay=0.5), mg.optim.SGD(lr=0.1, momentum=0.5, nesterov=True)])
def test_the_compiled_loop_leaves_what_it_does_not_know_to_the_steps(optimizer):
    pytest.importorskip("numba", reason="Numba compiles the loop")
    from microgradnp.loops.names import BackendError
    from microgradnp.training.updates import update_of

    with pytest.raises(BackendError):
        update_of(optimizer)
