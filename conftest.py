"""Collect the book's MyST notebooks for nbval: ``pytest --nbval-lax book``."""

from pathlib import Path

import jupytext
import nbformat
import pytest
from nbval.plugin import IPyNbFile


class MystNotebook(IPyNbFile):
    """A notebook kept as Markdown. Its asserts are the check: it has no stored outputs."""

    def collect(self):
        notebook = jupytext.read(self.path)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nbformat, "read", lambda *args, **kwargs: notebook)
            return list(super().collect())


def pytest_collect_file(file_path: Path, parent):
    option = parent.config.option
    if file_path.suffix != ".md" or not (option.nbval or option.nbval_lax):
        return None
    if not file_path.read_text("utf-8").startswith("---\njupytext:"):
        return None
    return MystNotebook.from_parent(parent, path=file_path)
