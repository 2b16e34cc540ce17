"""What would a unit like to see? Its patches undone, and pictures made for it alone.

Deconvolution: M. D. Zeiler, R. Fergus, Visualizing and understanding convolutional networks, ECCV
2014. Pictures by ascent: D. Erhan et al., Visualizing higher-layer features of a deep network,
2009; the regularisers are from C. Olah, A. Mordvintsev, L. Schubert, Feature visualization,
Distill 2017.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from cnnlab.checks import flag, one_of, whole
from cnnlab.gradients import terms_and_gradient, value_and_gradient
from cnnlab.style.attribution import METHODS, rectified
from cnnlab.style.costs import total_variation
from cnnlab.style.eye import Eye, built, chosen_eye, placed
from cnnlab.style.patches import Patch, Responses, cut

LEARNING_RATE = 0.05  # of Adam, on the amplitudes of waves
SHIFT = 8  # pixels by which the picture is moved before each step, at most
ROUGHNESS = 0.3  # weight of the mean difference between neighbouring pixels
DECAY = 1.0  # how much less a wave may do for its pitch: 1 as in photographs


def deconvolved(
    responses: Responses,
    layer: str,
    unit: int,
    patch: Patch | Sequence[Patch],
    method: str = "deconvnet",
) -> np.ndarray | list[np.ndarray]:
    """Which pixels of a patch excite the unit, sent back through the network.

    Parameters
    ----------
    responses, layer, unit
        Where the patch is from.
    patch
        One of ``responses.strongest(layer, unit)``, or several: they are sent back together, which
        takes less time than one after the other.
    method
        ``"deconvnet"``, ``"guided"`` or ``"plain"``, as in :func:`saliency`.

    Returns
    -------
    numpy.ndarray
        ``(h, w, 3)``, of the patch's shape, with signs. A list of them for several patches.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    one_of("method", method, METHODS)
    model, eye = responses.model, responses.eye
    part = keras.Model(model.inputs[0], placed(model, layer))
    whole("unit", unit, 0, part.outputs[0].shape[-1] - 1)
    patches = [patch] if isinstance(patch, Patch) else list(patch)
    if not patches:
        return []
    there = np.zeros((len(patches), *part.outputs[0].shape[1:3]), np.float32)
    for one, each in zip(there, patches, strict=True):
        one[each.place] = 1

    def answer(x: Any) -> Any:
        return ops.sum(part(eye.prepare(x), training=False)[..., unit] * there)

    with rectified(part, method):
        seen = responses.pictures[[each.picture for each in patches]]  # (N, H, W, 3)
        _, gradients = value_and_gradient(answer, seen)
    back = [cut(g, each.box) for g, each in zip(gradients, patches, strict=True)]
    return back[0] if isinstance(patch, Patch) else back


