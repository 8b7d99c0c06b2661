"""Does the update follow an optimizer, when the gradients are right? The record answers for any gradients, without a new run."""
