"""Stands in for the API: the same two endpoints on loopback, for use without a key and for tests.

It follows its own reading of the vendor's page and imports nothing from the rest of the package, so
that a mistake in the client can't be hidden by the same mistake here.
"""

from .faults import Fault
from .server import Simulator

__all__ = ["Fault", "Simulator"]
