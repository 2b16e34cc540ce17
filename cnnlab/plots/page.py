"""Puts a picture on the page, together with the text that describes it.

What this package draws becomes SVG in the page's ink: its words and axes take the colour and the
font of the page around it, light or dark, and photographs stand in it as they are. Elsewhere, as in
a notebook, the same SVG lies on white paper of its own. A figure that a page made with matplotlib
alone stays a PNG on white, because nobody knows which of its blacks is ink.
"""

import base64
import io
import re
from hashlib import sha256
from math import ceil
from xml.etree import ElementTree

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

from cnnlab.plots.style import DPI, INK, STYLE

SVG = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}href"
SMALLEST = 9  # CSS pixels: nobody has to read smaller words, on whatever screen
ELSEWHERE = "A picture. The text below says what it shows."
DECIMALS = re.compile(r"(\.\d\d)\d+")  # a hundredth of a pixel is enough
LEVEL = re.compile(r"rotate\(-?0 [^)]*\)")
FONT = re.compile(r"font-family: [^;]*;?\s*")
ROOT = {
    "class": "drawing",
    "role": "img",
    "color": INK,
    "fill": "currentColor",
    "font-family": "system-ui, sans-serif",
    "stroke-linecap": "butt",
    "stroke-linejoin": "round",
}


def show(fig: Figure, alt: str | None = None) -> None:
    """Put a figure on the page with its alt text, and close it.

    Parameters
    ----------
    fig
        The figure. Its size in inches times 72 is its width on the page in CSS pixels.
    alt
        What the picture shows, for a reader who cannot see it: a sentence, not a file name. None
        in a page whose cell says it in its option ``:alt:``.

    Raises
    ------
    ValueError
        If `alt` is empty: the book refuses figures without a description.
    """
    if alt is not None and not alt.strip():
        raise ValueError("alt is empty; expected a sentence that says what the figure shows")
    in_page_ink = fig.get_facecolor()[3] == 0
    kind, picture = ("image/svg+xml", svg(fig, alt)) if in_page_ink else ("image/png", png(fig))
    plt.close(fig)
    data = {kind: picture, "text/plain": alt or ELSEWHERE}
    display(data, metadata={kind: {"alt": alt}} if alt else {}, raw=True)


def png(fig: Figure) -> str:
    """The figure as pixels, in base 64."""
    file = io.BytesIO()
    with plt.rc_context(STYLE):
        fig.savefig(file, format="png", dpi=DPI, bbox_inches="tight")
    return base64.b64encode(file.getvalue()).decode()


def svg(fig: Figure, alt: str | None = None) -> str:
    """The figure as SVG whose ink is ``currentColor``, small enough to stand in a page.

    Its ``min-width`` is where its smallest words become too small to be read.
    """
    file = io.StringIO()
    with plt.rc_context(STYLE | {"svg.fonttype": "none", "svg.hashsalt": "cnnlab"}):
        words = [text for text in fig.findobj(Text) if text.get_visible() and text.get_text()]
        smallest = min((text.get_fontsize() for text in words), default=SMALLEST)
        for legend in fig.findobj(Legend):
            legend.set_frame_on(False)  # a white one would hide its words on a dark page
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        fig.savefig(file, format="svg", dpi=DPI, bbox_inches="tight", metadata=nothing)
    root = ElementTree.fromstring(file.getvalue())
    width, height = (round(float(side)) for side in root.get("viewBox").split()[2:])
    root.attrib = {
        "viewBox": root.get("viewBox"),
        "width": str(width),
        "height": str(height),
        "style": f"min-width: {min(width, ceil(width * SMALLEST / smallest))}px",
    } | ROOT
    root.set("aria-label", " ".join((alt or ELSEWHERE).split()))
    _tidy(root)
    paper = {"class": "paper", "width": "100%", "height": "100%", "fill": "#ffffff"}
    root.insert(0, ElementTree.Element(f"{{{SVG}}}rect", paper))
    ElementTree.register_namespace("", SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(root: ElementTree.Element) -> None:
    """Leave out what draws nothing, and let ids be this picture's own: it shares its page."""
    own = sha256(ElementTree.tostring(root)).hexdigest()[:8]
    for parent in list(root.iter()):
        for child in list(parent):
            unseen = child.get("style") == "fill: none"
            if unseen or child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)
    for each in root.iter():
        each.text, each.tail = (text.strip() if text else None for text in (each.text, each.tail))
        if each.tag == f"{{{SVG}}}g" or each.tag == f"{{{SVG}}}image":
            each.attrib.pop("id", None)
        if LINK in each.attrib:
            each.set("href", re.sub(r"\s", "", each.attrib.pop(LINK)))
        for name, value in each.attrib.items():
            if name == "id":
                value = f"{own}-{value}"
            elif name in ("clip-path", "href"):
                value = re.sub(r"^(url\()?#", rf"\1#{own}-", value)
            elif name == "style":
                value = FONT.sub("", value).replace(INK, "currentColor")
            elif name in ("d", "x", "y", "points", "transform"):
                value = DECIMALS.sub(r"\1", LEVEL.sub("", value))
            each.set(name, " ".join(value.split()))
        if each.get("transform") == "":
            del each.attrib["transform"]
