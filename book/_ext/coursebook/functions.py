"""The reference: what the package offers, made from its docstrings, and the pages that use it.

Sphinx's autodoc writes the pages in ``reference/``. Each function there names the pages whose cells
use it, and each page ends with a line of links to the functions that it uses. Both are read from
the cells, so nobody keeps a list.
"""

import ast
import contextlib
import inspect
import io
import os
import re
import textwrap
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from unittest import mock

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import signature, stringify_signature

from .record import link

FOLDER = "reference/"
LIGHT = "numpy"  # of Keras's backends, the one that is imported soonest: nothing is computed
PACKAGE = "cnnlab"
CLI = "cnnlab.grading.gradebook.cli"  # of the command; imported where its page is written
ARGUMENT = re.compile(r":param \\?\*{0,2}(\w+):")
FUNCTION = re.compile(r"<(?:built-in )?function ([\w.]+)(?: at \w+)?>")  # as Python shows one
WIDTH = 72  # characters
KINDS = ("class", "data", "exception", "function")  # what has a line of pages: no method, no module
Uses = dict[str, bool]  # from a function to whether an open cell uses it


# ---- what a page uses ----


def parsed(cell: str) -> ast.AST:
    """The code of a cell without IPython's own lines."""
    lines = (line for line in cell.splitlines() if not line.lstrip().startswith(("%", "!")))
    return ast.parse("\n".join(lines))


def imported(tree: ast.AST) -> dict[str, str]:
    """From each name that a cell imports from the package to what the reference calls it.

    ``triplet_loss`` from ``cnnlab.faces.losses`` is ``cnnlab.faces.triplet_loss``.
    """
    return {
        alias.asname or alias.name: ".".join((*node.module.split(".")[:2], alias.name))
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == PACKAGE
        for alias in node.names
    }


def used(tree: ast.AST, names: dict[str, str]) -> Iterable[str]:
    """What a cell uses of the names that the page imports, or by its whole name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            first, dot, rest = ast.unparse(node).partition(".")
            yield names.get(first, first) + dot + rest


def uses_of(cells: Iterable[tuple[str, bool]]) -> Uses:
    """What a page uses of the package, from its cells: the code of each, and whether it is open."""
    names: dict[str, str] = {}
    found: Uses = {}
    for code, is_open in cells:
        tree = parsed(code)
        names |= imported(tree)
        for name in used(tree, names):
            if name.startswith(f"{PACKAGE}."):
                found[name] = found.get(name, False) or is_open
    return found


def read_uses(app: Sphinx, doctree: nodes.document) -> None:
    cells = [
        (cell.children[0].astext(), not cell.get("hide_mode"))
        for cell in doctree.findall(nodes.container)
        if cell.get("nb_element") == "cell_code" and cell.children
        if "cell_input" in cell.children[0].get("classes", ())
    ]
    table(app.env)[app.env.docname] = uses_of(cells)


# ---- the two directions ----


def table(env: BuildEnvironment) -> dict[str, Uses]:
    """For each page what it uses."""
    if not hasattr(env, "course_uses"):
        env.course_uses = {}
    return env.course_uses


def forget(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    table(env).pop(page, None)


def merge(app: Sphinx, env: BuildEnvironment, pages: set[str], other: BuildEnvironment) -> None:
    table(env).update({page: table(other)[page] for page in pages if page in table(other)})


def functions_of(env: BuildEnvironment, page: str) -> list[str]:
    """The functions of a page that the reference has, by their short names."""
    known = env.get_domain("py").objects
    found = {
        name for name in table(env).get(page, ()) if name in known and known[name].objtype in KINDS
    }
    return sorted(found, key=lambda name: (name.rpartition(".")[2].lower(), name))


def pages_with(env: BuildEnvironment, name: str) -> tuple[list[str], list[str]]:
    """The pages that teach a function, and those that only use it, in the book's order.

    It is taught where an open cell of its own room uses it first; if its room has none, where the
    first open cell does.
    """
    order = env.toctree_includes.get(env.config.root_doc, [])
    pages = [page for page in order if name in table(env).get(page, ())]
    pages = [page for page in pages if page.startswith("book/")]
    opened = [page for page in pages if table(env)[page][name]]
    room = f"book/{name.split('.')[1]}/"
    taught = ([page for page in opened if page.startswith(room)] or opened)[:1]
    return taught, [page for page in pages if page not in taught]


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages whose links are not what they were."""
    known = env.get_domain("py").objects
    shown = {page: functions_of(env, page) for page in table(env)}
    for name, entry in known.items():
        shown.setdefault(f"{entry.docname}#", []).append((name, pages_with(env, name)))
    before = getattr(env, "course_functions", {})
    env.course_functions = shown
    changed = {page for page in shown if shown[page] != before.get(page)}
    return sorted({page.removesuffix("#") for page in changed} & env.found_docs)


class UsedOn(nodes.General, nodes.Element):
    """Stands in the reference where the pages that use a function will be."""


