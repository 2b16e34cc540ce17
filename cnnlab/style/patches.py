"""What excites a unit most: nine patches of real pictures, cut out where the unit looks.

M. D. Zeiler, R. Fergus, Visualizing and understanding convolutional networks, ECCV 2014 (2013 as a
preprint), section 4.1.
"""

from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from cnnlab.checks import one_of, whole
from cnnlab.data.photos import PHOTOS, photo
from cnnlab.data.pictures import Picture, read_picture
from cnnlab.detection import nms
from cnnlab.style.eye import Eye, chosen_eye, placed
from cnnlab.style.receptive import Box, receptive_box

APART = 0.3  # patches of one picture whose boxes overlap more than this show the same thing


class Patch(NamedTuple):
    """A piece of a picture that excites a unit."""

    image: np.ndarray  #: the pixels that the unit sees, (h, w, 3) float32 in [0, 1]
    value: float  #: what the unit answers
    picture: int  #: the number of the picture
    box: Box  #: where the piece lies in the picture as the network saw it
    place: tuple[int, int]  #: row and column of the unit's answer


def bundled_pictures(size: int = 224) -> np.ndarray:
    """All photographs that come with scikit-image, their middle, in the order of `PHOTOS`.

    Returns
    -------
    numpy.ndarray
        ``(N, size, size, 3)`` float32 in [0, 1]; what is gray has three equal channels.
    """
    return np.stack([read_picture(photo(name, (size, size))) for name in PHOTOS])


class Responses:
    """What the layers of a network answer to pictures of one size; asked once, looked at often.

    Parameters
    ----------
    pictures
        Of one size, as :func:`cnnlab.data.read_picture` takes them; several, ``(N, H, W, 3)`` or a
        list.
    layers
        Names of layers that answer with places, ``(N, H', W', C)``.
    network
        ``"lite0"``, ``"vgg19"`` or an :class:`Eye`.

    Raises
    ------
    ValueError
        If the pictures have several sizes, or there is no such layer.
    """

    def __init__(
        self, pictures: Sequence[Picture], layers: Sequence[str], network: str | Eye = "lite0"
    ) -> None:
        self.eye = eye = chosen_eye(network)
        read = [read_picture(each, f"pictures[{i}]") for i, each in enumerate(pictures)]
        sizes = {each.shape for each in read}
        if len(sizes) != 1:
            raise ValueError(f"pictures have the shapes {sorted(sizes)}; expected one size for all")
        self.pictures = np.stack(read)  # (N, H, W, 3)
        self.model = eye.build(self.pictures.shape[1:])
        self.model.trainable = False
        self._box = cache(partial(receptive_box, self.model))
        answers = [placed(self.model, name, "layers") for name in layers]
        part = keras.Model(self.model.inputs[0], answers)
        found = part.predict(ops.convert_to_numpy(eye.prepare(self.pictures)), verbose=0)
        self.maps: dict[str, np.ndarray] = dict(
            zip(layers, found if len(layers) > 1 else [found], strict=True)
        )

    def strongest(self, layer: str, unit: int, count: int = 9) -> list[Patch]:
        """The patches that excite a unit most, the strongest first.

        A picture may give several patches if they lie apart: of two whose boxes overlap by more
        than 0.3 (intersection over union), the weaker one is left out.

        Parameters
        ----------
        layer
            One of those that were asked for.
        unit
            Its channel, from 0.
        count
            At most so many. There are fewer if the unit answers with more than 0 at fewer places.

        Raises
        ------
        ValueError
            If there is no such layer or unit.
        """
        maps = self.maps[one_of("layer", layer, self.maps)]  # (N, H', W', C)
        whole("unit", unit, 0, maps.shape[-1] - 1), whole("count", count, 1)
        values = maps[..., unit]
        # No more than the strongest few hundred: most of the rest overlap with them.
        order = np.argsort(-values, axis=None, kind="stable")[: 100 * count]
        picture, row, column = np.unravel_index(order[values.flat[order] > 0], values.shape)
        if not len(picture):
            return []
        boxes = self._boxes(layer, zip(row.tolist(), column.tolist(), strict=True))
        edges = np.array([(b.left, b.top, b.right, b.bottom) for b in boxes], float)
        scores = values[picture, row, column].astype(float)
        kept = nms(edges, scores / scores.max(), picture, APART, score_threshold=0)[:count]
        return [
            Patch(
                cut(self.pictures[picture[i]], boxes[i]),
                float(scores[i]),
                int(picture[i]),
                boxes[i],
                (int(row[i]), int(column[i])),
            )
            for i in kept
        ]

    def _boxes(self, layer: str, places: Iterable[tuple[int, int]]) -> list[Box]:
        """As `receptive_box`, asked once a row and once a column: neither hangs on the other."""
        boxes = []
        for row, column in places:
            of_row, of_column = self._box(layer, (row, 0)), self._box(layer, (0, column))
            boxes.append(Box(of_row.top, of_column.left, of_row.bottom, of_column.right))
        return boxes


def cut(picture: np.ndarray, box: Box) -> np.ndarray:
    """The part of a picture ``(H, W, C)`` that lies in a box."""
    return picture[box.top : box.bottom, box.left : box.right]


def first_filters(model: keras.Model) -> np.ndarray:
    """The filters of a network's first convolution, each stretched to the range from 0 to 1.

    Returns
    -------
    numpy.ndarray
        ``(C, f, f, 3)`` float32, to be shown as small pictures.

    Raises
    ------
    ValueError
        If the first convolution does not take three channels.
    """
    found = next((each for each in model.layers if isinstance(each, keras.layers.Conv2D)), None)
    shape = None if found is None else tuple(found.kernel.shape)
    if shape is None or shape[2] != 3:
        raise ValueError(f"model begins with filters of shape {shape}; expected (f, f, 3, C)")
    filters = np.moveaxis(ops.convert_to_numpy(found.kernel), -1, 0)  # (C, f, f, 3)
    low = filters.min(axis=(1, 2, 3), keepdims=True)
    high = filters.max(axis=(1, 2, 3), keepdims=True)
    return (filters - low) / np.maximum(high - low, 1e-12)
