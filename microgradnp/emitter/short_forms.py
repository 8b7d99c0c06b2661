"""Short forms of functions of this package, as one writes them in a program of one's own. They are for real numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from microgradnp.rules.functional import append_bias_unit, sigmoid
from microgradnp.rules.indexing import scatter

SHORT_FORMS: dict[Callable[..., Any], str] = {
    append_bias_unit: '''
def append_bias_unit(h, value=-1.0):
    """A column of constant `value` appended to `h`: (..., units) -> (..., units + 1)."""
    return np.concatenate([h, np.full((*h.shape[:-1], 1), value, h.dtype)], axis=-1)
''',
    sigmoid: '''
def sigmoid(x):
    """1 / (1 + exp(-x)), elementwise, without overflow."""
    return 1 / (1 + np.exp(np.minimum(-x, 709.0 if x.dtype == np.float64 else 88.0)))
''',
    scatter: '''
def scatter(g, a, index):
    """Zeros in the shape of `a`, with `g` added at `index`: the transpose of `a[index]`."""
    total = np.zeros(a.shape, g.dtype)
    np.add.at(total, index, g)
    return total
''',
}
