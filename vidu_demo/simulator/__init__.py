"""The API's stand-in: the same two endpoints on loopback, for people without a key and for tests.

It keeps its own reading of the vendor's page and imports nothing from the rest of the package, so
a mistake in the client cannot hide behind the same mistake here.
"""

from .faults import Fault
from .server import Simulator

__all__ = ["Fault", "Simulator"]
