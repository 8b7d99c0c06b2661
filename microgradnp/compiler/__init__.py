"""The program for machines: NumPy with buffers, Numba loops, JAX."""
