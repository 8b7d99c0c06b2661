"""Is a gradient right? Comparison with hand-written arrays, and with numerical oracles."""
