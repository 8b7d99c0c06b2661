"""The user's program, run unchanged, recorded as a graph: each operation with its operands, its value and its expression."""
