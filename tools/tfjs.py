"""Copy the parts of TensorFlow.js that the living network uses into ``book/_static/live/tfjs``.

    python tools/tfjs.py

Only whoever moves the book to another TensorFlow.js runs this: it needs npm and the network. The
parts are the core and the WebAssembly backend, for one thread with SIMD: threads would need headers
that a static site does not send. CONTRIBUTING.md says why it is this library.
"""

import shutil
import tarfile
import tempfile
from pathlib import Path

from npm import packed

VERSION = "4.22.0"
PACKAGES = {  # name, and sha256 of its archive: the members that are wanted
    ("tfjs-core", "e8f8aa285ad0237b901e7d79995a1450993cf11fb1b3cc02f09de167fdaf9496"): (
        "tf-core.es2017.min.js",
    ),
    ("tfjs-backend-wasm", "5cd6f5e18657c12fb94f4ec3dcef485c8c1a9ca39f3ef1d261c1cb13c1a231c3"): (
        "tf-backend-wasm.es2017.min.js",
        "tfjs-backend-wasm-simd.wasm",
    ),
}
ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "book" / "_static" / "live" / "tfjs"
LICENCE = ROOT / "cnnlab" / "architectures" / "data" / "LICENSE-Apache-2.0"
README = f"""\
# TensorFlow.js {VERSION}

Files of the npm packages `@tensorflow/tfjs-core` and `@tensorflow/tfjs-backend-wasm` {VERSION}, copied by
`tools/tfjs.py`. The last line of each script, which names a source map that is not here, was left out.

- Source: <https://github.com/tensorflow/tfjs/tree/tfjs-v{VERSION}>
- Packages: {"; ".join(f"`tensorflow-{name}-{VERSION}.tgz`, sha256 `{digest}`" for name, digest in PACKAGES)}
- Licence: Apache-2.0, see `LICENSE`. Copyright 2024 Google LLC. The packages name the licence and do not hold its text.
"""  # noqa: E501


def without_source_map(script: bytes) -> bytes:
    """A script without its last line: a browser's tools would ask for a file that is not there."""
    return script.rpartition(b"//# sourceMappingURL=")[0]


def copy(archive: Path, files: tuple[str, ...]) -> None:
    with tarfile.open(archive) as tar:
        for file in files:
            data = tar.extractfile(f"package/dist/{file}").read()
            kept = without_source_map(data) if file.endswith(".js") else data
            (TARGET / file).write_bytes(kept)


if __name__ == "__main__":
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        for (name, sha256), files in PACKAGES.items():
            archive = packed(f"@tensorflow/{name}", VERSION, sha256, Path(scratch))
            copy(archive, files)
    shutil.copy(LICENCE, TARGET / "LICENSE")
    (TARGET / "README.md").write_text(README, "utf-8")
    print(f"{TARGET}: TensorFlow.js {VERSION}")
