"""An encoder that gives the same for every picture: named while it happens."""

from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from cnnlab.faces import checks
from cnnlab.faces.distances import squared_distances

NEAR = 0.1  # of the margin: so close to it is the loss, so close to 0 are the distances
HELP = (
    "What helps: semi-hard triplets in place of hard ones, at least for the first epochs; a smaller"
    " learning rate; more people in a batch."
)


class CollapseWatch(keras.callbacks.Callback):
    """Say when the encodings collapse into one point, and what helps.

    If all encodings are the same, every distance is 0, and every triplet costs exactly the margin.
    No gradient leads out of there. The loss alone looks like a training that is stuck; beside the
    distances it can be named. Both are looked at after each epoch.

    Parameters
    ----------
    images
        ``(N, H, W, C)``, some pictures of different people, at least 2: their distances are
        measured.
    margin
        α of the loss. The loss has to be a mean over triplets, as :class:`TripletLoss` gives it.
    tell
        What is called with the words.

    Attributes
    ----------
    distances
        The mean squared distance of two of the pictures after each epoch.
    collapsed
        The epochs, counted from 1, after which the encodings lay in one point.

    Raises
    ------
    ValueError
        If there are fewer than two pictures, or the margin is negative.
    """

    def __init__(self, images: ArrayLike, margin: float = 0.2, tell: Any = print) -> None:
        super().__init__()
        self.images = np.asarray(images)
        if self.images.ndim != 4 or len(self.images) < 2:
            raise ValueError(
                f"images has shape {self.images.shape}; expected (N, H, W, C), at least two"
            )
        self.margin, self.tell = checks.margin(margin), tell
        self.distances: list[float] = []
        self.collapsed: list[int] = []

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.distances, self.collapsed = [], []
        if self.images.shape[1:] != self.model.input_shape[1:]:
            raise ValueError(
                f"images has shape {self.images.shape}; expected pictures"
                f" {self.model.input_shape[1:]}, as the encoder takes them"
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {}).get("loss", np.nan))
        f = keras.ops.convert_to_numpy(self.model(self.images, training=False))
        if not np.isfinite(f).all():
            raise ValueError(
                f"Epoch {epoch + 1}: the encodings are no finite numbers any more, so the training"
                " has diverged; expected a smaller learning rate"
            )
        apart = squared_distances(f)[np.triu_indices(len(f), k=1)].mean()
        self.distances.append(float(apart))
        at_margin = abs(loss - self.margin) <= NEAR * self.margin
        if at_margin and apart <= NEAR * self.margin:
            self.collapsed.append(epoch + 1)
            if self.collapsed[-2:] != [epoch, epoch + 1]:  # say it once, not after each epoch
                self.tell(
                    f"Epoch {epoch + 1}: the encodings have collapsed. The loss is {loss:.3g}, and"
                    f" the margin is {self.margin:g}; two pictures are {apart:.2g} apart on"
                    f" average. {HELP}"
                )
