"""Painting by descent: the picture is the only thing that is trained.

L. A. Gatys, A. S. Ecker, M. Bethge, Image style transfer using convolutional neural networks, CVPR
2016.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from keras import ops
from tqdm import tqdm

from cnnlab.checks import flag, number, one_of, whole
from cnnlab.data.pictures import Picture, read_picture
from cnnlab.gradients import terms_and_gradient
from cnnlab.style.costs import content_cost, gram_cost, mean_gram, total_variation
from cnnlab.style.eye import Eye, chosen_eye, look

ROUNDING = 1e-7  # what float32 cannot tell from a cost of 0
SMALLEST = 32  # pixels on the shorter side: the networks halve five times
MARGIN = 8  # pixels that are painted around the picture and cut off: padding spoils the border
LEARNING_RATE = 0.02  # of Adam, for colours from 0 to 1
BETA_1, BETA_2 = 0.9, 0.99  # how long Adam remembers the gradient, and its square
STARTS = ("content", "noise")
TERMS = ("content", "style", "variation")
YIQ = np.array(  # a picture's luminance, and two numbers for its colour (NTSC)
    [[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]], np.float32
)


@dataclass
class Painting:
    """What a descent ends with.

    Attributes
    ----------
    image
        The picture with the lowest cost, ``(H, W, 3)`` uint8.
    costs
        For ``"content"``, ``"style"``, ``"variation"`` and ``"total"``: the cost of the picture
        before each step, weighted as in their sum. One more than the steps that were done.
    frames
        The picture on its way, uint8; the first is the start, the last the picture at the end.
    frame_steps
        After how many steps each frame was taken.
    stopped
        Why the descent ended before its last step, in words; empty if it did not.
    """

    image: np.ndarray
    costs: dict[str, np.ndarray]
    frames: list[np.ndarray]
    frame_steps: list[int]
    stopped: str = ""


def style_transfer(
    content: Picture,
    style: Picture,
    *,
    size: int = 256,
    steps: int = 200,
    content_weight: float = 1.0,
    style_weight: float = 100.0,
    variation_weight: float = 2.0,
    layer_weights: Mapping[str, float] | None = None,
    content_layer: str | None = None,
    network: str | Eye = "lite0",
    start: str = "content",
    optimizer: str = "adam",
    keep_colors: bool = False,
    frame_every: int = 10,
    seed: int = 0,
    progress: bool = True,
) -> Painting:
    """Paint what one picture shows in the manner of another.

    The picture G is found by descent on J(G) = α · J_content + β · Σ λ[l] · J_style[l], and a
    little of its total variation. Networks answer with numbers of any size, so each cost is
    measured in the cost of a picture to which no unit answers: J_content in units of ½ ‖a(C)‖², a
    layer's J_style in units of that layer's cost if G's Gram matrix were 0. These are factors in α
    and λ[l]; with them, the same α and β serve for every network and size.

    Parameters
    ----------
    content, style
        Pictures as :func:`cnnlab.data.read_picture` takes them. They may have different sizes and
        shapes; the result has the shape of `content`.
    size
        Of the result's longer side in pixels, at most; `style` is brought to it too, so that its
        strokes have the width that one sees. Nothing is made larger than it is.
    steps
        How often the picture is changed.
    content_weight, style_weight, variation_weight
        α, β, and the weight of the mean difference between neighbouring pixels; not negative, and
        α or β above 0.
    layer_weights
        The layers of the style and their λ[l], such as ``{"stage2_block2_add": 1.0}``; they are
        divided by their sum. None: those of the network, all alike.
    content_layer
        None: that of the network.
    network
        ``"lite0"``, which comes with the package, ``"vgg19"`` as in the paper, whose weights Keras
        fetches, or an :class:`Eye` of your own.
    start
        ``"content"``, or ``"noise"`` as in the lecture.
    optimizer
        ``"adam"``, or ``"lbfgs"`` (SciPy's), which the paper has.
    keep_colors
        Take only the luminance from the painting, and the colours from `content`.
    frame_every
        A frame is kept after so many steps.
    seed
        Of the noise.
    progress
        Show a bar with both costs.

    Returns
    -------
    Painting
        Ctrl-C ends the descent and gives what there is. So does a cost that is no number.

    Raises
    ------
    ValueError
        If an argument is not one of these, or a picture is smaller than 32 pixels on a side.
    ConnectionError
        If weights must be fetched and cannot be.
    """
    eye = chosen_eye(network)
    one_of("start", start, STARTS)
    one_of("optimizer", optimizer, OPTIMIZERS)
    whole("steps", steps, 1), whole("frame_every", frame_every, 1)
    flag("keep_colors", keep_colors)
    whole("seed", seed, 0)
    alpha, beta = _weights(content_weight, style_weight)
    roughness = _not_negative("variation_weight", variation_weight)
    lambdas = _layer_weights(eye, layer_weights)
    shown = fitted(content, size, "content")  # (H, W, 3)
    painted = fitted(style, size, "style")

    canvas = np.pad(shown, [(MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)], "reflect")
    costs = descent_costs(
        eye, canvas, painted, content_layer or eye.content_layer, lambdas, (alpha, beta, roughness)
    )
    first = canvas if start == "content" else _noise(canvas.shape, seed)
    record = _Record(steps, frame_every, progress)
    with record:
        OPTIMIZERS[optimizer](costs, first[np.newaxis], steps, record)
    return record.painting(shown if keep_colors else None)


def fitted(picture: Picture, size: int, name: str = "picture") -> np.ndarray:
    """A picture whose longer side is at most `size`: ``(H, W, 3)``, float32 in [0, 1].

    Raises
    ------
    ValueError
        If it is no picture, or becomes smaller than 32 pixels on a side.
    """
    whole("size", size, SMALLEST)
    colours = read_picture(picture, name)
    H, W = colours.shape[:2]
    scale = min(1, size / max(H, W))
    h, w = round(H * scale), round(W * scale)
    if min(h, w) < SMALLEST:
        raise ValueError(
            f"{name} is {H} × {W} pixels, and {h} × {w} with size={size}; expected at least"
            f" {SMALLEST} on both sides"
        )
    if scale < 1:
        colours = ops.convert_to_numpy(ops.image.resize(colours, (h, w), antialias=True))
    return np.clip(colours, 0, 1)


def descent_costs(
    eye: Eye,
    content: np.ndarray,
    style: np.ndarray,
    content_layer: str,
    layer_weights: Mapping[str, float],
    weights: tuple[float, float, float],
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The compiled function that is descended on.

    Parameters
    ----------
    eye
        The network.
    content, style
        ``(H, W, 3)`` float32 in [0, 1], of any two sizes.
    content_layer, layer_weights
        The layer of the content; those of the style with their λ[l], whose sum is 1.
    weights
        Of content, style and total variation.

    Returns
    -------
    function
        From a picture ``(1, H, W, 3)`` to the three weighted costs ``(3,)``, and to the gradient of
        their sum.
    """
    alpha, beta, roughness = weights
    layers = [
        (content_layer, "content_layer"),
        *((name, "layer_weights") for name in layer_weights),
    ]
    see = look(eye, content.shape[:2], layers)
    see_style = see if style.shape == content.shape else look(eye, style.shape[:2], layers)
    a_content = see(content[np.newaxis])[0]  # (1, H', W', C)
    grams = [mean_gram(a)[0] for a in see_style(style[np.newaxis])[1:]]  # (C, C) each
    content_unit = _unit(content_cost(a_content, ops.zeros_like(a_content)))
    style_units = [_unit(gram_cost(gram, ops.zeros_like(gram))) for gram in grams]
    shares = list(layer_weights.values())

    def costs(x: Any) -> Any:
        a, *answers = see(x)
        shows = content_cost(a_content, a) / content_unit
        manner = sum(
            share * gram_cost(gram, mean_gram(answer)[0]) / unit
            for share, gram, answer, unit in zip(shares, grams, answers, style_units, strict=True)
        )
        rough = total_variation(x) / content.size
        return ops.stack([alpha * shows, beta * manner, roughness * rough])

    return terms_and_gradient(costs)


# ---- the descent ----


class _NotFiniteError(Exception):
    """A cost is NaN or infinite."""


@dataclass
class _Record:
    """What is kept while the picture changes; as a context, it ends the descent in good order."""

    steps: int
    every: int
    progress: bool
    terms: list[np.ndarray] = field(default_factory=list)
    frames: list[np.ndarray] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    best: np.ndarray | None = None
    lowest: float = np.inf
    last: np.ndarray | None = None
    stopped: str = ""

    def see(self, x: np.ndarray, terms: np.ndarray, gradient: np.ndarray) -> None:
        """Keep a picture ``(1, H, W, 3)`` if it is better than all before, and its costs."""
        if not (np.isfinite(terms).all() and np.isfinite(gradient).all()):
            raise _NotFiniteError
        self.last = x
        if terms.sum() < self.lowest:
            self.best, self.lowest = x, terms.sum()
        done = len(self.terms)
        self.terms.append(terms)
        if done % self.every == 0:
            self._keep(done)
        if done:
            self.bar.update()
        self.bar.set_postfix(content=f"{terms[0]:.3f}", style=f"{terms[1]:.3f}", refresh=False)

    def _keep(self, done: int) -> None:
        self.frames.append(to_uint8(without_margin(self.last[0])))
        self.at.append(done)

    def __enter__(self) -> None:
        self.bar = tqdm(total=self.steps, unit="step", disable=not self.progress)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: Any) -> bool:
        self.bar.close()
        done = len(self.terms) - 1
        if kind is KeyboardInterrupt and self.terms:
            self.stopped = f"interrupted after {done} of {self.steps} steps"
        elif kind is _NotFiniteError and self.terms:
            self.stopped = f"a cost was not a number after step {done + 1} of {self.steps}"
        elif kind is _NotFiniteError:
            raise ValueError(
                "the costs of the first picture are not finite numbers; the weights are too large,"
                " or the network answers NaN"
            ) from None
        return bool(self.stopped)

    def painting(self, coloured: np.ndarray | None) -> Painting:
        if self.at[-1] != len(self.terms) - 1:
            self._keep(len(self.terms) - 1)
        terms = np.array(self.terms, float)  # (steps + 1, 3)
        terms[terms < ROUNDING] = 0
        pictures = [to_uint8(without_margin(self.best[0])), *self.frames]
        if coloured is not None:
            pictures = [recoloured(each, coloured) for each in pictures]
        costs = dict(zip(TERMS, terms.T, strict=True)) | {"total": terms.sum(axis=1)}
        return Painting(pictures[0], costs, pictures[1:], self.at, self.stopped)


