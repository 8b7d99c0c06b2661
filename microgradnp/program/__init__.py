"""A function and its gradient as a program: the graph of one call, forward and backward, as a list of steps."""
