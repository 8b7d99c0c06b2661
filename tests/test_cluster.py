"""Training on data that lie on a cluster: Dask computes each step's loss and gradients, and the parameters stay here."""

import os
import signal
import threading
import time
import tracemalloc

import numpy as np
import pytest

import microgradnp as mg

da = pytest.importorskip("dask.array", reason='needs pip install "microgradnp[dask]"')
distributed = pytest.importorskip("distributed", reason='needs pip install "microgradnp[dask]"')

# The cluster warns about its own ports, tasks and processes.
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]

random = np.random.default_rng(3)
X = random.normal(size=(4000, 6))
T = np.tanh(X @ random.normal(size=(6, 2)))
CHUNKS = da.from_array(X, chunks=(500, 6)), da.from_array(T, chunks=(500, 2))


@pytest.fixture(scope="module")
def client():
    """Two worker processes on this machine."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


def train(data, iterations=6, **options):
    """Two layers from the same start. Returns the parameters and the Fit."""
    start = np.random.default_rng(4)
    W1 = mg.Tensor(start.normal(size=(6, 5)), requires_grad=True)
    W2 = mg.Tensor(start.normal(size=(5, 2)), requires_grad=True)

    def loss(x, t):
        return mg.mse(np.tanh(x @ W1) @ W2, t)

    optimizer = mg.optim.Adam(lr=0.05)
    result = mg.fit(loss, [W1, W2], data, optimizer=optimizer, iterations=iterations, progress=False, rng=0, **options)
    return np.concatenate([W1.numpy().ravel(), W2.numpy().ravel()]), result


@pytest.mark.parametrize("batch_size", [None, 700])
def test_a_training_on_a_cluster_equals_one_in_numpy(client, batch_size):
    found, result = train(CHUNKS, batch_size=batch_size)
    expected, plain = train((X, T), batch_size=batch_size)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(result.history.loss, plain.history.loss, rtol=1e-12)


def test_a_worker_that_dies_costs_only_time(client):
    def kill(iteration, result):
        if iteration == 2:
            os.kill(client.run(os.getpid).popitem()[1], signal.SIGKILL)

    found, _ = train(CHUNKS, callback=kill)
    np.testing.assert_allclose(found, train((X, T))[0], rtol=1e-12)


def test_ctrl_c_keeps_the_last_completed_step(client, request):
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts programs in the background without it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, earlier))

    def press():
        time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    found, result = train(CHUNKS, iterations=100_000)
    assert result.interrupted
    np.testing.assert_allclose(found, train((X, T), iterations=result.iterations)[0], rtol=1e-9)


def test_the_data_never_come_here(client):
    rows = da.random.default_rng(1).normal(size=(400_000, 6), chunks=(50_000, 6))  # 19 MB, made by the workers
    targets = np.tanh(rows[:, :2])
    tracemalloc.start()
    try:
        train((rows, targets), iterations=2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < rows.nbytes / 4


def test_a_compiled_step_wants_the_data_here():
    with pytest.raises(TypeError, match="backend"):
        train(CHUNKS, backend="numpy")
