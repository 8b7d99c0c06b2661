"""Modules: shapes, both bias conventions, parameters found by walking, scopes, and bad sizes."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.core import graph
from microgradnp.core.habits import LAYERS, MODULES


@pytest.mark.parametrize(
    ("bias", "shapes"),
    [
        ("vector", {"layers.0.W": (7, 3), "layers.0.b": (3,), "layers.1.W": (3, 2), "layers.1.b": (2,)}),
        ("unit", {"layers.0.W": (8, 3), "layers.1.W": (4, 2)}),
        (None, {"layers.0.W": (7, 3), "layers.1.W": (3, 2)}),
    ],
)
def test_parameters_of_an_mlp(bias, shapes):
    model = mg.nn.MLP([7, 3, 2], bias=bias, rng=0)
    assert {name: p.shape for name, p in model.parameters().items()} == shapes
    assert model(np.ones((5, 7))).shape == (5, 2)


def test_a_bias_unit_of_minus_one_is_a_bias_vector_of_the_opposite_sign():
    unit = mg.nn.MLP([7, 3, 2], bias="unit", rng=0)
    vector = mg.nn.MLP([7, 3, 2], bias="vector", rng=1)
    for ours, theirs in zip(vector.layers, unit.layers, strict=True):
        ours.W.data, ours.b.data = theirs.W.numpy()[:-1], -theirs.W.numpy()[-1]
    x = np.random.default_rng(2).normal(size=(20, 7))
    np.testing.assert_allclose(vector(x).numpy(), unit(x).numpy(), rtol=1e-13)


def test_mlp_is_the_formula():
    model = mg.nn.MLP([4, 3, 2], activation=mg.tanh, rng=0)
    x = np.random.default_rng(1).normal(size=(5, 4))
    W1, b1, W2, b2 = (p.numpy() for p in model.parameters().values())
    np.testing.assert_allclose(model(x).numpy(), np.tanh(x @ W1 + b1) @ W2 + b2, rtol=1e-14)


def test_initial_weights_are_glorot_uniform_and_seeded():
    W = mg.nn.Linear(300, 200, rng=0).W.numpy()
    limit = np.sqrt(6 / 500)
    assert np.abs(W).max() <= limit
    assert np.abs(W.std() - limit / np.sqrt(3)) < 0.01 * limit
    np.testing.assert_array_equal(W, mg.nn.Linear(300, 200, rng=0).W.numpy())
    assert not np.array_equal(W, mg.nn.Linear(300, 200, rng=1).W.numpy())


def test_parameters_are_found_in_attributes_lists_and_dicts_and_shared_ones_once():
    class Net(mg.nn.Module):
        def __init__(self):
            self.shared = mg.Tensor([1.0], requires_grad=True)
            self.again = self.shared
            self.constant = mg.Tensor([1.0])
            self.heads = {"left": mg.nn.Linear(1, 1, bias=None), "right": [mg.nn.Linear(1, 1, bias=None)]}

    assert list(Net().parameters()) == ["shared", "heads.left.W", "heads.right.0.W"]


def test_calling_a_module_opens_its_scope():
    model = mg.nn.MLP([2, 2, 1], rng=0, name="net")
    nodes = graph.walk(model(np.ones((1, 2))))
    scopes = {node.rule.name: node.scope for node in nodes if node.rule and node.rule.name in ("matmul", "sigmoid")}
    assert scopes == {"matmul": "net.layer2", "sigmoid": "net"}
    assert mg.Tensor([1.0], requires_grad=True).sum().scope is None


def test_zero_grad_forgets_all_gradients():
    model = mg.nn.MLP([2, 2, 1], rng=0)
    mg.sse(model(np.ones((3, 2))), np.zeros((3, 1))).backward()
    assert all(p.grad is not None for p in model.parameters().values())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters().values())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mg.nn.Linear(0, 3), "sizes must be at least 1, got inputs=0, units=3"),
        (lambda: mg.nn.Linear(2, 3, bias="yes"), 'bias must be "vector", "unit" or None'),
        (lambda: mg.nn.MLP([3]), "at least inputs and outputs"),
    ],
)
def test_bad_sizes(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_module_without_forward_says_what_it_needs():
    with pytest.raises(NotImplementedError, match=r"Module needs a method forward\(self, x\)"):
        mg.nn.Module()(1.0)


def test_wrong_number_of_columns_names_the_weights():
    model = mg.nn.MLP([7, 3, 2], rng=0)
    with pytest.raises(ValueError, match=r"layer1\.W \(7, 3\)"):
        model(np.ones((5, 6)))


def test_repr_is_a_tree_with_shapes_and_the_number_of_parameters():
    assert repr(mg.nn.MLP([7, 3, 2])) == (
        "MLP: 32 parameters\n    layers.0 Linear: W (7, 3), b (3,)\n    layers.1 Linear: W (3, 2), b (2,)"
    )


@pytest.mark.parametrize("name", [*MODULES])
def test_attributes_of_other_libraries_are_answered(name):
    with pytest.raises(AttributeError, match=f"MLP has no attribute {name!r}: [a-z]"):
        getattr(mg.nn.MLP([2, 1]), name)


@pytest.mark.parametrize("name", [*LAYERS])
def test_layers_of_other_libraries_are_answered(name):
    with pytest.raises(AttributeError, match=f"microgradnp.nn has no {name}: [a-z]"):
        getattr(mg.nn, name)


def test_train_and_eval_reach_every_module():
    model = mg.nn.MLP([2, 3, 1])
    assert model.eval() is model
    assert [m.training for m in (model, *model.layers)] == [False] * 3
    assert all(m.training for m in (model.train(), *model.layers))


# ------------------------------------------------------------------------------------------------------ files


def test_a_model_is_saved_and_loaded_bit_for_bit(tmp_path):
    model, other = mg.nn.MLP([4, 3, 2], rng=0), mg.nn.MLP([4, 3, 2], rng=1)
    mg.save(model, tmp_path / "m.npz")
    assert mg.load(other, tmp_path / "m.npz") is other
    for ours, theirs in zip(model.parameters().values(), other.parameters().values(), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    with np.load(tmp_path / "m.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["layers.0.W"], model.layers[0].W.numpy())


def test_a_dict_is_saved_and_loaded(tmp_path):
    mg.save({"file": np.arange(3), "b": mg.Tensor(np.float32(2))}, tmp_path / "m.npz")
    held = mg.load({"file": np.zeros(3, int), "b": mg.Tensor(np.float32(0))}, tmp_path / "m.npz")
    assert held["file"].tolist() == [0, 1, 2]
    assert held["b"].item() == 2


def test_a_file_that_does_not_fit_changes_nothing_and_names_what_differs(tmp_path):
    mg.save({"a": np.ones(2), "b": np.ones(3), "c": np.ones(1), "e": np.ones(1, np.float32)}, tmp_path / "m.npz")
    held = {"a": np.zeros(2), "b": np.zeros(4), "d": np.zeros(1), "e": np.zeros(1)}
    message = (
        r"b is \(4,\) float64 in the model and \(3,\) float64 in the file; c of the file is not in the model; "
        r"d is missing in the file; e is \(1,\) float64 in the model and \(1,\) float32 in the file"
    )
    with pytest.raises(ValueError, match=message):
        mg.load(held, tmp_path / "m.npz")
    assert not any(array.any() for array in held.values())


def test_safetensors_files_are_those_of_their_library(tmp_path):
    library = pytest.importorskip("safetensors.numpy", reason="needs pip install safetensors")
    model, path = mg.nn.Sequential(mg.nn.Linear(3, 2, rng=0), mg.nn.BatchNorm(2)), tmp_path / "m.safetensors"
    mg.save(model, path)
    other = mg.load(mg.nn.Sequential(mg.nn.Linear(3, 2, rng=1), mg.nn.BatchNorm(2)), path)
    np.testing.assert_array_equal(other.layers[0].W.numpy(), model.layers[0].W.numpy())
    np.testing.assert_array_equal(library.load_file(path)["layers.1.var"], np.ones(2))
    library.save_file({"a": np.arange(3.0).reshape(1, 3)}, path)
    assert mg.load({"a": np.zeros((1, 3))}, path)["a"].tolist() == [[0, 1, 2]]
    with pytest.raises(ValueError, match="does not fit: a of the file is not in the model; b is missing"):
        mg.load({"b": np.zeros((1, 3))}, path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match="is not a whole safetensors file"):
        mg.load({"a": np.zeros((1, 3))}, path)
    with pytest.raises(TypeError, match="safetensors files cannot hold this"):
        mg.save({"a": np.zeros(2, np.longdouble)}, path)


def test_what_cannot_be_saved_leaves_the_old_file(tmp_path):
    path = tmp_path / "m.npz"
    mg.save({"a": np.ones(2)}, path)
    before = path.read_bytes()
    for wrong in ({"a": "text"}, {"a": np.array([object()])}, {1: np.ones(1)}, {"__header__": np.ones(1)}, [np.ones(2)]):
        with pytest.raises(TypeError, match="save: "):
            mg.save(wrong, path)
    assert path.read_bytes() == before
    path.write_bytes(before[: len(before) // 2])
    with pytest.raises(ValueError, match="is not a whole npz file"):
        mg.load({"a": np.ones(2)}, path)
