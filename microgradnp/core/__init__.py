"""One backward pass: the table of gradient rules, the Tensor, recording, and the sweep."""
