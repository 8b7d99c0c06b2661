"""What the model says: every value, adjoint and local derivative, and which of them a hand-written value is."""
