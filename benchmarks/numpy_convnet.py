"""The page about the NumPy network, run with several seeds.

The page holds the code, so the benchmark runs the page: what is measured is what readers see.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path

import jupytext
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from benchmarks import over_seeds

PAGE = Path(__file__).parents[1] / "book" / "convolution" / "numpy-convnet.md"
SEEDS = (0, 1, 2)
LIBRARIES = ("numpy", "keras")
REPORT = """
import json
print(json.dumps({name: float(globals()[name]) for name in %r}))
"""


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """Accuracy on the test digits and seconds of training, for each library; seconds of the page.

    Parameters
    ----------
    page
        It has one cell with the tag ``parameters``, which sets `seed`, and leaves
        ``<library>_accuracy`` and ``<library>_seconds`` behind.
    seeds
        One run of the page for each.
    """
    reports = [_report(page, seed) for seed in seeds]
    return {
        library: {
            what: over_seeds([report[f"{library}_{what}"] for report in reports])
            for what in ("accuracy", "seconds")
        }
        for library in LIBRARIES
    } | {"page": {"seconds": over_seeds([report["page_seconds"] for report in reports])}}


def prepared(page: Path, seed: int) -> NotebookNode:
    """The page with another seed, without the cells that quote this benchmark, and with a report.

    Raises
    ------
    ValueError
        If not exactly one cell has the tag ``parameters``.
    """
    notebook = jupytext.read(page)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise ValueError(f"{page.name} has {len(tagged)} cells tagged parameters; expected 1")
    tagged[0].source = f"seed = {seed}"
    notebook.cells = [
        cell for cell in notebook.cells if "remove-input" not in cell.metadata.get("tags", [])
    ]
    names = [f"{library}_{what}" for library in LIBRARIES for what in ("accuracy", "seconds")]
    notebook.cells.append(new_code_cell(REPORT % (names,)))
    return notebook


def _report(page: Path, seed: int) -> dict[str, float]:
    """Run the page once, in a kernel of its own."""
    notebook = prepared(page, seed)
    start = time.perf_counter()
    NotebookClient(notebook, timeout=None, kernel_name="python3").execute()
    seconds = time.perf_counter() - start
    [output] = notebook.cells[-1].outputs
    return {**json.loads(output.text), "page_seconds": seconds}
