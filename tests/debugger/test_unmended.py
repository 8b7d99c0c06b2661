"""Causes that the numbers give away, where no edit was found."""

import numpy as np
import pytest

from microgradnp.debugger.blame.unmended import by_numbers
from microgradnp.debugger.match.references import Reference

RIGHT = np.random.default_rng(0).normal(size=(3, 3))
SLOPE = np.random.default_rng(1).uniform(0.2, 0.9, size=(3, 3))
WEIGHT = np.random.default_rng(2).normal(size=(3, 3))
KNOWN = [Reference("derivative", "tanh'(z)", SLOPE), Reference("value", "W", WEIGHT, argument="W")]


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (-RIGHT, "sign_flipped"),
        (2 * RIGHT, "factor_2"),
        (0.1 * RIGHT, "batch_scale_1_over_N"),
        (RIGHT.T, "transposed"),
        (RIGHT[::-1], "conv_kernel_reversed"),
        (RIGHT / SLOPE, "missing_activation_derivative"),
        (RIGHT * SLOPE, "wrong_activation_derivative"),
        (RIGHT + 0.3 * WEIGHT, "regularisation_term_wrong"),
        (RIGHT / WEIGHT, "missing_factor"),
        (RIGHT + np.array([1.0, 2.0, 3.0]), "normalisation_term_missing"),
        (RIGHT * np.array([[1.0, 1.0, 0.0]]), "loop_cut_short"),
        (RIGHT**3 + 1, None),
    ],
)
def test_what_turns_one_array_into_the_other_names_the_cause(found, cause):
    assert by_numbers(found, RIGHT, KNOWN) == cause
