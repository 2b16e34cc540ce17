"""Make the exercises from the solutions: what stands between marks is left out.

    python tools/exercises.py

writes ``exercises/<room>.md`` for each ``solutions/<room>.md``. In a code cell, the marks are

    ### BEGIN SOLUTION
    ### END SOLUTION

An indented block, in a function, leaves a comment in its place; one at the margin leaves nothing.
In the text between cells, they are ``<!-- BEGIN SOLUTION -->`` and ``<!-- END SOLUTION -->``, and
what stands between them leaves nothing.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
YOURS = "# Your code here."
MADE = "# Made from solutions/{} by `make exercises`: change that file, and make this one again."
CELL = re.compile(r"(`{3,})\{code-cell\}")
IN_CODE = re.compile(r"(?P<indent> *)### (?P<which>BEGIN|END) SOLUTION")
IN_TEXT = re.compile(r"<!-- (?P<which>BEGIN|END) SOLUTION -->")
LIKE_A_MARK = re.compile(r"\b(BEGIN|END)[ _-]*SOLUTION", re.IGNORECASE)


class MarkError(Exception):
    """A mark that is not where or what it should be. The message begins with file and line."""


@dataclass(frozen=True)
class Line:
    """A line of a solutions file.

    Attributes
    ----------
    number
        Counted from 1.
    cell
        The line on which its code cell begins; 0 for text.
    solution
        Whether it stands between marks.
    mark
        ``"BEGIN"`` or ``"END"`` if it is a mark, else an empty string.
    """

    number: int
    text: str
    cell: int
    solution: bool
    mark: str


def lines(source: str, name: str) -> Iterator[Line]:
    """The lines of a solutions file, each with its place.

    Raises
    ------
    MarkError
        If a mark is misspelt, nested, missing, or in text where it belongs into code.
    """
    fence, cell, opened = "", 0, 0
    for number, text in enumerate(source.splitlines(), start=1):
        place = f"{name}:{number}"
        if not fence and (opening := CELL.match(text)):
            if opened:
                raise MarkError(f"{place}: a cell begins inside the solution of line {opened}")
            fence, cell = opening[1], number
            yield Line(number, text, cell, False, "")
            continue
        if fence and text.rstrip() == fence:
            if opened:
                raise MarkError(f"{place}: the cell ends, but not its solution of line {opened}")
            yield Line(number, text, cell, False, "")
            fence, cell = "", 0
            continue
        mark = (IN_CODE if fence else IN_TEXT).fullmatch(text.rstrip())
        if not mark and LIKE_A_MARK.search(text):
            wanted = "### BEGIN SOLUTION" if fence else "<!-- BEGIN SOLUTION -->"
            raise MarkError(f"{place}: {text.strip()!r}; a mark here is a line {wanted!r}, or END")
        if mark and mark["which"] == "BEGIN" and opened:
            raise MarkError(f"{place}: a solution begins inside the solution of line {opened}")
        if mark and mark["which"] == "END" and not opened:
            raise MarkError(f"{place}: a solution ends that did not begin")
        yield Line(number, text, cell, bool(opened) and not mark, mark["which"] if mark else "")
        if mark:
            opened = number if mark["which"] == "BEGIN" else 0
    if opened:
        raise MarkError(f"{name}:{opened}: this solution does not end")
    if fence:
        raise MarkError(f"{name}:{cell}: this cell does not end")


def exercise(source: str, name: str) -> str:
    """The exercise that a solutions file holds.

    Parameters
    ----------
    source
        The text of the file.
    name
        Its name below ``solutions/``: it stands in errors, and in a comment in the header.

    Raises
    ------
    MarkError
        If the marks are wrong, or what they leave of a cell is not valid Python.
    """
    kept: list[str] = []
    cells: dict[int, list[str]] = {}
    for line in lines(source, name):
        left = line.text
        if line.solution or line.mark:
            indent = " " * (len(left) - len(left.lstrip()))
            if not (line.mark == "BEGIN" and line.cell and indent):
                continue
            left = indent + YOURS
        if not line.cell and not left and kept and not kept[-1]:
            continue  # a block of text that is gone leaves one empty line, not two
        kept.append(left)
        if line.cell:
            cells.setdefault(line.cell, []).append(left)
    for number, (_, *code, _) in cells.items():
        _check_python(code, f"{name}:{number}")
    header, _, rest = "\n".join(kept).partition("\n---\n")
    return f"{header}\n{MADE.format(name)}\n---\n{rest.rstrip()}\n"


def _check_python(code: list[str], place: str) -> None:
    while code and code[0].startswith(":"):  # the cell's tags
        code = code[1:]
    try:
        tree = ast.parse(textwrap.dedent("\n".join(code)))
    except SyntaxError as error:
        raise MarkError(
            f"{place}: what the marks leave of the cell is no Python: {error}"
        ) from None
    if not tree.body:
        raise MarkError(f"{place}: the marks leave nothing of the cell")


def sources(root: Path = ROOT) -> list[Path]:
    """The solutions files, in the order of their names."""
    return sorted(root.glob("solutions/*.md"))


def main() -> None:
    for path in sources():
        try:
            text = exercise(path.read_text("utf-8"), path.name)
        except MarkError as error:
            raise SystemExit(f"solutions/{error}") from None
        made = ROOT / "exercises" / path.name
        made.parent.mkdir(exist_ok=True)
        made.write_text(text, "utf-8", newline="\n")
        print(made.relative_to(ROOT))


if __name__ == "__main__":
    main()
