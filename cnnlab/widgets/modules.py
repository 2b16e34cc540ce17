"""One ES module out of the scripts of a figure, so that a page needs no bundler and no other file.

A script says what it uses: ``import { h } from "./frame.js"``. :func:`join` follows these lines,
puts each script in front of those that use it, and leaves the lines out. As all of them then share
one scope, a name may stand for one thing only.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname, normpath

FOLDER = Path(__file__).parent
FILE = r'"(\.{1,2}/[\w./-]+)"'  # from the folder of the script that says so
IMPORT = re.compile(rf"^import \{{([^}}]*)\}} from {FILE};\n", re.MULTILINE)
WORDS = re.compile(rf'^import (\w+) from {FILE} with \{{ type: "json" \}};\n', re.MULTILINE)
# A declaration that nothing encloses begins its line; `const [a, b] = …` has two names.
DECLARED = re.compile(
    r"^(export )?(?:async )?(?:function|class|const|let) ([\w$]+|[\[{][^=]*[\]}] =)", re.MULTILINE
)

# A text in quotes, which stays as it is; a comment, which goes; a sign that needs no spaces around.
# (No regular expression here has quotes, or such a sign beside a space.) In a template may stand
# another one; `stray` is the quote of one that holds more than that.
TEMPLATE = r"`(?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^`{}]|`[^`]*`|\{[^{}]*\})*\})*`"
TOKEN = re.compile(
    rf"""(?P<text>"(?:[^"\\\n]|\\.)*"|{TEMPLATE})|(?P<stray>`)|//[^\n]*|/\*.*?\*/[ ]?"""
    r"""|[ ]?(?P<sign>=>|===|!==|&&|\|\||[=,:?{}])[ ]?""",
    re.DOTALL,
)


@dataclass(frozen=True)
class Script:
    """What a script brings, and what it takes from which other files."""

    file: str
    code: str
    names: frozenset[str]
    exports: frozenset[str]
    imports: dict[str, list[str]]


def join(name: str, folder: Path = FOLDER) -> tuple[str, str]:
    """Join ``<name>.js`` and ``<name>.css`` with those of all the scripts that it imports.

    Returns the ES module and its style sheet. Raises a `ValueError` where a script imports a file
    or a name that is not there, where two import each other, or two of them share a name.
    """
    scripts: dict[str, Script] = {}
    follow(f"{name}.js", (), folder, scripts)
    owner: dict[str, str] = {}
    for script in scripts.values():
        for one in sorted(script.names):
            if one in owner:
                raise ValueError(
                    f"{owner[one]} and {script.file} both declare {one}; expected names that "
                    f"differ, because the figure {name} is one module"
                )
            owner[one] = script.file
    styles = ((folder / file).with_suffix(".css") for file in scripts)
    return (
        "\n".join(script.code for script in scripts.values()),
        "".join(style.read_text("utf-8") for style in styles if style.exists()),
    )


def follow(file: str, way: tuple[str, ...], folder: Path, found: dict[str, Script]) -> None:
    """Put a script into `found`, after all that it imports. `way` leads from the figure to it."""
    if file in way:
        raise ValueError(f"{' → '.join((*way, file))}: expected no script that imports itself")
    if file in found:
        return
    script = read(file, way[-1] if way else None, folder)
    for other, names in script.imports.items():
        follow(other, (*way, file), folder, found)
        exports = found[other].exports
        for name in names:
            if name not in exports:
                raise ValueError(
                    f'{file} imports {name} from "./{other}"; expected one of '
                    f"{', '.join(sorted(exports)) or 'its exports, and there are none'}"
                )
    found[file] = script


def read(file: str, by: str | None, folder: Path) -> Script:
    """Read a script, with the words that it imports as a constant of it. `by`: who asks for it."""
    source = text(file, by, folder)

    def beside(other: str) -> str:
        """A file as the folder names it: a script may lie elsewhere, as a figure's frame does."""
        return normpath(f"{dirname(file) or '.'}/{other}")

    pairs = IMPORT.findall(source)
    imports = {beside(other): re.split(r"\s*,\s*", names.strip("\n ,")) for names, other in pairs}
    words = {
        name: literal(text(beside(other), file, folder)) for name, other in WORDS.findall(source)
    }
    code = WORDS.sub("", IMPORT.sub("", source))
    if left := re.search(r"^import\b.*", code, re.MULTILINE):
        raise ValueError(
            f'{file} says {left[0]!r}; expected import {{ name }} from "./<script>.js"; or '
            'import WORDS from "./<words>.json" with { type: "json" };'
        )
    declared = [(bool(export), names) for export, names in DECLARED.findall(code)]
    names = {(export, one) for export, all_ in declared for one in re.findall(r"[\w$]+", all_)}
    constants = [f"const {name}={value};" for name, value in words.items()]
    return Script(
        file,
        "\n".join([*constants, lean(code)]),
        frozenset(one for _, one in names) | words.keys(),
        frozenset(one for export, one in names if export),
        imports,
    )


def text(file: str, by: str | None, folder: Path) -> str:
    """Read a file of the folder, or say who asked for one that is not there."""
    path = folder / file
    if not path.is_file():
        who = f'{by} imports "./{file}"' if by else f"the figure's script is {file}"
        raise ValueError(f"{who}; expected a file of {folder.name}/")
    return path.read_text("utf-8")


def literal(words: str) -> str:
    """Write JSON as JavaScript, which needs no quotes around most keys."""
    compact = json.dumps(json.loads(words), ensure_ascii=False, separators=(",", ":"))
    return re.sub(r'(?<=[{,])"([a-zA-Z]\w*)":', r"\1:", compact)


def lean(script: str) -> str:
    """Leave out comments, empty lines, and the spaces and breaks of lines that mean nothing."""
    code = TOKEN.sub(kept, script)
    lines = "\n".join(line.strip() for line in code.splitlines() if line.strip())
    lines = re.sub(r",\n(?=[)\]}])", "\n", lines)
    return re.sub(r"(?<=[,(\[])\n|\n(?=[)\].?])", "", lines)


def kept(found: re.Match) -> str:
    """Return what is left of a token."""
    if found["stray"]:
        line = found.string[found.start() :].partition("\n")[0]
        raise ValueError(f"this template cannot be read: {line}; expected a simpler one, in parts")
    return found["text"] or found["sign"] or ""
