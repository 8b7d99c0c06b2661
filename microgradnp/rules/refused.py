"""What is refused for good, and what to write instead. A function that is in no list of this package has not been decided yet."""

from __future__ import annotations

import numpy as np

from microgradnp.core.table import refused

refused(
    "it writes into its argument, and a Tensor never changes; use mg.set_at(x, index, value) or np.where",
    np.copyto,
    np.fill_diagonal,
    np.place,
    np.put,
    np.put_along_axis,
    np.putmask,
)
refused(
    "it writes a file; pass .numpy()",
    np.save,
    np.savetxt,
    np.savez,
    np.savez_compressed,
)
refused(
    "counting is a step function of the data, so its derivative is zero or missing; pass .numpy(), or use a smooth kernel",
    np.histogram,
    np.histogram2d,
    np.histogram_bin_edges,
    np.histogramdd,
)
refused(
    "it is for integers, bits or dates; pass .numpy()",
    np.busday_count,
    np.busday_offset,
    np.datetime_as_string,
    np.is_busday,
    np.packbits,
    np.unpackbits,
)
refused(
    "it plans a contraction and returns no array; pass .numpy() for the operands",
    np.einsum_path,
)
refused(
    "multiple roots of a polynomial have no derivative; take np.linalg.eigvals of the companion matrix if yours are simple",
    np.roots,
)
refused(
    "entries of two arrays are equal by coincidence only, and not when one moves; take x[indices], with the indices of "
    "np.intersect1d(..., return_indices=True) on .numpy()",
    np.intersect1d,
)
