"""Copy the parts of KaTeX that the book uses into ``book/_static/katex``.

    python tools/katex.py

Only whoever moves the book to another KaTeX runs this: it needs npm and the network. The script
typesets formulas when the book is built, and is not published; the style and the fonts are.
"""

import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

VERSION = "0.19.1"
SHA256 = "24da5a599eb2fcede2e270b99a6ff48bca816beecc95feeb84e8cccbd1bb34fd"
TARGET = Path(__file__).resolve().parent.parent / "book" / "_static" / "katex"
STYLE = "katex.min.css"
FILES = {"package/LICENSE": "LICENSE"} | {
    f"package/dist/{name}": name for name in ("katex.min.js", STYLE)
}
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


def download(folder: Path) -> Path:
    """The package's archive, as its author published it."""
    subprocess.run(["npm", "pack", "--silent", f"katex@{VERSION}"], cwd=folder, check=True)
    archive = folder / f"katex-{VERSION}.tgz"
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{archive.name} has sha256 {found}; expected {SHA256}")
    return archive


def copy(archive: Path) -> None:
    """Write the wanted members of the archive into an empty target folder."""
    wanted = dict(FILES)
    shutil.rmtree(TARGET, ignore_errors=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if path.parent == FONTS and path.suffix == ".woff2":
                name = f"fonts/{path.name}"
            elif member.name in wanted:
                name = wanted.pop(member.name)
            else:
                continue
            (TARGET / name).parent.mkdir(parents=True, exist_ok=True)
            (TARGET / name).write_bytes(tar.extractfile(member).read())
    if wanted:
        raise SystemExit(f"{archive.name} lacks {', '.join(wanted)}")
    style = TARGET / STYLE
    style.write_text(OLD.sub("", style.read_text("utf-8")), "utf-8")
    (TARGET / "README.md").write_text(README, "utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        copy(download(Path(scratch)))
    print(f"{TARGET}: KaTeX {VERSION}")
