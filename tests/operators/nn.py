"""Records of the functions in `microgradnp/nn/`, which are written in terms of functions with rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import microgradnp as mg
from operators.record import Operator, Random, Sample, called_with, draw, unary

IMAGE = (2, 4, 6, 5)


def torch_function(name: str) -> Callable[..., Any]:
    """PyTorch's function of this name, called with the same options."""
    return lambda torch, *args, **options: getattr(torch.nn.functional, name)(*args, **options)


def entries(*options: dict[str, Any], away: float = 0.2) -> Callable[[Random], Iterator[Sample]]:
    """Arrays of several shapes, with no entry near 0, and one more for each of the options."""

    def samples(random: Random) -> Iterator[Sample]:
        for shape in ((3, 2), (), (0, 3)):
            yield Sample((draw(random, shape, -2, 2, away),))
        for chosen in options:
            yield Sample((draw(random, (3, 2), -2, 2, away),), chosen)

    return samples


def targeted(low: float, high: float, targets: Callable[[Random], Any], *options: dict[str, Any]) -> Any:
    """Predictions and targets of one shape, with all reductions."""

    def samples(random: Random) -> Iterator[Sample]:
        for chosen in ({}, {"reduction": "sum"}, {"reduction": "none"}, *options):
            yield Sample((draw(random, (4, 3), low, high), targets(random)), chosen)

    return samples


def bits(random: Random) -> Any:
    return random.integers(0, 2, (4, 3)).astype(float)


def reduced(torch: Any, losses: Any, reduction: str) -> Any:
    return losses if reduction == "none" else getattr(torch, reduction)(losses)


def huber_torch(torch: Any, pred: Any, target: Any, delta: float = 1.0, reduction: str = "mean") -> Any:
    return torch.nn.functional.huber_loss(pred, target, reduction, delta)


def hinge_torch(torch: Any, scores: Any, target: Any, reduction: str = "mean") -> Any:
    return reduced(torch, torch.clamp(1 - scores * target, min=0), reduction)


def kl_torch(torch: Any, p: Any, q: Any, reduction: str = "mean") -> Any:
    return reduced(torch, (p * (p.log() - q.log())).sum(-1), reduction)


def images(kernels: tuple[int, ...], *options: dict[str, Any]) -> Callable[[Random], Iterator[Sample]]:
    """Images, kernels and biases."""

    def samples(random: Random) -> Iterator[Sample]:
        for chosen in ({}, *options):
            shape = (kernels[0], kernels[1] // chosen.get("groups", 1), *kernels[2:])
            x = draw(random, IMAGE[: len(kernels)], -2, 2)
            yield Sample((x, draw(random, shape, -1, 1), draw(random, shape[:1], -1, 1)), chosen)
            yield Sample((x, draw(random, shape, -1, 1)), chosen)

    return samples


POOLS = ((IMAGE, (), {"size": 2}), (IMAGE, (), {"size": (3, 2), "stride": 1}), (IMAGE, (), {"size": (2, 3), "stride": (3, 2)}))
DILATED = {"stride": 2, "padding": 1, "dilation": 2}


def normalized(random: Random) -> Iterator[Sample]:
    for options in ({}, {"eps": 0.1}):
        yield Sample((draw(random, (4, 3), -2, 2), draw(random, (3,), 0.5, 2), draw(random, (3,), -1, 1)), options)
    yield Sample((draw(random, (2, 4, 3), -2, 2), draw(random, (3,), 0.5, 2), draw(random, (3,), -1, 1)))


def layer_norm_torch(torch: Any, x: Any, gain: Any, bias: Any, eps: float = 1e-5) -> Any:
    return torch.nn.functional.layer_norm(x, (x.shape[-1],), gain, bias, eps)


def batches(random: Random) -> Iterator[Sample]:
    for shape, options in (((5, 3), {}), ((3, 3, 2, 2), {"eps": 0.1})):
        yield Sample((draw(random, shape, -2, 2), draw(random, (3,), 0.5, 2), draw(random, (3,), -1, 1)), options)
    kept = (draw(random, (3,), -1, 1), draw(random, (3,), 0.5, 2))
    yield Sample((draw(random, (5, 3), -2, 2), draw(random, (3,), 0.5, 2), draw(random, (3,), -1, 1), *kept))


def batch_norm_torch(torch: Any, x: Any, gain: Any, bias: Any, mean: Any = None, var: Any = None, eps: float = 1e-5) -> Any:
    if mean is not None:  # PyTorch gives no gradient to them
        return (x - mean) / torch.sqrt(var + eps) * gain + bias
    return torch.nn.functional.batch_norm(x, None, None, gain, bias, training=True, eps=eps)


def attended(random: Random) -> Iterator[Sample]:
    def of(*lengths: int) -> tuple[Any, ...]:
        return tuple(draw(random, (2, length, 4), -1, 1) for length in lengths)

    yield Sample(of(3, 5, 5))
    yield Sample(of(3, 3, 3), {"causal": True})
    yield Sample(of(3, 4, 4), {"mask": np.array([[1, 0, 1, 1], [0, 1, 0, 0], [1, 1, 1, 1]], bool)})


def attention_torch(torch: Any, q: Any, k: Any, v: Any, mask: Any = None, causal: bool = False) -> Any:
    mask = None if mask is None else torch.as_tensor(mask)
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, is_causal=causal)


