"""Run hand-written backprop unchanged, say which gradients are right, and name the first wrong line."""
