"""From wrong gradients back to the first wrong value: what all is right before, and wrong from there on."""
