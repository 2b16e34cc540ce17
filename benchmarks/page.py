"""A page of the book, run with several seeds.

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

from benchmarks import Numbers, over_seeds

BOOK = Path(__file__).parents[1] / "book"
SEEDS = (0, 1, 2)
REPORT = """
import json
print(json.dumps({name: float(globals()[name]) for name in %r}))
"""


def run_page(page: Path, names: Sequence[str], seeds: Sequence[int] = SEEDS) -> dict[str, Numbers]:
    """What a page finds with each seed, and how many seconds it takes.

    Parameters
    ----------
    page
        It has one cell with the tag ``parameters``, which sets `seed`.
    names
        Of the numbers that it leaves behind.
    seeds
        One run of the page for each.

    Returns
    -------
    dict
        For each name, and for ``"page_seconds"``: mean, spread and the single runs.
    """
    reports = [_report(page, names, seed) for seed in seeds]
    return {
        name: over_seeds([report[name] for report in reports]) for name in (*names, "page_seconds")
    }


def prepared(page: Path, names: Sequence[str], seed: int) -> NotebookNode:
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
        cell
        for cell in notebook.cells
        if "remove-input" not in cell.metadata.get("tags", []) and "measured(" not in cell.source
    ]
    notebook.cells.append(new_code_cell(REPORT % (list(names),)))
    return notebook


def _report(page: Path, names: Sequence[str], seed: int) -> dict[str, float]:
    """Run the page once, in a kernel of its own."""
    notebook = prepared(page, names, seed)
    start = time.perf_counter()
    NotebookClient(notebook, timeout=None, kernel_name="python3").execute()
    seconds = time.perf_counter() - start
    [output] = notebook.cells[-1].outputs
    return {**json.loads(output.text), "page_seconds": seconds}
