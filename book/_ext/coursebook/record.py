"""The directive `how-it-ran`: on what machine, with which versions, and how long each page ran.

The table is filled in when pages are written, after all of them ran. The page is written again only
when the table changes.
"""

import json
import posixpath
from datetime import datetime
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from cnnlab.measured import FILE, beside_peers, in_words

from .cache import MACHINE

Cell = str | nodes.Node


class Placeholder(nodes.General, nodes.Element):
    """Stands where the tables will be."""


class HowItRan(SphinxDirective):
    """``{how-it-ran}``: the tables of the machine and of the pages."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["how_it_ran"] = True
        return [Placeholder()]


class BesidePeers(SphinxDirective):
    """``{beside-peers}``: the table of what `make bench` measured beside others' work."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(FILE))
        head = ["What", "Beside", "Ours", "Theirs", "Times as fast"]
        return [table(head, [list(in_words(row)) for row in beside_peers()])]


def pages_that_ran(env: BuildEnvironment) -> list[tuple[str, float, str]]:
    """For each page in the book's order: its name, seconds, and the day it ran."""
    found = {
        page: data["exec_data"]
        for page, data in NbMetadataCollector.get_doc_data(env).items()
        if page in env.found_docs and data.get("exec_data")
    }
    order = {
        page: place for place, page in enumerate(env.toctree_includes.get(env.config.root_doc, []))
    }
    return [
        (page, round(run["runtime"], 1), datetime.fromtimestamp(run["mtime"]).date().isoformat())
        for page, run in sorted(found.items(), key=lambda item: order.get(item[0], -1))
        if run["runtime"] is not None
    ]


def machine(env: BuildEnvironment) -> dict:
    """What was written beside the cache when the first page ran."""
    return json.loads(Path(env.config.nb_execution_cache_path, MACHINE).read_text("utf-8"))


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages with the directive, if what they show is not what they showed."""
    shown = (pages_that_ran(env), machine(env))
    changed = getattr(env, "course_record", None) != shown
    env.course_record = shown
    holders = [page for page, data in env.metadata.items() if data.get("how_it_ran")]
    return holders if changed else []


def table(head: list[str], rows: list[list[Cell]], *classes: str) -> nodes.table:
    """A table node."""

    def row(cells: list[Cell]) -> nodes.row:
        made = nodes.row()
        for cell in cells:
            text = nodes.Text(cell) if isinstance(cell, str) else cell
            made += nodes.entry("", nodes.paragraph("", "", text))
        return made

    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", row(head))
    group += nodes.tbody("", *map(row, rows))
    return nodes.table("", group, classes=["colwidths-auto", *classes])


def link(here: str, page: str) -> pending_xref:
    """A link to a page, which will show its title."""
    target = posixpath.relpath(page, posixpath.dirname(here))
    found = pending_xref(
        refdoc=here,
        reftarget=target,
        reftype="doc",
        refdomain="std",
        refexplicit=False,
        refwarn=True,
    )
    found += nodes.inline(text=page)
    return found


class FillPlaceholder(SphinxPostTransform):
    """Puts the tables in place, before references are resolved."""

    default_priority = 8

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(Placeholder)):
            node.replace_self(self.tables())

    def tables(self) -> list[nodes.Node]:
        ran, where = pages_that_ran(self.env), machine(self.env)
        rows = [[link(self.env.docname, page), f"{seconds:.1f}", day] for page, seconds, day in ran]
        rows.append(["All pages", f"{sum(seconds for _, seconds, _ in ran):.1f}", ""])
        facts = {
            "Processor": where["processor"],
            "Cores": str(where["cores"]),
            "System": where["system"],
            **where["versions"],
        }
        return [
            table(["Page", "Seconds", "Day"], rows),
            table(["What", "Which"], [[name, value] for name, value in facts.items()]),
        ]


def setup(app: Sphinx) -> None:
    app.add_node(Placeholder)
    app.add_directive("how-it-ran", HowItRan)
    app.add_directive("beside-peers", BesidePeers)
    app.add_post_transform(FillPlaceholder)
    app.connect("env-updated", pages_to_write)
