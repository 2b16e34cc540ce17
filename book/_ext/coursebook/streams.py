"""Printed lines stay whole.

A kernel sends what a cell prints in pieces, cut wherever a fifth of a second ends. myst-nb joins
the pieces with a line break after each; Jupyter joins them as they came, and so does the book.
"""

from myst_nb.core import render
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from sphinx.application import Sphinx


def join(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs of a cell, with neighbouring pieces of one stream joined."""
    cell, _ = CoalesceStreamsPreprocessor().preprocess_cell(new_code_cell(outputs=outputs), {}, 0)
    return cell.outputs


def setup(app: Sphinx) -> None:
    render.coalesce_streams = join
