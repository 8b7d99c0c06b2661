"""The ufuncs of scipy.special. Loaded when a Tensor meets the first of them, see `table.LATE`; nothing else imports this folder.

Most derivatives are those of the NIST Digital Library of Mathematical Functions (dlmf.nist.gov), cited by section. Arguments
whose derivative is no function of SciPy (orders, degrees of freedom) have no rule: a Tensor that requires a gradient is refused
there.
"""

from microgradnp.rules.special import bessel, distributions, errors, gamma, integrals, polynomials, smooth, undone

__all__ = ["bessel", "distributions", "errors", "gamma", "integrals", "polynomials", "smooth", "undone"]
