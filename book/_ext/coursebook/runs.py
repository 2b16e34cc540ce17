"""What a page's cells answered when nbval ran it, kept where the book looks for it.

nbval runs the notebook that is made from a page; the book reads the page itself and asks
jupyter-cache for its outputs. So the kernel's messages become outputs by nbclient's own code, as if
nbclient had run the page, and go from the made notebook's cells to the page's, one to one.
"""

import copy
from contextlib import suppress
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode
from nbval.kernel import RunningKernel

# In the record of a run: nbval ran the page as a student, and every check passed. A run by Jupyter
# Book itself lacks it.
PASSED = "passed_as_a_student"
SECONDS = "execution_seconds"  # myst-nb's word


class RecordingKernel(RunningKernel):
    """nbval's kernel, which writes into a copy of the notebook what it answers."""

    def __init__(self, notebook: NotebookNode, *args, **kwargs) -> None:
        self.client = NotebookClient(copy.deepcopy(notebook), record_timing=False)
        cells = self.client.nb.cells
        self.places = (place for place, cell in enumerate(cells) if cell.cell_type == "code")
        self.place, self.asked = -1, ""
        super().__init__(*args, **kwargs)
        self.client.kc = self.kc  # output widgets answer through it

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Run a cell, and number it as Jupyter does. nbval may have skipped some before it."""
        cells = self.client.nb.cells
        self.place = next(place for place in self.places if cells[place].source == cell_input)
        self.client.clear_before_next_output = False
        self.asked = self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)
        return self.asked

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        message = super().get_message(stream, timeout)
        notebook = self.client.nb
        if "language_info" in message["content"]:
            notebook.metadata["language_info"] = message["content"]["language_info"]
        if stream == "iopub" and message["parent_header"].get("msg_id") == self.asked:
            with suppress(CellExecutionComplete):
                self.client.process_message(message, notebook.cells[self.place], self.place)
        return message

    def printed(self, stream: str) -> str:
        """What went to the cells' "stdout" or "stderr", which a notebook shows on red."""
        outputs = (output for cell in self.client.nb.cells for output in cell.get("outputs", ()))
        return "".join(one.text for one in outputs if one.get("name") == stream)

    def executed(self) -> NotebookNode:
        """The notebook with all that was answered, and the state of its widgets."""
        self.client.set_widgets_metadata()
        return self.client.nb


def code_of(source: str) -> list[str]:
    """A cell without its comments: a made notebook may say in one what the cell does."""
    return [line for line in source.splitlines() if not line.lstrip().startswith("#")]


def back_to_page(made: NotebookNode, page: NotebookNode) -> NotebookNode:
    """The page with the outputs of the notebook made from it, which has one cell more, the first.

    Raises
    ------
    ValueError
        If the code cells are not the page's, in the page's order.
    """
    page = copy.deepcopy(page)
    cells = [cell for cell in page.cells if cell.cell_type == "code"]
    _, *answered = [cell for cell in made.cells if cell.cell_type == "code"]
    if [code_of(cell.source) for cell in cells] != [code_of(cell.source) for cell in answered]:
        raise ValueError("the code cells of the made notebook, after its first, are not the page's")
    for number, (cell, found) in enumerate(zip(cells, answered, strict=True), 1):
        cell.execution_count = number
        cell.outputs = copy.deepcopy(found.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
    for name in ("language_info", "widgets"):
        if name in made.metadata:
            page.metadata[name] = made.metadata[name]
    return page


def read(page: Path, root: Path) -> NotebookNode:
    """A page as myst-nb reads it: jupyter-cache knows it by its cells and metadata."""
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    parser = MdParserConfig(enable_extensions=set(config["parse"]["myst_enable_extensions"]))
    return read_myst_markdown_notebook(page.read_text("utf-8"), parser, path=page)


def keep(cache: Path, page: Path, root: Path, made: NotebookNode, seconds: float) -> None:
    """Put the run of a page that passed into the cache: the book shows it."""
    notebook = back_to_page(made, read(page, root))
    name = page.relative_to(root).as_posix()
    bundle = CacheBundleIn(notebook, name, data={SECONDS: seconds, PASSED: True})
    get_cache(cache).cache_notebook_bundle(bundle, overwrite=True)


def has_passed(cache: Path, page: Path, root: Path) -> bool:
    """Whether nbval ran this page, as it stands, and it passed."""
    with suppress(KeyError):
        record = get_cache(cache).match_cache_notebook(read(page, root))
        return bool(record.data.get(PASSED))
    return False


def last_seconds(cache: Path) -> dict[str, float]:
    """How long each page took when it last ran, in this cache or another one beside it."""
    folders = [file.parent for file in cache.parent.glob("*/global.db")]
    records = [record for folder in folders for record in get_cache(folder).list_cache_records()]
    records.sort(key=lambda record: record.created)
    return {record.uri: record.data.get(SECONDS, 0.0) for record in records}