class UsedOnPages(SphinxDirective):
    """``.. used-on:: cnnlab.convolution.pad``: put there by `complete`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [UsedOn(function=self.arguments[0])]


def to_function(here: str, name: str) -> pending_xref:
    """A link to a function, which shows its short name."""
    found = pending_xref(
        refdoc=here, refdomain="py", reftype="obj", reftarget=name, refexplicit=True, refwarn=True
    )
    found += nodes.literal(text=name.rpartition(".")[2])
    return found


def sentence(begin: str, links: list[nodes.Node], between: str) -> list[nodes.Node]:
    """Words and links; nothing if there are no links."""
    if not links:
        return []
    spaced = [part for one in links for part in (nodes.Text(between), one)]
    return [nodes.Text(f"{begin} "), *spaced[1:]]


class LinkBothWays(SphinxPostTransform):
    """Puts the links in place, before references are resolved."""

    default_priority = 8

    def run(self, **kwargs) -> None:
        here = self.env.docname
        for place in list(self.document.findall(UsedOn)):
            taught, others = (
                [link(here, page) for page in pages]
                for pages in pages_with(self.env, place["function"])
            )
            text = sentence("Taught on", taught, ", ")
            text += [nodes.Text("; ")] if taught and others else []
            text += sentence("used on" if taught else "Used on", others, ", ")
            place.replace_self(
                [nodes.paragraph("", "", *text, nodes.Text("."), classes=["used-on"])]
                if text
                else []
            )
        links = [to_function(here, name) for name in functions_of(self.env, here)]
        if links and not here.startswith(FOLDER):
            text = sentence("In the reference:", links, " · ")
            self.document += nodes.paragraph("", "", *text, classes=["functions"])


# ---- the reference ----


def import_lightly(app: Sphinx, env: BuildEnvironment, pages: list[str]) -> None:
    """Autodoc imports the package, and so Keras: without TensorFlow, which takes long."""
    if any(page.startswith(FOLDER) for page in pages):
        with mock.patch.dict(os.environ, KERAS_BACKEND=LIGHT):
            import keras  # noqa: F401


def leave_out(
    app: Sphinx, what: str, name: str, item: object, skip: bool, options: object
) -> bool | None:
    """Leave out what is not ours to say: fields of a named tuple, what Keras says of a method."""
    if (item.__doc__ or "").startswith("Alias for field number") or said_by_others(item):
        return True
    return None


def said_by_others(item: object) -> bool:
    """Whether a method of ours has its words from another package, whose class it fills in."""
    if not inspect.isfunction(item) or item.__doc__ or "." not in item.__qualname__:
        return False
    owner, _, method = item.__qualname__.rpartition(".")
    if "<locals>" in owner:
        return False
    classes = inspect.getmro(getattr(import_module(item.__module__), owner))
    said = (one for one in classes if getattr(vars(one).get(method), "__doc__", None))
    return next(said, object).__module__.partition(".")[0] != PACKAGE


def remark(package: str, name: str) -> list[str]:
    """What is said of a constant where it is made: a comment that begins with ``#:``.

    Raises
    ------
    LookupError
        If there is none.
    """
    for file in Path(import_module(package).__file__).parent.glob("[!_]*.py"):
        remarks = ModuleAnalyzer.for_module(f"{package}.{file.stem}").find_attr_docs()
        if ("", name) in remarks:
            return list(remarks["", name])
    raise LookupError(f"{package}.{name} is not described: write a comment that begins with #:")


def readable(
    app: Sphinx, what: str, name: str, item: object, options: object, given: str, returned: str
) -> tuple[str, str]:
    """A figure is made as its ``__init__`` says; traitlets hides it. A function has its name."""
    if what == "class" and given == "(*args, **kwargs)":
        own = signature(item.__init__, bound_method=True)
        given = stringify_signature(own, show_annotation=False)
    return FUNCTION.sub(r"\1", given or ""), returned


def types_of(item: object) -> dict[str, str]:
    """The types of a function's arguments as its source has them: short, with their own names."""
    function = item.__init__ if inspect.isclass(item) else item
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError):  # it has none in Python
        return {}
    given = tree.args
    named = (*given.posonlyargs, *given.args, *given.kwonlyargs)
    return {one.arg: ast.unparse(one.annotation) for one in named if one.annotation}


def complete(
    app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]
) -> None:
    """Add to a docstring what stands elsewhere: constants, the remark on each, types, pages."""
    if what == "module":  # autodoc itself finds no constant that another module makes
        constants = (one for one in item.__all__ if not callable(getattr(item, one)))
        lines += [line for one in constants for line in ("", f".. autodata:: {name}.{one}")]
    if what == "data":
        package, _, short = name.rpartition(".")
        lines[:] = remark(package, short)
    if what in ("class", "function", "method"):
        types = types_of(item)
        for place, line in reversed(list(enumerate(lines))):
            if (argument := ARGUMENT.match(line)) and argument[1] in types:
                lines.insert(place, f":type {argument[1]}: {types[argument[1]]}")
    if what in KINDS:
        lines += ["", f".. used-on:: {name}", ""]


def help_text(*command: str) -> str:
    """What the command says with ``--help``, as wide as a box of code on a page."""
    said = io.StringIO()
    width = mock.patch.dict(os.environ, COLUMNS=str(WIDTH))
    with width, contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        import_module(CLI).main([*command, "--help"])
    return said.getvalue()


class CommandLine(SphinxDirective):
    """``{command-line} grade``: what ``cnnlab grade --help`` says."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(import_module(CLI).__file__)
        text = help_text(*self.arguments)
        return [nodes.literal_block(text, text, language="text")]


def setup(app: Sphinx) -> None:
    for extension in ("sphinx.ext.autodoc", "sphinx.ext.napoleon"):
        app.setup_extension(extension)
    app.add_node(UsedOn)
    app.add_directive("used-on", UsedOnPages)
    app.add_directive("command-line", CommandLine)
    app.add_post_transform(LinkBothWays)
    app.connect("env-before-read-docs", import_lightly)
    app.connect("autodoc-process-docstring", complete, priority=600)  # after napoleon
    app.connect("autodoc-process-signature", readable)
    app.connect("autodoc-skip-member", leave_out)
    app.connect("doctree-read", read_uses)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", pages_to_write)
