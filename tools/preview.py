"""List the pages that a branch changed, beside the book that was built from it.

    python -m tools.preview _build/html/changed.html

The list goes into this page, with links, and as Markdown to stdout. Changed is what differs from
the branch `main`, as for `make check`: pages whose own text changed, and pages whose code uses
something that did.
"""

import argparse
from html import escape
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

from tools import check

ROOT = Path(__file__).resolve().parent.parent
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>What changed</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>What changed</h1>
{lists}<p><a href="index.html">The whole book</a></p></main></body></html>
"""


def changed_pages(changed: set[str], sources: list[Path]) -> dict[str, list[str]]:
    """The pages whose text changed, and those whose code uses what did: by name, without ending."""
    names = {source.relative_to(ROOT).as_posix(): source for source in sources}
    own = [name for name in names if name in changed]
    others = [source for name, source in names.items() if name not in own]
    programs = [page for page in others if page.read_text("utf-8").startswith("---\njupytext:")]
    used = check.reached(changed, [], programs)
    return {
        "Text changed": [name.removesuffix(".md") for name in own],
        "Uses what changed": [page.relative_to(ROOT).with_suffix("").as_posix() for page in used],
    }


def as_html(found: dict[str, list[str]]) -> str:
    """A page of links."""
    lists = ""
    for title, names in found.items():
        items = "".join(f'<li><a href="{escape(n)}.html">{escape(n)}</a></li>' for n in names)
        lists += f"<h2>{escape(title)}</h2>\n<ul>{items or '<li>none</li>'}</ul>\n"
    return PAGE.format(lists=lists)


def as_markdown(found: dict[str, list[str]]) -> str:
    """The same list, for the summary of a workflow."""
    parts = [
        "\n".join([f"### {title}", *([f"- `{name}.html`" for name in names] or ["none"])])
        for title, names in found.items()
    ]
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    sources = [ROOT / f"{name}.md" for name in parse_toc_yaml(ROOT / "_toc.yml")]
    found = changed_pages(check.changed_files(), [path for path in sources if path.exists()])
    out.write_text(as_html(found), "utf-8")
    print(as_markdown(found))


if __name__ == "__main__":
    main()
