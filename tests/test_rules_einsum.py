"""`np.einsum` on Tensors: matrix products where they are faster, the plain loop elsewhere, and the same numbers either way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from operators import RECORDS

import microgradnp as mg
from microgradnp.rules import einsum

EINSUM = np.einsum
R = np.random.default_rng(6)
CHAIN = ("ij,jk,kl->il", R.normal(size=(40, 50)), R.normal(size=(50, 60)), R.normal(size=(60, 30)))


def windows(x: Any) -> Any:
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))


def convolution(x: Any, f: Any) -> Any:
    return np.sum(np.einsum("ncxyij,fcij->nfxy", windows(x), f) ** 2)


IMAGES, FILTERS = R.normal(size=(4, 3, 16, 16)), R.normal(size=(8, 3, 3, 3))

LARGE: dict[str, tuple[Any, ...]] = {
    "convolution": ("ncxyij,fcij->nfxy", windows(IMAGES), FILTERS),
    "matmul": ("ij,jk->ik", R.normal(size=(60, 50)), R.normal(size=(50, 40))),
    "matmul without an arrow": ("ij,jk", R.normal(size=(60, 50)), R.normal(size=(50, 40))),
    "scores": ("bhqd,bhkd->bhqk", R.normal(size=(2, 3, 40, 16)), R.normal(size=(2, 3, 40, 16))),
    "dots": ("...ij,...jk->...ik", R.normal(size=(7, 30, 40)), R.normal(size=(40, 20))),
    "stretched": ("ij,jk->ik", R.normal(size=(300, 1)), R.normal(size=(50, 40))),
    "diagonal": ("iij,jk->ik", R.normal(size=(30, 30, 40)), R.normal(size=(40, 200))),
    "three": CHAIN,
    "down to a number": ("ij,jk,kl->", *CHAIN[1:]),
    "complex": ("ij,jk->ik", R.normal(size=(60, 50)) * (1 + 2j), R.normal(size=(50, 40)) * 1j),
}


@pytest.fixture
def paths(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The `optimize=` of each einsum that NumPy computes, False for its plain loop."""
    seen: list[Any] = []

    def spy(*operands: Any, **options: Any) -> Any:
        if all(not isinstance(a, mg.Tensor) for a in operands):
            seen.append(options.get("optimize", False))
        return EINSUM(*operands, **options)

    monkeypatch.setattr(np, "einsum", spy)
    return seen


def value_and_gradients(subscripts: str, *arrays: Any, **options: Any) -> list[Any]:
    tensors = [mg.Tensor(a, requires_grad=True) for a in arrays]
    y = EINSUM(subscripts, *tensors, **options)
    y.backward(np.cos(np.arange(y.size)).reshape(y.shape))
    return [y.numpy(), *(t.grad for t in tensors)]


@pytest.mark.parametrize("name", LARGE)
def test_large_operands_take_a_path_and_keep_value_and_gradients(name: str, paths: list[Any]):
    by_path = value_and_gradients(*LARGE[name])
    assert paths[0]
    assert all(path is False or path[0] == "einsum_path" for path in paths)
    plain = value_and_gradients(*LARGE[name], optimize=False)
    np.testing.assert_allclose(by_path[0], EINSUM(*LARGE[name]), rtol=1e-12, atol=1e-12 * np.max(np.abs(by_path[0])))
    for got, expected in zip(by_path, plain, strict=True):
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * np.max(np.abs(expected)))


def test_the_gradient_of_a_convolution_takes_paths_too(paths: list[Any]):
    mg.grad(convolution, (0, 1))(IMAGES, FILTERS)
    assert len(paths) == 3
    assert all(paths)


