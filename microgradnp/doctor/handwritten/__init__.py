"""A hand-written training, unchanged: its steps are recorded, its rule is found, and a twin with right gradients is examined."""
