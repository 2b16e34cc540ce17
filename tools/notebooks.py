"""Write the book's pages as notebooks for Colab: plain Markdown, links that work, a set-up cell.

    python tools/notebooks.py _build/notebooks

The exercises become notebooks too, though they are no pages. Another table of contents than
``_toc.yml`` may be named after the folder.

A page is MyST: directives, roles, labels. Colab, GitHub and Jupyter show ordinary Markdown only. So
each page is parsed as the book parses it, and what is MyST is written in Markdown. What this script
does not know is an error that names the page and the line: no raw MyST reaches a student.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from unicodedata import normalize

import jupytext
import nbformat
import yaml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pybtex.database import BibliographyData, Entry, parse_file
from pybtex.plugin import find_plugin
from sphinx_external_toc.parsing import FileItem, parse_toc_yaml

from cnnlab import __version__

ROOT = Path(__file__).resolve().parent.parent
SETUP = f"""\
# TensorFlow's greetings look like errors and are none: they stay quiet.
import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").addFilter(lambda line: line.levelname != "WARNING")

# On Colab, this gets the course's package and lets its figures move. Elsewhere it does nothing.
try:
    from google.colab import output
except ImportError:
    pass
else:
    %pip install -q cnnlab=={__version__}
    output.enable_custom_widget_manager()"""
HIDDEN = {"remove-input", "hide-input", "remove-cell", "hide-cell"}
TITLE = re.compile(r"\A#+ *(.+)")  # the first line of a folded cell
ADMONITIONS = {
    name: name.capitalize()
    for name in ("attention", "caution", "danger", "error", "hint", "important", "note", "tip")
} | {"admonition": None, "seealso": "See also", "warning": "Warning"}
# Blocks that Markdown has too. Those with text in them come apart into lines of `inline` tokens.
PLAIN_BLOCKS = {"hr", "html_block", "code_block"}
CONTAINERS = re.compile(
    r"(paragraph|heading|bullet_list|ordered_list|list_item|blockquote|table|thead|tbody|tr|th|td)"
    r"_(open|close)"
)
PLAIN_INLINE = {
    *("text", "softbreak", "hardbreak", "html_inline", "link_open", "link_close", "image"),
    *("strong_open", "strong_close", "em_open", "em_close", "s_open", "s_close"),
}
# What a line of text may hold, in the parser's words. Escapes come first: \` opens nothing.
INLINE = re.compile(
    r"(?P<escape>\\[^\n])"
    r"|\{(?P<name>[a-zA-Z0-9_+:-]+)\}(?P<ticks>`+)(?P<role>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|(?P<run>`+)(?P<code>.+?)(?<!`)(?P=run)(?!`)"
    r"|\$\$(?P<display>.+?)\$\$"
    r"|\$(?P<math>(?:\\.|[^$\\])+?)\$"
    r"|\]\((?P<url>[^()\s]+)(?=[)\s])",
    re.DOTALL,
)
TITLED = re.compile(r"(?P<text>.+?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
MYST_IN_CODE = re.compile(r"\{(term|doc|ref|numref|eq|math|cite(:[pt])?)\}`")
OPTION = re.compile(r":(?P<key>[\w-]+):(?:\s+(?P<value>.*))?")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class RefusedError(Exception):
    """Something on a page that cannot be shown as plain Markdown."""


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


@dataclass
class Page:
    """A page of the book, as it is written."""

    name: str  # book/convolution/edges
    text: str
    tokens: list[Token]

    @property
    def is_notebook(self) -> bool:
        return self.text.startswith("---\njupytext:")

    @property
    def is_exercise(self) -> bool:
        """Whether students get it by itself, as a file: a link to a file beside it is dead then."""
        return self.folder == "exercises"

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.name).parent)

    @cached_property
    def title(self) -> str:
        heads = zip(self.tokens, self.tokens[1:], strict=False)
        for token, inside in heads:
            if token.type == "heading_open" and token.tag == "h1":
                return one_line(inside.content)
        raise RefusedError(f"{self.name}.md: no title")

    @cached_property
    def targets(self) -> dict[str, str]:
        """The labels ``(label)=`` of this page, and the headings that they stand before."""
        found, waiting = {}, []
        for token, after in zip(self.tokens, [*self.tokens[1:], None], strict=True):
            if token.type == "myst_target":
                waiting.append(token.content)
            elif token.type == "heading_open":
                found |= dict.fromkeys(waiting, one_line(after.content))
                waiting.clear()
        return found | dict.fromkeys(waiting, "")


@dataclass
class Course:
    """All that a page may refer to: the other pages, equations, terms, works, addresses."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    contents: str = "_toc.yml"

    @cached_property
    def config(self) -> dict:
        return yaml.safe_load((self.root / "_config.yml").read_text("utf-8"))

    @cached_property
    def site(self) -> str:
        """The address of the published book, with a slash at the end."""
        address = self.environment.get("COURSE_SITE") or self.config["html"]["baseurl"]
        return address.rstrip("/") + "/"

    @cached_property
    def repository(self) -> str:
        """The address of the repository."""
        given = self.environment.get("COURSE_REPOSITORY") or self.environment.get(
            "GITHUB_REPOSITORY"
        )
        address = given or self.config["repository"]["url"]
        return (address if "://" in address else f"https://github.com/{address}").rstrip("/")

    @cached_property
    def branch(self) -> str:
        return self.environment.get("COURSE_BRANCH") or self.config["repository"]["branch"]

    @cached_property
    def extensions(self) -> set[str]:
        return set(self.config["parse"]["myst_enable_extensions"])

    def parse(self, text: str) -> list[Token]:
        """The text as the book's parser sees it."""
        settings = MdParserConfig(enable_extensions=self.extensions)
        return create_md_parser(settings, RendererHTML).parse(text)

    @cached_property
    def pages(self) -> dict[str, Page]:
        """The pages of the table of contents, in its order."""
        toc = parse_toc_yaml(self.root / self.contents)

        def walk(name: str) -> Iterator[str]:
            yield name
            for tree in toc[name].subtrees:
                for item in tree.items:
                    if isinstance(item, FileItem):
                        yield from walk(str(item))

        found = {}
        for name in walk(toc.root.docname):
            path = self.root / f"{name}.md"
            if not path.exists():
                raise RefusedError(f"{self.contents}: there is no page {name}.md")
            found[name] = self.read(path)
        return found

    @cached_property
    def exercises(self) -> dict[str, Page]:
        """The exercises by their rooms. They are no pages of the book."""
        return {path.stem: self.read(path) for path in sorted(self.root.glob("exercises/*.md"))}

    def read(self, path: Path) -> Page:
        text = path.read_text("utf-8")
        name = path.relative_to(self.root).with_suffix("").as_posix()
        return Page(name, text, self.parse(text))

    @cached_property
    def equations(self) -> dict[str, tuple[Page, int]]:
        """For each label its page and its number: they count through the book, as Sphinx counts."""
        labels = [
            (label, page)
            for page in self.pages.values()
            for label in self.labels(page.text, page.tokens)
        ]
        return {label: (page, number) for number, (label, page) in enumerate(labels, start=1)}

    def labels(self, text: str, tokens: list[Token]) -> Iterator[str]:
        """The labels of equations, those inside directives included."""
        for token in tokens:
            directive = Directive.of(token)
            if token.type == "math_block_label":
                yield token.info
            elif directive and directive.name == "math" and "label" in directive.options:
                yield directive.options["label"]
            elif directive and directive.name in ADMONITIONS:
                yield from self.labels(directive.body, self.parse(directive.body))

    @cached_property
    def targets(self) -> dict[str, tuple[Page, str]]:
        """For each label before a heading: its page, and the heading."""
        return {
            label: (page, title)
            for page in self.pages.values()
            for label, title in page.targets.items()
        }

    @cached_property
    def glossary(self) -> dict[str, str]:
        """For each term, in lower case, its address on the site."""
        found = {}
        for page in self.pages.values():
            for directive in filter(None, map(Directive.of, page.tokens)):
                if directive.name == "glossary":
                    terms = [line for line in directive.body.split("\n") if line.strip()]
                    for term in (line.strip() for line in terms if not line.startswith(" ")):
                        plain = normalize("NFKD", term).encode("ascii", "ignore").decode()
                        anchor = "term-" + re.sub(r"[^a-zA-Z0-9._]+", "-", plain).strip("-")
                        found[term.lower()] = f"{self.site}{page.name}.html#{anchor}"
        return found

    @cached_property
    def works(self) -> BibliographyData:
        """The works that may be cited."""
        found = BibliographyData()
        for name in self.config.get("bibtex_bibfiles", []):
            for key, entry in parse_file(str(self.root / name)).entries.items():
                found.add_entry(key, entry)
        return found


