"""The patch explorer: the nine patches that excite a unit most, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from PIL import Image

from cnnlab.checks import number, whole
from cnnlab.data.pictures import Picture
from cnnlab.widgets.frame import Figure, Whole
from cnnlab.widgets.photos import fitted, read_photo, webp, within

if TYPE_CHECKING:
    from cnnlab.style import Patch

MOST_LAYERS, MOST_UNITS, MOST_PATCHES = 8, 12, 9
TILE = 48  # pixels of a patch's longer side, at most
SMALL = 20  # tiles below this are sent without loss: their colours would run into each other
MOST_PIXELS = 128  # of a photograph's longer side
MOST_BYTES = 450_000  # of all patches and deconvolutions, as they are sent
MOST_PHOTO_BYTES = 220_000
GRAY = 128  # where a patch has no pixels: outside its photograph

Patches = Mapping[str, Mapping[int, "Sequence[Patch]"]]
Pictures = Mapping[str, Mapping[int, Sequence[Picture]]]


class PatchExplorer(Figure):
    """Choose a layer and a unit, and see the patches that excite it, and where they lie.

    All patches are shown at one scale in a layer, at most 48 pixels wide and high; four layers of
    eight units take about 500 kB. What the reader chose can be read back: ``layer``, ``unit`` and
    ``patch``, places in the order given.

    Parameters
    ----------
    pictures
        The photographs, as the network saw them, each as `cnnlab.data.read_picture` takes it. Only
        those with a patch are sent, small.
    patches
        For each layer's name and each unit its patches, the strongest first: from 1 to 9, such as
        ``{layer: {unit: responses.strongest(layer, unit)}}`` of `cnnlab.style.Responses`. At most
        8 layers of 12 units. Each has an ``image``, a ``value``, the number of its ``picture``, and
        a ``box`` (top, left, bottom, right) in that picture.
    deconvolutions
        For the same layers and units as many pictures, each of the size of its patch. None: none.

    Raises
    ------
    ValueError
        If a layer has no unit or a unit no patch, a box does not lie in its picture, or the
        deconvolutions are not those of the patches.
    """

    script = "patch_explorer"
    photos = traitlets.List(traitlets.Unicode()).tag(sync=True)  # data URLs
    sizes = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)  # height and width
    numbers = traitlets.List(traitlets.Int()).tag(sync=True)  # of the photos among all pictures
    layers = traitlets.List(traitlets.Dict()).tag(sync=True)  # name, units, tile, two sprites
    layer = Whole(0)
    unit = Whole(0)
    patch = Whole(0)

    def __init__(
        self,
        pictures: Sequence[Picture],
        patches: Patches,
        deconvolutions: Pictures | None = None,
    ):
        read = [read_photo(f"pictures[{i}]", one) for i, one in enumerate(pictures)]
        layers = read_patches(patches, [one.shape[:2] for one in read])
        told = [one for layer in layers for unit in layer["units"] for one in unit["patches"]]
        used = sorted({one["picture"] for one in told})
        for one in told:
            one["picture"] = used.index(one["picture"])
        sheets = [draw(layer, patches, "patches") for layer in layers]
        if deconvolutions is not None:
            check_same(deconvolutions, layers)
            sheets += [draw(layer, deconvolutions, "deconvolutions") for layer in layers]
        urls = sent(sheets, [layer["tile"] for layer in layers] * 2)
        for i, layer in enumerate(layers):
            layer["sprite"] = urls[i]
            layer["deconvolutions"] = "" if deconvolutions is None else urls[len(layers) + i]
        small = [fitted(read[i], MOST_PIXELS) for i in used]
        super().__init__(
            photos=within("pictures", small, MOST_PHOTO_BYTES),
            sizes=[list(read[i].shape[:2]) for i in used],
            numbers=used,
            layers=layers,
        )

    @traitlets.validate("layer", "unit", "patch")
    def _is_there(self, proposal: Any) -> int:
        name = proposal["trait"].name
        most = {"layer": len(self.layers), "unit": MOST_UNITS, "patch": MOST_PATCHES}
        return whole(name, proposal["value"], 0, most[name] - 1)


# ---- what is given ----


def read_patches(patches: Any, sizes: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """For each layer its name, its units with where their patches lie, and its tile's side."""
    count = len(patches) if isinstance(patches, Mapping) else 0
    if not 1 <= count <= MOST_LAYERS:
        raise ValueError(
            f"patches has {count} layers; expected {{layer: {{unit: patches}}}}, from 1 "
            f"to {MOST_LAYERS} layers"
        )
    return [read_layer(str(name), units, sizes) for name, units in patches.items()]


