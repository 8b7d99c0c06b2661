"""Exercises in backprop: a forward pass to differentiate by hand, endless ones by their seed, and a judge of what was written."""