@dataclass
class Directive:
    """A fence whose first line is ``{name} argument``."""

    name: str
    argument: str
    options: dict[str, str]
    body: str
    body_line: int  # lines from the fence to the body's first line

    @classmethod
    def of(cls, token: Token) -> "Directive | None":
        """The directive that a token is, if it is one."""
        match = re.match(r"\{([^}]*)\}\s*(.*)", token.info or "")
        if token.type not in ("fence", "colon_fence") or not match:
            return None
        lines, options = token.content.rstrip("\n").split("\n"), {}
        while lines and (option := OPTION.fullmatch(lines[0].strip())):
            options[option["key"]] = (option["value"] or "").strip()
            lines.pop(0)
        skipped = 1 + len(options)
        while lines and not lines[0].strip():
            lines.pop(0)
            skipped += 1
        return cls(match[1], match[2].strip(), options, "\n".join(lines), skipped)


def authors(entry: Entry) -> str:
    """The surnames as a text cites them: one, two, or the first *et al.*"""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [
        " ".join(map(str, (*person.rich_prelast_names, *person.rich_last_names)))
        for person in people
    ]
    if not names:
        return entry.fields["title"]
    return names[0] + " et al." if len(names) > 2 else " and ".join(names)


def address(entry: Entry) -> str | None:
    """Where a work can be read."""
    fields = entry.fields
    if "doi" in fields:
        return f"https://doi.org/{fields['doi']}"
    if "eprint" in fields:
        return f"https://arxiv.org/abs/{fields['eprint']}"
    return fields.get("url")


