"""Every picture says what it shows, those drawn by code included, and comes in its own size.

Pictures drawn by code travel as WebP: a page with photographs weighs a third of what it would. What
is drawn in the page's ink stands in the page as SVG.
"""

import io
import re
from binascii import a2b_base64
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer, load_mime_renders
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

SVG = "http://www.w3.org/2000/svg"
OURS = 'class="drawing"'  # how cnnlab.plots.show marks what is in the page's ink
logger = logging.getLogger(__name__)

CSS_DPI = 72  # a figure's inches become CSS pixels as cnnlab.plots.show says
HEAVY = 50_000  # bytes; where a picture is lighter without loss, or with less loss, it stays so
WORDLESS = 20_000  # the same where no words are in the picture, which would show the loss first
QUALITIES = (85, 75)  # at two pixels to one of CSS, nobody sees the loss
FILE_NAME = re.compile(r"\S+\.(png|jpe?g|gif|svg|webp)", re.IGNORECASE)


def css_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a picture in CSS pixels, if it says its resolution."""
    with Image.open(io.BytesIO(data)) as image:
        dpi = image.info.get("dpi")
        return dpi and tuple(
            round(pixels * CSS_DPI / each) for pixels, each in zip(image.size, dpi, strict=True)
        )


def light(png: bytes, heavy: int = HEAVY) -> bytes:
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
            if len(found[-1]) <= heavy:
                break
    return min(found, key=len)


def write_light(renderer: NbElementRenderer, png: bytes, name: str, heavy: int) -> str:
    """Write the picture as WebP, once; return where it lies."""
    if Path(renderer.config.output_folder, name).exists():
        return renderer.write_file([name], b"", exists_ok=True)
    return renderer.write_file([name], light(png, heavy))


class Drawing(nodes.General, nodes.Element):
    """SVG that stands in the page, and so takes its ink; its photographs are files beside it.

    The children are images, in the order in which ``picture:0``, … stand in ``svg``.
    """


def visit_drawing(writer: HTML5Translator, node: Drawing) -> None:
    svg = node["svg"]
    for number, image in enumerate(node.children):
        name = writer.builder.images[image["uri"]]
        svg = svg.replace(f'"picture:{number}"', f'"{writer.builder.imgpath}/{name}"')
    writer.body.append(f'<div class="drawing-box">{svg}</div>\n')
    raise nodes.SkipNode


def drawing(renderer: NbElementRenderer, svg: str, alt: str | None) -> Drawing:
    """What ``cnnlab.plots.show`` sent, as a node."""
    root = ElementTree.fromstring(svg)
    root[:] = [child for child in root if child.get("class") != "paper"]
    del root.attrib["color"]
    root.set("aria-label", one_line(alt or ""))
    images = []
    for picture in root.iter(f"{{{SVG}}}image"):
        png = a2b_base64(picture.get("href").partition("base64,")[2])
        uri = write_light(renderer, png, f"{sha256(png).hexdigest()}.webp", WORDLESS)
        picture.set("href", f"picture:{len(images)}")
        images.append(nodes.image(uri=uri))
    ElementTree.register_namespace("", SVG)
    return Drawing("", *images, svg=ElementTree.tostring(root, encoding="unicode"), alt=alt)


class DescribedPicture:
    """Puts a cell's picture onto the page with the alt text from the cell's option, or from code.

    myst-nb reads only width and height there.
    """

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        alt = data.cell_metadata.get("alt") or data.output_metadata.get(data.mime_type, {}).get(
            "alt"
        )
        if data.mime_type == "image/svg+xml" and OURS in data.string:
            return [drawing(renderer, data.string, alt)]
        if data.mime_type != "image/png":
            return None
        images = renderer.render_image_inline(data) if inline else renderer.render_image(data)
        png = a2b_base64(data.content)
        size = css_size(png)
        for image in images:
            if alt:
                image["alt"] = one_line(alt)
            if size:
                image["width"], image["height"] = (f"{pixels}px" for pixels in size)
            name = PurePosixPath(image["uri"]).with_suffix(".webp").name
            image["uri"] = write_light(renderer, png, name, HEAVY)
        return images


def one_line(text: str) -> str:
    return " ".join(text.split())


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
    pictures = (*doctree.findall(nodes.image), *doctree.findall(Drawing))
    found = [(node, node.get("alt")) for node in pictures if not isinstance(node.parent, Drawing)]
    for raw in doctree.findall(nodes.raw):
        if "html" in raw.get("format", ""):
            found += [(raw, alt) for alt in raw_alts(raw.astext())]
    for node, alt in found:
        if wrong := fault(alt):
            sentence = "a picture %s: say in a sentence what it shows"
            logger.warning(sentence, wrong, location=place(node), type="coursebook", subtype="alt")


def keep_room(app: Sphinx, doctree: nodes.document) -> None:
    """A picture of the book says its size: a browser keeps the room before it comes."""
    for image in doctree.findall(nodes.image):
        path = Path(app.srcdir, image["uri"])
        if (
            path.suffix == ".webp"
            and path.is_file()
            and not {"width", "height"} & {*image.attributes}
        ):
            with Image.open(path) as opened:
                image["width"], image["height"] = (f"{side}px" for side in opened.size)


def setup(app: Sphinx) -> None:
    plugins = load_mime_renders()  # the list that myst-nb keeps and asks
    if DescribedPicture not in plugins:
        plugins.append(DescribedPicture)
    app.add_node(Drawing, html=(visit_drawing, None))
    app.connect("doctree-read", check)
    app.connect("doctree-read", keep_room, priority=900)  # when Sphinx has found the files
