"""Run the hand-written code unchanged and keep what its variables held, line by line."""