@dataclass
class Plain:
    """Turns the Markdown of one page from MyST into plain Markdown."""

    course: Course
    page: Page
    cited: list[str] = field(default_factory=list)

    def refuse(self, line: int, why: str) -> RefusedError:
        """The error for a line of the page, counted from 0."""
        return RefusedError(f"{self.page.name}.md:{line + 1}: {why}")

    # Blocks

    def blocks(self, text: str, line: int = 0, quoted: bool = False) -> str:
        """A run of Markdown that begins at a line of the page; `quoted` if it will be quoted."""
        source = text.split("\n")
        expected: dict[tuple[int, int], list[Token]] = {}
        done: dict[tuple[int, int], list[str]] = {}
        for token in self.course.parse(text):
            span = token.map and tuple(token.map)
            if token.type == "inline":
                expected.setdefault(span, []).extend(token.children)
            elif token.type in PLAIN_BLOCKS or CONTAINERS.fullmatch(token.type):
                continue
            else:
                done[span] = self.block(token, source[slice(*span)], line + span[0], quoted)
        for span, tokens in expected.items():
            lines = "\n".join(source[slice(*span)])
            done[span] = self.inline(lines, tokens, line + span[0]).split("\n")
        result, last = [], 0
        for (start, end), lines in sorted(done.items()):
            result += source[last:start] + lines
            last = max(end, last)
        return "\n".join(result + source[last:])

    def block(self, token: Token, lines: list[str], line: int, quoted: bool) -> list[str]:
        """The lines of one block, rewritten, at the indentation that it had."""
        kinds: dict[str, Callable[[], str | None]] = {
            "fence": lambda: self.fence(token, line, quoted),
            "colon_fence": lambda: self.fence(token, line, quoted),
            "math_block": lambda: self.equation(token.content, None, line, quoted),
            "math_block_label": lambda: self.equation(token.content, token.info, line, quoted),
            "myst_target": lambda: f'<a id="{token.content}" name="{token.content}"></a>\n',
            "myst_line_comment": lambda: "",
            "myst_block_break": lambda: "",
        }
        if token.type not in kinds:
            raise self.refuse(line, f"{token.type} has no form in plain Markdown")
        made = kinds[token.type]()
        if made is None:
            return lines
        first = lines[0]
        indent = first[: len(first) - len(first.lstrip())]
        if not first.lstrip().startswith(("`", ":", "~", "$", "(", "%", "+")):
            raise self.refuse(line, "a block inside a list or a quotation begins on its own line")
        return [indent + each if each else "" for each in made.split("\n")]

    def fence(self, token: Token, line: int, quoted: bool) -> str | None:
        """A directive in Markdown; None for a fence that is code, and stays."""
        directive = Directive.of(token)
        if directive is None:
            if token.type == "colon_fence":
                raise self.refuse(line, "a colon fence without a directive")
            return None
        handler = DIRECTIVES.get(directive.name)
        if handler is None:
            known = ", ".join(sorted(DIRECTIVES))
            raise self.refuse(line, f"directive {{{directive.name}}}; known are {known}")
        make, options = handler
        if unknown := set(directive.options) - set(options):
            names = ", ".join(sorted(unknown))
            raise self.refuse(line, f"option {names} of directive {{{directive.name}}}")
        if directive.body.startswith("---"):
            raise self.refuse(line, "options of a directive are written as :key: value")
        return make(self, directive, line, quoted)

    def admonition(self, directive: Directive, line: int, quoted: bool) -> str:
        """A quotation under a bold title; one of class `dropdown` folds."""
        folds = "dropdown" in directive.options.get("class", "").split()
        title, body = ADMONITIONS[directive.name], directive.body
        if title is None:
            title = self.text(directive.argument, line)
        elif directive.argument:  # the body begins on the first line
            body = f"{directive.argument}\n{body}".rstrip()
        inside = self.blocks(body, line + directive.body_line, quoted or not folds)
        if folds:
            return f"<details>\n<summary><b>{title}</b></summary>\n\n{inside}\n\n</details>"
        lines = [f"**{title}**", "", *inside.split("\n")]
        return "\n".join(f"> {each}".rstrip() for each in lines)

    def figure(self, directive: Directive, line: int, quoted: bool) -> str:
        """A picture with its alt text, from the published book, and the caption under it."""
        alt = one_line(directive.options.get("alt", ""))
        if not alt:
            raise self.refuse(line, "a picture without :alt:")
        image = f"![{alt}]({self.picture(directive.argument, line)})"
        caption = self.blocks(directive.body, line + directive.body_line, quoted)
        return f"{image}\n\n{caption}" if caption.strip() else image

    def math(self, directive: Directive, line: int, quoted: bool) -> str:
        body = "\n".join(filter(None, [directive.argument, directive.body]))
        return self.equation(body, directive.options.get("label"), line, quoted)

    def code(self, directive: Directive, line: int, quoted: bool) -> str:
        ticks = "`" * max(3, 1 + max(map(len, re.findall(r"`+", directive.body)), default=0))
        return f"{ticks}{directive.argument}\n{directive.body}\n{ticks}"

    def living_network(self, directive: Directive, line: int, quoted: bool) -> str:
        """Where the network lives: it is of the published page, which has a web server."""
        published = f"{self.course.site}{self.page.name}.html"
        return (
            f"> **In [the published page]({published}), the network lives here**: it looks at your"
            " pictures in the browser, with no kernel."
        )

    def equation(self, tex: str, label: str | None, line: int, quoted: bool) -> str:
        """A displayed equation, with the number that it has in the book."""
        tex = tex.strip()
        if "\n\n" in tex:
            raise self.refuse(line, "an empty line inside an equation")
        if label and self.page.is_exercise:
            raise self.refuse(
                line, "an exercise is no page of the book: its equations have no number"
            )
        if label:
            tex += rf" \tag{{{self.course.equations[label][1]}}}"
        if not quoted:
            return f"$$\n{tex}\n$$"
        if re.search(r"(?<!\\)%", tex):
            raise self.refuse(line, "a comment inside an equation that must stand on one line")
        return f"$${one_line(tex)}$$"  # the marks of a quotation would get into the formula

    # Lines

    def text(self, text: str, line: int) -> str:
        """Words on one line, such as a title."""
        tokens = [
            child
            for token in self.course.parse(text)
            if token.type == "inline"
            for child in token.children
        ]
        return self.inline(text, tokens, line)

    def inline(self, text: str, tokens: list[Token], line: int) -> str:
        """The text of a paragraph, a heading or a row, with roles and links rewritten.

        The parser's tokens do not say where in the text they are. So the text is scanned again, and
        what is found must be what the parser found, in the same order.
        """
        kinds = {"code_inline": "code", "math_inline": "math", "math_inline_double": "display"}
        wanted = []
        for token in tokens:
            if token.type == "myst_role":
                wanted.append((token.meta["name"], one_line(token.content)))
            elif token.type in kinds:
                wanted.append((kinds[token.type], one_line(token.content)))
            elif token.type not in PLAIN_INLINE:
                raise self.refuse(line, f"{token.type} has no form in plain Markdown")
        found = []

        def rewrite(match: re.Match) -> str:
            here = line + text.count("\n", 0, match.start())
            kind = match.lastgroup
            if kind == "escape":
                return match[0]
            if kind == "url":
                return f"]({self.link(match['url'], here)}"
            content = one_line(match[kind])
            found.append((match["name"] or kind, content))
            if kind == "role":
                return self.role(match["name"], content, here)
            return match[0] if kind == "code" else one_line(match[0])

        made = INLINE.sub(rewrite, text)
        if found != wanted:
            raise self.refuse(line, f"read as {found}, but the book reads {wanted}")
        return made

    def role(self, name: str, content: str, line: int) -> str:
        """A role in Markdown."""
        if name not in ROLES:
            known = ", ".join(sorted(ROLES))
            raise self.refuse(line, f"role {{{name}}}; known are {known}")
        titled = TITLED.fullmatch(content)
        text, target = (titled["text"], titled["target"]) if titled else (None, content)
        return ROLES[name](self, text, target.strip(), line)

    def link(self, url: str, line: int) -> str:
        """The address of a link or a picture, from the notebook's place."""
        if ELSEWHERE.match(url) or url.startswith("#"):
            return url
        path, _, anchor = url.partition("#")
        if path.endswith(".md"):
            return self.to_page(self.find_page(path.removesuffix(".md"), line), line, anchor)
        return self.picture(url, line)

    def picture(self, path: str, line: int) -> str:
        """The address at which the published book has a picture."""
        if ELSEWHERE.match(path):
            return path
        file = self.course.root / self.resolve(path)
        if not file.is_file():
            raise self.refuse(line, f"there is no file {path}")
        return f"{self.course.site}_images/{file.name}"

    def resolve(self, path: str) -> str:
        """A path from this page's folder, or from the root if it begins with a slash."""
        return normpath(path[1:] if path.startswith("/") else f"{self.page.folder}/{path}")

    def find_page(self, path: str, line: int) -> Page:
        name = self.resolve(path)
        if name not in self.course.pages:
            raise self.refuse(line, f"there is no page {name}")
        return self.course.pages[name]

    def to_page(self, page: Page, line: int, anchor: str = "") -> str:
        """The way to a page: its notebook, or the published page where it has none."""
        if page is self.page and anchor:
            return f"#{anchor}"
        if page.folder == "solutions" != self.page.folder:
            raise self.refuse(line, "a link to the solutions, which the book may lack")
        if page.is_notebook and not self.page.is_exercise:
            return relpath(f"{page.name}.ipynb", self.page.folder)
        return f"{self.course.site}{page.name}.html" + (f"#{anchor}" if anchor else "")

    def doc(self, text: str | None, target: str, line: int) -> str:
        page = self.find_page(target, line)
        return f"[{text or self.text(page.title, line)}]({self.to_page(page, line)})"

    def exercise(self, text: str | None, room: str, line: int) -> str:
        if room not in self.course.exercises or self.page.is_exercise:
            raise self.refuse(
                line, f"there is no exercise {room!r} that can be linked to from here"
            )
        page = self.course.exercises[room]
        return f"[{text or page.title}]({relpath(f'{page.name}.ipynb', self.page.folder)})"

    def beside(self, text: str | None, file: str, line: int) -> str:
        return f"[{text or file}]({self.course.site}{file})"

    def ref(self, text: str | None, target: str, line: int) -> str:
        if target not in self.course.targets:
            raise self.refuse(line, f"there is no label {target}")
        page, title = self.course.targets[target]
        if not (text or title):
            raise self.refuse(
                line, f"label {target} stands before no heading: give the link a text"
            )
        return f"[{text or title}]({self.to_page(page, line, target)})"

    def eq(self, text: str | None, target: str, line: int) -> str:
        if target not in self.course.equations:
            raise self.refuse(line, f"there is no equation {target}")
        page, number = self.course.equations[target]
        return f"({number})" if page is self.page else f"[({number})]({self.to_page(page, line)})"

    def term(self, text: str | None, target: str, line: int) -> str:
        if target.lower() not in self.course.glossary:
            raise self.refuse(line, f"there is no term {target!r} in the glossary")
        return f"[{text or target}]({self.course.glossary[target.lower()]})"

    def cite(self, keys: str, line: int, form: str) -> list[str]:
        """Each work as author and year, linked to where it can be read."""
        made = []
        for key in map(str.strip, keys.split(",")):
            if key not in self.course.works.entries:
                raise self.refuse(line, f"there is no work {key!r} in the bibliography")
            if key not in self.cited:
                self.cited.append(key)
            entry = self.course.works.entries[key]
            words = form.format(authors(entry), entry.fields.get("year", "n.d."))
            made.append(f"[{words}]({address(entry) or '#' + key})")
        return made

    def cite_p(self, text: str | None, keys: str, line: int) -> str:
        return f"({'; '.join(self.cite(keys, line, '{}, {}'))})"

    def cite_t(self, text: str | None, keys: str, line: int) -> str:
        return ", ".join(self.cite(keys, line, "{} ({})"))

    def inline_math(self, text: str | None, tex: str, line: int) -> str:
        return f"${tex}$"

    # The end of the page

    def list_of_works(self) -> str:
        """The works that the page cites, by author."""
        style = find_plugin("pybtex.style.formatting", "plain")()
        markdown = find_plugin("pybtex.backends", "markdown")()
        entries = [self.course.works.entries[key] for key in self.cited]
        lines = ["**Cited on this page**", ""]
        for item in style.format_entries(style.sort(entries)):
            where = address(self.course.works.entries[item.key])
            words = re.sub(r"\\([-.()+!#{}])", r"\1", one_line(item.text.render(markdown)))
            more = f" <{where}>" if where and where not in words else ""
            lines.append(f'- <a id="{item.key}" name="{item.key}"></a>{words}{more}')
        return "\n".join(lines)

    def colophon(self) -> str:
        """Where the notebook is from."""
        course, name = self.course, self.page.name
        if self.page.is_exercise:
            return (
                "---\n\n**To hand it in**, restart and run all cells, and save. Then give the file"
                " itself, this `.ipynb` and not a link to it, to your teacher, in the way that you"
                " were told. In Colab you get it by *File → Download → Download .ipynb*.\n\n"
                f"This exercise belongs to [a book]({course.site}). How to work on it:"
                f" [For students]({course.site}book/students.html). Say what is"
                f" wrong with it in [the issues]({course.repository}/issues)."
            )
        published = f"{course.site}{name}.html"
        source = f"{course.repository}/blob/{course.branch}/{name}.md"
        return (
            f"---\n\nThis notebook comes from [a page of the book]({published}), where its figures"
            f" move too. Change it in [its source]({source}), and say what is wrong with it in"
            f" [the issues]({course.repository}/issues)."
        )