def read_layer(name: str, units: Any, sizes: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """What is told of one layer, or a `ValueError`."""
    count = len(units) if isinstance(units, Mapping) else 0
    if not 1 <= count <= MOST_UNITS:
        raise ValueError(
            f"patches[{name!r}] has {count} units; expected {{unit: patches}}, from 1 to "
            f"{MOST_UNITS} units"
        )
    found = []
    for unit, some in units.items():
        where = f"patches[{name!r}][{unit}]"
        whole(f"a unit of {name!r}", unit, 0)
        if not 1 <= len(some) <= MOST_PATCHES:
            raise ValueError(f"{where} has {len(some)} patches; expected 1 to {MOST_PATCHES}")
        read = [read_patch(f"{where}[{i}]", one, sizes) for i, one in enumerate(some)]
        found.append({"unit": int(unit), "patches": read})
    boxes = np.array([one["box"] for unit in found for one in unit["patches"]])
    side = int((boxes[:, 2:] - boxes[:, :2]).max())
    return {"name": name, "units": found, "side": side, "tile": min(TILE, side)}


def read_patch(name: str, patch: Any, sizes: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Where a patch lies, (left, top, right, bottom), and how strong it is; or a `ValueError`."""
    picture = whole(f"{name}.picture", patch.picture, 0, len(sizes) - 1)
    height, width = sizes[picture]
    top, left, bottom, right = (int(edge) for edge in patch.box)
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise ValueError(
            f"{name}.box is {tuple(patch.box)}; expected (top, left, bottom, right) in picture "
            f"{picture}, which has {height} × {width} pixels"
        )
    value = float(f"{number(f'{name}.value', float(patch.value)):.5g}")
    return {"picture": picture, "box": [left, top, right, bottom], "value": value}


def check_same(deconvolutions: Any, layers: Sequence[dict[str, Any]]) -> None:
    """Refuse deconvolutions that are not one for each patch."""
    for layer in layers:
        units = deconvolutions.get(layer["name"]) if isinstance(deconvolutions, Mapping) else None
        for unit in layer["units"]:
            some = units.get(unit["unit"]) if isinstance(units, Mapping) else None
            got, expected = 0 if some is None else len(some), len(unit["patches"])
            if got != expected:
                raise ValueError(
                    f"deconvolutions[{layer['name']!r}][{unit['unit']}] has {got} pictures; "
                    f"expected {expected}, one for each patch"
                )


# ---- what is sent ----


def draw(layer: dict[str, Any], given: Any, name: str) -> np.ndarray:
    """All pictures of a layer on one sheet: a row for each unit, a tile for each patch."""
    tile, units = layer["tile"], layer["units"]
    columns = max(len(unit["patches"]) for unit in units)
    sheet = np.full((len(units) * tile, columns * tile, 3), GRAY, np.uint8)
    for row, unit in enumerate(units):
        some = given[layer["name"]][unit["unit"]]
        for column, (one, patch) in enumerate(zip(some, unit["patches"], strict=True)):
            where = f"{name}[{layer['name']!r}][{unit['unit']}][{column}]"
            image = read_photo(where, getattr(one, "image", one))
            left, top, right, bottom = patch["box"]
            if image.shape[:2] != (bottom - top, right - left):
                raise ValueError(
                    f"{where} has {image.shape[0]} × {image.shape[1]} pixels; expected those of "
                    f"its box, {bottom - top} × {right - left}"
                )
            small = scaled(image, tile / layer["side"])
            height, width = small.shape[:2]
            y, x = row * tile + (tile - height) // 2, column * tile + (tile - width) // 2
            sheet[y : y + height, x : x + width] = small
    return sheet


def scaled(image: np.ndarray, factor: float) -> np.ndarray:
    """The image, that much smaller."""
    height, width = (max(1, round(side * factor)) for side in image.shape[:2])
    if (height, width) == image.shape[:2]:
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX))


def sent(sheets: Sequence[np.ndarray], tiles: Sequence[int]) -> list[str]:
    """Data URLs of the sheets: those of small tiles without loss, the others as there is room."""
    exact = {i: webp(sheets[i]) for i in range(len(sheets)) if tiles[i] < SMALL}
    others = [i for i in range(len(sheets)) if i not in exact]
    room = MOST_BYTES - sum(map(len, exact.values()))
    lossy = within("patches", [sheets[i] for i in others], room) if others else []
    urls = exact | dict(zip(others, lossy, strict=True))
    return [urls[i] for i in range(len(sheets))]
