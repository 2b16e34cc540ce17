"""Convolutional networks, room by room, as the course teaches them.

Importing this package needs nothing but Python: each room imports what it uses.
"""

from cnnlab.lazy import attach

__version__ = "0.1.0"

HOMES = {"check": "grading.answers.check", "exercise": "grading.answers.check"}
__getattr__, __dir__ = attach(__name__, HOMES)
