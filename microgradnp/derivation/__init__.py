"""The backward pass as mathematics: one equation a step, its rule, and a sentence made from facts."""
