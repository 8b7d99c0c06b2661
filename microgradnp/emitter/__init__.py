"""The program for people: a function and its gradient as readable NumPy source."""