def _adam(costs: Callable, x: np.ndarray, steps: int, record: _Record) -> None:
    """In NumPy: Keras's optimizer would need a tenth of the time of the costs themselves."""
    mean, square = np.zeros_like(x), np.zeros_like(x)
    for step in range(1, steps + 2):
        terms, gradient = costs(x)
        record.see(x, terms, gradient)
        mean += (1 - BETA_1) * (gradient - mean)
        square += (1 - BETA_2) * (gradient**2 - square)
        rate = LEARNING_RATE * np.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
        x = np.clip(x - np.float32(rate) * mean / (np.sqrt(square) + 1e-7), 0, 1)


def _lbfgs(costs: Callable, x: np.ndarray, steps: int, record: _Record) -> None:
    from scipy.optimize import minimize

    class _EnoughError(Exception):
        pass

    def value_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        # A picture outside of 0 to 1 is none: it is seen clipped.
        seen = np.clip(flat, 0, 1).astype(np.float32).reshape(x.shape)
        terms, gradient = costs(seen)
        record.see(seen, terms, gradient)
        if len(record.terms) > steps:
            raise _EnoughError
        return float(terms.sum()), gradient.ravel().astype(float)

    while len(record.terms) <= steps:
        begun = x if record.best is None else record.best
        try:
            minimize(value_and_gradient, begun.ravel(), jac=True, method="L-BFGS-B")
        except _EnoughError:
            return


