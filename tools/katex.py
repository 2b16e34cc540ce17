"""Copy the parts of KaTeX that the book uses into ``book/_ext/katex`` and ``book/_static/katex``.

    python tools/katex.py

Only whoever moves the book to another KaTeX runs this: it needs npm and the network. The script
typesets formulas when the book is built, and is not published; the style and the fonts are.
"""

import re
import shutil
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from npm import packed

VERSION = "0.19.1"
SHA256 = "24da5a599eb2fcede2e270b99a6ff48bca816beecc95feeb84e8cccbd1bb34fd"
BOOK = Path(__file__).resolve().parent.parent / "book"
BUILDS, PUBLISHED = BOOK / "_ext" / "katex", BOOK / "_static" / "katex"
STYLE = PUBLISHED / "katex.min.css"
LICENCE = "package/LICENSE"
FONTS = PurePosixPath("package/dist/fonts")
OLD = re.compile(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)')  # for browsers without WOFF2
README = f"""\
# KaTeX {VERSION}

Parts of the npm package `katex` {VERSION}, copied by `tools/katex.py`. They are unchanged, but the
style names only the fonts that are here, in the form WOFF2.

- Source: <https://github.com/KaTeX/KaTeX/tree/v{VERSION}>
- Package: `katex-{VERSION}.tgz`, sha256 `{SHA256}`
- Licence: MIT, see `LICENSE`. Copyright Khan Academy and other contributors.
"""


def copy(archive: Path) -> None:
    """Write the wanted members of the archive into empty folders, each with the licence.

    Raises
    ------
    KeyError
        If the archive lacks one.
    """
    with tarfile.open(archive) as tar:
        fonts = [name for name in map(PurePosixPath, tar.getnames()) if name.parent == FONTS]
        wanted = {PUBLISHED / "fonts" / one.name: one for one in fonts if one.suffix == ".woff2"}
        wanted |= {file: f"package/dist/{file.name}" for file in (STYLE, BUILDS / "katex.min.js")}
        wanted |= {folder / "LICENSE": LICENCE for folder in (BUILDS, PUBLISHED)}
        for folder in (BUILDS, PUBLISHED):
            shutil.rmtree(folder, ignore_errors=True)
        for file, name in wanted.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(tar.extractfile(str(name)).read())
    STYLE.write_text(OLD.sub("", STYLE.read_text("utf-8")), "utf-8")
    for folder in (BUILDS, PUBLISHED):
        (folder / "README.md").write_text(README, "utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        copy(packed("katex", VERSION, SHA256, Path(scratch)))
    print(f"{BUILDS}, {PUBLISHED}: KaTeX {VERSION}")
