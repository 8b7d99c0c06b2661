"""A diagnosis as a page, as a table for notebooks, and as a picture."""