def looked_up(random: Random) -> Iterator[Sample]:
    for numbers in (np.array([[0, 3], [3, 1]]), np.array(2)):
        yield Sample((draw(random, (4, 3), -2, 2), numbers))


OPERATORS = [
    Operator(mg.leaky_relu, entries({"slope": 0.2}), torch=lambda torch, x, slope=0.01: torch.nn.functional.leaky_relu(x, slope)),
    Operator(mg.elu, entries({"alpha": 0.5}), torch=torch_function("elu")),
    Operator(
        mg.gelu,
        entries({"approximate": "none"}),
        torch=lambda torch, x, approximate="tanh": torch.nn.functional.gelu(x, approximate=approximate),
    ),
    unary(mg.silu, torch=torch_function("silu")),
    unary(mg.softplus, torch=torch_function("softplus")),
    Operator(mg.hard_tanh, called_with(((3, 2), (), {}), ((), (), {})), torch=torch_function("hardtanh")),
    unary(mg.softsign, away=0.2, torch=torch_function("softsign")),
    Operator(mg.bce, targeted(0.1, 0.9, bits), torch=torch_function("binary_cross_entropy")),
    Operator(mg.bce_with_logits, targeted(-2, 2, bits), torch=torch_function("binary_cross_entropy_with_logits")),
    Operator(mg.huber, targeted(-2, 2, lambda random: draw(random, (4, 3), -2, 2), {"delta": 0.6}), torch=huber_torch),
    Operator(mg.hinge, targeted(-2, 2, lambda random: 2 * bits(random) - 1), torch=hinge_torch),
    Operator(mg.kl_div, targeted(0.1, 0.9, lambda random: draw(random, (4, 3), 0.1, 0.9)), torch=kl_torch),
    Operator(mg.conv2d, images((6, 4, 2, 3), {"groups": 2}, DILATED, {"padding": (1, 2)}), torch=torch_function("conv2d")),
    Operator(mg.conv1d, images((4, 4, 2), {"groups": 2}, DILATED), torch=torch_function("conv1d")),
    Operator(
        mg.max_pool,
        called_with(*POOLS),
        torch=lambda torch, x, size, stride=None: torch.nn.functional.max_pool2d(x, size, stride),
    ),
    Operator(
        mg.avg_pool,
        called_with(*POOLS),
        torch=lambda torch, x, size, stride=None: torch.nn.functional.avg_pool2d(x, size, stride),
    ),
    Operator(mg.layer_norm, normalized, torch=layer_norm_torch),
    Operator(mg.batch_norm, batches, torch=batch_norm_torch),
    Operator(mg.scaled_dot_product_attention, attended, torch=attention_torch),
    Operator(mg.embedding, looked_up, torch=lambda torch, W, numbers: W[torch.as_tensor(numbers)]),
]
