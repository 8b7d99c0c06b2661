"""Which gradients of the hand-written code are right, in the traced run and in quick repeated ones."""