@pytest.mark.parametrize("sample", list(RECORDS[np.einsum].samples(np.random.default_rng(1))), ids=repr)
def test_every_record_has_the_same_value_and_gradients_by_a_path(sample: Any, monkeypatch: pytest.MonkeyPatch):
    plain = value_and_gradients(*sample.args, **sample.options)
    monkeypatch.setattr(einsum, "cheapest_path", lambda subscripts, shapes: np.einsum_path(subscripts, *map(np.zeros, shapes))[0])
    for got, expected in zip(value_and_gradients(*sample.args, **sample.options), plain, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-14)


def test_second_derivatives_by_a_path():
    monomial = ("ij,jk->ik", R.normal(size=(20, 80)), R.normal(size=(80, 70)))
    assert einsum.cheapest_path(monomial[0], ((20, 80), (80, 70)))
    mg.check_grads(lambda a, b: np.einsum(monomial[0], a, b) ** 2, monomial[1:], 2)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij,jk->ik", ((30, 30), (30, 30))),  # few numbers
        ("ij,ij->ij", ((800, 800), (800, 800))),  # no sum
        ("ij,ij->i", ((800, 800), (800, 800))),  # each number is read once
        ("ij,j->i", ((800, 800), (800,))),
        ("ij,ij,ij->ij", ((800, 800),) * 3),
        ("ij->ji", ((800, 800),)),
        ("i,j,k->ijk", ((80,),) * 3),  # no order is cheaper
        ("ij,ij->", ((0, 800), (0, 800))),
    ],
)
def test_the_plain_loop_stays_where_no_path_is_faster(subscripts: str, shapes: tuple[tuple[int, ...], ...], paths: list[Any]):
    EINSUM(subscripts, *(mg.Tensor(np.ones(shape)) for shape in shapes))
    assert paths == [False]


@pytest.mark.parametrize("optimize", [False, True, "optimal", ["einsum_path", (0, 2), (0, 1)]])
def test_optimize_is_the_users(optimize: Any, paths: list[Any]):
    value_and_gradients(*CHAIN, optimize=optimize)
    assert paths == [optimize, *[bool(optimize)] * 3]


def test_operands_that_a_path_would_round_stay_in_the_loop(paths: list[Any]):
    subscripts, a, b, c = CHAIN
    for operands in ((np.float32(a), np.float32(b), c), tuple(np.float16(x) for x in CHAIN[1:]), (a, b.astype(int), c)):
        got = EINSUM(subscripts, *map(mg.Tensor, operands))
        np.testing.assert_array_equal(got.numpy(), EINSUM(subscripts, *operands))
    assert paths == [False] * 3


def test_windows_that_a_path_would_copy_into_much_memory_stay_in_the_loop(paths: list[Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(einsum, "COPIES", windows(IMAGES).nbytes - 1)
    mg.grad(convolution, 1)(IMAGES, FILTERS)
    assert not any(paths)


def test_wrong_shapes_are_told_as_ever():
    a, b = mg.Tensor(R.normal(size=(400, 500))), mg.Tensor(R.normal(size=(400, 300)))
    with pytest.raises(ValueError, match=r"einsum: .*\(400, 500\).*\(400, 300\): operands could not be broadcast together"):
        np.einsum("ij,jk->ik", a, b)


def test_no_path_is_printed_into_a_program():
    text = mg.emit(convolution, IMAGES, FILTERS)
    assert text.count("np.einsum(") == 2
    assert "optimize" not in text


def test_a_compiled_program_takes_paths_for_its_shapes(paths: list[Any]):
    compiled = mg.compile(convolution)
    for images in (IMAGES, IMAGES[:1, :, :5, :7]):
        compiled(images, FILTERS)
        del paths[:]
        value, gradient = compiled(images, FILTERS)
        assert [bool(path) for path in paths] == [images is IMAGES] * 2
        expected, slope = mg.value_and_grad(convolution)(images, FILTERS)
        np.testing.assert_allclose(value, expected, rtol=1e-12)
        np.testing.assert_allclose(gradient, slope, rtol=1e-11, atol=1e-11 * np.max(np.abs(slope)))
