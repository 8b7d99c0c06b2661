"""Data parallel on 8 devices: each holds an eighth of the samples, and XLA adds up the gradients. Then one large product,
model parallel: each holds an eighth of the columns of its weights.

The devices are simulated on the processor. The same lines would run on 8 GPUs, for a model or data too large for one of them.

    pip install ".[jax]"
    python examples/data_parallel.py
"""

import os

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"

import jax  # reads XLA_FLAGS
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import microgradnp as mg


def loss(x, targets, W, V):
    return mg.mse(mg.sigmoid(x @ W) @ V, targets)


rng = np.random.default_rng(0)
x, targets = rng.normal(size=(4096, 16)), rng.normal(size=(4096, 2))
W, V = rng.normal(size=(16, 32)), rng.normal(size=(32, 2))

mesh = Mesh(np.array(jax.devices()), ("devices",))
split = NamedSharding(mesh, PartitionSpec("devices"))  # rows over the devices
whole = NamedSharding(mesh, PartitionSpec())  # a copy on each
step = mg.compile(loss, "jax", wrt=("W", "V"), sharding=(split, split, whole, whole))

value, gradients = step(x, targets, W, V)
expected, right = mg.value_and_grad(loss, (2, 3))(x, targets, W, V)


def wide_loss(x, M):
    return np.sum(np.tanh(x @ M))


M = rng.normal(size=(16, 4096))
columns = NamedSharding(mesh, PartitionSpec(None, "devices"))
wide_value, wide_gradient = mg.compile(wide_loss, "jax", wrt="M", sharding=(whole, columns))(x[:256], M)
wide_right = mg.grad(wide_loss, 1)(x[:256], M)

if __name__ == "__main__":
    print(f"{len(jax.devices())} devices, {len(x) // len(jax.devices())} samples on each")
    print(f"loss {value:.6f}, by the graph {expected:.6f}")
    print(f"a product with {M.shape[1] // len(jax.devices())} of {M.shape[1]} columns on each: loss {wide_value:.6f}")

assert np.isclose(value, expected, rtol=1e-12)
assert all(np.allclose(a, b, rtol=1e-10) for a, b in zip(gradients, right, strict=True))
assert np.allclose(wide_gradient, wide_right, rtol=1e-10)