def maximized(
    layer: str,
    unit: int,
    network: str | Eye = "lite0",
    size: int = 96,
    steps: int = 128,
    regularized: bool = True,
    seed: int = 0,
) -> np.ndarray:
    """A picture that excites a unit at all its places, found by ascent from noise.

    Without regularisers the result is a fine pattern that excites the unit, and that nobody can
    read. With them, it is made of waves, the finer the weaker, as photographs are; it is moved a
    little before each step, so that nothing can hang on single pixels; and roughness costs.

    Parameters
    ----------
    layer
        Its name; it answers with places.
    unit
        Its channel.
    network
        ``"lite0"``, ``"vgg19"`` or an :class:`Eye`.
    size
        Height and width of the picture.
    steps
        Of Adam.
    regularized
        False: ascend on the pixels themselves, with nothing else.
    seed
        Of the noise, and of how the picture is moved.

    Returns
    -------
    numpy.ndarray
        ``(size, size, 3)`` uint8.

    Raises
    ------
    ValueError
        If there is no such layer or unit. Or if the unit is silent at every step, behind a ReLU:
        its gradient is 0 then, and shows no way up.
    """
    eye = chosen_eye(network)
    flag("regularized", regularized)
    whole("size", size, 32), whole("steps", steps, 1)
    model = built(eye.build, (size, size, 3))
    part = keras.Model(model.inputs[0], placed(model, layer))
    whole("unit", unit, 0, part.outputs[0].shape[-1] - 1)

    def costs(x: Any) -> Any:
        excited = ops.mean(part(eye.prepare(x), training=False)[..., unit])
        rough = total_variation(x) / (size * size * 3) if regularized else 0 * excited
        return ops.stack([-excited, ROUGHNESS * rough])

    run = terms_and_gradient(costs)
    rng = np.random.default_rng(whole("seed", seed, 0))
    picture = Waves(size) if regularized else Pixels(size)
    variable = keras.Variable(rng.normal(0, picture.start, picture.shape).astype(np.float32))
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    silent = True
    for _ in range(steps):
        p = np.array(ops.convert_to_numpy(variable))
        x = picture.drawn(p)
        shift = tuple(rng.integers(-SHIFT, SHIFT + 1, 2)) if regularized else (0, 0)
        (excited, _), gradient = run(np.roll(x, shift, axis=(0, 1))[np.newaxis])
        silent = silent and excited == 0
        back = np.roll(gradient[0], (-shift[0], -shift[1]), axis=(0, 1))
        optimizer.apply([ops.convert_to_tensor(picture.gradient(p, back))], [variable])
    if silent:
        raise ValueError(
            f"unit {unit} of layer {layer!r} answers 0 at every step, so its gradient shows no way"
            " up; expected a unit that answers: take another unit, another seed, or the layer"
            " before the ReLU"
        )
    drawn = picture.drawn(np.array(ops.convert_to_numpy(variable)))
    return np.round(255 * drawn).astype(np.uint8)


class Pixels:
    """A picture whose parameters are its pixels, through a sigmoid that keeps them in 0 to 1."""

    start = 0.1

    def __init__(self, size: int) -> None:
        self.shape = (size, size, 3)

    def drawn(self, p: np.ndarray) -> np.ndarray:
        """The picture ``(size, size, 3)`` of parameters."""
        return (1 / (1 + np.exp(-self.spread(p)))).astype(np.float32)

    def gradient(self, p: np.ndarray, by_pixels: np.ndarray) -> np.ndarray:
        """From the gradient by the picture's pixels to that by the parameters."""
        x = self.drawn(p)
        return self.gathered(by_pixels * x * (1 - x)).astype(np.float32)

    def spread(self, p: np.ndarray) -> np.ndarray:
        """What goes into the sigmoid."""
        return p

    def gathered(self, g: np.ndarray) -> np.ndarray:
        """The transpose of `spread`."""
        return g


class Waves(Pixels):
    """A picture whose parameters are pixels too, but smoothed as photographs are.

    Each wave of the parameters counts by 1/pitch, so a step changes large shapes more than grain.
    Photographs have about such a spectrum. Colours are mixed too: brightness changes most.
    """

    start = 1.0
    #: From three numbers that vary alike to red, green and blue: the square root of the covariance
    #: of colours in photographs, from Olah et al.
    COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]]) / 0.47

    def __init__(self, size: int) -> None:
        super().__init__(size)
        down, right = np.fft.fftfreq(size), np.fft.rfftfreq(size)
        pitch = np.hypot(down[:, np.newaxis], right)  # (size, size // 2 + 1)
        weight = 1 / np.maximum(pitch, 1 / size) ** DECAY
        self.weight = (weight / np.sqrt((weight**2).mean()))[..., np.newaxis]

    def spread(self, p: np.ndarray) -> np.ndarray:
        return self._smoothed(p) @ self.COLOURS.T

    def gathered(self, g: np.ndarray) -> np.ndarray:
        return self._smoothed(g @ self.COLOURS)  # smoothing is its own transpose

    def _smoothed(self, p: np.ndarray) -> np.ndarray:
        waves = np.fft.rfft2(p, axes=(0, 1)) * self.weight
        return np.fft.irfft2(waves, s=p.shape[:2], axes=(0, 1))
