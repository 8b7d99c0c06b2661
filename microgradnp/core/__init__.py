"""The engine: `table`, `record`, `sweep`, `tensor` and `context` tell one backward pass. The other modules serve these five."""
