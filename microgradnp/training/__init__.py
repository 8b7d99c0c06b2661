"""The training loop: steps, batches, stopping rules, progress, the compiled loop."""
