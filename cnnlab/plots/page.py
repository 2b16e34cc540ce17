"""Puts a picture on the page, together with the text that describes it."""

import base64
import io

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

from cnnlab.plots.style import DPI, STYLE


def show(fig: Figure, alt: str) -> None:
    """Put a figure on the page with its alt text, and close it.

    Parameters
    ----------
    fig
        The figure. Its size in inches times 72 is its width on the page in CSS pixels.
    alt
        What the picture shows, for a reader who cannot see it: a sentence, not a file name.

    Raises
    ------
    ValueError
        If `alt` is empty: the book refuses figures without a description.
    """
    if not alt.strip():
        raise ValueError("alt is empty; expected a sentence that says what the figure shows")
    png = io.BytesIO()
    with plt.rc_context(STYLE):
        fig.savefig(png, format="png", dpi=DPI, bbox_inches="tight")
    plt.close(fig)
    data = {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)
