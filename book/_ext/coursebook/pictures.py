"""Every picture says what it shows, those drawn by code included, and comes in its own size.

Pictures drawn by code travel as WebP: a page with photographs weighs a third of what it would.
"""

import io
import re
from binascii import a2b_base64
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer, load_mime_renders
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

CSS_DPI = 72  # a figure's inches become CSS pixels as cnnlab.plots.show says
HEAVY = 50_000  # bytes; where a picture is lighter without loss, or with less loss, it stays so
QUALITIES = (85, 75)  # at two pixels to one of CSS, nobody sees the loss
FILE_NAME = re.compile(r"\S+\.(png|jpe?g|gif|svg|webp)", re.IGNORECASE)


def css_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a picture in CSS pixels, if it says its resolution."""
    with Image.open(io.BytesIO(data)) as image:
        dpi = image.info.get("dpi")
        return dpi and tuple(
            round(pixels * CSS_DPI / each) for pixels, each in zip(image.size, dpi, strict=True)
        )


def light(png: bytes) -> bytes:
    """The picture as WebP: exact if that is small, else of the highest quality that is.

    So what a training run draws cannot make a page heavy: a picture that is a little more detailed
    than the last time is not twice as large.
    """
    found = []
    with Image.open(io.BytesIO(png)) as image:
        for how in ({"lossless": True, "method": 2}, *({"quality": q} for q in QUALITIES)):
            webp = io.BytesIO()
            image.save(webp, "webp", **how)
            found.append(webp.getvalue())
            if len(found[-1]) <= HEAVY:
                break
    return min(found, key=len)


class DescribedPicture:
    """Puts the alt text that code sends beside a picture onto the page.

    myst-nb reads only width and height there.
    """

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        if data.mime_type != "image/png":
            return None
        images = renderer.render_image_inline(data) if inline else renderer.render_image(data)
        png = a2b_base64(data.content)
        size = css_size(png)
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        for image in images:
            if alt:
                image["alt"] = alt
            if size:
                image["width"], image["height"] = (f"{pixels}px" for pixels in size)
            name = PurePosixPath(image["uri"]).with_suffix(".webp").name
            if Path(renderer.config.output_folder, name).exists():
                image["uri"] = renderer.write_file([name], b"", exists_ok=True)
            else:
                image["uri"] = renderer.write_file([name], light(png))
        return images


def fault(alt: str | None) -> str | None:
    """What is wrong with an alt text, in words; None if nothing is."""
    if not (alt or "").strip():
        return "has no alt text"
    if FILE_NAME.fullmatch(alt.strip()):
        return f"has a file name for an alt text ({alt.strip()})"
    return None


class RawImages(HTMLParser):
    """Collects the alt texts of the images in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append(dict(attrs).get("alt"))


def raw_alts(html: str) -> list[str | None]:
    """The alt texts of the images in a piece of HTML; None for an image without."""
    parser = RawImages()
    parser.feed(html)
    return parser.alts


def place(node: nodes.Node) -> nodes.Node:
    """The nearest node around this one that knows its line."""
    while node.parent is not None and not node.line:
        node = node.parent
    return node


def check(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of each picture that does not say what it shows."""
    found = [(image, image.get("alt")) for image in doctree.findall(nodes.image)]
    for raw in doctree.findall(nodes.raw):
        if "html" in raw.get("format", ""):
            found += [(raw, alt) for alt in raw_alts(raw.astext())]
    for node, alt in found:
        if wrong := fault(alt):
            sentence = "a picture %s: say in a sentence what it shows"
            logger.warning(sentence, wrong, location=place(node), type="coursebook", subtype="alt")


def setup(app: Sphinx) -> None:
    plugins = load_mime_renders()  # the list that myst-nb keeps and asks
    if DescribedPicture not in plugins:
        plugins.append(DescribedPicture)
    app.connect("doctree-read", check)
