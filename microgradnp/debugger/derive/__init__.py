"""What must stand where a recorded program goes wrong: the first wrong expression, the right one, and the name of the mistake."""