OPTIMIZERS: dict[str, Callable] = {"adam": _adam, "lbfgs": _lbfgs}


# ---- pictures and numbers ----


def without_margin(canvas: np.ndarray) -> np.ndarray:
    """What stays of a canvas ``(H + 16, W + 16, 3)``."""
    return canvas[MARGIN:-MARGIN, MARGIN:-MARGIN]


def to_uint8(x: np.ndarray) -> np.ndarray:
    """A picture ``(H, W, 3)`` from 0 to 1 as whole numbers from 0 to 255."""
    return np.round(np.clip(x, 0, 1) * 255).astype(np.uint8)


def recoloured(image: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The luminance of one picture with the colours of another.

    Parameters
    ----------
    image
        ``(H, W, 3)`` uint8.
    colours
        ``(H, W, 3)`` float32 in [0, 1].

    Returns
    -------
    numpy.ndarray
        ``(H, W, 3)`` uint8.
    """
    both = colours @ YIQ.T  # (H, W, 3)
    both[..., 0] = (image / 255) @ YIQ[0]
    return to_uint8(both @ np.linalg.inv(YIQ).T)


def _noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, shape).astype(np.float32)


def _unit(cost: Any) -> float:
    """A cost as a unit; 1 where a layer answers nothing, since nothing can be shared by 0."""
    return float(ops.convert_to_numpy(cost)) or 1.0


def _not_negative(name: str, value: float) -> float:
    if not 0 <= number(name, value) < np.inf:
        raise ValueError(f"{name} is {value!r}; expected a number from 0")
    return float(value)


def _weights(content: float, style: float) -> tuple[float, float]:
    alpha = _not_negative("content_weight", content)
    beta = _not_negative("style_weight", style)
    if alpha == beta == 0:
        raise ValueError(
            "content_weight and style_weight are both 0, so nothing would be painted; expected one"
            " of them above 0"
        )
    return alpha, beta


def _layer_weights(eye: Eye, given: Mapping[str, float] | None) -> dict[str, float]:
    """λ[l] by the names of the layers, with a sum of 1."""
    weights = dict.fromkeys(eye.style_layers, 1.0) if given is None else given
    if not isinstance(weights, Mapping):
        raise ValueError(
            f"layer_weights is {given!r}; expected names of layers with weights, such as"
            " {'stage2_block2_add': 1.0}"
        )
    for name, value in weights.items():
        _not_negative(f"layer_weights[{name!r}]", value)
    total = sum(weights.values())
    if not total:
        raise ValueError(
            f"layer_weights is {given!r}; expected names of layers with weights, at least one of"
            " them above 0"
        )
    return {name: value / total for name, value in weights.items()}
