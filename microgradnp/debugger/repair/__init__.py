"""Edits of single lines, each tried by running the edited code and judging its gradients."""
