"""The book's pictures: one function for each kind, all in the same style.

A page draws with these functions and ends with :func:`show`, which puts the picture on the page
together with the text that describes it.

Gray means a picture: black is the lowest value, white the highest. Colour means a number with a
sign: orange below zero, white at zero, blue above, as in the interactive
figures. Both are told apart by readers who see few colours.
"""

from cnnlab.plots.boxes import draw_boxes, draw_picture
from cnnlab.plots.cells import by_hand, confusion, images, number_grid, tiled
from cnnlab.plots.diagrams import block_diagram, curves
from cnnlab.plots.page import show
from cnnlab.plots.style import (
    DPI,
    GRAYS,
    INK,
    LINES,
    MARK,
    MISTAKES,
    ON_LIGHT,
    SIGNED,
    SIGNED_CELLS,
    STYLE,
    WIDTH,
    subplots,
    written,
)
from cnnlab.plots.volumes import network, volumes_by_hand

__all__ = [
    "DPI",
    "GRAYS",
    "INK",
    "LINES",
    "MARK",
    "MISTAKES",
    "ON_LIGHT",
    "SIGNED",
    "SIGNED_CELLS",
    "STYLE",
    "WIDTH",
    "block_diagram",
    "by_hand",
    "confusion",
    "curves",
    "draw_boxes",
    "draw_picture",
    "images",
    "network",
    "number_grid",
    "show",
    "subplots",
    "tiled",
    "volumes_by_hand",
    "written",
]