FIGURE_OPTIONS = ("alt", "name", "width", "height", "align", "figclass", "class")
DIRECTIVES = {
    **dict.fromkeys(ADMONITIONS, (Plain.admonition, ("class", "name"))),
    "figure": (Plain.figure, FIGURE_OPTIONS),
    "image": (Plain.figure, FIGURE_OPTIONS),
    "math": (Plain.math, ("label",)),
    "code": (Plain.code, ()),
    "code-block": (Plain.code, ()),
    "living-network": (Plain.living_network, ("small",)),
}
ROLES = {
    "beside": Plain.beside,
    "doc": Plain.doc,
    "exercise": Plain.exercise,
    "ref": Plain.ref,
    "eq": Plain.eq,
    "term": Plain.term,
    "cite:p": Plain.cite_p,
    "cite:t": Plain.cite_t,
    "math": Plain.inline_math,
}


def code_cell(source: str, tags: Iterable[str] = ()) -> nbformat.NotebookNode:
    """A code cell. What the book hides is folded, and runs all the same.

    The comment in the first line of a folded cell becomes the title that Colab's form shows;
    JupyterLab shows the line itself.
    """
    metadata: dict = {"tags": list(tags)} if tags else {}
    if HIDDEN & set(tags):
        metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}
        source = TITLE.sub(r'#@title \1 { display-mode: "form" }', source, count=1)
    return new_code_cell(source, metadata=metadata)


