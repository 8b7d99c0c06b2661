"""The curvature of a loss: products with its Hessian, which are exact, and the eigenvalues that they give.

Lanczos' method with full reorthogonalisation finds the ends of the spectrum after a few products. With as many products as there
are parameters it finds all of it. The shares are those of stochastic Lanczos quadrature: G. Golub and G. Meurant, "Matrices,
moments and quadrature" (2010); B. Ghorbani, S. Krishnan and Y. Xiao, "Hessian eigenvalue density" (2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import gradients, pulled_back
from microgradnp.doctor.lab import Lab
from microgradnp.doctor.patient import Array, Weights

FEW = 64  # up to so many parameters the whole spectrum is computed
FLAT = 1e-3  # of the steepest curvature
COST = 2.0  # of a product, in gradient evaluations


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues with their shares of all directions, and whether these are all eigenvalues."""

    values: Array
    shares: Array
    complete: bool
    size: int

    @property
    def steepest(self) -> float:
        """The largest eigenvalue."""
        return float(self.values.max())

    @property
    def flat(self) -> float:
        """The share of directions whose curvature is under a thousandth of the steepest."""
        return float(np.sum(self.shares[np.abs(self.values) < FLAT * self.steepest]))

    @property
    def negative(self) -> float:
        """The share of directions along which the loss curves down."""
        return float(np.sum(self.shares[self.values < -1e-7 * self.steepest]))

    @property
    def count_negative(self) -> int | None:
        """Their number, where the spectrum is complete."""
        return round(self.negative * self.size) if self.complete else None


class Hessian:
    """Products of the Hessian at some weights with vectors. The backward pass is recorded once and differentiated each time."""

    def __init__(self, lab: Lab, weights: Weights, data: tuple[Array, ...] | None = None) -> None:
        self.lab, self.shapes = lab, {name: w.shape for name, w in weights.items()}
        self.size = sum(w.size for w in weights.values())
        self.weights, self.data = weights, lab.patient.data if data is None else data
        lab.put(weights)
        self.leaves = list(lab.patient.parameters.values())
        lab.steps += COST
        try:
            with np.errstate(all="ignore"):
                loss = lab.patient.loss(*map(Tensor, self.data))
                self.slopes: list[Tensor] | None = gradients(loss, self.leaves, record=True, free=False)
        except Exception:  # a rule of the user's own may not be differentiable again
            self.slopes = None
        self.exact = self.slopes is not None

    def __matmul__(self, vector: Array) -> Array:
        """The product with a vector of all parameters, one after the other."""
        parts = self.split(vector)
        self.lab.steps += COST
        if self.slopes is None:
            return self.by_differences(parts)
        with np.errstate(all="ignore"):
            outputs = [(s, v) for s, v in zip(self.slopes, parts, strict=True) if s.requires_grad]
            found = pulled_back([s for s, _ in outputs], self.leaves, [v for _, v in outputs], record=False)
        return np.concatenate([np.asarray(g, float).ravel() for g in found])

    def by_differences(self, parts: list[Array]) -> Array:
        """The product by central differences of the gradient."""
        size = 1e-5 * max(1.0, np.sqrt(np.mean([np.mean(w**2) for w in self.weights.values()])))
        sides = []
        for sign in (1, -1):
            at = {k: w + sign * size * v for (k, w), v in zip(self.weights.items(), parts, strict=True)}
            found = self.lab.value_and_grad(at, self.data)[1]
            sides.append(np.concatenate([found[k].ravel() for k in self.weights]))
        return (sides[0] - sides[1]) / (2 * size)

    def split(self, vector: Array) -> list[Array]:
        """A long vector as one array for each parameter."""
        parts, begin = [], 0
        for shape in self.shapes.values():
            size = int(np.prod(shape))
            parts.append(vector[begin : begin + size].reshape(shape))
            begin += size
        return parts


def steepest(hessian: Hessian, products: int = 12, seed: int = 0) -> float:
    """The largest eigenvalue by size, from a few products. NaN where the Hessian is not finite."""
    found = lanczos(hessian, products, seed, tolerance=0.005)
    return float(np.abs(found.values).max(initial=0)) if np.isfinite(found.values).all() else np.nan


def spectrum(hessian: Hessian, products: int = 24, seed: int = 0) -> Spectrum:
    """The eigenvalues and their shares: all of them for few parameters, else an estimate."""
    if hessian.size <= FEW:
        matrix = np.stack([hessian @ e for e in np.eye(hessian.size)])
        values = np.linalg.eigvalsh(0.5 * (matrix + matrix.T)) if np.isfinite(matrix).all() else np.full(1, np.nan)
        return Spectrum(values, np.full(len(values), 1 / len(values)), True, hessian.size)
    return lanczos(hessian, products, seed)


def lanczos(hessian: Hessian, products: int, seed: int, tolerance: float = 0.0) -> Spectrum:
    """Ritz values and their weights, from a random start. Stops when the largest changes by less than `tolerance` of itself."""
    random = np.random.default_rng(seed)
    vector = random.normal(size=hessian.size)
    basis = [vector / np.linalg.norm(vector)]
    diagonal: list[float] = []
    beside: list[float] = []
    last = 0.0
    for _ in range(min(products, hessian.size)):
        new = hessian @ basis[-1]
        if not np.isfinite(new).all():
            return Spectrum(np.array([np.nan]), np.ones(1), False, hessian.size)
        diagonal.append(float(basis[-1] @ new))
        for _again in range(2):
            new -= np.stack(basis).T @ (np.stack(basis) @ new)
        length = float(np.linalg.norm(new))
        values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
        largest = float(np.abs(values).max())
        if length < 1e-10 * max(largest, 1e-300) or (tolerance and abs(largest - last) < tolerance * largest):
            break
        last = largest
        beside.append(length)
        basis.append(new / length)
    return Spectrum(values, vectors[0] ** 2, len(diagonal) == hessian.size, hessian.size)
