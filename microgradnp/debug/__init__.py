"""Run hand-written backprop unchanged, say which gradients are right, and name the first wrong line."""

from microgradnp.debug.capture.bind import BindingError
from microgradnp.debug.investigation import debug
from microgradnp.debug.match.references import ModelError
from microgradnp.debug.report.finding import Finding, Report
from microgradnp.debug.watch import Watch, watch

__all__ = ["BindingError", "Finding", "ModelError", "Report", "Watch", "debug", "watch"]