def in_words(alt: str) -> nbformat.NotebookNode:
    """What a picture shows, folded below it: a notebook's pictures carry no alternative text."""
    summary = "<summary>The picture in words</summary>"
    return new_markdown_cell(f"<details>\n{summary}\n\n{one_line(alt)}\n\n</details>")


def notebook(course: Course, page: Page) -> nbformat.NotebookNode:
    """A page of the book as a notebook."""
    plain, cells, place = Plain(course, page), [code_cell(SETUP)], 0
    for cell in jupytext.reads(page.text, fmt="md:myst").cells:
        place = max(place, page.text.find(cell.source, place))
        line = page.text.count("\n", 0, place)
        if cell.cell_type == "markdown":
            cells.append(new_markdown_cell(plain.blocks(cell.source, line)))
        elif MYST_IN_CODE.search(cell.source):
            raise plain.refuse(line, "a role in what code displays: Colab would show it raw")
        else:
            cells.append(code_cell(cell.source, cell.metadata.get("tags", ())))
            if alt := cell.metadata.get("alt"):
                cells.append(in_words(alt))
        place += len(cell.source)
    if plain.cited:
        cells.append(new_markdown_cell(plain.list_of_works()))
    cells.append(new_markdown_cell(plain.colophon()))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:03}"  # the same page gives the same bytes
    metadata = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return new_notebook(cells=cells, metadata=metadata)


def write(course: Course, out: Path) -> list[Path]:
    """Write every page that runs, and every exercise; return the files."""
    made = {
        out / f"{page.name}.ipynb": notebook(course, page)
        for page in (*course.pages.values(), *course.exercises.values())
        if page.is_notebook
    }
    for path, content in made.items():
        nbformat.validate(content)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(nbformat.writes(content) + "\n", "utf-8", newline="\n")
    return list(made)


def main(arguments: list[str]) -> None:
    if not 1 <= len(arguments) <= 2:
        raise SystemExit("usage: python tools/notebooks.py OUT [TOC]")
    out, *contents = arguments
    try:
        for path in write(Course(ROOT, dict(os.environ), *contents), Path(out)):
            print(path)
    except RefusedError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
