"""Functions that are refused for good, and what to write instead. A function in no list of this package is not decided yet."""

from __future__ import annotations

import numpy as np

from microgradnp.core.entries import refused

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
    "counting is a step function of the data, so its derivative is 0 or missing; pass .numpy(), or use a smooth kernel",
    np.histogram,
    np.histogram2d,
    np.histogram_bin_edges,
    np.histogramdd,
)
refused(
    "it takes integers, bits or dates; pass .numpy()",
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
    "multiple roots of a polynomial have no derivative; if yours are simple, use np.linalg.eigvals of the companion matrix",
    np.roots,
)
refused(
    "entries of two arrays are equal by coincidence, and no longer when one of them moves; take x[indices], with the indices "
    "of np.intersect1d(..., return_indices=True) on .numpy()",
    np.intersect1d,
)
