"""The ufuncs of scipy.special. These rules are loaded when a Tensor first meets one of them (`LIBRARY_RULES` in core/entries.py).

Most derivatives are in the NIST Digital Library of Mathematical Functions (dlmf.nist.gov), cited by section. Some arguments have
no rule, such as orders and degrees of freedom: SciPy lacks their derivatives. A Tensor that requires a gradient is refused there.
"""

from microgradnp.rules.special import (  # noqa: F401  (each module fills its part of the table)
    bessel,
    distributions,
    errors,
    gamma,
    integrals,
    polynomials,
    refused,
    smooth,
)
