"""Convolutional networks, room by room, as the course teaches them.

Importing this package needs nothing but Python: each room imports what it uses.
"""

__version__ = "0.1.0"
