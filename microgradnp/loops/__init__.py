"""The program as loops: one printer, and a dialect for each language, Numba and JavaScript."""
