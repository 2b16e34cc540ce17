"""Mends the pages that the theme writes."""

from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    pass
