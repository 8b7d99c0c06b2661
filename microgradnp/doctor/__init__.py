"""The doctor: why has a training stalled, and what helps? Gather -> measure -> try -> rank -> tell."""
