"""Write the table of contents without the solutions: `make book SOLUTIONS=no` builds this book.

    python tools/toc.py _build/toc.yml

What a solutions page is, its folder says: ``solutions/``.
"""

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def without_solutions(toc: dict) -> dict:
    """The table of contents without the pages in ``solutions/``, and without parts left empty."""
    parts = [
        part
        | {
            "chapters": [
                one for one in part["chapters"] if not one["file"].startswith("solutions/")
            ]
        }
        for part in toc["parts"]
    ]
    return toc | {"parts": [part for part in parts if part["chapters"]]}


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise SystemExit("usage: python tools/toc.py OUT")
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    out = Path(arguments[0])
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(yaml.safe_dump(without_solutions(toc), sort_keys=False), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
