"""Make ``book/_pictures/<room>.webp``: for each room, what one can do at its end.

    python tools/room_pictures.py [room …]

And ``book/_static/preview.jpg``, which other sites show for a link: all of them on one sheet.

The course's own code draws them, from pictures that come with the course. It takes a minute. The
same versions give the same pictures, but the painted one: a descent in floats ends a little
differently on another processor.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageOps

from cnnlab.data import SCENE_CLASSES, brain_mri, faces, painting, photo, scenes
from cnnlab.plots import draw_boxes, draw_picture
from cnnlab.plots.style import LINES, STYLE

BOOK = Path(__file__).resolve().parent.parent / "book"
HEIGHT, WIDTH = 350, 560  # pixels: two for each that a card shows
PREVIEW = 1200, 630  # pixels
QUALITY = 82


def halves(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The left half of one picture beside the right half of another, with a line between them."""
    middle = WIDTH // 2
    joined = np.concatenate([left[:, :middle], right[:, middle:]], axis=1)
    joined[:, middle - 2 : middle + 2] = 1
    return joined


def enlarged(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """A small picture (H, W, 3) in [0, 1], made larger smoothly."""
    small = Image.fromarray(np.uint8(np.rint(255 * image)))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)) / 255


def drawn(draw: Callable[[plt.Axes], None]) -> np.ndarray:
    """What a function draws on axes that fill the picture."""
    with plt.rc_context(STYLE):
        fig = plt.figure(figsize=(WIDTH / 144, HEIGHT / 144), dpi=144)
        draw(fig.add_axes((0, 0, 1, 1)))
        file = io.BytesIO()
        fig.savefig(file, dpi=144)
        plt.close(fig)
    return np.asarray(Image.open(file).convert("RGB")) / 255


def convolution() -> np.ndarray:
    """A photograph, and the edges that two Sobel filters find in it."""
    from cnnlab.convolution import FILTERS, cross_correlate

    half = WIDTH // 2
    size = HEIGHT + 2, half + 2
    gray = photo("astronaut", size, gray=True)
    kernels = (FILTERS["sobel_vertical"], FILTERS["sobel_horizontal"])
    strength = np.hypot(*(cross_correlate(gray, kernel) for kernel in kernels))
    edges = np.clip(strength / np.quantile(strength, 0.98), 0, 1)
    inks = np.repeat(edges[..., None], 3, axis=2)  # white lines on black
    return np.concatenate([photo("astronaut", (HEIGHT, half)), inks], axis=1)


def architectures() -> np.ndarray:
    """A photograph, and the three best guesses of a network that knows 1,000 kinds of things."""
    from cnnlab.architectures import classify

    cat = photo("cat", (HEIGHT, WIDTH))
    guesses = classify(photo("cat"), top=3)

    def draw(ax: plt.Axes) -> None:
        draw_picture(ax, cat)
        for place, guess in enumerate(guesses):
            y = HEIGHT - 96 + 32 * place
            ax.barh(y, WIDTH, 30, color="#000000", alpha=0.62)
            ax.barh(y, WIDTH * guess.probability, 30, color=LINES[0])
            ax.text(12, y, guess.name, color="white", va="center", fontsize=11)
            share = f"{guess.probability:.0%}"
            ax.text(WIDTH - 12, y, share, color="white", va="center", ha="right", fontsize=11)
        ax.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))

    return drawn(draw)


def detection() -> np.ndarray:
    """A drawn street, and the boxes around all that is in it."""
    street = scenes(13, seed=3, size=(HEIGHT, WIDTH))
    chosen = max(range(13), key=lambda i: len(set(street.labels[i])) + len(street.labels[i]) / 9)
    labels = street.labels[chosen]

    def draw(ax: plt.Axes) -> None:
        draw_picture(ax, street.images[chosen])
        colours = [("#56b4e9", "#e69f00", "#ffffff")[label] for label in labels]
        names = [SCENE_CLASSES[label] for label in labels]
        draw_boxes(ax, street.boxes[chosen], colours, names, size=8)

    return drawn(draw)


def segmentation() -> np.ndarray:
    """A slice of a brain, and the same slice with gray and white matter in colours."""
    scans = brain_mri("axial")
    place = len(scans.images) // 2
    gray = np.repeat(scans.images[place], 3, axis=2)  # (96, 80, 3)
    colours = np.array([(0.35, 0.35, 0.35), (0.9, 0.62, 0.0), (0.34, 0.71, 0.91)])
    tissue = np.where(gray > 0, gray * colours[scans.masks[place]] * 1.5, 0).clip(0, 1)
    canvas = np.zeros((HEIGHT, WIDTH, 3))
    width = round(HEIGHT * 80 / 96)
    for image, left in ((gray, 0), (tissue, WIDTH - width)):
        # The two overlap where both are black.
        part = canvas[:, left : left + width]
        np.maximum(part, enlarged(image, HEIGHT, width), out=part)
    return canvas


def portraits() -> np.ndarray:
    """Three drawn portraits: two of one person, and one of somebody else."""
    people = faces(4, pictures=2, seed=5, size=(HEIGHT, WIDTH // 3))
    return np.concatenate([people.images[0], people.images[1], people.images[4]], axis=1)


def style() -> np.ndarray:
    """A photograph of a cat, and the same painted in the manner of another picture."""
    from cnnlab.style import style_transfer

    cat = photo("cat", (HEIGHT, WIDTH))
    brush = painting("brush", (HEIGHT, WIDTH))
    painted = style_transfer(cat, brush, size=WIDTH, steps=120, progress=False).image / 255
    return halves(cat, painted)


PICTURES = {
    "convolution": convolution,
    "architectures": architectures,
    "detection": detection,
    "segmentation": segmentation,
    "faces": portraits,
    "style": style,
}


def preview() -> None:
    """All pictures in two rows of three, in the proportions that other sites ask for."""
    width, height = PREVIEW
    sheet = Image.new("RGB", PREVIEW, "white")
    for place, room in enumerate(PICTURES):
        row, column = divmod(place, 3)
        with Image.open(BOOK / "_pictures" / f"{room}.webp") as picture:
            part = ImageOps.fit(picture.convert("RGB"), (width // 3 - 2, height // 2 - 1))
        sheet.paste(part, (column * (width // 3 + 1), row * (height // 2 + 1)))
    sheet.save(BOOK / "_static" / "preview.jpg", quality=QUALITY)


def main(rooms: list[str]) -> None:
    for room in rooms or PICTURES:
        picture = PICTURES[room]()
        image = Image.fromarray(np.uint8(np.rint(255 * picture))).resize((WIDTH, HEIGHT))
        file = BOOK / "_pictures" / f"{room}.webp"
        image.save(file, "webp", quality=QUALITY, method=6)
        print(f"{file}: {file.stat().st_size:,} bytes")
    preview()


if __name__ == "__main__":
    main(sys.argv[1:])
