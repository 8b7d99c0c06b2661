"""Derivatives of functions: grad, vjp, jvp, jacobian, hessian, hvp, checkpoint, override."""
