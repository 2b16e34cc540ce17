"""The book's machinery: what Jupyter Book and its theme leave open, one module for each thing."""

from sphinx.application import Sphinx

from . import (
    beside,
    cache,
    exercises,
    figures,
    folds,
    functions,
    icons,
    launch,
    live,
    mathematics,
    mend,
    pictures,
    record,
    rooms,
    solutions,
    states,
    streams,
    styles,
)

PARTS = (
    *(cache, launch, exercises, folds, pictures, streams, record, live, rooms, solutions, figures),
    *(functions, beside, mathematics, icons, styles, states, mend),
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register everything with Sphinx."""
    for part in PARTS:
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
