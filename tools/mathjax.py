"""Copy the parts of MathJax that the book uses into ``book/_static/mathjax``.

    python tools/mathjax.py

Only whoever moves the book to another MathJax runs this: it needs npm and the network. The parts
are chosen so that no page asks for a file that is not there: TeX input, HTML output with its fonts,
and hidden MathML for screen readers, but neither the menu nor the speech engine behind it. That is
760 kB of scripts in place of 1,160 kB for the ready-made ``tex-chtml.js``.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

VERSION = "3.2.2"
SHA256 = "1b9c0a1c44df864e915690558e72adb9cc5203360daefd385084ced3b6c64c09"
TARGET = Path(__file__).resolve().parent.parent / "book" / "_static" / "mathjax"
FILES = (
    "startup.js",
    "core.js",
    "input/tex.js",
    *(f"input/tex/extensions/{name}.js" for name in ("bbox", "boldsymbol", "cancel", "color")),
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
)
FONTS = PurePosixPath("package/es5/output/chtml/fonts/woff-v2")
README = f"""\
# MathJax {VERSION}

Parts of the npm package `mathjax` {VERSION}, unchanged, copied by `tools/mathjax.py`.

- Source: <https://github.com/mathjax/MathJax-src/tree/{VERSION}>
- Package: `mathjax-{VERSION}.tgz`, sha256 `{SHA256}`
- Licence: Apache-2.0, see `LICENSE`. Copyright the MathJax Consortium.
"""


def download(folder: Path) -> Path:
    """The package's archive, as its author published it."""
    subprocess.run(["npm", "pack", "--silent", f"mathjax@{VERSION}"], cwd=folder, check=True)
    archive = folder / f"mathjax-{VERSION}.tgz"
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{archive.name} has sha256 {found}; expected {SHA256}")
    return archive


def copy(archive: Path) -> None:
    """Write the wanted members of the archive into an empty target folder."""
    wanted = {f"package/es5/{name}": name for name in FILES} | {"package/LICENSE": "LICENSE"}
    shutil.rmtree(TARGET, ignore_errors=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if path.parent == FONTS:
                name = path.relative_to("package/es5")
            elif member.name in wanted:
                name = wanted.pop(member.name)
            else:
                continue
            (TARGET / name).parent.mkdir(parents=True, exist_ok=True)
            (TARGET / name).write_bytes(tar.extractfile(member).read())
    if wanted:
        raise SystemExit(f"{archive.name} lacks {', '.join(wanted)}")
    (TARGET / "README.md").write_text(README, "utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        copy(download(Path(scratch)))
    print(f"{TARGET}: MathJax {VERSION}")
