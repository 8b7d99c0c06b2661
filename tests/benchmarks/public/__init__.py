"""Public programs with hand-written backprop: how to call each, its loss, and the mistakes to put into it.

A module describes one repository and holds none of its text but the few tokens that a mistake replaces.
"""
